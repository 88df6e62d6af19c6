"""Opens the streams of what comes next while the part before it is still being delivered, so that no gap comes between.

Each voice has streams of its own. Those of the next part are opened when all of the part before is with the acoustic
stage and its first audio is with the caller, or at once where that part is a recording, for which nothing is made. No
more than one part is ahead, however often the voices change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.phrases.key import Key
from speechmesh.frontend.prepared import Preparation, Prepared

log = logging.getLogger(__name__)

# Opens a conductor's streams at a segment, within the time that the caller still has.
Opener = Callable[[Prepared], tuple[Conductor, AsyncGenerator[SpokenChunk]]]


class Ahead:
    """A conductor that was begun before its turn; `chunks` is its run."""

    def __init__(self, conductor: Conductor, chunks: AsyncGenerator[SpokenChunk]) -> None:
        self.conductor = conductor
        self._chunks = chunks
        self._first = asyncio.create_task(self._next())

    async def _next(self) -> SpokenChunk | None:
        return await anext(self._chunks, None)

    @property
    def has_failed(self) -> bool:
        """Whether it came to an end before its turn."""
        return self._first.done()

    async def run(self) -> AsyncGenerator[SpokenChunk]:
        """Its audio; it is its turn now. Leaving the iteration ends its streams."""
        self.conductor.turn.set()
        try:
            chunk = await self._first
            while chunk is not None:
                yield chunk
                chunk = await self._next()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Ends its streams."""
        if (error := await _ended(self._first)) is not None and not self.conductor.turn.is_set():
            log.info("what was begun ahead failed: %s", error)
        await self._chunks.aclose()
        del self._first  # whose error holds this, and all that was made ahead


class Lookahead:
    """What is begun of a script before its turn: one conductor at most."""

    def __init__(
        self,
        preparation: Preparation,
        opener: Opener,
        is_made: Callable[[Key], Awaitable[bool]],
        most_segments: int,
    ) -> None:
        """What is ahead of a script's delivery.

        Args:
            preparation: the script's segments.
            opener: opens streams at a segment.
            is_made: whether a phrase was made before, or is being made.
            most_segments: how many segments that were made before are passed over in search of one that was not.
        """
        self._preparation = preparation
        self._open = opener
        self._is_made = is_made
        self._most_segments = most_segments
        self._task: asyncio.Task[Ahead | None] | None = None

    def begin(self, conductor: Conductor) -> None:
        """A conductor has its turn: from now on, what comes after it may be begun."""
        assert self._task is None
        self._task = asyncio.create_task(self._look(conductor))

    def begin_behind(self, index: int) -> None:
        """A recording is being delivered: what comes after it may be begun, where nothing is ahead yet."""
        if self._task is None:
            self._task = asyncio.create_task(self._first_from(index + 1))

    async def take(self, index: int) -> Ahead | None:
        """What was begun at a segment; None where nothing was, or it failed. Then nothing is ahead any more."""
        task, self._task = self._task, None
        if task is None:
            return None
        ahead = await _found(task)
        if ahead is None or (ahead.conductor.first == index and not ahead.has_failed):
            return ahead
        await ahead.aclose()
        return None

    async def aclose(self) -> None:
        """Ends what is ahead."""
        task, self._task = self._task, None
        if task is not None and (ahead := await _found(task)) is not None:
            await ahead.aclose()

    async def _look(self, conductor: Conductor) -> Ahead | None:
        """Begins with the first segment behind a conductor's last one that must be made."""
        await conductor.fed.wait()
        await conductor.audible.wait()
        assert conductor.end is not None
        return await self._first_from(conductor.end)

    async def _first_from(self, begin: int) -> Ahead | None:
        """Begins with the first segment from one on that must be made."""
        for index in range(begin, begin + self._most_segments):
            if await self._preparation.is_clip(index):
                continue
            if (prepared := await self._preparation.segment(index)) is None:
                return None
            if not await self._is_made(prepared.key):
                return Ahead(*self._open(prepared))
        return None


async def _found(task: asyncio.Task[Ahead | None]) -> Ahead | None:
    """What was found so far; the search ends."""
    if (error := await _ended(task)) is not None:
        log.warning("nothing is begun ahead", exc_info=error)
        return None
    return None if task.cancelled() else task.result()


async def _ended(task: asyncio.Task[Any]) -> BaseException | None:
    """Ends a task; what it failed with, if it had."""
    if not task.done():
        task.cancel()
        # Not `await task`, which could not tell the task's cancellation from this one's own.
        await asyncio.wait({task})
    return None if task.cancelled() else task.exception()
