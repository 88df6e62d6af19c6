from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from speechmesh.common import metrics
from speechmesh.common.pressure import Steps
from speechmesh.vocoder import tier_pressure
from speechmesh.vocoder.tier_pressure import TierPressure


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def press(pressure: TierPressure, clock: Clock, for_s: float, *, share: float) -> None:
    """Chunks that wait for a share of their listener's second."""
    for _ in range(round(for_s / 0.1)):
        clock.now_s += 0.1
        pressure.observe(queue_ms=1000.0 * share, slack_ms=1000.0)


def shown(gauge: metrics.ObservedGauge) -> list[float]:
    return [value for source in gauge._sources for value, _ in source()]


async def test_a_level_is_shown_until_it_is_calm_though_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_pressure, "_SAMPLE_S", 0.001)
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("test")
    monkeypatch.setattr(metrics, "VOCODER_PRESSURE_STEPS", meter.create_counter("steps"))
    # Those of the module may show a mesh that serves other tests.
    for name in ("VOCODER_PRESSURE_LEVEL", "VOCODER_PRESSURE"):
        monkeypatch.setattr(metrics, name, metrics.ObservedGauge(name, "1", "of this test"))
    clock = Clock()
    pressure = TierPressure(Steps(), n_tiers=3, clock=clock)
    with pressure.shown():
        press(pressure, clock, 6.0, share=2.0)
        assert shown(metrics.VOCODER_PRESSURE_LEVEL) == [2] == [pressure.level()]
        assert shown(metrics.VOCODER_PRESSURE)[0] > 0.5
        watch = asyncio.create_task(pressure.watch())
        for _ in range(100):
            clock.now_s += 1.0
            await asyncio.sleep(0.002)
        assert shown(metrics.VOCODER_PRESSURE_LEVEL) == [0]
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    assert shown(metrics.VOCODER_PRESSURE_LEVEL) == []
    collected = reader.get_metrics_data()
    assert collected is not None
    (metric,) = collected.resource_metrics[0].scope_metrics[0].metrics
    steps = {(point.attributes or {})["outcome"]: point.value for point in metric.data.data_points}  # type: ignore[union-attr]
    assert steps == {"up": 2, "down": 2}
