"""Ends calls that a server, which is shutting down, waits for no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from speechmesh.common.errors import ShuttingDown

_ending: ContextVar[Ending | None] = ContextVar("ending", default=None)


class Ending:
    """When it begins, whoever waits within `awaits()` is told that the server shuts down; so is who comes later.

    To cancel the calls instead would leave their callers with a bare UNAVAILABLE, which does not say that trying again
    helps.
    """

    def __init__(self) -> None:
        self._waits: set[asyncio.Timeout] = set()
        self.begun = False

    def begin(self) -> None:
        """Ends what waits now, and from now on."""
        self.begun = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def awaits(self) -> AsyncIterator[None]:
        """Within the block the caller waits for something that a shutdown may end.

        Raises:
            ShuttingDown: when it has begun.
        """
        _ending.set(self)
        if self.begun:
            raise _shutting_down()
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                try:
                    yield
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            if not wait.expired():  # one of the block's own
                raise
            raise _shutting_down() from None


def is_ending() -> bool:
    """Whether the call that asks is being ended by its server: it sees a cancellation, its caller gets Unavailable."""
    ending = _ending.get()
    return ending is not None and ending.begun


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is shutting down")
