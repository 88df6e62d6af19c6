"""A live stream beside its stages: what its caller says, and when it leaves, in whatever order that comes."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.audio_out import AudioChunk, Times, WordTime
from speechmesh.frontend.live.session import EndTurn, Interrupt, Interrupted, LiveSession, Said, Spoken, Text
from speechmesh.frontend.plan import Script, TextPlan
from speechmesh.frontend.request import CheckedRequest, SpeechRequest, check_options
from speechmesh.frontend.settings import FrontendSettings

CHUNK = AudioChunk(b"\0" * 100, 0.0, 0, None, Times())


class Stages:
    """In place of Speech: chunks of each turn without end; its streams take a while to close."""

    closing_s = 0.05

    async def deliver(self, checked: CheckedRequest, script: Script, *_: Any) -> AsyncGenerator[AudioChunk]:
        try:
            while True:
                yield CHUNK
        finally:
            await asyncio.sleep(self.closing_s)


class Reading(Stages):
    """A turn whose first segment is waited for."""

    async def deliver(self, checked: CheckedRequest, script: Script, *_: Any) -> AsyncGenerator[AudioChunk]:
        await script.segment(0)
        yield CHUNK


class Slow:
    """In place of Writing: text is read until the test ends."""

    def __init__(self) -> None:
        self.reached, self.over = threading.Event(), threading.Event()

    def plan(self, text: str, max_words: int, first_max_words: int) -> TextPlan:
        self.reached.set()
        self.over.wait(10)
        return TextPlan([], [])


@pytest.fixture
def writing() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.over.set()


@pytest.fixture
def checked(bootstrap: VoiceBundle) -> CheckedRequest:
    return check_options(SpeechRequest(text=""), {bootstrap.name: bootstrap}, default_voice="")


@pytest.fixture
def executor(writing: Slow) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads
        writing.over.set()


class Caller:
    """One end of a live stream, as gRPC has it: it says what it is told to, and reads as far as it is told to."""

    def __init__(self, session: LiveSession) -> None:
        self._inbox: asyncio.Queue[Said | None] = asyncio.Queue()
        self._wanted = asyncio.Semaphore(0)
        self._had: asyncio.Queue[Spoken] = asyncio.Queue()
        self.handler = asyncio.create_task(self._handle(session))

    def say(self, said: Said | None) -> None:
        self._inbox.put_nowait(said)

    async def read(self, n_results: int) -> list[Spoken]:
        """The next results, as soon as they are there."""
        for _ in range(n_results):
            self._wanted.release()
        async with asyncio.timeout(5):
            return [await self._had.get() for _ in range(n_results)]

    async def leave(self) -> bool:
        """Hangs up; whether the stream then ends."""
        self.handler.cancel()
        ended, _ = await asyncio.wait({self.handler}, timeout=2.0)
        if not ended:  # it is not to stand in the way of other tests
            self.handler.cancel()
            await asyncio.wait({self.handler})
        return bool(ended)

    async def _said(self) -> AsyncIterator[Said]:
        while (said := await self._inbox.get()) is not None:
            yield said

    async def _handle(self, session: LiveSession) -> None:
        results = session.run(self._said(), None)
        try:
            async for result in results:
                await self._wanted.acquire()  # gRPC's flow control
                self._had.put_nowait(result)
        finally:
            await results.aclose()


def running() -> list[str]:
    """Tasks of live streams that still run."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("LiveSession.", "Turn."))]


async def test_a_turn_that_is_interrupted_while_it_is_read_leaves_no_reading_behind(
    checked: CheckedRequest, writing: Slow, executor: ThreadPoolExecutor
) -> None:
    caller = Caller(LiveSession(Reading(), checked, writing, FrontendSettings(), executor))  # type: ignore[arg-type]
    caller.say(Text("It is read. And then it "))
    await asyncio.to_thread(writing.reached.wait, 10)
    assert "Turn._take" in running()
    caller.say(Interrupt(0, 0.0))
    await asyncio.sleep(0.2)
    assert "Turn._take" not in running()
    assert await caller.leave()
    assert running() == []


async def test_a_caller_that_interrupts_and_hangs_up_before_the_turn_has_ended_is_let_go(
    checked: CheckedRequest, writing: Slow, executor: ThreadPoolExecutor
) -> None:
    stages = Stages()
    session = LiveSession(stages, checked, writing, FrontendSettings(), executor)  # type: ignore[arg-type]
    caller = Caller(session)
    caller.say(Text("Hello."))
    await asyncio.sleep(0.02)  # more audio waits than the caller reads
    caller.say(Interrupt(0, 10.0))
    await asyncio.sleep(stages.closing_s / 2)
    assert await caller.leave()
    assert running() == []


async def test_nothing_more_goes_out_of_an_interrupted_turn_however_many_wait_behind_it(
    checked: CheckedRequest, writing: Slow, executor: ThreadPoolExecutor
) -> None:
    settings = FrontendSettings(max_live_turns=20)
    caller = Caller(LiveSession(Stages(), checked, writing, settings, executor))  # type: ignore[arg-type]
    for text in ("Hello.", *(["Goodbye."] * 20)):
        caller.say(Text(text))
        caller.say(EndTurn())
        await asyncio.sleep(0.01)
    caller.say(Interrupt(0, 10.0))
    await asyncio.sleep(2 * Stages.closing_s)
    in_hand, told = await caller.read(2)  # gRPC had the first before the interruption came
    assert (in_hand.item, type(told.item)) == (CHUNK, Interrupted)
    assert await caller.leave()


class Brief(Stages):
    """Turns of one word."""

    async def deliver(self, checked: CheckedRequest, script: Script, *_: Any) -> AsyncGenerator[AudioChunk]:
        yield dataclasses.replace(CHUNK, times=Times(words=(WordTime("hello", 0.0, 400.0, 0, 5),)))


async def test_what_was_heard_of_a_turn_is_known_when_many_short_ones_have_been_sent_after_it(
    checked: CheckedRequest, writing: Slow, executor: ThreadPoolExecutor
) -> None:
    caller = Caller(LiveSession(Brief(), checked, writing, FrontendSettings(), executor))  # type: ignore[arg-type]
    for _ in range(30):  # which are made faster than they are played
        caller.say(Text("Hello."))
        caller.say(EndTurn())
        await caller.read(2)
    caller.say(Interrupt(3, 500.0))
    assert await caller.read(1) == [Spoken(3, Interrupted(500.0, 5, "hello"))]
    assert await caller.leave()
