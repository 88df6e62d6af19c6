"""Cuts a segment's frames into windows whose joined samples equal the whole segment's.

A window is `n` frames and `context` frames on each side of them; the samples of the context are cut off.
Before a segment's first frame and after its last one the context is silence, so "the whole" is the
segment between `context` frames of silence. Window sizes come from a short ladder, so that windows of
different streams have equal shapes and share a batch. Everything here is pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray


@dataclass(frozen=True, slots=True)
class Window:
    """A window to compute.

    `frames` [context + ladder size + context, M]; of the frames in the middle, the first `n_frames` are the
    segment's, the rest padding. `first_frame` is the index of the first of them in the segment.
    """

    frames: FloatArray
    first_frame: int
    n_frames: int
    last: bool

    def size(self, context_frames: int) -> int:
        """Its frames without context, padding counted: a size of the ladder."""
        return len(self.frames) - 2 * context_frames


def trim(samples: FloatArray, window: Window, *, context: int, hop_length: int) -> FloatArray:
    """Of a window's samples [N], those of its own frames: the context and the padding cut off."""
    start = context * hop_length
    return samples[start : start + window.n_frames * hop_length]


class SegmentWindows:
    """Collects the frames of one segment and cuts windows off as soon as their right context is there."""

    def __init__(
        self, ladder_frames: tuple[int, ...], context_frames: int, n_mels: int, silence: float
    ) -> None:
        self._ladder = ladder_frames
        self._context = context_frames
        self._silence = np.float32(silence)
        # Frames not yet needed no more, from `_start` on; begins with the silence before the segment.
        self._frames: FloatArray = np.full((context_frames, n_mels), self._silence, np.float32)
        self._n_pushed = 0
        self._position = 0
        self._complete = False
        self._done = False

    @property
    def position(self) -> int:
        """Index in the segment of the first frame that no window has taken."""
        return self._position

    def push(self, frames: FloatArray, first_frame: int, *, last: bool) -> None:
        """Adds frames [T, M] that follow those before; `last` completes the segment.

        Raises:
            Incompatible: when frames are missing, repeated or come after the last.
        """
        if self._complete:
            raise Incompatible("frames after the segment's last")
        if first_frame != self._n_pushed:
            raise Incompatible(f"frame {self._n_pushed} is next, {first_frame} came")
        self._frames = np.concatenate([self._frames, frames])
        self._n_pushed += len(frames)
        self._complete = last

    def next(self, max_frames: int, *, urgent: bool) -> Window | None:
        """The next window of at most `max_frames` (a ladder size) frames, or None until more frames are pushed.

        While the segment is incomplete, a full window is waited for; an urgent one takes what fits now.
        """
        if self._done:
            return None
        n_left = self._n_pushed - self._position
        if self._complete and n_left <= max_frames:
            size = next(size for size in self._ladder if size >= n_left)
            return self._cut(size, n_left, last=True)
        n_ready = n_left if self._complete else n_left - self._context
        sizes = [size for size in self._ladder if size <= min(max_frames, n_ready)]
        if not sizes or (sizes[-1] < max_frames and not urgent):
            return None
        return self._cut(sizes[-1], sizes[-1], last=False)

    def _cut(self, size: int, n_frames: int, *, last: bool) -> Window:
        width = size + 2 * self._context
        frames = self._frames[:width]
        if len(frames) < width:
            padding = np.full((width - len(frames), frames.shape[1]), self._silence, np.float32)
            frames = np.concatenate([frames, padding])
        window = Window(frames, self._position, n_frames, last)
        self._position += n_frames
        self._frames = self._frames[n_frames:]
        self._done = last
        return window


class WindowCost:
    """What windows take now: a wait for their turn, and then so much for each frame. Times in milliseconds.

    Only the sum is seen. The cheapest window of late waited the least, so its time is taken for the frames' own.
    """

    _WEIGHT = 0.1
    _FORGET = 1.001

    def __init__(self) -> None:
        self.wait_ms = 0.0
        self.ms_per_frame = 0.0

    def note(self, window_ms: float, n_frames: int) -> None:
        """A window of `n_frames` frames, context counted, took `window_ms`."""
        seen = window_ms / n_frames
        self.ms_per_frame = min(seen, self.ms_per_frame * self._FORGET) if self.ms_per_frame else seen
        self.wait_ms += self._WEIGHT * (window_ms - self.ms_per_frame * n_frames - self.wait_ms)


class Ramp:
    """Window sizes of one stream: the smallest first, for early audio, then as large as the listener can wait for.

    A large window costs less per frame, since its context is a smaller part of it. So a window takes the largest
    size that is expected back within half of the time the listener has left and that runs no longer than
    `max_window_ms`, so that it does not hold up other listeners. However late the listener is, it is at least
    `_GROWTH` times the size of the one before, or what runs within `_CHEAP_MS`, lest an overloaded stage spend its
    time on context.
    """

    _GROWTH = 4
    _CHEAP_MS = 25.0

    def __init__(self, ladder_frames: tuple[int, ...], context_frames: int, max_window_ms: float) -> None:
        self._ladder = ladder_frames
        self._context = context_frames
        self._max_window_ms = max_window_ms
        self._previous = 0

    def max_frames(self, slack_ms: float, cost: WindowCost) -> int:
        """Largest window that may be cut now."""
        if self._previous == 0:
            return self._ladder[0]
        limit_ms = max(min(slack_ms / 2.0 - cost.wait_ms, self._max_window_ms), self._CHEAP_MS)
        return max(
            size
            for size in self._ladder
            if size <= self._GROWTH * self._previous
            or 0.0 < (size + 2 * self._context) * cost.ms_per_frame <= limit_ms
        )

    def advance(self, size: int) -> None:
        """A window of this size (its frames without context, padding counted) was cut."""
        self._previous = max(self._previous, size)
