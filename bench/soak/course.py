"""The course of a soak: a hundred segments, a reading of every process at rest, the next hundred, ..."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import percentile, ratio
from bench.soak.callers import Answer, Callers
from bench.soak.processes import Held, MeshProcesses
from bench.soak.requests import requests
from speechmesh.client import AsyncClient

BLOCK = 100
_REST_S = 0.3  # cancelled work ends, replies that nobody waits for are dropped


@dataclass(frozen=True, slots=True)
class Block:
    """About a hundred segments, and what each process held when they were done."""

    segments: int  # since the begin
    answers: tuple[Answer, ...]
    took_s: float
    held: dict[str, Held]

    @property
    def failures(self) -> list[str]:
        """What did not end as it must."""
        return [answer.failure for answer in self.answers if answer.failure]

    @property
    def first_audio_ms(self) -> tuple[float, float]:
        """Median and 95th percentile of the waits for the first audio."""
        waits = [answer.first_audio_s * 1000.0 for answer in self.answers if answer.spoken]
        return percentile(waits, 50) or 0.0, percentile(waits, 95) or 0.0

    @property
    def total_ms_per_audio_s(self) -> float:
        """From request to end, by second of audio, of all that was spoken in full."""
        spoken = [answer for answer in self.answers if answer.spoken]
        total_s = sum(answer.total_s for answer in spoken)
        return 1000.0 * (ratio(total_s, sum(answer.audio_s for answer in spoken)) or 0.0)

    def as_json(self) -> dict[str, Any]:
        """For the results."""
        return {
            "segments": self.segments,
            "requests": len(self.answers),
            "spoken": sum(answer.spoken for answer in self.answers),
            "left": sum(answer.request.leave_after is not None for answer in self.answers),
            "put_off": sum(answer.put_off for answer in self.answers),
            "refused": sum(bool(answer.request.bad_field) for answer in self.answers),
            "failures": self.failures,
            "took_s": round(self.took_s, 2),
            "audio_s": round(sum(answer.audio_s for answer in self.answers), 1),
            "first_audio_ms": [round(value, 1) for value in self.first_audio_ms],
            "total_ms_per_audio_s": round(self.total_ms_per_audio_s, 2),
            "processes": {name: asdict(held) for name, held in self.held.items()},
        }


async def soak(
    target: str,
    processes: MeshProcesses,
    *,
    n_segments: int,
    n_streams: int,
    seed: int,
    block: int = BLOCK,
) -> AsyncIterator[Block]:
    """Speaks random requests through the mesh at `target`, `block` segments by `block` segments.

    Raises:
        BenchError: when too much fails.
        RuntimeError: when a process of the mesh ended, or one was started.
    """
    async with AsyncClient(target) as client:
        callers = Callers(client, requests(await client.voices(), seed), n_streams)
        n_done = 0
        while n_done < n_segments:
            began_s = time.monotonic()
            answers = await callers.speak(min(block - n_done % block, n_segments - n_done))
            took_s = time.monotonic() - began_s
            n_done += sum(answer.n_segments for answer in answers)
            await asyncio.sleep(_REST_S)
            yield Block(n_done, tuple(answers), took_s, processes.read())


def warm(blocks: Sequence[Block], n_segments: int) -> list[Block]:
    """The blocks from the one in which so many segments were done."""
    return [block for block in blocks if block.segments >= n_segments]
