"""Turns at something that few may do at once: the earliest deadline goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Lets `n_at_once` in, and whoever's deadline is first next; for one event loop."""

    def __init__(self, n_at_once: int) -> None:
        self._n_free = n_at_once
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, deadline_s: float) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block; of equal deadlines, who came first goes first."""
        if self._n_free:
            self._n_free -= 1
        else:
            await self._wait(deadline_s)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, deadline_s: float) -> None:
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (deadline_s, next(self._order), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it was called, and left at once
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._n_free += 1
