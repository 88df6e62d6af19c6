from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.acoustic.aside import Aside
from speechmesh.acoustic.batcher import Batcher, choose_batch
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.jobs import Job, Listener, Piece
from speechmesh.common.errors import Internal, Overloaded
from tests.unit.acoustic.echo import (
    SPAN,
    Echo,
    EchoAcoustic,
    Overflowing,
    SlowForLong,
    segment_of,
    serving,
    settle,
    spoken,
)


def key(segment: AcousticSegment) -> object:
    return segment.rate


async def job_list(specs: list[tuple[int, float, float]]) -> list[Job]:
    return [
        Job(segment_of(n_tokens, rate), listeners=[Listener(deadline, SPAN)])
        for n_tokens, deadline, rate in specs
    ]


SPECS = st.lists(
    st.tuples(st.integers(1, 150), st.floats(0, 100), st.sampled_from([1.0, 1.5])), min_size=1, max_size=20
)


@given(SPECS)
def test_a_batch_holds_the_most_urgent_and_keeps_its_limits(specs: list[tuple[int, float, float]]) -> None:
    jobs = asyncio.run(job_list(specs))
    batch = choose_batch(jobs, key, max_items=4, max_tokens=100)
    assert batch[0].deadline == min(job.deadline for job in jobs)
    assert 1 <= len(batch) <= 4
    assert len({key(job.segment) for job in batch}) == 1
    assert len(batch) == 1 or len(batch) * max(len(job.segment.tokens) for job in batch) <= 100
    assert set(batch) <= set(jobs)


async def test_each_caller_gets_its_own_result() -> None:
    async with serving(EchoAcoustic()) as batcher:
        results = await asyncio.gather(*(spoken(batcher, segment_of(n)) for n in range(1, 12)))
    for n, (piece,) in enumerate(results, 1):
        assert piece.frames.tolist() == [[n]] * n
    assert max(piece.timing.batch_size for (piece,) in results if piece.timing) > 1


async def test_the_earliest_deadline_is_served_first() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        slacks = {1: 0.0, 30: 900.0, 40: 100.0, 50: 500.0}  # 1 token runs at once, the others queue meanwhile
        tasks = [asyncio.create_task(spoken(batcher, segment_of(60 + n), s)) for n, s in slacks.items()]
        await asyncio.sleep(0.05)
        model.open.set()
        await asyncio.gather(*tasks)
    assert model.batches == [[61], [100], [110], [90]]


async def test_a_bad_item_fails_alone() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        first = asyncio.create_task(spoken(batcher, segment_of(1)))
        await asyncio.sleep(0.02)
        rest = [asyncio.create_task(spoken(batcher, segment_of(n))) for n in (12, 13, 14)]
        await asyncio.sleep(0.02)
        model.open.set()
        outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["list", "list", "Internal", "list"]
    assert isinstance(outcomes[2], Internal)


class ForgetfulAcoustic(EchoAcoustic):
    """Gives no result for segments of 13 tokens."""

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Echo]:
        return super().begin([segment for segment in segments if len(segment.tokens) != 13])


async def test_a_model_that_gives_too_few_results_hangs_nobody() -> None:
    async with asyncio.timeout(10), serving(ForgetfulAcoustic()) as batcher:
        with pytest.raises(Internal):
            await spoken(batcher, segment_of(13))
        assert len((await spoken(batcher, segment_of(5)))[0].frames) == 5


class Durationless(EchoAcoustic):
    """Does not know how long the tokens of segments of 12 are."""

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Echo]:
        begun = super().begin(segments)
        for utterance in begun:
            if utterance.n == 12:
                utterance.frames_per_token = utterance.frames_per_token[:0]
        return begun


async def test_a_segment_whose_result_cannot_be_handed_out_fails_alone() -> None:
    model = Durationless(step=8)
    async with asyncio.timeout(10), serving(model) as batcher:
        outcomes = await crowd(model, batcher, [11, 12, 11, 50])
        assert (batcher.n_queued, batcher.n_under_way) == (0, 0)
    assert [11, 12, 11] in model.batches
    assert [type(outcome).__name__ for outcome in outcomes] == ["list", "Internal", "list", "list"]


@pytest.mark.parametrize(
    ("value", "found"), [(np.nan, "1 NaN and 0 infinite values"), (-np.inf, "0 NaN and 1 infinite values")]
)
async def test_frames_that_are_not_finite_fail_their_own_segment_alone(value: float, found: str) -> None:
    model = Overflowing(value)
    async with serving(model, voice="ann") as batcher:
        outcomes = await crowd(model, batcher, [8, 9, 8])
    assert [8, 9, 8] in model.batches
    assert isinstance(outcomes[1], Internal)
    assert str(outcomes[1]) == (
        f"the acoustic model of voice 'ann' gave 1 of 4 frames that are not finite: {found}"
    )
    for pieces in (outcomes[0], outcomes[2]):
        assert not isinstance(pieces, BaseException)
        assert [len(piece.frames) for piece in pieces] == [4, 4]


async def test_of_frames_that_are_not_finite_no_listener_gets_any() -> None:
    heard: list[Piece] = []
    async with serving(Overflowing()) as batcher:
        with pytest.raises(Internal):
            async for piece in batcher.stream(segment_of(9), 0.0, SPAN):
                heard.append(piece)
    assert len(heard) == 1
    assert np.isfinite(heard[0].frames).all()


async def test_a_caller_that_left_is_dropped_before_it_runs() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        running = asyncio.create_task(spoken(batcher, segment_of(1)))
        await asyncio.sleep(0.02)
        leaving = asyncio.create_task(spoken(batcher, segment_of(2)))
        await asyncio.sleep(0.02)
        leaving.cancel()
        await asyncio.sleep(0.02)
        model.open.set()
        await running
        await spoken(batcher, segment_of(3))
    assert model.batches == [[1], [3]]


async def test_a_full_queue_refuses_at_once() -> None:
    model = EchoAcoustic()
    async with serving(model, max_queued=2) as batcher:
        model.open.clear()
        tasks = [asyncio.create_task(spoken(batcher, segment_of(1)))]
        await asyncio.sleep(0.02)
        tasks += [asyncio.create_task(spoken(batcher, segment_of(1))) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="2 segments are queued"):
            await spoken(batcher, segment_of(1))
        model.open.set()
        await asyncio.gather(*tasks)


async def test_frames_come_as_they_are_made_and_the_last_piece_says_so() -> None:
    async with serving(EchoAcoustic(step=3)) as batcher:
        pieces = await spoken(batcher, segment_of(8))
    assert [len(piece.frames) for piece in pieces] == [3, 3, 2]
    assert [piece.timing is not None for piece in pieces] == [False, False, True]
    assert all(piece.frames_per_token.sum() == 8 for piece in pieces)


async def test_a_new_segment_joins_those_under_way_at_their_next_run() -> None:
    model = EchoAcoustic(step=2)
    async with serving(model) as batcher:
        stream = batcher.stream(segment_of(50), 0.0, SPAN)
        await anext(stream)
        await asyncio.gather(*(spoken(batcher, segment_of(n)) for n in (4, 6)))
        assert [piece async for piece in stream][-1].timing is not None
    assert model.runs[0] == [50]
    assert any(set(run) == {4, 6, 50} for run in model.runs)


async def test_whoever_runs_dry_first_goes_first_and_who_is_ahead_waits() -> None:
    model = EchoAcoustic(step=10)
    async with serving(model) as batcher:
        model.open.clear()
        # Five are more than a run holds: the one with the most time waits until the others have got ahead of it.
        tasks = [asyncio.create_task(spoken(batcher, segment_of(20), slack)) for slack in (0, 1, 2, 3)]
        tasks.append(asyncio.create_task(spoken(batcher, segment_of(21), 150.0)))
        await asyncio.sleep(0.05)
        model.open.set()
        await asyncio.gather(*tasks)
    runs_of_the_last = [i for i, run in enumerate(model.runs) if 21 in run]
    assert min(runs_of_the_last) > 0
    assert all(len(run) <= 4 for run in model.runs)


async def test_what_fails_on_its_way_fails_alone() -> None:
    async with serving(EchoAcoustic(step=5)) as batcher:
        outcomes = await asyncio.gather(
            *(spoken(batcher, segment_of(n)) for n in (16, 17, 18)), return_exceptions=True
        )
    assert isinstance(outcomes[1], Internal)
    for n, pieces in ((16, outcomes[0]), (18, outcomes[2])):
        assert not isinstance(pieces, BaseException)
        assert sum(len(piece.frames) for piece in pieces) == n


async def test_a_caller_that_leaves_on_the_way_is_dropped_before_the_next_run() -> None:
    model = EchoAcoustic(step=1)
    async with serving(model) as batcher:
        stream = batcher.stream(segment_of(1000), 0.0, SPAN)
        await anext(stream)
        await stream.aclose()
        n_runs = len(model.runs)
        await spoken(batcher, segment_of(3))
        assert all(1000 not in run for run in model.runs[n_runs + 1 :])


@pytest.mark.parametrize(("step", "kept"), [(1000, 4), (3, 4), (3, 0), (1, 99)])
async def test_a_long_leading_pause_is_cut_off_the_first_pieces(step: int, kept: int) -> None:
    class Pausing(EchoAcoustic):
        def begin(self, segments: Sequence[AcousticSegment]) -> list[Echo]:
            begun = super().begin(segments)
            begun[0].frames_per_token = np.array([10, begun[0].n - 10])
            return begun

    segment = AcousticSegment(np.full(15, 2), np.zeros(15, np.bool_), max_leading_pause_frames=kept)
    async with serving(Pausing(step)) as batcher:
        pieces = await spoken(batcher, segment)
    expected = min(kept, 10) or 10
    assert pieces[0].frames_per_token.tolist() == [expected, 5]
    assert sum(len(piece.frames) for piece in pieces) == expected + 5
    assert all(len(piece.frames) for piece in pieces[:-1])


async def test_no_more_are_under_way_than_the_limit() -> None:
    model = EchoAcoustic(step=1)
    async with serving(model, max_under_way=2) as batcher:
        results = await asyncio.gather(*(spoken(batcher, segment_of(n)) for n in (5, 6, 7, 8)))
    assert [sum(len(piece.frames) for piece in pieces) for pieces in results] == [5, 6, 7, 8]
    assert max(map(len, model.runs)) == 2


async def test_new_segments_that_can_wait_do_not_push_out_those_under_way() -> None:
    model = EchoAcoustic(step=1)
    async with serving(model) as batcher:
        urgent = batcher.stream(segment_of(30), 0.0, SPAN)
        await anext(urgent)
        n_before = len(model.runs)
        relaxed = [asyncio.create_task(spoken(batcher, segment_of(20), 60_000.0)) for _ in range(8)]
        assert [piece async for piece in urgent][-1].timing is not None
        runs_until_done = model.runs[n_before:30]
        await asyncio.gather(*relaxed)
    assert all(30 in run for run in runs_until_done)


async def test_who_runs_dry_soon_goes_without_those_who_do_not() -> None:
    model = EchoAcoustic(step=4)
    model.open.clear()
    async with serving(model) as batcher:
        relaxed = [asyncio.create_task(spoken(batcher, segment_of(20), 5000.0)) for _ in range(3)]
        await settle()
        assert batcher.n_under_way
        urgent = asyncio.create_task(spoken(batcher, segment_of(8), 100.0))
        close = asyncio.create_task(spoken(batcher, segment_of(9), 300.0))
        await settle()
        assert batcher.n_queued == 2
        model.open.set()
        await asyncio.gather(urgent, close, *relaxed)
    later = model.runs[1:]
    assert sorted(later[0]) == [8, 9]
    assert all(20 not in run for run in later[: later.index([20, 20, 20])])


async def test_an_urgent_segment_waits_for_a_place_where_all_are_taken_by_relaxed_ones() -> None:
    model = EchoAcoustic(step=5)
    model.open.clear()
    async with asyncio.timeout(10), serving(model, max_under_way=2) as batcher:
        relaxed = [asyncio.create_task(spoken(batcher, segment_of(20), 9000.0)) for _ in range(2)]
        await settle()
        assert batcher.n_under_way == 2
        urgent = asyncio.create_task(spoken(batcher, segment_of(8), 0.0))
        await settle()
        assert batcher.n_queued
        model.open.set()
        assert [len(piece.frames) for piece in await urgent] == [5, 3]
        await asyncio.gather(*relaxed)


async def test_aside_an_urgent_segment_waits_for_no_run_of_relaxed_ones() -> None:
    model = SlowForLong()
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        relaxed = [asyncio.create_task(spoken(batcher, segment_of(20), 9000.0)) for _ in range(2)]
        await asyncio.to_thread(model.held.wait)
        also_relaxed = asyncio.create_task(spoken(batcher, segment_of(7), 9000.0))
        assert [len(piece.frames) for piece in await spoken(batcher, segment_of(8), 0.0)] == [5, 3]
        assert not any(task.done() for task in (*relaxed, also_relaxed))
        model.go_on.set()
        assert [[len(piece.frames) for piece in await task] for task in relaxed] == [[5, 5, 5, 5]] * 2
        assert sum(len(piece.frames) for piece in await also_relaxed) == 7
    assert all(20 not in run for run in model.runs if 8 in run)


async def test_aside_who_becomes_urgent_meanwhile_waits_no_longer_for_the_run_of_relaxed_ones() -> None:
    model = SlowForLong()
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        relaxed = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        await asyncio.to_thread(model.held.wait)
        later = asyncio.create_task(spoken(batcher, segment_of(7), 9000.0))
        assert [len(piece.frames) for piece in await spoken(batcher, segment_of(8), 600.0)] == [5, 3]
        assert not relaxed.done()
        assert not later.done()
        model.go_on.set()
        await asyncio.gather(relaxed, later)


async def test_aside_a_segment_that_somebody_urgent_joins_waits_no_longer_for_the_run_of_relaxed_ones() -> (
    None
):
    model = SlowForLong()
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        relaxed = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        await asyncio.to_thread(model.held.wait)
        job = batcher.submit(segment_of(4))
        batcher.join(job, 9000.0, SPAN)
        await settle()
        assert batcher.n_queued == 1
        assert sum(len(piece.frames) for piece in await collected(job, batcher.join(job, 0.0, SPAN))) == 4
        assert not relaxed.done()
        model.go_on.set()
        await relaxed


@pytest.fixture
def shared() -> Iterator[Aside]:
    """What the voices of a stage share."""
    with ThreadPoolExecutor(1) as executor:
        yield Aside(executor)


async def test_aside_who_becomes_urgent_waits_for_no_run_of_another_voice(shared: Aside) -> None:
    held, model = SlowForLong(), EchoAcoustic()
    async with (
        asyncio.timeout(10),
        serving(model, shared=shared) as batcher,
        serving(held, shared=shared) as other,
    ):
        relaxed = asyncio.create_task(spoken(other, segment_of(20), 60_000.0))
        await asyncio.to_thread(held.held.wait)
        assert sum(len(piece.frames) for piece in await spoken(batcher, segment_of(7), 600.0)) == 7
        assert not relaxed.done()
        held.let_go()
        await relaxed


class Noting(EchoAcoustic):
    """Notes each run under its name."""

    def __init__(self, name: str, runs: list[str]) -> None:
        super().__init__(step=5)
        self.name, self.noted = name, runs

    def advance(self, utterances: Sequence[Echo]) -> list[np.ndarray]:
        self.noted.append(self.name)
        return super().advance(utterances)


async def test_aside_voices_take_turns(shared: Aside) -> None:
    noted: list[str] = []
    models = Noting("a", noted), Noting("b", noted)
    models[0].open.clear()
    async with (
        asyncio.timeout(10),
        serving(models[0], shared=shared) as one,
        serving(models[1], shared=shared) as two,
    ):
        tasks = [
            asyncio.create_task(spoken(batcher, segment_of(n), 60_000.0))
            for batcher in (one, two)
            for n in (40, 39)
        ]
        await settle()
        models[0].open.set()
        await asyncio.gather(*tasks)
    assert noted[:16] == ["a", "b"] * 8


async def test_aside_a_voice_that_ends_in_its_turn_leaves_it_to_the_others(shared: Aside) -> None:
    held, model = SlowForLong(), EchoAcoustic()
    async with asyncio.timeout(10), serving(model, shared=shared) as batcher:
        async with serving(held, shared=shared) as ending:
            leaving = asyncio.create_task(spoken(ending, segment_of(20), 60_000.0))
            await asyncio.to_thread(held.held.wait)
            waiting = asyncio.create_task(spoken(batcher, segment_of(7), 60_000.0))
            await settle()
            assert not model.runs
            leaving.cancel()
        assert sum(len(piece.frames) for piece in await waiting) == 7


async def test_the_place_of_who_leaves_while_run_aside_is_free_at_once() -> None:
    model = SlowForLong()
    async with asyncio.timeout(10), serving(model, aside=True, max_under_way=1) as batcher:
        leaving = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        await asyncio.to_thread(model.held.wait)
        urgent = asyncio.create_task(spoken(batcher, segment_of(4), 0.0))
        await settle()
        assert batcher.n_queued == 1
        leaving.cancel()
        assert sum(len(piece.frames) for piece in await urgent) == 4
        model.go_on.set()


async def test_who_leaves_while_run_aside_is_dropped_and_the_batcher_ends_with_its_run() -> None:
    model = SlowForLong()
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        leaving = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        await asyncio.to_thread(model.held.wait)
        leaving.cancel()
        await settle()
        assert (batcher.n_queued, batcher.n_under_way) == (0, 0)
        model.go_on.set()
        assert sum(len(piece.frames) for piece in await spoken(batcher, segment_of(9), 9000.0)) == 9
        assert all(20 not in run for run in model.runs[1:])
        model.go_on.clear()
        model.held.clear()
        staying = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        await asyncio.to_thread(model.held.wait)
        staying.cancel()
        model.go_on.set()


@pytest.mark.parametrize("n_steps", range(8))
async def test_who_leaves_between_the_choice_and_the_run_stops_nobody_else(n_steps: int) -> None:
    model = EchoAcoustic(step=5)
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        leaving = asyncio.create_task(spoken(batcher, segment_of(20), 9000.0))
        for _ in range(n_steps):
            await asyncio.sleep(0)
        leaving.cancel()
        assert sum(len(piece.frames) for piece in await spoken(batcher, segment_of(9), 9000.0)) == 9
        assert sum(len(piece.frames) for piece in await spoken(batcher, segment_of(8), 0.0)) == 8


class Keyless(EchoAcoustic):
    """Cannot tell with whom segments of 19 tokens may be batched."""

    def batch_key(self, segment: AcousticSegment) -> object:
        if len(segment.tokens) == 19:
            raise ValueError("no key")
        return super().batch_key(segment)


@pytest.mark.parametrize("aside", [False, True])
async def test_a_batcher_that_is_at_fault_fails_those_who_wait_and_goes_on(aside: bool) -> None:
    model = Keyless()
    model.open.clear()
    async with asyncio.timeout(10), serving(model, aside=aside) as batcher:
        first = asyncio.create_task(spoken(batcher, segment_of(5)))
        await settle()
        lost = [asyncio.create_task(spoken(batcher, segment_of(19))) for _ in range(2)]
        await settle()
        model.open.set()
        await first
        for outcome in await asyncio.gather(*lost, return_exceptions=True):
            assert isinstance(outcome, Internal)
        assert sum(len(piece.frames) for piece in await spoken(batcher, segment_of(8), 0.0)) == 8


class TightAcoustic(EchoAcoustic):
    """Has memory for so many segments at once, and for none of 14 tokens."""

    def __init__(self, room: int, step: int = 1000) -> None:
        super().__init__(step)
        self.room = room
        self.tried: list[int] = []
        self.n_given_back = 0

    def give_back(self) -> None:
        self.n_given_back += 1
        raise MemoryError

    def advance(self, utterances: Sequence[Echo]) -> list[np.ndarray]:
        self.tried.append(len(utterances))
        if len(utterances) > self.room or any(utterance.n == 14 for utterance in utterances):
            raise MemoryError
        return super().advance(utterances)


async def crowd(
    model: EchoAcoustic, batcher: Batcher, lengths: Sequence[int]
) -> list[list[Piece] | BaseException]:
    """Segments that come while a first one is held in the model, so that they are batched."""
    model.open.clear()
    first = asyncio.create_task(spoken(batcher, segment_of(1)))
    await asyncio.sleep(0.02)
    rest = [asyncio.create_task(spoken(batcher, segment_of(n))) for n in lengths]
    await asyncio.sleep(0.02)
    model.open.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_batch_too_large_for_the_memory_is_run_in_halves() -> None:
    model = TightAcoustic(room=2)
    async with serving(model) as batcher:
        outcomes = await crowd(model, batcher, [15, 16, 17, 18])
    assert model.tried == [1, 4, 2, 2]
    assert model.n_given_back == 1
    for n, pieces in zip((15, 16, 17, 18), outcomes, strict=True):
        assert not isinstance(pieces, BaseException)
        assert sum(len(piece.frames) for piece in pieces) == n


async def test_after_it_batches_are_smaller_for_a_while() -> None:
    model = TightAcoustic(room=2)
    async with serving(model) as batcher:
        await crowd(model, batcher, [15, 16, 17, 18])
        model.tried.clear()
        await crowd(model, batcher, [15, 16, 17, 18])
    assert model.tried == [1, 2, 2]


async def test_only_what_finds_no_memory_alone_fails_and_may_be_tried_again() -> None:
    model = TightAcoustic(room=4)
    async with serving(model) as batcher:
        outcomes = await crowd(model, batcher, [15, 14, 16, 17])
    assert [type(outcome).__name__ for outcome in outcomes] == ["list", "Overloaded", "list", "list"]
    assert isinstance(outcomes[1], Overloaded)
    assert outcomes[1].retryable
    assert model.tried == [1, 4, 2, 1, 1, 2]


async def test_those_under_way_lose_no_frames_when_memory_does_not_suffice() -> None:
    model = TightAcoustic(room=1, step=2)
    async with serving(model) as batcher:
        outcomes = await crowd(model, batcher, [15, 16, 18])
    for n, pieces in zip((15, 16, 18), outcomes, strict=True):
        assert not isinstance(pieces, BaseException)
        assert sum(len(piece.frames) for piece in pieces) == n


class Level:
    """A pressure that stands where it is put."""

    def __init__(self, level: int) -> None:
        self.level = level
        self.seen: list[tuple[float, float]] = []

    def observe(self, *, queue_ms: float, slack_ms: float) -> None:
        self.seen.append((queue_ms, slack_ms))


@pytest.mark.parametrize(("level", "largest"), [(0, 4), (1, 2), (3, 2)])
async def test_under_pressure_batches_are_half_as_large(level: int, largest: int) -> None:
    model, pressure = EchoAcoustic(), Level(level)
    async with serving(model, pressure=pressure) as batcher:  # type: ignore[arg-type]
        await crowd(model, batcher, [15, 16, 18, 19])
    assert max(map(len, model.batches)) == largest
    assert len(pressure.seen) == 5
    assert all(queue_ms >= 0 and -1 < slack_ms < 1 for queue_ms, slack_ms in pressure.seen)


async def test_several_listeners_of_one_job_hear_the_same_and_the_most_urgent_counts() -> None:
    model = EchoAcoustic(step=3)
    async with serving(model) as batcher:
        job = batcher.submit(segment_of(8))
        relaxed = job.join(60_000.0, SPAN)
        at_first = job.deadline
        urgent = job.join(0.0, SPAN)
        assert job.deadline < at_first
        heard = await asyncio.gather(*(collected(job, listener) for listener in (relaxed, urgent)))
        late = await collected(job, job.join(0.0, SPAN))
    for pieces in (*heard, late):
        assert [len(piece.frames) for piece in pieces] == [3, 3, 2]
        assert not any(
            piece.frames.flags.writeable or piece.frames_per_token.flags.writeable for piece in pieces
        )


async def test_a_job_is_as_urgent_as_the_listeners_that_are_left() -> None:
    async with serving(EchoAcoustic(step=1)) as batcher:
        job = batcher.submit(segment_of(500))
        relaxed, urgent = job.join(60_000.0, SPAN), job.join(0.0, SPAN)
        batcher.leave(job, urgent)
        assert job.deadline == relaxed.deadline
        batcher.leave(job, relaxed)
        assert batcher.n_queued == 0


async def collected(job: Job, listener: Listener) -> list[Piece]:
    return [piece async for piece in job.heard_by(listener)]
