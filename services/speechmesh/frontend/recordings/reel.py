"""Decodes the recordings of a script one after the other, so that neither first audio nor memory waits for all of them.

One is ahead of the one that is played, as the streams of voices are; see lookahead.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from speechmesh.common.errors import Overloaded
from speechmesh.frontend.recordings.loaded import LoadedClip

log = logging.getLogger(__name__)


class Reel:
    """The recordings of one script, in the order in which they are played."""

    def __init__(
        self, indices: Iterable[int], load: Callable[[int], Coroutine[Any, Any, LoadedClip]]
    ) -> None:
        """`indices` are their segments'; `load` decodes one."""
        self._load = load
        self._waiting = deque(sorted(indices))
        self._ahead: tuple[int, asyncio.Task[LoadedClip]] | None = None

    @property
    def soon(self) -> int | None:
        """The recording that may be decoded next; None where there is none any more, or one is ahead already."""
        return self._waiting[0] if self._waiting and self._ahead is None else None

    def decode_ahead(self) -> None:
        """Begins with the recording that is `soon`."""
        soon = self._waiting.popleft()
        self._ahead = soon, asyncio.create_task(self._load(soon))

    async def take(self, index: int) -> LoadedClip:
        """The recording whose turn it is, as soon as it is decoded. Who takes it closes it.

        Raises:
            RecordingError: when it cannot be decoded.
            Overloaded: when there is no room for it at the moment; it may be asked for again.
        """
        while self._waiting and self._waiting[0] <= index:
            self._waiting.popleft()
        if self._ahead is not None and self._ahead[0] == index:
            (_, task), self._ahead = self._ahead, None
            # Where there was no room ahead there may be by now.
            with suppress(Overloaded):
                return await task
        return await self._load(index)

    async def aclose(self) -> None:
        """Lets go of what is ahead."""
        if self._ahead is None:
            return
        (_, task), self._ahead = self._ahead, None
        task.cancel()
        # Not `await task`, which could not tell the task's cancellation from this one's own.
        await asyncio.wait({task})
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.info("a recording that was decoded ahead failed: %s", error)
        else:
            task.result().close()
