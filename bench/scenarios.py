"""What is measured: single requests, closed loops, open loops. Each returns plain data for the report."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.contenders import BenchError, Contender
from bench.figures import percentile, ratio
from bench.load import Window
from bench.texts import THOUSAND
from bench.usage import PeakMemory, difference, machine_busy_s

Tell = Callable[[str], None]

_WINDOW = Window(warm_up_s=2.0, window_s=5.0)
_OPEN_WINDOW = Window(warm_up_s=3.0, window_s=12.0)
SINGLE_FIGURES = ("first_byte_ms", "ttfa_ms", "total_ms", "audio_s", "rtf", "longest_gap_ms")


def _ignore(_: str) -> None:
    """Takes what nobody wants to hear."""


@dataclass(frozen=True)
class Plan:
    """How long everything takes."""

    repetitions: int = 12
    concurrencies: tuple[int, ...] = (1, 4, 16, 32)
    rounds: int = 2  # contenders take turns, so that a machine that grows slower is slower for all
    window: Window = _WINDOW
    load_factors: tuple[float, ...] = (0.3, 0.6, 0.9)
    open_window: Window = _OPEN_WINDOW
    seeds: tuple[int, ...] = (1, 2, 3)

    @classmethod
    def quick(cls) -> Plan:
        """Shows that everything runs; its figures are rough."""
        short = Window(warm_up_s=0.5, window_s=2.0)
        return cls(
            repetitions=3, rounds=1, window=short, open_window=short, load_factors=(0.3, 0.9), seeds=(1,)
        )

    def with_concurrencies(self, concurrencies: tuple[int, ...]) -> Plan:
        """The same with other numbers of streams."""
        return dataclasses.replace(self, concurrencies=concurrencies)

    def with_window(self, window_s: float) -> Plan:
        """The same with another window."""
        return dataclasses.replace(
            self,
            window=dataclasses.replace(self.window, window_s=window_s),
            open_window=dataclasses.replace(self.open_window, window_s=window_s),
        )


def single_requests(contenders: Sequence[Contender], plan: Plan, tell: Tell) -> dict[str, Any]:
    """The 1,000-character text, alone; contenders take turns, so that a drift of the machine hits all alike."""
    runs: dict[str, list[dict[str, Any]]] = {contender.name: [] for contender in contenders}
    for repetition in range(-1, plan.repetitions):  # the first, -1, warms up
        for contender in contenders:
            tell(f"single request, {contender.name}, {repetition + 1} of {plan.repetitions}")
            result = contender.worker.run({"op": "single", "text": THOUSAND})
            if "error" in result:
                raise BenchError(f"{contender.name}: a single request failed: {result['error']}")
            if repetition >= 0:
                runs[contender.name].append(result)
    return {name: {"summary": summary(each), "runs": each} for name, each in runs.items()}


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Median and 95th percentile of each figure of single requests."""
    return {
        figure: {
            name: percentile([run[figure] for run in runs if run[figure] is not None], percent)
            for name, percent in (("median", 50), ("p95", 95))
        }
        for figure in SINGLE_FIGURES
    }


def closed_loops(contenders: Sequence[Contender], plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Every contender at every number of streams, one contender at a time."""
    cells = []
    for streams in plan.concurrencies:
        for number in range(1, plan.rounds + 1):
            for contender in contenders:
                tell(f"{streams} streams, {contender.name}, round {number} of {plan.rounds}")
                cells.append({"round": number} | closed_cell(contender, streams, plan.window))
    return cells


def closed_cell(
    contender: Contender, streams: int, window: Window, mark: Tell = _ignore, *, paced: bool = False
) -> dict[str, Any]:
    """One contender under a closed loop; `mark` is called at both ends of the window."""
    command = {"op": "closed", "streams": streams, "seed": streams, "window": dataclasses.asdict(window)}
    command["paced"] = paced
    return {"contender": contender.name, "concurrency": streams} | loaded(contender, command, mark)


def open_loops(contender: Contender, saturated_per_s: float, plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """One contender with Poisson arrivals, at fractions of the rate at which it is saturated."""
    cells = []
    for factor in plan.load_factors:
        for seed in plan.seeds:
            rate_per_s = factor * saturated_per_s
            tell(f"open loop, {rate_per_s:.2f} requests/s, seed {seed}")
            window = dataclasses.asdict(plan.open_window)
            command = {"op": "open", "rate_per_s": rate_per_s, "seed": seed, "window": window}
            key = {"contender": contender.name, "load": factor, "rate_per_s": rate_per_s, "seed": seed}
            cells.append(key | loaded(contender, command))
    return cells


def loaded(contender: Contender, command: dict[str, Any], also_mark: Tell = _ignore) -> dict[str, Any]:
    """Runs a load and adds what it cost: CPU seconds between the window's ends, and peak memory."""
    readings: list[tuple[dict[str, float], float, float]] = []

    def mark(moment: str) -> None:
        also_mark(moment)
        generator = sum(contender.load_generator.cpu_s().values()) if contender.load_generator else 0.0
        readings.append((contender.processes.cpu_s(), generator, machine_busy_s()))

    with PeakMemory(contender.processes) as memory:
        result: dict[str, Any] = contender.worker.run(command, mark)
    contender.wait_idle()
    (before, generator_before, busy_before), (after, generator_after, busy_after) = readings
    by_role = difference(after, before)
    cpu_s, generator_s = sum(by_role.values()), generator_after - generator_before
    others_s = busy_after - busy_before - cpu_s - generator_s
    return result | {
        "cpu_s_per_audio_s": ratio(cpu_s, result["audio_s"]),
        "cpu_s_per_audio_s_by_role": {role: ratio(used, result["audio_s"]) for role, used in by_role.items()},
        "load_generator_cpu_s_per_audio_s": ratio(generator_s, result["audio_s"]),
        "cores_used": cpu_s / result["window_s"],
        "peak_rss_mib": memory.peak_mib,
        # Above a few hundredths, something else ran on the machine, and the figures are rough.
        "others_share_of_machine": max(others_s, 0.0) / result["window_s"] / (os.cpu_count() or 1),
    }


def saturated_rate_per_s(cells: Sequence[dict[str, Any]], name: str) -> float:
    """Requests a second that a contender finishes at most, from its best closed cell."""
    rates = [
        cell["rtfx"] / cell["audio_per_stream_s"]
        for cell in cells
        if cell["contender"] == name and cell["audio_per_stream_s"]
    ]
    if not rates:
        raise BenchError(f"{name}: no stream was complete in any closed loop")
    return float(max(rates))
