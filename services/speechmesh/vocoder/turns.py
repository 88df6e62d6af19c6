"""Whose chunk runs next: the one whose listener would run dry first.

Triton's queue knows a few priorities, fixed when a chunk is sent; under load it starves the lower ones. So only as
many chunks are sent as keep the backend busy, and the others wait here, by deadline. Deadlines are moments, so
every chunk becomes the earliest in the end. While a chunk runs whose listener is about to run dry, those whose
listeners have seconds in hand are not sent: they would take cores that it runs on.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from speechmesh.common.errors import Overloaded

_URGENT_S, _RELAXED_S = 0.3, 2.0


class Turns:
    """At most `max_running()` holders at once, and half as many urgent ones beside them.

    At most `max_waiting` wait, the earliest deadline first.

    How many may run changes as servers come and go; those that wait learn of it when the next turn ends.

    Attributes:
        n_running: turns that are held now.
        n_waiting: how many wait.
    """

    def __init__(self, *, max_running: Callable[[], int], max_waiting: int) -> None:
        self._max_running = max_running
        self._max_waiting = max_waiting
        self.n_running = self._n_urgent = 0
        self.n_waiting = 0
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[bool]]] = []

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """Holds a turn; `deadline` is on `time.monotonic()`'s clock, in seconds.

        Raises:
            Overloaded: at once, when too many wait.
        """
        is_urgent = self._take(deadline) if self._may_run(deadline) else await self._wait(deadline)
        try:
            yield
        finally:
            self._pass_on(is_urgent)

    def _take(self, deadline: float) -> bool:
        """Takes a place; whether it is one of the urgent ones'."""
        is_urgent = deadline - time.monotonic() < _URGENT_S
        self.n_running += 1
        self._n_urgent += is_urgent
        return is_urgent

    def _may_run(self, deadline: float) -> bool:
        """Whether one may be sent. With none running one may always: nobody would call it later.

        With no server up all may: there is nothing to take turns at, and each waits for a server as long as it will,
        not one after the other.

        Where others hold all places, urgent ones have some of their own: a backend lets them past, see Priority.
        """
        if not self.n_running or not self._max_running():
            return True
        left_s = deadline - time.monotonic()
        if left_s < _URGENT_S:
            return self.n_running < self._max_running() or self._n_urgent < self._max_running() // 2
        return not (self._n_urgent and left_s > _RELAXED_S) and self.n_running < self._max_running()

    async def _wait(self, deadline: float) -> bool:
        if self.n_waiting >= self._max_waiting:
            raise Overloaded(f"{self._max_waiting} chunks are waiting, no more are taken")
        called: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (deadline, next(self._numbers), called))
        self.n_waiting += 1
        try:
            return await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # called and cancelled at once: the turn is not lost
                self._pass_on(called.result())
            raise
        finally:
            self.n_waiting -= 1

    def _pass_on(self, is_urgent: bool) -> None:
        """Ends a turn; the earliest waiters that have not left get what is free."""
        self.n_running -= 1
        self._n_urgent -= is_urgent
        while self._waiting and self._may_run(self._waiting[0][0]):
            deadline, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(self._take(deadline))
