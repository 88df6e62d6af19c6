from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.cut import Cut
from speechmesh.vocoder.windows import SegmentWindows

LADDER = (2, 4, 8, 16, 32)
CONTEXT = 3
N_MELS = 2
SILENCE = -11.5
HOP = 10


def frames_of(n_frames: int) -> np.ndarray:
    """Frames whose first bin is their index, so that every frame can be told from the others."""
    return np.stack([np.arange(n_frames), np.arange(n_frames) * 10], axis=1).astype(np.float32)


def new_segment() -> SegmentWindows:
    return SegmentWindows(LADDER, CONTEXT, n_mels=N_MELS, hop_length=HOP, silence=SILENCE)


def cut(pushes: list[int], *, urgent: bool = False) -> list[Cut]:
    """All windows of a segment that comes in pieces of these sizes."""
    whole = frames_of(sum(pushes))
    segment, windows = new_segment(), []
    sizes = itertools.cycle([2, 8, 32])
    start = 0
    for number, size in enumerate(pushes):
        segment.push(whole[start : start + size], start, last=number == len(pushes) - 1)
        start += size
        while window := segment.next(next(sizes), urgent=urgent):
            windows.append(window)
    return windows


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.booleans())
@settings(deadline=None)
def test_windows_cover_every_frame_once_with_its_true_context(pushes: list[int], urgent: bool) -> None:
    n_frames = sum(pushes)
    silence = np.full((CONTEXT + max(LADDER), N_MELS), SILENCE, np.float32)
    padded = np.concatenate([silence[:CONTEXT], frames_of(n_frames), silence])
    position = 0
    windows = cut(pushes, urgent=urgent)
    for window in windows:
        assert window.first_frame == position
        assert len(window.frames) - 2 * CONTEXT in LADDER
        np.testing.assert_array_equal(window.frames, padded[position : position + len(window.frames)])
        position += window.n_frames
    assert position == n_frames
    assert [window.last for window in windows] == [False] * (len(windows) - 1) + [True]


def test_the_tail_takes_the_smallest_window_that_holds_it() -> None:
    segment = new_segment()
    segment.push(frames_of(3), 0, last=True)
    window = segment.next(16, urgent=False)
    assert window is not None
    assert (len(window.frames), window.n_frames) == (4 + 2 * CONTEXT, 3)


def test_an_incomplete_segment_waits_for_the_right_context() -> None:
    segment = new_segment()
    segment.push(frames_of(2 + CONTEXT - 1), 0, last=False)
    assert segment.next(2, urgent=True) is None
    segment.push(frames_of(2 + CONTEXT)[-1:], 2 + CONTEXT - 1, last=False)
    assert segment.next(2, urgent=False) is not None


def test_only_an_urgent_stream_takes_less_than_a_full_window() -> None:
    segment = new_segment()
    segment.push(frames_of(5 + CONTEXT), 0, last=False)
    assert segment.next(16, urgent=False) is None
    window = segment.next(16, urgent=True)
    assert window is not None
    assert window.n_frames == 4


def test_an_empty_segment_still_ends() -> None:
    (window,) = cut([0])
    assert (window.n_frames, window.last) == (0, True)


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


def test_trim_keeps_the_samples_of_the_windows_own_frames() -> None:
    segment = new_segment()
    segment.push(frames_of(3), 0, last=True)
    window = segment.next(8, urgent=False)
    assert window is not None
    kept = segment.trim(np.repeat(window.frames[:, 0], HOP), window)
    np.testing.assert_array_equal(kept, np.repeat(np.arange(3), HOP))
