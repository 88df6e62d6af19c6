"""A model that tells what it was asked for, and a batcher that serves it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import numpy as np
from opentelemetry import trace

from speechmesh.acoustic.aside import Aside
from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families import Acoustic
from speechmesh.acoustic.jobs import Piece
from speechmesh.acoustic.stage_pressure import StagePressure

SPAN = trace.INVALID_SPAN


def segment_of(n_tokens: int, rate: float = 1.0) -> AcousticSegment:
    return AcousticSegment(np.full(n_tokens, 2), np.zeros(n_tokens, np.bool_), rate=rate)


class Echo:
    """An utterance of as many frames as its segment has tokens, which tell that number."""

    def __init__(self, n: int) -> None:
        self.n, self.given = n, 0
        self.frames_per_token = np.ones(n, np.int64)

    @property
    def finished(self) -> bool:
        return self.given == self.n


class EchoAcoustic:
    """Makes `step` frames a run; fails to begin segments of 13 tokens and to go on with 17; can be held."""

    def __init__(self, step: int = 1000) -> None:
        self.step = step
        self.batches: list[list[int]] = []
        self.runs: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Echo]:
        self.open.wait()
        lengths = [len(segment.tokens) for segment in segments]
        self.batches.append(lengths)
        if 13 in lengths:
            raise ValueError("bad luck")
        return [Echo(n) for n in lengths]

    def advance(self, utterances: Sequence[Echo]) -> list[np.ndarray]:
        self.open.wait()
        self.runs.append([utterance.n for utterance in utterances])
        if any(utterance.n == 17 and utterance.given for utterance in utterances):
            raise ValueError("bad luck, later")
        frames = []
        for utterance in utterances:
            n = min(self.step, utterance.n - utterance.given)
            utterance.given += n
            frames.append(np.full((n, 1), utterance.n, np.float32))
        return frames

    def batch_key(self, segment: AcousticSegment) -> object:
        return segment.rate

    def give_back(self) -> None:
        pass

    def let_go(self) -> None:
        """Holds nothing any longer."""
        self.open.set()


class Overflowing(EchoAcoustic):
    """Gives one value that is not finite in the second piece of segments of 9 tokens."""

    def __init__(self, value: float = np.nan) -> None:
        super().__init__(step=4)
        self.value = value

    def advance(self, utterances: Sequence[Echo]) -> list[np.ndarray]:
        frames = super().advance(utterances)
        for utterance, made in zip(utterances, frames, strict=True):
            if utterance.n == 9 and utterance.given == 8:
                made[2, 0] = self.value
        return frames


class SlowForLong(EchoAcoustic):
    """Holds runs of segments of 20 tokens until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(step=5)
        self.held, self.go_on = threading.Event(), threading.Event()

    def advance(self, utterances: Sequence[Echo]) -> list[np.ndarray]:
        if any(utterance.n == 20 for utterance in utterances):
            self.held.set()
            self.go_on.wait()
        return super().advance(utterances)

    def let_go(self) -> None:
        self.go_on.set()
        super().let_go()


@asynccontextmanager
async def serving(
    model: Acoustic,
    max_queued: int = 100,
    max_under_way: int = 64,
    pressure: StagePressure | None = None,
    aside: bool = False,
    voice: str = "",
    shared: Aside | None = None,
) -> AsyncIterator[Batcher]:
    """`aside`: it has a thread aside, of its own; or `shared` with other voices."""
    with ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as other:
        batcher = Batcher(
            model,
            executor,
            aside=Aside(other) if aside else shared,
            frame_s=0.01,
            max_items=4,
            max_tokens=100,
            max_queued=max_queued,
            max_under_way=max_under_way,
            pressure=pressure,
            voice=voice,
        )
        task = asyncio.create_task(batcher.run())
        try:
            yield batcher
        finally:
            if isinstance(model, EchoAcoustic):
                model.let_go()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def spoken(batcher: Batcher, segment: AcousticSegment, slack_ms: float = 0.0) -> list[Piece]:
    return [piece async for piece in batcher.stream(segment, slack_ms, SPAN)]


async def settle() -> None:
    """Lets every task that can go on do so."""
    for _ in range(50):
        await asyncio.sleep(0)
