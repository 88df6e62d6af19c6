"""The plan of a marked-up text: what is spoken, segment by segment, each in its manner."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.casting import Problem
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped


@dataclass(frozen=True, slots=True)
class MarkedPlan:
    """A plan whose segments say how they are spoken; see plan.Script. Places are those of the document.

    Attributes:
        segments: in the order in which they are heard.
        endings: of each segment.
        dropped: what cannot be spoken.
        warnings: what else the caller should know.
    """

    segments: Sequence[SpokenSegment]
    endings: Sequence[Ending]
    dropped: Sequence[Dropped]
    warnings: Sequence[TextWarning]

    @property
    def voices(self) -> frozenset[str]:
        """The voices that speak besides the request's own, by name."""
        return frozenset(segment.manner.voice for segment in self.segments if segment.manner.voice)

    @property
    def loudest_db(self) -> float:
        """See plan.Script."""
        return max(
            (segment.manner.volume_db for segment in self.segments if segment.manner.volume_db > 0),
            default=0.0,
        )

    @property
    def clips(self) -> Mapping[int, SpokenSegment]:
        """The segments that are recordings, by index."""
        return {index: segment for index, segment in enumerate(self.segments) if segment.clip}

    def with_problems(self, problems: Sequence[Problem]) -> MarkedPlan:
        """The plan with warnings about the whole of it."""
        return self.with_warnings([TextWarning(problem.code, problem.message, 0, 0) for problem in problems])

    def with_warnings(self, warnings: Sequence[TextWarning]) -> MarkedPlan:
        """The plan with more warnings."""
        return dataclasses.replace(self, warnings=[*self.warnings, *warnings])

    async def segment(self, index: int) -> SpokenSegment | None:
        """See plan.Script."""
        return self.segments[index] if index < len(self.segments) else None

    def ending(self, index: int) -> Ending:
        """See plan.Script."""
        return self.endings[index]
