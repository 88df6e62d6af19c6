from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.metrics import CallbackOptions
from opentelemetry.sdk.trace import TracerProvider

from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.stage_pressure import StagePressure
from speechmesh.common import metrics
from speechmesh.common.device_memory import DeviceMemory
from speechmesh.common.errors import Overloaded

MIB = 2**20


class Stage:
    """A stage whose clock, load and memory the test sets; its memory is limited to 1000 MiB."""

    def __init__(self, **settings: Any) -> None:
        self.now, self.resident_mib, self.n_relieved, self.n_queued = 1000.0, 100.0, 0, 1
        self.device: DeviceMemory | None = None
        self.pressure = StagePressure(
            AcousticSettings(**{"memory_limit_mib": 1000, **settings}),
            clock=lambda: self.now,
            resident_bytes=lambda: int(self.resident_mib * MIB),
            device_memory=lambda: self.device,
            n_queued=lambda: self.n_queued,
            on_memory_step=self.relieve,
        )
        self.levels: list[int] = []

    def relieve(self) -> None:
        self.n_relieved += 1

    def run(self, seconds: float, share: float) -> Stage:
        """Segments come at 20 a second and wait this share of their listeners' time."""
        for step in range(round(seconds * 20)):
            self.now += 0.05
            self.pressure.observe(queue_ms=share * 1000.0, slack_ms=1000.0)
            if step % 10 == 0:
                self.pressure.sample()
            self.levels.append(self.pressure.level)
        return self

    def idle(self, seconds: float) -> Stage:
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            self.pressure.read_device()
            self.pressure.sample()
            self.levels.append(self.pressure.level)
        return self


def test_an_easy_load_is_no_pressure() -> None:
    stage = Stage().run(30, 0.05)
    assert set(stage.levels) == {0}
    assert stage.pressure.tiers_down == 0
    stage.pressure.require_room()


def test_long_waits_make_batches_smaller_then_vocoders_cheaper_and_no_more() -> None:
    stage = Stage().run(60, 0.7)
    assert sorted(set(stage.levels)) == [0, 1, 2]
    assert stage.levels == sorted(stage.levels)
    assert stage.pressure.tiers_down == 1
    stage.pressure.require_room()


def test_waits_beyond_what_listeners_have_refuse_new_streams() -> None:
    stage = Stage().run(20, 3.0)
    assert stage.pressure.level == 3
    with pytest.raises(Overloaded, match="under pressure") as caught:
        stage.pressure.require_room()
    assert caught.value.retry_after_ms > 0


def test_a_stage_that_refuses_is_kept_busy() -> None:
    stage = Stage().run(20, 3.0)
    stage.n_queued = 0
    stage.pressure.require_room()


def test_new_streams_are_taken_again_long_before_all_is_calm() -> None:
    """Else a stage would refuse until it stands idle."""
    stage = Stage().run(20, 3.0).run(10, 0.3)
    assert stage.pressure.level == 2
    stage.pressure.require_room()


def test_an_idle_stage_recovers_by_itself() -> None:
    stage = Stage().run(20, 3.0).idle(60)
    assert stage.pressure.level == 0


def test_scarce_memory_goes_step_by_step_to_refusing_and_back() -> None:
    stage = Stage()
    stage.resident_mib = 950
    stage.idle(20)
    assert sorted(set(stage.levels)) == [0, 1, 2, 3]
    assert stage.n_relieved == 3
    stage.n_queued = 0
    with pytest.raises(Overloaded):
        stage.pressure.require_room()
    stage.resident_mib = 700
    assert stage.idle(60).pressure.level == 0
    assert stage.n_relieved == 3


def test_after_a_peak_of_memory_streams_are_taken_again_though_it_stays_between_its_bounds() -> None:
    """What an idle stage holds need not be below the lower one, and it must not stand idle for ever."""
    stage = Stage()
    stage.resident_mib, stage.n_queued = 950, 0
    assert stage.idle(20).pressure.level == 3
    stage.resident_mib = 850
    assert stage.idle(10).pressure.level == 2
    stage.pressure.require_room()
    assert set(stage.idle(600).levels[-1200:]) == {2}


def test_streams_are_refused_as_long_as_memory_is_scarce() -> None:
    stage = Stage()
    stage.resident_mib = 950
    assert set(stage.idle(20).idle(600).levels[-1200:]) == {3}


def test_memory_that_is_scarce_whenever_streams_are_taken_refuses_for_longer_but_not_for_ever() -> None:
    stage = Stage()
    for _ in range(2400):
        stage.resident_mib = 850 if stage.pressure.level == 3 else 950
        stage.idle(0.5)
    refused_for_s = [len(list(run)) / 2 for level, run in groupby(stage.levels) if level == 3]
    assert refused_for_s[0] < 5
    assert refused_for_s[:-1] == sorted(refused_for_s[:-1])
    assert 20 < max(refused_for_s) < 40


def test_scarce_device_memory_counts_as_the_hosts_does() -> None:
    """Whoever has taken it: the vocoder's server often runs on the same GPU."""
    stage = Stage()
    stage.device = DeviceMemory(95 * MIB, 100 * MIB)
    stage.idle(20)
    assert sorted(set(stage.levels)) == [0, 1, 2, 3]
    assert stage.n_relieved == 3
    stage.device = DeviceMemory(50 * MIB, 100 * MIB)
    assert stage.idle(60).pressure.level == 0


def test_the_higher_share_of_memory_counts() -> None:
    stage = Stage()
    stage.resident_mib = 950
    stage.device = DeviceMemory(1, 100)
    assert stage.idle(20).pressure.level == 3
    stage = Stage(memory_limit_mib=1_000_000)
    stage.device = DeviceMemory(99, 100)
    assert stage.idle(20).pressure.level == 3


def test_device_memory_that_cannot_be_read_is_not_counted() -> None:
    stage = Stage()
    stage.device = None
    assert set(stage.idle(60).levels) == {0}


def device_memory_shown() -> dict[str, float]:
    observed = metrics.ACOUSTIC_DEVICE_MEMORY._observe(CallbackOptions())
    return {str((each.attributes or {})["state"]): each.value for each in observed}


def test_device_memory_is_a_metric() -> None:
    stage = Stage()
    with stage.pressure.shown():
        stage.idle(1)
        assert device_memory_shown() == {}
        stage.device = DeviceMemory(3 * MIB, 100 * MIB)
        stage.idle(1)
        assert device_memory_shown() == {"used": 3 * MIB, "total": 100 * MIB}


async def test_a_sample_that_fails_is_not_the_last() -> None:
    """An idle stage would stand at its level for ever."""
    n_samples, again = 0, asyncio.Event()

    def resident_bytes() -> int:
        nonlocal n_samples
        n_samples += 1
        if n_samples == 1:
            raise RuntimeError("can't start new thread")
        again.set()
        return 0

    pressure = StagePressure(AcousticSettings(memory_limit_mib=1000), resident_bytes=resident_bytes)
    watch = asyncio.create_task(pressure.watch())
    async with asyncio.timeout(10):
        await again.wait()
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


def test_between_its_bounds_memory_changes_nothing() -> None:
    stage = Stage()
    stage.resident_mib = 850
    assert set(stage.idle(60).levels) == {0}


def test_each_change_is_logged_and_an_event_of_the_span_it_came_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    with TracerProvider().get_tracer("test").start_as_current_span("acoustic.batch") as span:
        stage.run(30, 3.0)
    events = [event for event in span.events if event.name == "speechmesh.pressure"]  # type: ignore[attr-defined]
    assert [dict(event.attributes)["speechmesh.pressure_level"] for event in events] == [1, 3]
    assert trace.get_current_span() is trace.INVALID_SPAN
    stage.idle(60)
    texts = [record.getMessage() for record in caplog.records]
    assert texts[0].startswith("pressure goes up to level 1: waiting ")
    assert texts[-1].startswith("pressure goes down to level 0: ")


@pytest.mark.parametrize(
    "settings",
    [{"up_pressure": 0.6}, {"down_pressure": 2.5}, {"up_memory": 0.95}],
)
def test_bounds_that_would_flutter_stop_the_start(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be below"):
        AcousticSettings(**settings)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.floats(0.1, 15), st.floats(0, 3), st.floats(0, 1200)), min_size=1, max_size=8))
def test_whatever_happens_it_ends_in_calm(loads: list[tuple[float, float, float]]) -> None:
    stage = Stage()
    for seconds, share, resident_mib in loads:
        stage.resident_mib = resident_mib
        stage.run(seconds, share)
        assert 0 <= stage.pressure.level <= 3
        assert stage.pressure.tiers_down == max(stage.pressure.level - 1, 0)
    stage.resident_mib = 100
    assert stage.idle(600).pressure.level == 0
