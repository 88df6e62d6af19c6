from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.windows import Ramp, SegmentWindows, Window, WindowCost, trim

LADDER = (2, 4, 8, 16, 32)
CONTEXT = 3
N_MELS = 2
SILENCE = -11.5


def frames_of(n_frames: int) -> np.ndarray:
    """Frames whose first bin is their index, so that every frame can be told from the others."""
    return np.stack([np.arange(n_frames), np.arange(n_frames) * 10], axis=1).astype(np.float32)


def cut(pushes: list[int], *, urgent: bool = False) -> list[Window]:
    """All windows of a segment that comes in pieces of these sizes."""
    whole = frames_of(sum(pushes))
    segment, windows = SegmentWindows(LADDER, CONTEXT, N_MELS, SILENCE), []
    ramp = Ramp(LADDER, CONTEXT, max_window_ms=100.0)
    start = 0
    for number, size in enumerate(pushes):
        segment.push(whole[start : start + size], start, last=number == len(pushes) - 1)
        start += size
        while window := segment.next(ramp.max_frames(0.0, WindowCost()), urgent=urgent):
            ramp.advance(window.size(CONTEXT))
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


@pytest.mark.parametrize(
    ("slack_ms", "wait_ms", "ms_per_frame", "size"),
    [
        (-500.0, 0.0, 4.0, 8),  # late: no longer windows than growing gives
        (-500.0, 0.0, 1.0, 16),  # late, but 16 frames and 6 of context run within 25 ms
        (1000.0, 0.0, 2.0, 32),  # time enough for the largest
        (1000.0, 0.0, 4.0, 16),  # 32 frames and 6 of context would run for 152 ms
        (1000.0, 0.0, 20.0, 8),  # all run over 100 ms, but growing goes on
        (88.0, 0.0, 2.0, 16),  # back within half of the slack
        (188.0, 50.0, 2.0, 16),  # the same, the wait counted
        (1000.0, 0.0, 0.0, 8),  # nothing is known yet
    ],
)
def test_a_window_is_as_large_as_the_listener_can_wait_for(
    slack_ms: float, wait_ms: float, ms_per_frame: float, size: int
) -> None:
    cost = WindowCost()
    cost.wait_ms, cost.ms_per_frame = wait_ms, ms_per_frame
    ramp = Ramp(LADDER, CONTEXT, max_window_ms=100.0)
    assert ramp.max_frames(slack_ms, cost) == 2
    ramp.advance(2)
    assert ramp.max_frames(slack_ms, cost) == size


def test_the_cost_tells_the_wait_from_the_work() -> None:
    cost = WindowCost()
    for wait_ms in (40.0, 0.0, *[30.0] * 100):
        cost.note(wait_ms + 100 * 0.2, n_frames=100)
    assert cost.ms_per_frame == pytest.approx(0.2, rel=1.0)
    assert cost.wait_ms + 100 * cost.ms_per_frame == pytest.approx(50.0, rel=0.1)


def test_the_first_window_is_the_smallest_and_they_grow_fast() -> None:
    assert [window.size(CONTEXT) for window in cut([110])] == [2, 8, 32, 32, 32, 4]


def test_the_tail_takes_the_smallest_window_that_holds_it() -> None:
    last = cut([2 + 8 + 32 + 3])[-1]
    assert (last.size(CONTEXT), last.n_frames) == (4, 3)


def test_an_incomplete_segment_waits_for_the_right_context() -> None:
    segment = SegmentWindows(LADDER, CONTEXT, N_MELS, SILENCE)
    segment.push(frames_of(2 + CONTEXT - 1), 0, last=False)
    assert segment.next(2, urgent=True) is None
    segment.push(frames_of(2 + CONTEXT)[-1:], 2 + CONTEXT - 1, last=False)
    assert segment.next(2, urgent=False) is not None


def test_only_an_urgent_stream_takes_less_than_a_full_window() -> None:
    segment = SegmentWindows(LADDER, CONTEXT, N_MELS, SILENCE)
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
    segment = SegmentWindows(LADDER, CONTEXT, N_MELS, SILENCE)
    segment.push(frames_of(3), 0, last=False)
    with pytest.raises(Incompatible, match="frame 3 is next"):
        segment.push(frames_of(1), first_frame, last=False)


def test_frames_after_the_last_are_refused() -> None:
    segment = SegmentWindows(LADDER, CONTEXT, N_MELS, SILENCE)
    segment.push(frames_of(3), 0, last=True)
    with pytest.raises(Incompatible, match="after the segment's last"):
        segment.push(frames_of(1), 3, last=True)


def test_trim_keeps_the_samples_of_the_windows_own_frames() -> None:
    window = cut([3])[-1]
    hop_length = 5
    samples = np.repeat(window.frames[:, 0], hop_length)
    kept = trim(samples, window, context=CONTEXT, hop_length=hop_length)
    own = np.arange(window.first_frame, window.first_frame + window.n_frames)
    np.testing.assert_array_equal(kept, np.repeat(own, hop_length))
