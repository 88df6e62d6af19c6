"""A turn is read as its text comes, and says nothing twice and leaves nothing out, whatever becomes of its readers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.live.text import Planner
from speechmesh.frontend.live.turn import Turn
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
