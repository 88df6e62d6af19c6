"""How hard the vocoder stage is pressed, which tier `auto` follows; see common.pressure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speechmesh.common import metrics
from speechmesh.common.pressure import Pressure, Steps

log = logging.getLogger(__name__)

_SAMPLE_S = 0.5


class TierPressure:
    """Follows the waits of chunks. Its level is how many tiers `auto` stands below a voice's best."""

    def __init__(self, steps: Steps, *, n_tiers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pressure = Pressure(steps, n_levels=n_tiers, now=clock())
        self._shown_level = 0

    def observe(self, *, queue_ms: float, slack_ms: float) -> None:
        """A chunk ran after `queue_ms` of waiting; when it came, its listener had audio for `slack_ms` left."""
        self._pressure.observe(queue_ms=queue_ms, slack_ms=slack_ms, now=self._clock())
        self.level()

    def level(self) -> int:
        """Steps down, 0 for none."""
        now = self._clock()
        level = self._pressure.level(now)
        if level != self._shown_level:
            way = "up" if level > self._shown_level else "down"
            log.info("pressure goes %s to level %d: waiting %.2f", way, level, self._pressure.value(now))
            metrics.VOCODER_PRESSURE_STEPS.add(1, {metrics.OUTCOME: way})
            self._shown_level = level
        return level

    async def watch(self) -> None:
        """Looks at the level until cancelled: calm does not tell of itself."""
        while True:
            self.level()
            await asyncio.sleep(_SAMPLE_S)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows level and pressure as metrics."""
        with (
            metrics.VOCODER_PRESSURE_LEVEL.shows(lambda: [(self._shown_level, {})]),
            metrics.VOCODER_PRESSURE.shows(lambda: [(self._pressure.value(self._clock()), {})]),
        ):
            yield
