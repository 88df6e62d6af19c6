"""Tasks of one stream: they fail together, and none outlives the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class TaskBag:
    """Background tasks of an async generator.

    asyncio.TaskGroup cannot hold a `yield` inside it safely; this can: a task's failure is raised where the
    generator waits in `drain`, and leaving the block cancels and awaits every task.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Starts a task."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self._failed.done():
            self._failed.set_exception(error)

    async def drain(self, queue: asyncio.Queue[T | None]) -> AsyncIterator[T]:
        """The queue's items until None comes.

        Raises:
            Exception: the first failure of any task, at once.
        """
        while True:
            if queue.empty() or self._failed.done():
                getter = asyncio.ensure_future(queue.get())
                try:
                    either: set[asyncio.Future[Any]] = {getter, self._failed}
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    if self._failed.done():
                        self._failed.result()
                    item = getter.result()
                finally:
                    getter.cancel()
            else:
                item = queue.get_nowait()
            if item is None:
                return
            yield item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._failed.done() and not self._failed.cancelled():
            self._failed.exception()  # seen, whether or not someone waited for it
        else:
            self._failed.cancel()
