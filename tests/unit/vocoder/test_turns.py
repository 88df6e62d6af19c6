from __future__ import annotations

import asyncio
import time

import pytest

from speechmesh.common.errors import Overloaded
from speechmesh.vocoder.turns import Turns


async def hold(
    turns: Turns, deadline: float, order: list[float], release: asyncio.Event | None = None
) -> None:
    async with turns.turn(deadline):
        order.append(deadline)
        if release is not None:
            await release.wait()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_run_at_once_than_allowed() -> None:
    turns, order, release = Turns(max_running=lambda: 2, max_waiting=9), [], asyncio.Event()
    tasks = [asyncio.create_task(hold(turns, n, order, release)) for n in range(5)]
    await settle()
    assert len(order) == 2
    release.set()
    await asyncio.gather(*tasks)
    assert len(order) == 5


async def test_the_earliest_deadline_is_next_and_equal_ones_keep_their_order() -> None:
    turns, order, release = Turns(max_running=lambda: 1, max_waiting=9), [], asyncio.Event()
    tasks = [asyncio.create_task(hold(turns, -1.0, order, release))]
    await settle()
    tasks += [asyncio.create_task(hold(turns, deadline, order)) for deadline in (5.0, 2.0, 9.0, 2.5)]
    await settle()
    release.set()
    await asyncio.gather(*tasks)
    assert order == [-1.0, 2.0, 2.5, 5.0, 9.0]


async def test_with_no_server_up_nobody_waits_for_another_to_give_up() -> None:
    n_places = 1
    turns, order, release = Turns(max_running=lambda: n_places, max_waiting=9), [], asyncio.Event()
    tasks = [asyncio.create_task(hold(turns, n, order, release)) for n in range(4)]
    await settle()
    assert order == [0]
    n_places = 0
    tasks.append(asyncio.create_task(hold(turns, 9, order, release)))
    await settle()
    assert order == [0, 9]
    tasks[0].cancel()  # as one that waited in vain for a server
    await settle()
    assert order == [0, 9, 1, 2, 3]
    release.set()
    await asyncio.gather(*tasks[1:])
    assert turns.n_running == turns.n_waiting == 0


async def test_who_leaves_the_queue_is_not_called() -> None:
    turns, order, release = Turns(max_running=lambda: 1, max_waiting=9), [], asyncio.Event()
    first = asyncio.create_task(hold(turns, 0.0, order, release))
    await settle()
    leaving, staying = (asyncio.create_task(hold(turns, deadline, order)) for deadline in (1.0, 2.0))
    await settle()
    leaving.cancel()
    await settle()
    release.set()
    await asyncio.gather(first, staying)
    assert order == [0.0, 2.0]


async def test_a_turn_given_to_one_who_is_leaving_is_passed_on() -> None:
    turns, order, release = Turns(max_running=lambda: 1, max_waiting=9), [], asyncio.Event()
    first = asyncio.create_task(hold(turns, 0.0, order, release))
    await settle()
    leaving, staying = (asyncio.create_task(hold(turns, deadline, order)) for deadline in (1.0, 2.0))
    await settle()
    release.set()
    await asyncio.sleep(0)  # the first has given its turn to the leaving one, which has not run yet
    leaving.cancel()
    await asyncio.gather(first, staying, leaving, return_exceptions=True)
    assert 2.0 in order
    async with asyncio.timeout(1), turns.turn(3.0):
        pass


async def test_a_failing_holder_gives_its_turn_back() -> None:
    turns = Turns(max_running=lambda: 1, max_waiting=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="bad"):
            async with turns.turn(0.0):
                raise ValueError("bad")


async def test_one_too_many_is_refused_at_once() -> None:
    turns, release = Turns(max_running=lambda: 1, max_waiting=1), asyncio.Event()
    tasks = [asyncio.create_task(hold(turns, n, [], release)) for n in range(2)]
    await settle()
    with pytest.raises(Overloaded, match="1 chunks are waiting"):
        async with turns.turn(0.0):
            pass
    release.set()
    await asyncio.gather(*tasks)


async def test_more_run_when_servers_come_and_fewer_when_they_go() -> None:
    capacity, release = [1], asyncio.Event()
    turns = Turns(max_running=lambda: capacity[0], max_waiting=10)
    holding: list[int] = []

    async def hold_until(number: int, done: asyncio.Event) -> None:
        async with turns.turn(float(number)):
            holding.append(number)
            await done.wait()

    first = asyncio.Event()
    tasks = [asyncio.create_task(hold_until(0, first))]
    tasks += [asyncio.create_task(hold_until(number, release)) for number in range(1, 6)]
    await settle()
    assert holding == [0]
    capacity[0] = 3
    first.set()
    await settle()
    assert holding == [0, 1, 2, 3]
    capacity[0] = 0
    release.set()
    await asyncio.gather(*tasks)
    assert holding == [0, 1, 2, 3, 4, 5]


async def test_while_an_urgent_chunk_runs_those_who_can_wait_do() -> None:
    turns, order = Turns(max_running=lambda: 2, max_waiting=9), []
    urgent, relaxed = asyncio.Event(), asyncio.Event()
    now = time.monotonic()
    tasks = [asyncio.create_task(hold(turns, now, order, urgent))]
    await settle()
    tasks.append(asyncio.create_task(hold(turns, now + 60.0, order, relaxed)))
    tasks.append(asyncio.create_task(hold(turns, now + 0.5, order)))
    await settle()
    assert order == [now, now + 0.5]
    urgent.set()
    await settle()
    assert order[2:] == [now + 60.0]
    relaxed.set()
    await asyncio.gather(*tasks)


async def test_who_can_wait_runs_where_nothing_else_does() -> None:
    turns, order = Turns(max_running=lambda: 1, max_waiting=9), []
    await hold(turns, time.monotonic() + 60.0, order)
    assert len(order) == 1


async def test_an_urgent_one_finds_a_place_where_relaxed_ones_have_taken_all() -> None:
    turns, order, release = Turns(max_running=lambda: 2, max_waiting=9), [], asyncio.Event()
    now = time.monotonic()
    relaxed = [asyncio.create_task(hold(turns, now + 60.0 + n, order, release)) for n in range(3)]
    await settle()
    urgent = [asyncio.create_task(hold(turns, now + n / 100, order, release)) for n in range(3)]
    await settle()
    assert order == [now + 60.0, now + 61.0, now]
    release.set()
    await asyncio.gather(*relaxed, *urgent)
    assert len(order) == 6
