from __future__ import annotations

import asyncio

import pytest

from speechmesh.common.tasks import TaskBag


async def collect(bag: TaskBag, queue: asyncio.Queue[int | None]) -> list[int]:
    return [item async for item in bag.drain(queue)]


async def test_items_come_in_order_until_none() -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue(1)

    async def fill() -> None:
        for item in (0, 1, 2, None):  # 0 is an item, not an end
            await queue.put(item)

    async with TaskBag() as bag:
        bag.start(fill())
        assert await collect(bag, queue) == [0, 1, 2]


async def test_a_tasks_failure_interrupts_the_wait() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        async with TaskBag() as bag:
            bag.start(fail())
            await collect(bag, asyncio.Queue())


async def test_no_task_outlives_the_bag() -> None:
    ended = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with TaskBag() as bag:
        task = bag.start(hang())
        await asyncio.sleep(0)
    assert ended.is_set()
    assert task.cancelled()


async def test_no_item_is_lost_between_a_wait_and_the_next() -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue()

    async def fill() -> None:
        for item in range(100):
            queue.put_nowait(item)
            if item % 3 == 0:
                await asyncio.sleep(0)
        queue.put_nowait(None)

    async with TaskBag() as bag:
        bag.start(fill())
        assert await collect(bag, queue) == list(range(100))
