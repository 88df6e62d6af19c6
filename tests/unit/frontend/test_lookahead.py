"""What is begun before its turn: it waits for that, is ended with its request, and may fail without harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from speechmesh.common.errors import Unavailable
from speechmesh.frontend.lookahead import Ahead, Lookahead


class Run:
    """A conductor as the lookahead knows it: says what it did."""

    def __init__(self, first: int, end: int, fails: bool = False) -> None:
        self.first, self.end = first, end
        self.fed, self.audible, self.turn = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.fails = fails
        self.events: list[str] = []

    async def chunks(self) -> AsyncGenerator[Any]:
        self.events.append("begun")
        try:
            if self.fails:
                raise Unavailable("the stage died")
            await self.turn.wait()
            for index in range(self.first, self.end):
                yield index
            self.events.append("complete")
        finally:
            self.events.append("ended")


class Script:
    """Segments of which some were made before, and some are recordings."""

    def __init__(self, n_segments: int, made: tuple[int, ...] = (), clips: tuple[int, ...] = ()) -> None:
        self.n_segments, self.made, self.clips = n_segments, made, clips

    async def is_clip(self, index: int) -> bool:
        return index in self.clips

    async def is_made(self, key: Any) -> bool:
        return key in self.made

    async def segment(self, index: int) -> Any:
        if index >= self.n_segments:
            return None
        return SimpleNamespace(index=index, key=index)


def lookahead(script: Script, runs: list[Run], **of_run: Any) -> Lookahead:
    def opened(prepared: Any) -> Any:
        runs.append(Run(prepared.index, script.n_segments, **of_run))
        return runs[-1], runs[-1].chunks()

    return Lookahead(script, opened, script.is_made, 3)  # type: ignore[arg-type]


def begun_tasks() -> list[str]:
    """Tasks of what is ahead that still run."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("Ahead.", "Lookahead."))]


async def begun_behind(looking: Lookahead, end: int) -> Run:
    current = Run(0, end)
    current.fed.set()
    current.audible.set()
    looking.begin(current)  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    return current


async def test_nothing_is_begun_before_all_is_fed_and_some_is_heard() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(4), runs)
    current = Run(0, 2)
    looking.begin(current)  # type: ignore[arg-type]
    current.fed.set()
    await asyncio.sleep(0.01)
    assert not runs
    current.audible.set()
    await asyncio.sleep(0.01)
    assert [run.events for run in runs] == [["begun"]]
    await looking.aclose()
    assert runs[0].events == ["begun", "ended"]


async def test_what_was_begun_goes_on_when_it_has_its_turn() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(5), runs)
    await begun_behind(looking, 2)
    ahead = await looking.take(2)
    assert ahead is not None
    assert [chunk async for chunk in ahead.run()] == [2, 3, 4]
    assert runs[0].events == ["begun", "complete", "ended"]


async def test_segments_that_were_made_before_are_passed_over() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(9, made=(2, 3)), runs)
    await begun_behind(looking, 2)
    assert [run.first for run in runs] == [4]
    await looking.aclose()
    looking = lookahead(Script(9, made=(2, 3, 4)), runs)
    await begun_behind(looking, 2)
    assert await looking.take(2) is None
    assert len(runs) == 1


async def test_recordings_are_passed_over() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(9, clips=(2, 3)), runs)
    await begun_behind(looking, 2)
    assert [run.first for run in runs] == [4]
    await looking.aclose()


async def test_what_is_behind_a_recording_is_begun_with_it() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(4, clips=(0, 1)), runs)
    looking.begin_behind(0)
    await asyncio.sleep(0.01)
    looking.begin_behind(1)  # it is ahead already
    await asyncio.sleep(0.01)
    assert [(run.first, run.events) for run in runs] == [(2, ["begun"])]
    ahead = await looking.take(2)
    assert ahead is not None
    assert [chunk async for chunk in ahead.run()] == [2, 3]
    assert not begun_tasks()


@pytest.mark.parametrize(("index", "fails"), [(1, False), (2, True)])
async def test_what_does_not_fit_or_failed_is_ended(index: int, fails: bool) -> None:
    runs: list[Run] = []
    looking = lookahead(Script(4), runs, fails=fails)
    await begun_behind(looking, 2)
    assert await looking.take(index) is None
    assert runs[0].events == ["begun", "ended"]


async def test_whoever_still_looks_is_stopped() -> None:
    runs: list[Run] = []
    looking = lookahead(Script(4), runs)
    looking.begin(Run(0, 2))  # type: ignore[arg-type]
    assert await looking.take(2) is None
    assert not runs
    assert not begun_tasks()


@pytest.mark.parametrize("after", [0, 1])
async def test_a_caller_that_leaves_ends_it(after: int) -> None:
    run = Run(0, 5)
    chunks = Ahead(run, run.chunks()).run()  # type: ignore[arg-type]
    for _ in range(after + 1):
        await anext(chunks)
    await chunks.aclose()
    assert run.events == ["begun", "ended"]


async def test_a_request_that_is_cancelled_while_it_waits_ends_it() -> None:
    run = Run(0, 5)
    run.turn = SimpleNamespace(set=lambda: None, is_set=lambda: True, wait=asyncio.Event().wait)  # type: ignore[assignment]
    chunks = Ahead(run, run.chunks()).run()  # type: ignore[arg-type]

    async def listen() -> None:
        async for _ in chunks:
            pass

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await chunks.aclose()
    assert run.events == ["begun", "ended"]
    assert not begun_tasks()
