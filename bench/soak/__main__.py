"""`python -m bench.soak`: 2,000 segments of random text through the real mesh; 1 unless all its processes stay flat."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import contenders
from bench.contenders import BenchError
from bench.report import machine, write
from bench.soak import report
from bench.soak.course import Block, soak, warm
from bench.soak.processes import MeshProcesses
from speechmesh.client import SpeechError

RESULTS = Path("bench/results")
_WARM_SHARE = 0.25  # of the segments; caches and allocators fill meanwhile
# A cache that is full before the warm-up ends; by default the acoustic stage's fills for longer than that.
_FRAME_CACHE = "SPEECHMESH_ACOUSTIC_FRAME_CACHE_MIB"
_FRAME_CACHE_MIB = "16"
_WIDTH = 160  # where the output is no terminal

_console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
_errors = Console(stderr=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: flat; 1: not flat, something failed, or the mesh did not run; 130: stopped."""
    options = _parser().parse_args(arguments)
    contenders.stop_on_sigterm()
    try:
        return _run(options)
    except (BenchError, SpeechError, RuntimeError) as error:
        _errors.print(f"soak: {error}", style="red", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        _errors.print("soak: stopped")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--segments", type=int, default=2_000, help="segments to speak")
    parser.add_argument("--streams", type=int, default=8, help="requests at once")
    parser.add_argument("--seed", type=int, default=1, help="of the texts and of how they are asked")
    parser.add_argument("--voices", type=Path, default=Path("voices"), help="folder of voice bundles")
    parser.add_argument("--json", type=Path, help="write the results there too")
    return parser


def _run(options: argparse.Namespace) -> int:
    began = time.time()
    environment = {_FRAME_CACHE: os.environ.get(_FRAME_CACHE, _FRAME_CACHE_MIB)}
    with (
        tempfile.TemporaryDirectory(prefix="speechmesh-soak-") as scratch,
        contenders.mesh(Path(scratch), options.voices.absolute(), "triton", environment) as (pid, state),
    ):
        blocks = asyncio.run(_soak(options, state["target"], MeshProcesses(pid)))
    verdict = report.verdict(warm(blocks, round(_WARM_SHARE * options.segments)))
    results = {
        "machine": machine(),
        "seed": options.seed,
        "streams": options.streams,
        "environment": environment,
        "blocks": [block.as_json() for block in blocks],
        "verdict": verdict,
        "wall_s": time.time() - began,
    }
    path = RESULTS / f"soak-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(began))}.json"
    write(results, [path, options.json] if options.json else [path])
    report.show(warm(blocks, verdict["warm_at_segments"]), _console)
    failures = sum(len(block.failures) for block in blocks)
    flat = "flat" if verdict["flat"] else "NOT flat"
    _console.print(f"{flat}, {failures} failures; {path}, took {results['wall_s']:.0f} s", highlight=False)
    return 0 if verdict["flat"] and not failures else 1


async def _soak(options: argparse.Namespace, target: str, processes: MeshProcesses) -> list[Block]:
    """All blocks; each is printed when it is done."""
    report.heading(_console)
    blocks = []
    async for block in soak(
        target, processes, n_segments=options.segments, n_streams=options.streams, seed=options.seed
    ):
        report.line(block, _console)
        blocks.append(block)
    return blocks


if __name__ == "__main__":
    sys.exit(main())
