"""Where the mesh's CPU time goes under load: by process, and by function where py-spy is installed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import contenders, scenarios
from bench.contenders import Contender
from bench.load import Window
from speechmesh.common.bundle import load_bundle

STREAMS = 16
_TRITON_RUNS, _TRITON_CHUNKS = "nv_inference_exec_count", "nv_inference_count"
_SPIED_ROLES = ("frontend", "acoustic", "vocoder")
_SPY_FOLDER = Path("bench/results")


def run(voice: Path, tier: str, window: Window, console: Console) -> None:
    """Loads the mesh with 16 streams and prints who used how much CPU time for a second of audio."""
    with (
        tempfile.TemporaryDirectory(prefix="speechmesh-bench-") as scratch,
        contenders.running(
            "mesh", contenders.with_one_tier(voice, tier, Path(scratch)), Path(scratch)
        ) as mesh,
    ):
        counts: list[dict[str, float]] = []
        with _spying(mesh, console):
            cell = scenarios.closed_cell(mesh, STREAMS, window, lambda _: counts.append(_triton_counts(mesh)))
    _show(cell, console)
    runs, chunks = (counts[1][name] - counts[0][name] for name in (_TRITON_RUNS, _TRITON_CHUNKS))
    bundle = load_bundle(voice)
    frames = 1000.0 * cell["audio_s"] / bundle.config.feature_space.frame_ms / max(chunks, 1)
    console.print(
        f"Triton ran {chunks:.0f} chunks in {runs:.0f} batches, {chunks / max(runs, 1):.2f} a batch. "
        f"A chunk made {frames:.0f} frames of speech."
    )


def _show(cell: dict[str, Any], console: Console) -> None:
    table = Table(
        title=f"mesh at {STREAMS} streams: {cell['rtfx']:.1f} audio seconds a second; "
        f"others used {100 * cell['others_share_of_machine']:.0f} % of the machine"
    )
    for column in ("process", "CPU ms per audio s", "share"):
        table.add_column(column, justify="left" if column == "process" else "right")
    used = cell["cpu_s_per_audio_s_by_role"] | {"load generator": cell["load_generator_cpu_s_per_audio_s"]}
    for role, seconds in sorted(used.items(), key=lambda item: -item[1]):
        table.add_row(role, f"{seconds * 1000:.2f}", f"{100 * seconds / sum(used.values()):.0f} %")
    console.print(table)


def _triton_counts(mesh: Contender) -> dict[str, float]:
    """Counters of all models together, from Triton's metrics."""
    with urllib.request.urlopen(mesh.triton_metrics_url, timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    counts: dict[str, float] = {}
    for line in lines:
        if not line.startswith("#"):
            name = line.split("{", 1)[0]
            counts[name] = counts.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
    return counts


@contextmanager
def _spying(mesh: Contender, console: Console) -> Iterator[None]:
    """Samples the Python services while the block runs, where py-spy is there; it slows them a little."""
    if not (spy := shutil.which("py-spy")):
        yield
        return
    _SPY_FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    spies = []
    for role in _SPIED_ROLES:
        path = _SPY_FOLDER / f"{stamp}-{role}.speedscope.json"
        command = [spy, "record", "--format", "speedscope", "--output", str(path), "--pid"]
        spies += [
            subprocess.Popen([*command, str(pid)], stdout=subprocess.DEVNULL)
            for pid in mesh.processes.pids(role)
        ]
        console.print(f"py-spy: {path}", highlight=False)
    try:
        yield
    finally:
        for each in spies:
            each.send_signal(signal.SIGINT)  # makes it write its file
        for each in spies:
            each.wait()
