"""What the acoustic stage does under pressure, step by step, and when it stops doing it.

    level  what is done as well
    0      nothing
    1      runs are half as large, so that an urgent segment waits less for the one before, and memory peaks less
    2      the frontend is asked for cheaper vocoders, which often run on the same machine
    3      new streams are refused while anything waits, or memory is scarce; those that run go on

Waiting and memory are followed apart, and the higher level counts; so does of memory the higher share, of the host's or
of the device's. Of waits the last step asks for longer ones. At it a
stage takes as many streams as keep it busy: were all refused until the pressure is gone, it would stand idle, and then
all would come at once. For the same reason nobody is refused any longer once memory is below the share that was too
much: what an idle stage holds may well be above the lower one, at which the other steps are taken back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import trace

from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.common import memory, metrics
from speechmesh.common.device_memory import DeviceMemory
from speechmesh.common.errors import Overloaded
from speechmesh.common.metrics import Values
from speechmesh.common.pressure import Pressure, Steps

log = logging.getLogger(__name__)

SMALLER, CHEAPER, REFUSING = 1, 2, 3
_SAMPLE_S = 0.5
_RETRY_AFTER_MS = 1_000


class StagePressure:
    """Follows waiting and memory.

    `device_memory` reads that of the GPU, on a thread of its own; None on a CPU. `n_queued` tells how many segments
    wait. `on_memory_step` is called when memory asks for a step, to give back what it can.
    """

    def __init__(
        self,
        settings: AcousticSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        resident_bytes: Callable[[], int] = memory.resident_bytes,
        device_memory: Callable[[], DeviceMemory | None] | None = None,
        n_queued: Callable[[], int] = lambda: 1,
        on_memory_step: Callable[[], None] = lambda: None,
    ) -> None:
        metrics.STREAMS_REFUSED.add(0, {metrics.REASON: "pressure"})  # shown from the start, for alerts
        self._clock = clock
        self._resident_bytes = resident_bytes
        self._device_memory = device_memory
        self._device: DeviceMemory | None = None
        self._n_queued = n_queued
        self._on_memory_step = on_memory_step
        self._memory_limit_bytes = settings.memory_limit_mib * 2**20 or memory.limit_bytes()
        now = clock()
        down_s, up_s = settings.pressure_down_s, settings.pressure_up_s
        waiting = Steps(settings.down_pressure, settings.up_pressure, down_s, up_s)
        self._waiting = Pressure(waiting, n_levels=CHEAPER + 1, now=now)
        # Calm is not to be waited for: while others still run there is none.
        refusing = Steps(settings.refuse_pressure, settings.down_pressure, down_s, down_s)
        self._refusing = Pressure(refusing, n_levels=2, now=now)
        scarce = Steps(settings.down_memory, settings.up_memory, down_s, up_s)
        short = Steps(settings.down_memory, settings.down_memory, down_s, down_s)
        self._memory = Pressure(scarce, n_levels=REFUSING + 1, now=now, last=short)
        self._memory_level = 0
        self.level = 0

    def observe(self, *, queue_ms: float, slack_ms: float) -> None:
        """A segment ran after `queue_ms` of waiting; when it came, its listener had audio for `slack_ms` left."""
        now = self._clock()
        for pressure in (self._waiting, self._refusing):
            pressure.observe(queue_ms=queue_ms, slack_ms=slack_ms, now=now)
        self._update(now)

    def read_device(self) -> None:
        """Reads the device's memory for the next sample. May wait for the driver."""
        if self._device_memory is not None:
            self._device = self._device_memory()

    def sample(self) -> None:
        """Looks at the memory, and whether the pressure is gone."""
        now = self._clock()
        shares = []
        if self._memory_limit_bytes:
            shares.append(self._resident_bytes() / self._memory_limit_bytes)
        if self._device is not None:
            shares.append(self._device.used_bytes / self._device.total_bytes)
        if shares:
            self._memory.observe_share(max(shares), now)
        self._update(now)

    async def watch(self) -> None:
        """Samples until cancelled: neither memory nor calm tells of itself.

        A sample that fails is logged, and others follow: without them an idle stage would stand at its level for ever.
        """
        while True:
            try:
                if self._device_memory is not None:
                    await asyncio.to_thread(self.read_device)
                self.sample()
            except Exception:
                log.exception("the pressure was not looked at")
            await asyncio.sleep(_SAMPLE_S)

    @property
    def tiers_down(self) -> int:
        """Steps by which the vocoders of segments to come should be cheaper than the best."""
        return max(self.level - SMALLER, 0)

    def require_room(self) -> None:
        """Refuses a new stream at the highest level, see above.

        Raises:
            Overloaded: then.
        """
        if self.level >= REFUSING and (self._memory_level >= REFUSING or self._n_queued()):
            metrics.STREAMS_REFUSED.add(1, {metrics.REASON: "pressure"})
            trace.get_current_span().set_attribute("speechmesh.pressure_level", self.level)
            raise Overloaded("the acoustic stage is under pressure", retry_after_ms=_RETRY_AFTER_MS)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows level and pressures as metrics."""
        with (
            metrics.ACOUSTIC_PRESSURE_LEVEL.shows(lambda: [(self.level, {})]),
            metrics.ACOUSTIC_PRESSURE.shows(self._shares),
            metrics.ACOUSTIC_DEVICE_MEMORY.shows(self._device_bytes),
        ):
            yield

    def _shares(self) -> Values:
        now = self._clock()
        return [
            (self._waiting.value(now), {metrics.REASON: "waiting"}),
            (self._memory.value(now), {metrics.REASON: "memory"}),
        ]

    def _device_bytes(self) -> Values:
        if self._device is None:
            return []
        return [
            (self._device.used_bytes, {metrics.STATE: "used"}),
            (self._device.total_bytes, {metrics.STATE: "total"}),
        ]

    def _update(self, now: float) -> None:
        memory_level = self._memory.level(now)
        if memory_level > self._memory_level:
            self._on_memory_step()
        self._memory_level = memory_level
        waiting_level = REFUSING if self._refusing.level(now) else self._waiting.level(now)
        level = max(waiting_level, memory_level)
        if level == self.level:
            return
        way = "up" if level > self.level else "down"
        log.log(
            logging.WARNING if way == "up" else logging.INFO,
            "pressure goes %s to level %d: waiting %.2f of the listeners' time, memory %.2f of the limit",
            *(way, level, self._waiting.value(now), self._memory.value(now)),
        )
        self.level = level
        metrics.ACOUSTIC_PRESSURE_STEPS.add(1, {metrics.OUTCOME: way})
        trace.get_current_span().add_event("speechmesh.pressure", {"speechmesh.pressure_level": level})
