"""`python -m bench.urgent`: a new request among saturated streams of long text.

How soon has it its first audio, against the unloaded mesh; and how many of the others have a gap, against windows
of equal length in which nobody comes.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import contenders, sambert, scenarios
from bench.arguments import voice_bundle
from bench.contenders import BenchError, Contender
from bench.figures import percentile, ratio
from bench.load import Window
from bench.report import machine, write
from bench.texts import MIXED, NEWS, THOUSAND

RESULTS = Path("bench/results")
TARGET_RATIO = 2.0
_ROUNDS = 2  # windows without and with visits take turns, so that a drift of the machine hits both
_WARM_UPS = 3
_WIDTH = 160  # where the output is no terminal

_console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
_errors = Console(stderr=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 1 when it could not measure, never for what the figures say."""
    options = _parser().parse_args(arguments)
    contenders.stop_on_sigterm()
    began = time.time()
    try:
        results = _measure(options)
    except (BenchError, RuntimeError) as error:
        _errors.print(f"urgent: {error}", style="red", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        _errors.print("urgent: stopped")
        return 130
    results["wall_s"] = time.time() - began
    path = RESULTS / f"urgent-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(began))}.json"
    write(results, [path, options.json] if options.json else [path])
    _show(results, _console)
    _console.print(f"{path}, took {results['wall_s']:.0f} s", highlight=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.urgent", description=__doc__)
    parser.add_argument("--streams", type=int, default=16, help="streams of long text")
    parser.add_argument("--visits", type=int, default=20, help="requests that come on top, one at a time")
    parser.add_argument("--every-s", type=float, default=1.5, help="mean time between them in seconds")
    parser.add_argument("--seed", type=int, default=1, help="of their moments and texts")
    parser.add_argument(
        "--sambert",
        action="store_true",
        help="speak Chinese with a full-size Sambert, whose acoustic model takes longer than its vocoder in eight bits",
    )
    parser.add_argument(
        "--voice", type=voice_bundle, default="voices/english", help="folder of a voice bundle"
    )
    parser.add_argument("--tier", default="fast", help="the one tier of the voice that is spoken in")
    parser.add_argument("--json", type=Path, help="write the results there too")
    return parser


@dataclass(frozen=True)
class _Load:
    """Who speaks, the long text of the streams, and what those say who come on top."""

    voice: Path
    long_text: str
    visits: Sequence[str]
    max_wait_s: float


def _load(options: argparse.Namespace, scratch: Path) -> _Load:
    if options.sambert:
        sentences = [f"{sentence}。" for sentence in NEWS.split("。") if sentence]
        return _Load(sambert.build(scratch)["int8"], NEWS, sentences, max_wait_s=180.0)
    voice = contenders.with_one_tier(options.voice, options.tier, scratch)
    return _Load(voice, THOUSAND, MIXED, max_wait_s=60.0)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    dice = random.Random(options.seed)
    n_visits = max(options.visits // _ROUNDS, 1)
    calm, visited = [], []
    with (
        tempfile.TemporaryDirectory(prefix="speechmesh-urgent-") as scratch,
        _errors.status("making the voice") as status,
    ):
        load = _load(options, Path(scratch))
        window = Window(warm_up_s=2.0, window_s=n_visits * options.every_s, max_wait_s=load.max_wait_s)
        texts = [dice.choice(load.visits) for _ in range(n_visits * _ROUNDS)]
        with contenders.running("mesh", load.voice, Path(scratch)) as mesh:
            status.update("alone")
            alone = _alone(mesh, texts)
            for number in range(_ROUNDS):
                streams = _command(options.streams, load.long_text, window)
                status.update(f"round {number + 1} of {_ROUNDS}, nobody comes")
                calm.append(scenarios.loaded(mesh, streams))
                status.update(f"round {number + 1} of {_ROUNDS}, {n_visits} requests come")
                spoken = texts[number * n_visits :][:n_visits]
                moments = _moments(dice, n_visits, options.every_s)
                visits = list(zip(moments, spoken, strict=True))
                visited.append(scenarios.loaded(mesh, streams | {"visits": visits}))
    return {
        "machine": machine(),
        "voice": load.voice.name,
        "streams": options.streams,
        "alone": alone,
        "calm": calm,
        "visited": visited,
        "summary": _summary(alone, calm, visited),
    }


def _command(streams: int, text: str, window: Window) -> dict[str, Any]:
    return {
        "op": "visited",
        "streams": streams,
        "text": text,
        "visits": [],
        "window": dataclasses.asdict(window),
    }


def _alone(mesh: Contender, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Each text on the idle mesh, the first ones once more before, to warm it."""
    runs = [mesh.worker.run({"op": "single", "text": text}) for text in (*texts[:_WARM_UPS], *texts)]
    if errors := [run["error"] for run in runs if "error" in run]:
        raise BenchError(f"a request on the idle mesh failed: {errors[0]}")
    return runs[_WARM_UPS:]


def _moments(dice: random.Random, n_visits: int, every_s: float) -> list[float]:
    """A random moment in the first two thirds of each stretch, so that no two are under way at once."""
    return [(number + dice.uniform(0.0, 2 / 3)) * every_s for number in range(n_visits)]


def _summary(
    alone: Sequence[dict[str, Any]], calm: Sequence[dict[str, Any]], visited: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    visits = [visit for cell in visited for visit in cell["visits"]]
    kept = [visit for visit in visits if "error" not in visit]
    unloaded, loaded = _ttfa_ms(alone), _ttfa_ms(kept)
    return {
        "visits": len(visits),
        "errors": [visit["error"] for visit in visits if "error" in visit],
        "ttfa_alone_ms": unloaded,
        "ttfa_ms": loaded,
        "ttfa_ratio": {name: ratio(loaded[name], unloaded[name]) for name in loaded},
        "first_segment_alone_ms": _first_segment_ms(alone),
        "first_segment_ms": _first_segment_ms(kept),
        "gapped_visits": sum(visit["longest_gap_ms"] > 50.0 for visit in kept),
        "others_calm": _others(calm),
        "others_visited": _others(visited),
    }


def _ttfa_ms(runs: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    waits = [run["ttfa_ms"] for run in runs if run["ttfa_ms"] is not None]
    return {name: percentile(waits, percent) for name, percent in (("p50", 50), ("p95", 95))}


def _first_segment_ms(runs: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Medians of what the first segment waited and was computed for in each stage."""
    parts = [(stage, part) for stage in ("acoustic", "vocoder") for part in ("queue_ms", "compute_ms")]
    spent = [run["first_segment"] for run in runs if run["first_segment"]]
    return {
        f"{stage} {part.removesuffix('_ms')}": percentile([each[stage][part] for each in spent], 50)
        for stage, part in parts
    }


def _others(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The long streams of all windows of a kind."""
    complete = sum(cell["complete"] for cell in cells)
    return {
        "streams": sum(cell["streams"] for cell in cells),
        "complete": complete,
        "gapped": round(sum((cell["gap_share"] or 0.0) * cell["complete"] for cell in cells)),
        "gap_s": sum(cell["gap_s"] for cell in cells),
        "rtfx": sum(cell["rtfx"] for cell in cells) / len(cells),
    }


def _show(results: dict[str, Any], console: Console) -> None:
    summary = results["summary"]
    alone, loaded, times = summary["ttfa_alone_ms"], summary["ttfa_ms"], summary["ttfa_ratio"]
    within = "within" if (times["p50"] or 0.0) < TARGET_RATIO else "above"
    console.print(
        f"first audio of {summary['visits']} requests among {results['streams']} streams of long text: "
        f"p50 {loaded['p50']:.0f} ms, p95 {loaded['p95']:.0f} ms; alone {alone['p50']:.0f} and "
        f"{alone['p95']:.0f} ms: {times['p50']:.2f} and {times['p95']:.2f} times, {within} the aim of "
        f"{TARGET_RATIO:.0f} at p50",
        highlight=False,
    )
    for name, kind in (("nobody came", "others_calm"), ("they came", "others_visited")):
        others = summary[kind]
        console.print(
            f"where {name}: {others['gapped']} of {others['complete']} streams gapped, {others['gap_s']:.2f} s in "
            f"all; {others['rtfx']:.0f} audio seconds a second",
            highlight=False,
        )
    for name, kind in (("alone", "first_segment_alone_ms"), ("among them", "first_segment_ms")):
        parts = ", ".join(f"{part} {spent or 0.0:.0f} ms" for part, spent in summary[kind].items())
        console.print(f"the first segment {name}: {parts}", highlight=False)
    used = results["visited"][0]["cpu_s_per_audio_s_by_role"]
    shares = ", ".join(f"{role} {100 * used[role] / sum(used.values()):.0f} %" for role in used)
    console.print(f"CPU time of the mesh: {shares}", highlight=False)
    for error in summary["errors"]:
        console.print(f"failed: {error}", style="red", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
