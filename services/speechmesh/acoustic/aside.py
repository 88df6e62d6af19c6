"""The thread for those who have audio in hand: the voices of a stage take turns on it."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor


class Aside:
    """Whose turn it is on `executor`: one batch of one voice.

    The others wait here, not in the executor's queue: what is queued there cannot be run elsewhere when it becomes
    urgent, and a run on a thread that gives way to all others may take long. Belongs to one event loop.
    """

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._taken = False
        self._waiting: dict[asyncio.Event, None] = {}  # in the order of their coming

    def is_free(self, news: asyncio.Event) -> bool:
        """Whether a turn may be taken now; if not, `news` is set when it may."""
        if self._taken:
            self._waiting[news] = None
        return not self._taken

    def take(self) -> None:
        """Takes a turn, which is_free has just allowed."""
        assert not self._taken
        self._taken = True

    def release(self, news: asyncio.Event) -> None:
        """Ends the turn of whom `news` tells: those who wait come before it."""
        self._taken = False
        waiting, self._waiting = self._waiting, {}
        waiting.pop(news, None)
        for each in (*waiting, news):
            each.set()
