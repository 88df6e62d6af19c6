"""A turn is read as its text comes, and says nothing twice and leaves nothing out, whatever becomes of its readers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.live.text import Planner
from speechmesh.frontend.live.turn import Turn
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.settings import FrontendSettings


@pytest.fixture(scope="module")
def reader(bootstrap: VoiceBundle) -> Reader:
    return load_reader(bootstrap)


@pytest.fixture
def plan(reader: Reader) -> Planner:
    def planned(text: str, max_words: int, first_max_words: int) -> TextPlan:
        return reader.plan(text, max_words=max_words, first_max_words=first_max_words)

    return planned


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def turn_of(plan: Planner, executor: ThreadPoolExecutor, **settings: int) -> Turn:
    return Turn(0, plan, Playback(150.0), FrontendSettings(**settings), executor)


def said(segment: SpokenSegment | None) -> str | None:
    return " ".join(word.text for word in segment.words) if segment else None


async def rest(turn: Turn, begin: int = 0) -> list[str | None]:
    """What is said of a turn that has ended, from a segment on."""
    spoken: list[str | None] = []
    while (segment := await turn.segment(begin + len(spoken))) is not None:
        spoken.append(said(segment))
    return spoken


async def test_a_flush_is_for_what_has_come_and_not_for_half_a_word_that_comes_before_it_is_read(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    turn = turn_of(plan, executor)
    turn.append("Tomorrow brings considerable rainfall. ")
    turn.flush()
    turn.append("Tem")
    assert said(await turn.segment(0)) == "tomorrow brings considerable rainfall"
    following = asyncio.create_task(turn.segment(1))
    await asyncio.sleep(0.02)  # it has been read
    turn.append("peratures stay around $1")
    await asyncio.sleep(0.02)
    turn.append("20.")
    turn.end()
    assert said(await following) == "temperatures stay around one hundred twenty dollars"
    assert await rest(turn, 2) == []


async def test_of_flushes_that_come_before_anything_is_read_the_last_one_counts(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    turn = turn_of(plan, executor)
    turn.append("It ra")
    turn.flush()
    turn.append("ined. It costs 3")
    turn.flush()
    turn.append(".5 and")
    assert [said(await turn.segment(i)) for i in range(2)] == ["it rained", "it costs three"]


async def test_a_flush_that_comes_when_all_is_read_has_no_effect_on_what_comes_later(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    turn = turn_of(plan, executor)
    turn.append("It rained. ")
    turn.flush()
    assert said(await turn.segment(0)) == "it rained"
    turn.flush()
    following = asyncio.create_task(turn.segment(1))
    await asyncio.sleep(0.02)
    turn.append("Tem")
    await asyncio.sleep(0.02)
    turn.append("peratures fall.")
    turn.end()
    assert said(await following) == "temperatures fall"


async def test_what_is_behind_a_flush_of_nothing_speakable_is_read_as_soon_as_it_is_sure(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    turn = turn_of(plan, executor, live_hold_ms=60_000)
    turn.append("\U0001f600")
    turn.flush()
    turn.append(" It rained. And then it ")
    async with asyncio.timeout(5):
        assert said(await turn.segment(0)) == "it rained"


class Gate:
    """A planner that holds on until it is let go."""

    def __init__(self, plan: Planner) -> None:
        self._plan = plan
        self.read: list[str] = []
        self._reached, self._open = threading.Event(), threading.Event()

    def __call__(self, text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        self.read.append(text)
        self._reached.set()
        assert self._open.wait(10)
        return self._plan(text, max_words, first_max_words)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait, 10)

    def let_go(self) -> None:
        self._open.set()


async def leave(reading: asyncio.Task[SpokenSegment | None]) -> None:
    """Ends who waits for a segment, as when a stage goes away."""
    reading.cancel()
    await asyncio.wait({reading})
    assert reading.cancelled()


def readings() -> list[str]:
    """Tasks of turns that still run."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("Turn.")]


async def test_what_was_being_read_when_its_reader_left_is_had_by_the_next_one(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    gate = Gate(plan)
    turn = turn_of(gate, executor)
    turn.append("The first sentence is here. ")
    turn.flush()
    reading = asyncio.create_task(turn.segment(0))
    await gate.reached()
    await leave(reading)
    turn.append("The second one comes now.")
    turn.end()
    gate.let_go()
    assert await rest(turn) == ["the first sentence is here", "the second one comes now"]


async def test_a_reading_that_is_under_way_is_waited_for_and_no_second_one_begun_beside_it(
    plan: Planner,
) -> None:
    gate = Gate(plan)
    with ThreadPoolExecutor(2) as executor:
        turn = turn_of(gate, executor)
        turn.append("The first sentence is here. ")
        turn.flush()
        reading = asyncio.create_task(turn.segment(0))
        await gate.reached()
        await leave(reading)
        following = asyncio.create_task(turn.segment(0))
        await asyncio.sleep(0.05)
        assert gate.read == ["The first sentence is here. "]
        gate.let_go()
        assert said(await following) == "the first sentence is here"
    assert gate.read == ["The first sentence is here. "]


async def test_a_flush_whose_reader_left_before_it_was_read_is_not_forgotten(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    busy = threading.Event()
    executor.submit(busy.wait, 10)  # with another stream's text
    turn = turn_of(plan, executor, live_hold_ms=60_000)
    turn.append("Please hold th")
    turn.flush()
    reading = asyncio.create_task(turn.segment(0))
    await asyncio.sleep(0.02)
    await leave(reading)
    busy.set()
    async with asyncio.timeout(5):
        assert said(await turn.segment(0)) == "please hold th"


async def test_a_closed_turn_leaves_no_reading_behind(plan: Planner, executor: ThreadPoolExecutor) -> None:
    gate = Gate(plan)
    turn = turn_of(gate, executor)
    turn.append("The first sentence is here. ")
    turn.flush()
    reading = asyncio.create_task(turn.segment(0))
    await gate.reached()
    await leave(reading)
    assert readings() == ["Turn._take"]
    await turn.aclose()
    assert readings() == []
    gate.let_go()


async def test_text_that_cannot_be_read_is_told_to_each_who_asks(executor: ThreadPoolExecutor) -> None:
    def refuse(text: str, max_words: int, first_max_words: int) -> TextPlan:
        raise InvalidInput("lexicon", "makes too much of it")

    turn = turn_of(refuse, executor)
    turn.append("Hello.")
    turn.end()
    for _ in range(2):
        with pytest.raises(InvalidInput, match="too much"):
            await turn.segment(0)
    await turn.aclose()


async def test_a_standstill_that_begins_while_the_text_is_being_read_is_noticed(plan: Planner) -> None:
    def busy(text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        time.sleep(0.06)  # the thread reads for longer than the hold time, which must pass meanwhile
        return plan(text, max_words, first_max_words)

    with ThreadPoolExecutor(1) as executor:
        turn = turn_of(busy, executor, live_hold_ms=30)
        turn.append("It is done. ")
        async with asyncio.timeout(5):
            assert said(await turn.segment(0)) == "it is done"


async def test_texts_of_nothing_do_not_keep_what_has_come_from_being_spoken(plan: Planner) -> None:
    with ThreadPoolExecutor(1) as executor:
        turn = turn_of(plan, executor, live_hold_ms=100)
        turn.append("It is done. ")
        reading = asyncio.create_task(turn.segment(0))
        async with asyncio.timeout(20):
            while not reading.done():
                turn.append("")  # as a model's stream has them
                await asyncio.sleep(0.01)
        assert said(reading.result()) == "it is done"


class Listener:
    """A listener's buffer of so much audio, who notes which segments' text was waited for."""

    def __init__(self, slack_ms: float) -> None:
        self.slack, self.started = slack_ms, True
        self.n_asked = 0
        self.waited_for: list[int] = []

    def slack_ms(self, segment: int) -> float:
        return self.slack

    def asked(self) -> None:
        self.n_asked += 1

    def written(self, segment: int) -> None:
        self.waited_for.append(segment)


async def test_a_turn_asks_when_its_first_text_comes_and_not_when_it_is_opened(plan: Planner) -> None:
    listener = Listener(1000.0)
    with ThreadPoolExecutor(1) as executor:
        turn = Turn(0, plan, listener, FrontendSettings(), executor)
        for text, n_asked in (("", 0), (" ", 0), ("It is", 1), (" done.", 1)):
            turn.append(text)
            assert listener.n_asked == n_asked


async def test_a_listener_who_gets_hungry_while_the_text_is_being_read_is_given_a_clause(
    plan: Planner,
) -> None:
    listener = Listener(1000.0)

    def busy(text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        listener.slack = 0.0
        return plan(text, max_words, first_max_words)

    with ThreadPoolExecutor(1) as executor:
        settings = FrontendSettings(live_hold_ms=60_000)
        turn = Turn(0, busy, listener, settings, executor)
        turn.append(
            "When the rain had stopped and the roads were dry and the wind was gone for good "
            "she took the old car out of the garage and drove to "
        )
        async with asyncio.timeout(5):
            assert said(await turn.segment(0))


async def test_text_that_was_waited_for_is_known_as_such_also_when_who_waited_has_left(
    plan: Planner, executor: ThreadPoolExecutor
) -> None:
    listener = Listener(1000.0)
    turn = Turn(0, plan, listener, FrontendSettings(), executor)
    reading = asyncio.create_task(turn.segment(0))
    await asyncio.sleep(0.2)
    await leave(reading)
    turn.append("It is done.")
    turn.flush()
    assert said(await turn.segment(0)) == "it is done"
    assert said(await turn.segment(0)) == "it is done"
    assert listener.waited_for == [0]
