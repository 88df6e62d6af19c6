"""Cuts a segment's frames into chunks for a stateful network: no context, no padding, every frame once.

The samples of a chunk lag behind its frames, see StatefulConfig; the segment's last chunk brings those that are left.
"""

from __future__ import annotations

import numpy as np

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.cut import Cut


class SegmentChunks:
    """Collects the frames of one segment and cuts chunks off.

    The first has at least `lookahead_frames` and a step of the ladder, since so many frames bring no audio yet. One
    frame is always held back until the segment is complete, so that the last chunk has something to run on.
    """

    def __init__(
        self,
        ladder_frames: tuple[int, ...],
        lookahead_frames: int,
        *,
        n_mels: int,
        hop_length: int,
        edge_frames: int = 0,
        silence: float = 0.0,
    ) -> None:
        self._ladder = ladder_frames
        self._lookahead = lookahead_frames
        self._hop_length = hop_length
        # Silence around the segment, whose samples `trim` cuts off; see VocoderConfig.edge_frames.
        self._edge: FloatArray = np.full((edge_frames, n_mels), silence, np.float32)
        self._waiting: list[FloatArray] = [self._edge]
        self._n_waiting = edge_frames
        self._n_pushed = 0
        self._n_cut = 0
        self._n_leading_samples = edge_frames * hop_length
        self._complete = False
        self._done = False

    @property
    def position(self) -> int:
        """Index in the segment of the first frame that no chunk has taken."""
        return min(max(self._n_cut - len(self._edge), 0), self._n_pushed)

    def push(self, frames: FloatArray, first_frame: int, *, last: bool) -> None:
        """Adds frames [T, M]; see Cutter."""
        if self._complete:
            raise Incompatible("frames after the segment's last")
        if first_frame != self._n_pushed:
            raise Incompatible(f"frame {self._n_pushed} is next, {first_frame} came")
        self._n_pushed += len(frames)
        self._complete = last
        self._add(frames)
        if last and self._n_pushed:
            self._add(self._edge)

    def _add(self, frames: FloatArray) -> None:
        self._waiting.append(frames)
        self._n_waiting += len(frames)

    def next(self, max_frames: int, *, urgent: bool) -> Cut | None:
        """The next chunk; see Cutter. One without frames is the whole of a segment that has none."""
        if self._done:
            return None
        # The last chunk must bring all samples of the silent end, so it has a frame of the segment's own.
        held_back = len(self._edge) + 1 if self._complete else 1
        unheard = self._lookahead + len(self._edge) if self._n_cut == 0 else 0
        n_ready = self._n_waiting - held_back - unheard
        if self._complete and n_ready < max_frames:
            return self._cut(self._n_waiting, max_frames, last=True)
        sizes = [size for size in self._ladder if size <= min(max_frames, n_ready)]
        if not sizes or (sizes[-1] < max_frames and not urgent):
            return None
        return self._cut(unheard + sizes[-1], sizes[-1], last=False)

    def _cut(self, n_frames: int, size: int, *, last: bool) -> Cut:
        joined = np.concatenate(self._waiting)
        frames, rest = joined[:n_frames], joined[n_frames:]
        self._waiting, self._n_waiting = [rest], len(rest)
        before = self.position
        self._n_cut += n_frames
        self._done = last
        if last and self._n_pushed == 0:
            frames = frames[:0]
        return Cut(frames, before, self.position - before, size, last)

    def trim(self, samples: FloatArray, cut: Cut) -> FloatArray:
        """The chunk's samples without those of the silence around the segment; see Cutter."""
        skipped = min(self._n_leading_samples, len(samples))
        self._n_leading_samples -= skipped
        end = len(samples) - (len(self._edge) * self._hop_length if cut.last else 0)
        return samples[skipped : max(end, skipped)]
