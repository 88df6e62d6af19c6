"""The report: ratios and criteria from the figures, tables for the terminal, JSON for everything else."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.contenders import settings_in_environment
from bench.figures import ratio
from speechmesh.vocoder.triton.local import PACKAGE as TRITON_PACKAGE

CRITERION_STREAMS = 16
MAX_FIRST_AUDIO_OF_SEED = 1 / 5
MIN_RTFX_OF_YARDSTICK = 0.5
V1_STREAMS = 8
EAGER = "eager PyTorch"  # the engine that the others are compared with
MIN_V1_RTFX_OF_BARE = 0.9
MIN_INT8_OF_EAGER = 3.0
MIN_SAMBERT_FIRST_AUDIO, MIN_SAMBERT_TOTAL = 15.0, 5.0
SAMBERT_STREAMS, SAMBERT_SATURATED = 12, 8
QUIET = 0.05  # of the machine; with more for other programs, contenders are not measured alike
_PACKAGES = ("speechmesh", "onnxruntime", "grpcio", "tritonclient", "numpy", "protobuf", "flask")

Cells = Sequence[dict[str, Any]]


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "triton": TRITON_PACKAGE,
        "load_average": os.getloadavg(),
        "settings": settings_in_environment(),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


_COMPARED = (("rtfx", "RTFX"), ("cpu_s_per_audio_s", "CPU seconds per audio second"))


def ratios(closed: Cells) -> list[dict[str, Any]]:
    """Throughput and cost of each contender over the yardstick's, at each number of streams.

    Throughput suffers from whatever else runs on the machine, the cost in CPU time hardly does.
    """
    keys = dict.fromkeys((cell["contender"], cell["concurrency"]) for cell in closed)
    return [
        {
            "what": f"{name} / yardstick, {title}",
            "streams": streams,
            "figures": (figures := [_mean(closed, each, streams, figure) for each in (name, "yardstick")]),
            "ratio": ratio(*figures),
        }
        for figure, title in _COMPARED
        for name, streams in keys
        if name != "yardstick"
    ]


def _mean(closed: Cells, name: str, streams: int, figure: str) -> float | None:
    """A figure's mean over the rounds; None where it was not measured."""
    values = [
        cell[figure]
        for cell in closed
        if (cell["contender"], cell["concurrency"]) == (name, streams) and cell[figure] is not None
    ]
    return sum(values) / len(values) if values else None


def criteria(
    single: dict[str, Any], closed: Cells, v1: dict[str, Any], sambert: dict[str, Any]
) -> list[dict[str, Any]]:
    """The acceptance criteria; `passes` is None where a contender it needs was not measured."""
    first = _median(single, "mesh", "ttfa_ms")
    answer = _median(single, "seed", "total_ms")
    return [
        _criterion(
            "1,000 characters: the mesh's audible first audio (ms) over the seed's answer (ms)",
            first,
            answer,
            below=MAX_FIRST_AUDIO_OF_SEED,
        ),
        _criterion(
            f"{CRITERION_STREAMS} streams: the mesh's RTFX over the yardstick's",
            _mean(closed, "mesh", CRITERION_STREAMS, "rtfx"),
            _mean(closed, "yardstick", CRITERION_STREAMS, "rtfx"),
            at_least=MIN_RTFX_OF_YARDSTICK,
        ),
        *_v1_criteria(v1),
        *_sambert_criteria(sambert),
    ]


def _sambert_criteria(sambert: dict[str, Any]) -> list[dict[str, Any]]:
    single, cells = sambert.get("single", {}), sambert.get("closed", [])
    answer = _median(single, "eager", "total_ms")
    first = min(
        filter(None, (_median(single, f"mesh {p}", "ttfa_ms") for p in ("fp32", "int8"))), default=None
    )
    # Listeners in real time need so many seconds of audio a second; beyond what the bare graphs make, none can.
    limit = _mean(cells, "yardstick int8, saturated", SAMBERT_SATURATED, "rtfx")
    without_gap = [
        cell["concurrency"] for cell in cells if cell["contender"] == "mesh int8" and cell["gap_share"] == 0
    ]
    return [
        _criterion(
            "Sambert-HifiGan, 120 characters of news: eager PyTorch's answer (ms) over the mesh's first audio (ms)",
            answer,
            first,
            at_least=MIN_SAMBERT_FIRST_AUDIO,
        ),
        _criterion(
            "Sambert-HifiGan, 120 characters of news, vocoder int8: eager PyTorch's total (ms) over the mesh's (ms)",
            answer,
            _median(single, "mesh int8", "total_ms"),
            at_least=MIN_SAMBERT_TOTAL,
        ),
        _criterion(
            "Sambert-HifiGan, vocoder int8: listeners in real time without a gap over what is wanted (12, or as "
            "many as the bare graphs can feed)",
            float(max(without_gap)) if without_gap else None,
            min(SAMBERT_STREAMS, limit) if limit else None,
            at_least=1.0,
        ),
    ]


def _v1_criteria(v1: dict[str, Any]) -> list[dict[str, Any]]:
    closed, engines = v1.get("closed", []), list(v1.get("engines", {}).values())
    # As it is usually served: one utterance after the other, each with all cores.
    eager = engines[-1].get(EAGER, {}).get("rtf") if engines else None
    of_eager = "over eager PyTorch's with all cores"
    return [
        _criterion(
            f"HiFi-GAN V1, {V1_STREAMS} streams: the mesh's RTFX over the bare runtime's",
            _mean(closed, "mesh fp32", V1_STREAMS, "rtfx"),
            _mean(closed, "yardstick fp32", V1_STREAMS, "rtfx"),
            at_least=MIN_V1_RTFX_OF_BARE,
        ),
        *(
            _criterion(
                f"HiFi-GAN V1 int8, its quality within bounds, {V1_STREAMS} streams: {title} {of_eager}",
                _mean(closed, f"{name} int8", V1_STREAMS, "rtfx"),
                1.0 / eager if eager else None,
                at_least=MIN_INT8_OF_EAGER,
            )
            for name, title in (("yardstick", "the bare runtime's RTFX"), ("mesh", "the mesh's RTFX"))
        ),
    ]


def loaded_cells(results: dict[str, Any]) -> Cells:
    """Every cell that was taken under load."""
    further = [results.get(scenario, {}).get("closed", []) for scenario in ("v1", "sambert")]
    return [*results.get("closed", []), *results.get("open", []), *further[0], *further[1]]


def disturbance(cells: Cells) -> float | None:
    """The largest share of the machine that other programs had in any window; None without windows."""
    return max((cell["others_share_of_machine"] for cell in cells), default=None)


def _criterion(
    what: str,
    numerator: float | None,
    denominator: float | None,
    *,
    below: float | None = None,
    at_least: float | None = None,
) -> dict[str, Any]:
    value = ratio(numerator, denominator)
    passes = None
    if value is not None:
        passes = value < below if below is not None else value >= (at_least or 0.0)
    wanted = f"< {below:g}" if below is not None else f">= {at_least:g}"
    return {
        "what": what,
        "figures": [numerator, denominator],
        "ratio": value,
        "wanted": wanted,
        "passes": passes,
    }


def _median(single: dict[str, Any], name: str, figure: str) -> float | None:
    value: float | None = single[name]["summary"][figure]["median"] if name in single else None
    return value


def write(results: dict[str, Any], paths: Sequence[Path]) -> None:
    """Writes everything as JSON."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def show(results: dict[str, Any], console: Console) -> None:
    """Prints the tables."""
    _show_single(results.get("single", {}), console)
    _show_loops(results.get("closed", []), "closed loop", console)
    _show_loops(results.get("open", []), "open loop (Poisson arrivals)", console)
    _show_ratios(results.get("ratios", []), console)
    _show_v1(results.get("v1", {}), console)
    _show_sambert(results.get("sambert", {}), console)
    for each in results.get("criteria", []):
        figures = " / ".join(_number(figure) for figure in each["figures"])
        verdict = {True: "[bold green]PASS[/]", False: "[bold red]FALLS SHORT[/]", None: "not measured"}
        console.print(
            f"{verdict[each['passes']]}  {each['what']}: {figures} = {_number(each['ratio'], 3)}, "
            f"wanted {each['wanted']}",
            highlight=False,
        )

    disturbed = disturbance(loaded_cells(results))
    if disturbed is not None and disturbed > QUIET:
        console.print(
            f"[bold yellow]ROUGH[/] other programs had up to {_percent(disturbed)} of the machine in a window: "
            "trust the CPU seconds rather than RTFX and times, and measure again on a quiet machine",
            highlight=False,
        )


def _show_v1(v1: dict[str, Any], console: Console) -> None:
    if not v1:
        return
    table = Table(title="HiFi-GAN V1 by engine, 5 s of audio: RTF (times as fast as eager PyTorch)")
    table.add_column("engine")
    for threads in v1["engines"]:
        table.add_column(threads, justify="right")
    for name in next(iter(v1["engines"].values())):
        by_threads = [engines[name] for engines in v1["engines"].values()]
        table.add_row(name, *(f"{e['rtf']:.4f} ({e['times_as_fast_as_eager']:.2f})" for e in by_threads))
    console.print(table)
    figures, bounds = v1["quality"]["figures"], v1["quality"]["bounds"]
    told = ", ".join(f"{name} {value:.2f}" for name, value in figures.items() if isinstance(value, float))
    limits = ", ".join(f"{name} {value:g}" for name, value in bounds.items() if isinstance(value, float))
    console.print(f"int8 on {v1['quality']['judged_on']}: {told}; bounds: {limits}", highlight=False)
    _show_loops(v1["closed"], "HiFi-GAN V1, closed loop", console)


def _show_sambert(sambert: dict[str, Any], console: Console) -> None:
    if not sambert:
        return
    _show_single(sambert["single"], console, "Sambert-HifiGan, full size, 120 characters of news")
    for name, times in sambert["ratios"].items():
        peak = sambert["single"][name]["peak_rss_mib"]
        console.print(
            f"{name}: first audio {_number(times['first_audio'])} times sooner, all {_number(times['total'])} times "
            f"faster than eager PyTorch in one shot; peak memory {_number(peak, 0)} MiB, eager PyTorch's "
            f"{_number(sambert['single']['eager']['peak_rss_mib'], 0)} MiB",
            highlight=False,
        )
    _show_loops(sambert["closed"], "Sambert-HifiGan, listeners in real time, and saturated", console)


def _show_single(
    single: dict[str, Any], console: Console, what: str = "one request of 1,000 characters"
) -> None:
    if not single:
        return
    table = Table(title=f"{what}: median (p95)")
    for column in (
        "contender",
        "first byte ms",
        "audible TTFA ms",
        "total ms",
        "audio s",
        "RTF",
        "longest gap ms",
    ):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for name, result in single.items():
        cells = []
        for figure, spread in result["summary"].items():
            digits = 3 if figure == "rtf" else 1
            cells.append(f"{_number(spread['median'], digits)} ({_number(spread['p95'], digits)})")
        table.add_row(name, *cells)
    console.print(table)


def _show_loops(cells: Cells, title: str, console: Console) -> None:
    if not cells:
        return
    table = Table(title=title)
    columns = ["contender", "load", "RTFX", "TTFA p50", "p95", "p99 ms", "gap share", "gap s"]
    columns += ["CPU s/audio s", "loader's", "peak MiB", "streams", "errors", "others' CPU"]
    for column in columns:
        table.add_column(column, justify="left" if column == "contender" else "right")
    for cell in cells:
        ttfa = cell["ttfa_ms"]
        table.add_row(
            cell["contender"],
            str(cell["concurrency"])
            if "concurrency" in cell
            else f"{cell['rate_per_s']:.2f}/s #{cell['seed']}",
            *(_number(value, 1) for value in (cell["rtfx"], ttfa["p50"], ttfa["p95"], ttfa["p99"])),
            _percent(cell["gap_share"]),
            _number(cell["gap_s"], 2),
            _number(cell["cpu_s_per_audio_s"], 4),
            _number(cell["load_generator_cpu_s_per_audio_s"], 4),
            _number(cell["peak_rss_mib"], 0),
            str(cell["complete"]),
            str(sum(cell["errors"].values())),
            _percent(cell["others_share_of_machine"]),
        )
    console.print(table)


def _show_ratios(found: Sequence[dict[str, Any]], console: Console) -> None:
    if not found:
        return
    streams = sorted({each["streams"] for each in found})
    table = Table(title="ratios at so many streams (figures)")
    for column in ("", *map(str, streams)):
        table.add_column(column, justify="right" if column else "left")
    for what in dict.fromkeys(each["what"] for each in found):
        row = {each["streams"]: each for each in found if each["what"] == what}
        table.add_row(what, *(_quotient(row[n]) if n in row else "-" for n in streams))
    console.print(table)


def _quotient(each: dict[str, Any]) -> str:
    digits = 1 if each["what"].endswith("RTFX") else 4
    return (
        f"{_number(each['ratio'], 2)} ({' / '.join(_number(figure, digits) for figure in each['figures'])})"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
