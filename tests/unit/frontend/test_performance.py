"""Attempts that fail, and for how long a request goes on with further ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Unavailable
from speechmesh.frontend import patience
from speechmesh.frontend.audio_out import AudioChunk, SpokenChunk
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.metering import SpeechMeter
from speechmesh.frontend.performance.means import Means
from speechmesh.frontend.performance.performance import Performance
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.prepared import Prepared
from speechmesh.frontend.reader import load_reader
from speechmesh.frontend.request import SpeechRequest, check
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import Stages

TEXT = "One. Two."


@dataclass
class Written:
    """A script of which each segment behind the first is written a minute after it is first asked for."""

    plan: TextPlan
    clock: SimpleNamespace
    dropped = warnings = ()
    loudest_db = 0.0
    n_written = 1

    async def segment(self, index: int) -> SpokenSegment | None:
        if index == self.n_written:
            self.n_written += 1
            self.clock.now += 60.0
        return await self.plan.segment(index)

    def ending(self, index: int) -> Ending:
        return self.plan.ending(index)


@dataclass
class Attempts:
    """Opens streams that make a segment and break off when they wait for more text; those of `failing` at once."""

    delivery: Delivery
    failing: list[int]
    n_samples: int = 1_600
    n_begun: int = 0

    def __call__(self, prepared: Prepared) -> tuple[Conductor, AsyncGenerator[SpokenChunk]]:
        conductor = SimpleNamespace(turn=asyncio.Event(), end=2)
        return cast(Conductor, conductor), self._run(prepared)

    async def _run(self, prepared: Prepared) -> AsyncGenerator[SpokenChunk]:
        attempt, self.n_begun = self.n_begun, self.n_begun + 1
        if attempt in self.failing:
            raise Unavailable("gone")
        self.delivery.expect(prepared.index, prepared.segment, prepared.tokens)
        self.delivery.align(prepared.index, [4] * len(prepared.tokens.tokens))
        samples = np.full(self.n_samples, 0.1, np.float32)
        if chunk := self.delivery.chunk(prepared.index, 0, samples, tier="fast", last=True):
            yield chunk
        if self.delivery.segment < 2:  # waits for more text
            raise Unavailable("gone")


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@dataclass
class Stage:
    """A script of two segments on its way, and what becomes of it."""

    clock: SimpleNamespace
    performance: Performance
    attempts: Attempts

    async def heard(self) -> list[AudioChunk]:
        return [chunk async for chunk in self.performance.run()]


@pytest.fixture
def stage(bootstrap: VoiceBundle, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Stage:
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: clock.now))
    checked = check(SpeechRequest(text=TEXT), {"": bootstrap}, default_voice="", max_text_chars=100)
    reader = load_reader(bootstrap)
    script = Written(reader.plan(TEXT, max_words=20, first_max_words=8), clock)
    delivery = Delivery(checked, script, Playback(100.0))
    meter = SpeechMeter(checked, "live", delivery.playback, delivery.sample_rate_hz)
    means = Means(
        lambda _: reader, cast(Stages, None), PhraseCache(0, 0.0), FrontendSettings(), executor, executor
    )
    performance = Performance(checked, script, delivery, meter, means, None)
    attempts = Attempts(delivery, [])
    monkeypatch.setattr(performance, "_open", attempts)
    return Stage(clock, performance, attempts)


async def test_while_text_is_waited_for_no_patience_is_used_up(stage: Stage) -> None:
    stage.attempts.failing = [1, 2]
    assert sum(len(chunk.audio) for chunk in await stage.heard()) == 2 * 2 * 1_600
    assert stage.attempts.n_begun == 4


async def test_no_message_has_more_audio_than_any_caller_takes(stage: Stage) -> None:
    """However much comes at once: of a long break, or from the cache."""
    stage.attempts.n_samples = 5 * 16_000
    chunks = await stage.heard()
    assert [len(chunk.audio) / 32_000 for chunk in chunks] == [2.0, 2.0, 1.0] * 2
    assert [chunk.offset_ms for chunk in chunks] == [0.0, 2000.0, 4000.0, 5000.0, 7000.0, 9000.0]
    assert [chunk.segment.index if chunk.segment else None for chunk in chunks] == [
        0,
        None,
        None,
        1,
        None,
        None,
    ]
