from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.chunks import SegmentChunks
from speechmesh.vocoder.cut import Cut

LADDER = (2, 4, 8, 16)
LOOKAHEAD = 5
HOP = 3
SILENCE = -11.5


class LaggingVocoder:
    """Gives a frame's first value HOP times, the last LOOKAHEAD frames only with the last chunk."""

    def __init__(self) -> None:
        self._frames: list[FloatArray] = []
        self._n_given = 0

    def run(self, chunk: Cut) -> FloatArray:
        self._frames.append(chunk.frames[:, 0])
        known = np.repeat(np.concatenate(self._frames), HOP)
        end = len(known) if chunk.last else len(known) - LOOKAHEAD * HOP
        assert end > 0, "a first chunk that brings nothing"
        samples, self._n_given = known[self._n_given : end], end
        return samples


def frames_of(n_frames: int, start: int = 0) -> FloatArray:
    return np.arange(start, n_frames, dtype=np.float32)[:, None]


def new_segment(edge_frames: int = 0) -> SegmentChunks:
    return SegmentChunks(
        LADDER, LOOKAHEAD, n_mels=1, hop_length=HOP, edge_frames=edge_frames, silence=SILENCE
    )


@given(
    pushes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    edge_frames=st.integers(0, 3),
    urgent=st.booleans(),
    sizes=st.lists(st.sampled_from(LADDER), min_size=1, max_size=8),
)
@settings(deadline=None)
def test_every_frame_goes_in_once_and_every_sample_comes_out_once(
    pushes: list[int], edge_frames: int, urgent: bool, sizes: list[int]
) -> None:
    segment, vocoder = new_segment(edge_frames), LaggingVocoder()
    samples: list[FloatArray] = []
    cuts: list[Cut] = []
    start = 0
    for number, size in enumerate(pushes):
        segment.push(frames_of(start + size, start), start, last=number == len(pushes) - 1)
        start += size
        while cut := segment.next(sizes[len(cuts) % len(sizes)], urgent=urgent):
            assert cut.first_frame == sum(earlier.n_frames for earlier in cuts)
            cuts.append(cut)
            if len(cut.frames):
                samples.append(segment.trim(vocoder.run(cut), cut))
    assert [cut.last for cut in cuts] == [False] * (len(cuts) - 1) + [True]
    assert sum(cut.n_frames for cut in cuts) == start
    np.testing.assert_array_equal(np.concatenate(samples or [np.zeros(0)]), np.repeat(np.arange(start), HOP))


def test_the_first_chunk_brings_a_step_of_audio_beyond_what_the_network_looks_ahead() -> None:
    segment = new_segment()
    segment.push(frames_of(40), 0, last=False)
    first, second = segment.next(4, urgent=False), segment.next(8, urgent=False)
    assert first is not None and second is not None
    assert (len(first.frames), first.size, len(second.frames)) == (LOOKAHEAD + 4, 4, 8)


def test_an_incomplete_segment_holds_a_frame_back() -> None:
    segment = new_segment()
    segment.push(frames_of(LOOKAHEAD + 4), 0, last=False)
    assert segment.next(4, urgent=False) is None
    segment.push(frames_of(LOOKAHEAD + 5, LOOKAHEAD + 4), LOOKAHEAD + 4, last=False)
    assert segment.next(4, urgent=False) is not None


def test_only_an_urgent_stream_takes_less_than_a_full_chunk() -> None:
    segment = new_segment()
    segment.push(frames_of(LOOKAHEAD + 7), 0, last=False)
    assert segment.next(16, urgent=False) is None
    chunk = segment.next(16, urgent=True)
    assert chunk is not None
    assert chunk.size == 4


def test_what_is_left_of_a_complete_segment_is_one_chunk() -> None:
    segment = new_segment()
    segment.push(frames_of(LOOKAHEAD + 16), 0, last=True)
    chunk = segment.next(16, urgent=False)
    assert chunk is not None
    assert (chunk.n_frames, chunk.last) == (LOOKAHEAD + 16, True)


def test_an_empty_segment_is_one_chunk_without_frames() -> None:
    segment = new_segment(edge_frames=2)
    segment.push(frames_of(0), 0, last=True)
    chunk = segment.next(16, urgent=False)
    assert chunk is not None
    assert (len(chunk.frames), chunk.n_frames, chunk.last) == (0, 0, True)
    assert segment.next(16, urgent=False) is None


@pytest.mark.parametrize("first_frame", [0, 2, 4])
def test_missing_or_repeated_frames_are_refused(first_frame: int) -> None:
    segment = new_segment()
    segment.push(frames_of(3), 0, last=False)
    with pytest.raises(Incompatible, match="frame 3 is next"):
        segment.push(frames_of(1), first_frame, last=False)


def test_frames_after_the_last_are_refused() -> None:
    segment = new_segment()
    segment.push(frames_of(3), 0, last=True)
    with pytest.raises(Incompatible, match="after the segment's last"):
        segment.push(frames_of(1), 3, last=True)
