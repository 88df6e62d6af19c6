"""What is cut off a segment's frames for one run of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from speechmesh.common.features import FloatArray


@dataclass(frozen=True, slots=True)
class Cut:
    """Frames for one run.

    `frames` [T, M] is what the network takes, context, padding and edges counted. The first of the segment's own
    among them is number `first_frame`, and there are `n_frames` of those. `size` is what counts for the next cut's.
    """

    frames: FloatArray
    first_frame: int
    n_frames: int
    size: int
    last: bool


class Cutter(Protocol):
    """Collects one segment's frames and cuts them; the trimmed samples of all cuts, joined, are the segment's."""

    @property
    def position(self) -> int:
        """Index in the segment of the first frame that no cut has taken."""
        ...

    def push(self, frames: FloatArray, first_frame: int, *, last: bool) -> None:
        """Adds frames [T, M] that follow those before; `last` completes the segment.

        Raises:
            Incompatible: when frames are missing, repeated or come after the last.
        """
        ...

    def next(self, max_frames: int, *, urgent: bool) -> Cut | None:
        """The next cut of about `max_frames` (a ladder size), or None until more frames are pushed.

        While the segment is incomplete, a full cut is waited for; an urgent one takes what fits now.
        """
        ...

    def trim(self, samples: FloatArray, cut: Cut) -> FloatArray:
        """Of the samples [N] that came of a cut, those that belong to the segment. Call it in the cuts' order."""
        ...
