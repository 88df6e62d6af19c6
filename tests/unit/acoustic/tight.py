"""Eight long segments in one batch of the real model, with so many MiB left to allocate as argv[2] says.

argv[1] is the voice. Prints the sizes of the batches that were tried, and what came of each segment: its frames, or the
name of its error.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticSegment, Utterance
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import load_bundle
from speechmesh.common.errors import SpeechmeshError

TOKENS = 700


class Counting(ParallelAcoustic):
    """Notes the batches that it is asked for."""

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Utterance]:
        """See ParallelAcoustic."""
        tried.append(len(segments))
        return super().begin(segments)


tried: list[int] = []


def leave_only(n_mib: int) -> None:
    """Lets this process have so much more address space than it has."""
    lines = Path("/proc/self/status").read_text().splitlines()
    size_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmSize"))
    limit = size_kib * 1024 + n_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


async def main(voice: Path, left_mib: int) -> None:
    """See above."""
    model = Counting(load_bundle(voice), threads=1)
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(model, executor, frame_s=0.01, max_items=8, max_tokens=10_000, max_queued=100)
        held = threading.Event()
        executor.submit(held.wait)

        async def speak(number: int) -> int | str:
            tokens = np.full(TOKENS, 2 + number, np.int64)
            segment = AcousticSegment(tokens, np.zeros(TOKENS, np.bool_))
            try:
                pieces = [piece async for piece in batcher.stream(segment, 0.0, trace.INVALID_SPAN)]
            except SpeechmeshError as error:
                return type(error).__name__
            return sum(len(piece.frames) for piece in pieces)

        speaking = [asyncio.create_task(speak(number)) for number in range(8)]
        await asyncio.sleep(0)
        task = asyncio.create_task(batcher.run())
        await asyncio.sleep(0.05)
        tried.clear()
        leave_only(left_mib)
        held.set()
        outcomes = await asyncio.gather(*speaking)
        task.cancel()
    print(json.dumps({"tried": tried, "outcomes": outcomes}))


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
