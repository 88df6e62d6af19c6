"""Cuts a segment's frames into windows, for networks that have no stateful form.

A window is `n` frames and `context` frames on each side of them; the samples of the context are cut off.
Before a segment's first frame and after its last one the context is silence, so "the whole" is the
segment between `context` frames of silence. Window sizes come from a short ladder, so that windows of
different streams have equal shapes and share a batch. Everything here is pure.
"""

from __future__ import annotations

import numpy as np

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.cut import Cut


class SegmentWindows:
    """Collects the frames of one segment and cuts windows off as soon as their right context is there."""

    def __init__(
        self,
        ladder_frames: tuple[int, ...],
        context_frames: int,
        *,
        n_mels: int,
        hop_length: int,
        silence: float,
    ) -> None:
        self._ladder = ladder_frames
        self._context = context_frames
        self._hop_length = hop_length
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

    def next(self, max_frames: int, *, urgent: bool) -> Cut | None:
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

    def _cut(self, size: int, n_frames: int, *, last: bool) -> Cut:
        width = size + 2 * self._context
        frames = self._frames[:width]
        if len(frames) < width:
            padding = np.full((width - len(frames), frames.shape[1]), self._silence, np.float32)
            frames = np.concatenate([frames, padding])
        window = Cut(frames, self._position, n_frames, size, last)
        self._position += n_frames
        self._frames = self._frames[n_frames:]
        self._done = last
        return window

    def trim(self, samples: FloatArray, window: Cut) -> FloatArray:
        """Of a window's samples [N], those of its own frames: the context and the padding cut off."""
        start = self._context * self._hop_length
        return samples[start : start + window.n_frames * self._hop_length]
