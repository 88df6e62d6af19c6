"""What the soak prints: a line for each hundred segments, then each process and the latency from warm to the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.soak.course import Block
from bench.soak.processes import Held
from bench.soak.verdict import Growth, Trend, growths, trend

_KIB_PER_MIB = 1024.0
_SHOWN = ("frontend", "acoustic", "vocoder", "triton server")
_HEADING = (
    f"{'segments':>8} {'requests':>8} {'put off':>7} {'took s':>7} {'first audio ms':>15} {'ms per':>8}"
    + "".join(f"{name.removesuffix(' server'):>9}" for name in _SHOWN)
    + f"{'stubs':>8} {'fds':>5} {'threads':>7}\n"
    + f"{'':>33} {'p50':>7} {'p95':>7} {'audio s':>8}{'resident MiB':>44}"
)

Figure = Callable[[Block], float]
_LATENCIES: dict[str, Figure] = {
    "first audio p50, ms": lambda block: block.first_audio_ms[0],
    "first audio p95, ms": lambda block: block.first_audio_ms[1],
    "total ms per audio second": lambda block: block.total_ms_per_audio_s,
}


def heading(console: Console) -> None:
    """The table's heading."""
    console.print(_HEADING, highlight=False)


def line(block: Block, console: Console) -> None:
    """A line of the table, and what failed."""
    p50, p95 = block.first_audio_ms
    put_off = sum(answer.put_off for answer in block.answers)
    stubs = [held for name, held in block.held.items() if name.startswith("stub")]
    console.print(
        f"{block.segments:>8} {len(block.answers):>8} {put_off:>7} {block.took_s:>7.1f} {p50:>7.0f} {p95:>7.0f} "
        f"{block.total_ms_per_audio_s:>8.1f}"
        + "".join(f"{_mib(block.held.get(name)):>9}" for name in _SHOWN)
        + f"{sum(held.rss_kib for held in stubs) / _KIB_PER_MIB:>8.1f}"
        f" {sum(held.descriptors for held in block.held.values()):>5}"
        f" {sum(held.threads for held in block.held.values()):>7}",
        highlight=False,
    )
    for failure in block.failures:
        console.print(f"  failed: {failure}", style="red", highlight=False, markup=False)


def _mib(held: Held | None) -> str:
    return f"{held.rss_kib / _KIB_PER_MIB:.1f}" if held else "-"


def latency_trends(blocks: Sequence[Block]) -> dict[str, Trend]:
    """The trend of each latency over the blocks."""
    return {name: trend([figure(block) for block in blocks]) for name, figure in _LATENCIES.items()}


def verdict(blocks: Sequence[Block]) -> dict[str, Any]:
    """Whether all is flat over blocks that begin when the mesh is warm; latency is told, and decides nothing."""
    found = growths([block.held for block in blocks])
    return {
        "warm_at_segments": blocks[0].segments,
        "flat": all(growth.flat for growth in found),
        "processes": [growth.as_json() for growth in found],
        "latency": {
            name: {
                "median": round(each.median, 2),
                "change": round(each.change, 2),
                "scatter": round(each.scatter, 2),
                "stands_out": each.stands_out,
            }
            for name, each in latency_trends(blocks).items()
        },
    }


def show(blocks: Sequence[Block], console: Console) -> None:
    """The end's tables: `blocks` begin when the mesh is warm."""
    table = Table(title=f"from segment {blocks[0].segments} to {blocks[-1].segments}")
    columns = ("process", "MiB then", "now", "highest", "growth", "descriptors", "threads", "")
    for column in columns:
        table.add_column(column, justify="left" if column in {"process", ""} else "right")
    for growth in growths([block.held for block in blocks]):
        table.add_row(*_cells(growth))
    console.print(table)
    for name, each in latency_trends(blocks).items():
        relation = "more than" if each.stands_out else "within"
        console.print(
            f"{name}: median {each.median:.1f}, {each.change:+.1f} over the run, {relation} twice "
            f"the scatter of {each.scatter:.1f}",
            highlight=False,
        )


def _cells(growth: Growth) -> list[str]:
    mib = (growth.rss_warm_kib, growth.rss_end_kib, growth.rss_highest_kib)
    counts = (f"{early} - {late}" if early != late else f"{early}" for early, late in _counts(growth))
    return [
        growth.process,
        *(f"{kib / _KIB_PER_MIB:.1f}" for kib in mib),
        f"{100 * growth.memory_growth:+.2f} %",
        *counts,
        "flat" if growth.flat else "NOT FLAT",
    ]


def _counts(growth: Growth) -> tuple[tuple[int, int], tuple[int, int]]:
    return growth.descriptors, growth.threads
