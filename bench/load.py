"""The load: closed loops (N streams at all times) and open loops (Poisson arrivals)."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.figures import Stream, heard_out_s
from bench.speakers import Speaker

# Told at the window's two ends, so that the CPU time between them can be taken.
Mark = Callable[[str], None]


@dataclass(frozen=True)
class Window:
    """When figures are taken: after the warm-up, for `window_s`."""

    warm_up_s: float
    window_s: float
    max_wait_s: float = 60.0  # for slow contenders' first and last requests


@dataclass
class Load:
    """A contender under load: every stream that was begun, and the window's moments.

    `visits` are the requests that came on top of a closed loop; they are not among `streams`.
    """

    speaker: Speaker
    streams: list[Stream] = field(default_factory=list)
    visits: list[Stream] = field(default_factory=list)
    begin_s: float = math.nan
    end_s: float = math.nan
    _running: dict[int, Stream] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def speak(self, text: str, due_s: float = math.nan) -> Stream:
        """One request; its waiting counts from the moment it was due."""
        stream = Stream(time.monotonic() if math.isnan(due_s) else due_s)
        self.streams.append(stream)
        self._running[id(stream)] = stream
        try:
            await self.speaker.speak(text, stream)
        finally:
            del self._running[id(stream)]
            self._changed.set()
        return stream

    async def measure(self, window: Window, mark: Mark) -> None:
        """Waits out the window, then until every stream that began before its end is done."""
        self.begin_s = time.monotonic()
        mark("begin")
        await asyncio.sleep(window.window_s)
        self.end_s = time.monotonic()
        mark("end")
        await self.until(
            lambda: all(stream.started_s >= self.end_s for stream in self._running.values()),
            window.max_wait_s,
        )
        for stream in self._running.values():
            if stream.started_s < self.end_s:
                stream.error = "UNFINISHED"

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Waits for a condition that can only change when a stream ends, or for the time to pass."""
        give_up_at = time.monotonic() + timeout_s
        while not condition() and (left_s := give_up_at - time.monotonic()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                return


@dataclass(frozen=True)
class Visit:
    """A request on top of a closed loop, so long after the window's begin."""

    at_s: float
    text: str


async def closed_loop(
    speaker: Speaker,
    texts: Sequence[str],
    n_streams: int,
    window: Window,
    mark: Mark,
    *,
    paced: bool = False,
    visits: Sequence[Visit] = (),
) -> Load:
    """Keeps `n_streams` requests in work; the window opens when each caller has had an answer.

    Paced callers listen: each asks for its next text when it has heard the last one out, and they begin one after the
    other.
    """
    load = Load(speaker)
    supply = itertools.cycle(texts)
    answered: set[int] = set()

    async def caller(number: int) -> None:
        if paced:
            await asyncio.sleep(window.warm_up_s * number / n_streams)
        while True:
            stream = await load.speak(next(supply))
            answered.add(number)
            if paced and stream.complete:
                await asyncio.sleep(heard_out_s(stream.chunks) - time.monotonic())

    async def measure() -> None:
        began_s = time.monotonic()
        await load.until(lambda: len(answered) == n_streams, window.max_wait_s)
        await asyncio.sleep(max(began_s + window.warm_up_s - time.monotonic(), 0.0))
        async with asyncio.TaskGroup() as visitors:
            for each in visits:
                visitors.create_task(visit(each))
            await load.measure(window, mark)

    async def visit(each: Visit) -> None:
        await asyncio.sleep(each.at_s)
        load.visits.append(Stream(time.monotonic()))
        await speaker.speak(each.text, load.visits[-1])

    await _beside([caller(number) for number in range(n_streams)], measure())
    return load


def arrivals_s(rate_per_s: float, duration_s: float, seed: int) -> Iterator[float]:
    """Moments of a Poisson process within a duration."""
    dice = random.Random(seed)
    at_s = dice.expovariate(rate_per_s)
    while at_s < duration_s:
        yield at_s
        at_s += dice.expovariate(rate_per_s)


async def open_loop(
    speaker: Speaker, texts: Sequence[str], rate_per_s: float, seed: int, window: Window, mark: Mark
) -> Load:
    """Requests that come as they come, however many are in work."""
    load = Load(speaker)
    supply = itertools.cycle(texts)
    # Arrivals go on while the last streams of the window end, so that these do not end in a calm.
    duration_s = window.warm_up_s + window.window_s + window.max_wait_s

    async def arrive() -> None:
        began_s = time.monotonic()
        async with asyncio.TaskGroup() as requests:
            for at_s in arrivals_s(rate_per_s, duration_s, seed):
                await asyncio.sleep(began_s + at_s - time.monotonic())
                requests.create_task(load.speak(next(supply), began_s + at_s))

    async def measure() -> None:
        await asyncio.sleep(window.warm_up_s)
        await load.measure(window, mark)

    await _beside([arrive()], measure())
    return load


async def _beside(
    background: Sequence[Coroutine[Any, Any, None]], measure: Coroutine[Any, Any, None]
) -> None:
    """Runs `measure`, and `background` for as long; a failure of either ends both."""
    tasks = [asyncio.create_task(each) for each in background]
    measuring = asyncio.create_task(measure)
    try:
        done, _ = await asyncio.wait({*tasks, measuring}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        await measuring  # open loop: the arrivals may end first
    finally:
        for task in (*tasks, measuring):
            task.cancel()
        await asyncio.gather(*tasks, measuring, return_exceptions=True)
