"""How long each stage takes with each segment, as the caller is told in the end."""

from __future__ import annotations

from collections.abc import Sequence

from speechmesh.common.bundle import Tier
from speechmesh.frontend.audio_out import StageTime
from speechmesh.frontend.metering import record_stage
from speechmesh.frontend.playback import Playback


class StageTimes:
    """The stages' times on the segments of one request, in milliseconds after its arrival."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._times: dict[tuple[str, int], StageTime] = {}

    def begin(self, stage: str, index: int) -> None:
        """A stage gets to work on a segment; a second time where an attempt failed."""
        self._times[stage, index] = StageTime(stage, index, self._playback.elapsed_ms)

    def note_first(self, stage: str, index: int) -> None:
        """The first that a stage makes of a segment is here; nothing, where it did not get to work."""
        if (time := self._times.get((stage, index))) is not None:
            record_stage(stage, index, (self._playback.elapsed_ms - time.start_ms) / 1000.0)

    def end(self, stage: str, index: int, *, compute_ms: float, queue_ms: float, tier: Tier | None) -> None:
        """A stage is done with a segment that it had begun."""
        time = self._times[stage, index]
        time.duration_ms = self._playback.elapsed_ms - time.start_ms
        time.compute_ms, time.queue_ms, time.tier = compute_ms, queue_ms, tier

    def all(self) -> Sequence[StageTime]:
        """All of them, in the order of the segments."""
        return [self._times[key] for key in sorted(self._times, key=lambda key: (key[1], key[0]))]
