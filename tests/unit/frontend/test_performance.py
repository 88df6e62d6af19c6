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
from speechmesh.frontend.audio_out import SpokenChunk
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
        samples = np.full(1_600, 0.1, np.float32)
        if chunk := self.delivery.chunk(prepared.index, 0, samples, tier="fast", last=True):
            yield chunk
        if self.delivery.segment < 2:  # waits for more text
            raise Unavailable("gone")


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


async def test_while_text_is_waited_for_no_patience_is_used_up(
    bootstrap: VoiceBundle, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    attempts = Attempts(delivery, failing=[1, 2])
    monkeypatch.setattr(performance, "_open", attempts)
    n_bytes = sum([len(chunk.audio) async for chunk in performance.run()])
    assert n_bytes == 2 * 2 * 1_600
    assert attempts.n_begun == 4
