"""`python -m bench`: measures the contenders side by side. `python -m bench profile`: where CPU time goes."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import contenders, profile, report, scenarios
from bench.arguments import voice_bundle
from bench.contenders import BenchError, Contender
from bench.scenarios import Plan
from bench.usage import idle_share
from speechmesh.common.errors import Incompatible

SCENARIOS = ("single", "closed", "open", "v1", "sambert")
RESULTS = Path("bench/results")
_IDLE_S = 3.0

_MIN_WIDTH = 160  # the tables', where the output is no terminal

_console = Console() if sys.stdout.isatty() else Console(width=_MIN_WIDTH)
_errors = Console(stderr=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 1 when it could not measure, never for what the figures say."""
    options = _parser().parse_args(arguments)
    contenders.stop_on_sigterm()
    try:
        if options.what == "profile":
            profile.run(options.voice, options.tier, _plan(options).window, _console)
        else:
            _measure(options)
    except (BenchError, Incompatible, RuntimeError) as error:
        _errors.print(f"bench: {error}", style="red", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        _errors.print("bench: stopped")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", "profile"), default="all")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS)
    parser.add_argument("--contenders", nargs="+", choices=contenders.NAMES, default=contenders.NAMES)
    parser.add_argument("--streams", nargs="+", type=int, help="closed loops of so many streams")
    parser.add_argument("--quick", action="store_true", help="2 s windows, few repetitions; rough")
    parser.add_argument("--window-s", type=float, help="length of each window in seconds")
    parser.add_argument(
        "--voice", type=voice_bundle, default="voices/english", help="folder of a voice bundle"
    )
    parser.add_argument("--tier", default="fast", help="the one tier of the voice that all contenders run")
    parser.add_argument("--json", type=Path, help="write the results there too")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    plan = Plan.quick() if options.quick else Plan()
    if options.window_s:
        plan = plan.with_window(options.window_s)
    if options.streams:
        plan = plan.with_concurrencies(tuple(options.streams))
    return plan


@contextmanager
def _all_running(names: Sequence[str], voice: Path, tier: str) -> Iterator[list[Contender]]:
    """The contenders, all started; each but the measured one idles. In the order of NAMES."""
    with tempfile.TemporaryDirectory(prefix="speechmesh-bench-") as scratch, ExitStack() as stack:
        voice = contenders.with_one_tier(voice, tier, Path(scratch))
        started = []
        for name in contenders.NAMES:
            if name in names:
                with _errors.status(f"starting {name}"):
                    started.append(stack.enter_context(contenders.running(name, voice, Path(scratch))))
        yield started


def _measure(options: argparse.Namespace) -> None:
    began = time.time()
    results: dict[str, Any] = {"machine": report.machine(), "voice": options.voice.name, "tier": options.tier}
    if set(options.scenarios) - {"v1", "sambert"}:
        results |= _measure_voice(options)
    if "v1" in options.scenarios:
        from bench import v1  # noqa: PLC0415 - PyTorch and OpenVINO, which nothing else here needs

        with _errors.status("HiFi-GAN V1") as status:
            results["v1"] = v1.measure(options.voice, options.streams, status.update)
    if "sambert" in options.scenarios:
        from bench import sambert  # noqa: PLC0415 - PyTorch, as above

        with _errors.status("Sambert-HifiGan") as status:
            results["sambert"] = sambert.measure(options.streams, status.update)
    results["ratios"] = report.ratios(results.get("closed", []))
    results["criteria"] = report.criteria(
        results.get("single", {}),
        results.get("closed", []),
        results.get("v1", {}),
        results.get("sambert", {}),
    )
    results["others_share_of_machine"] = report.disturbance(report.loaded_cells(results))
    results["wall_s"] = time.time() - began
    path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(began))}.json"
    report.write(results, [path, options.json] if options.json else [path])
    report.show(results, _console)
    _console.print(f"{path}, took {results['wall_s']:.0f} s", highlight=False)


def _measure_voice(options: argparse.Namespace) -> dict[str, Any]:
    """The voice's own contenders, all started at once and measured in turns."""
    plan = _plan(options)
    results: dict[str, Any] = {}
    with (
        _all_running(options.contenders, options.voice, options.tier) as started,
        _errors.status("warming up") as status,
    ):
        if "single" in options.scenarios:
            results["single"] = scenarios.single_requests(started, plan, status.update)
        for contender in started:
            contender.wait_idle()
        shares = idle_share([contender.processes for contender in started], _IDLE_S)
        results["idle_cpu_share"] = {each.name: share for each, share in zip(started, shares, strict=True)}
        if {"closed", "open"} & set(options.scenarios):
            results["closed"] = scenarios.closed_loops(started, plan, status.update)
        mesh = next((each for each in started if each.name == "mesh"), None)
        if mesh and "open" in options.scenarios:
            rate_per_s = scenarios.saturated_rate_per_s(results["closed"], "mesh")
            results["open"] = scenarios.open_loops(mesh, rate_per_s, plan, status.update)
    return results


if __name__ == "__main__":
    sys.exit(main())
