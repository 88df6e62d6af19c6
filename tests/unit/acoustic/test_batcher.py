from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher, Job, choose_batch
from speechmesh.acoustic.domain import AcousticResult, AcousticSegment
from speechmesh.common.errors import Internal, Overloaded

SPAN = trace.INVALID_SPAN


def segment_of(n_tokens: int, rate: float = 1.0) -> AcousticSegment:
    return AcousticSegment(np.full(n_tokens, 2), np.zeros(n_tokens, np.bool_), rate=rate)


def key(segment: AcousticSegment) -> object:
    return segment.rate


class EchoAcoustic:
    """Frames that tell the segment's length; fails on segments of 13 tokens; can be held to fill the queue."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()

    def infer(self, segments: Sequence[AcousticSegment]) -> list[AcousticResult]:
        self.open.wait()
        lengths = [len(segment.tokens) for segment in segments]
        self.batches.append(lengths)
        if 13 in lengths:
            raise ValueError("bad luck")
        return [AcousticResult(np.full((n, 1), n, np.float32), np.ones(n, np.int64)) for n in lengths]

    def batch_key(self, segment: AcousticSegment) -> object:
        return segment.rate


@asynccontextmanager
async def serving(model: EchoAcoustic, max_queued: int = 100) -> AsyncIterator[Batcher]:
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(model, executor, max_items=4, max_tokens=100, max_queued=max_queued)
        task = asyncio.create_task(batcher.run())
        try:
            yield batcher
        finally:
            model.open.set()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def job_list(specs: list[tuple[int, float, float]]) -> list[Job]:
    return [Job(segment_of(n_tokens, rate), deadline, SPAN) for n_tokens, deadline, rate in specs]


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
        results = await asyncio.gather(*(batcher.infer(segment_of(n), 0.0, SPAN) for n in range(1, 12)))
    assert [len(batched.result.frames) for batched in results] == list(range(1, 12))
    assert max(batched.batch_size for batched in results) > 1


async def test_the_earliest_deadline_is_served_first() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        slacks = {1: 0.0, 30: 900.0, 40: 100.0, 50: 500.0}  # 1 token runs at once, the others queue meanwhile
        tasks = [asyncio.create_task(batcher.infer(segment_of(60 + n), s, SPAN)) for n, s in slacks.items()]
        await asyncio.sleep(0.05)
        model.open.set()
        await asyncio.gather(*tasks)
    assert model.batches == [[61], [100], [110], [90]]


async def test_a_bad_item_fails_alone() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        first = asyncio.create_task(batcher.infer(segment_of(1), 0.0, SPAN))
        await asyncio.sleep(0.02)
        rest = [asyncio.create_task(batcher.infer(segment_of(n), 0.0, SPAN)) for n in (12, 13, 14)]
        await asyncio.sleep(0.02)
        model.open.set()
        outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["BatchedResult"] * 2 + [
        "Internal",
        "BatchedResult",
    ]
    assert isinstance(outcomes[2], Internal)


class ForgetfulAcoustic(EchoAcoustic):
    """Gives no result for segments of 13 tokens."""

    def infer(self, segments: Sequence[AcousticSegment]) -> list[AcousticResult]:
        return super().infer([segment for segment in segments if len(segment.tokens) != 13])


async def test_a_model_that_gives_too_few_results_hangs_nobody() -> None:
    async with asyncio.timeout(10), serving(ForgetfulAcoustic()) as batcher:
        with pytest.raises(Internal):
            await batcher.infer(segment_of(13), 0.0, SPAN)
        assert len((await batcher.infer(segment_of(5), 0.0, SPAN)).result.frames) == 5


async def test_a_caller_that_left_is_dropped_before_it_runs() -> None:
    model = EchoAcoustic()
    async with serving(model) as batcher:
        model.open.clear()
        running = asyncio.create_task(batcher.infer(segment_of(1), 0.0, SPAN))
        await asyncio.sleep(0.02)
        leaving = asyncio.create_task(batcher.infer(segment_of(2), 0.0, SPAN))
        await asyncio.sleep(0.02)
        leaving.cancel()
        await asyncio.sleep(0.02)
        model.open.set()
        await running
        await batcher.infer(segment_of(3), 0.0, SPAN)
    assert model.batches == [[1], [3]]


async def test_a_full_queue_refuses_at_once() -> None:
    model = EchoAcoustic()
    async with serving(model, max_queued=2) as batcher:
        model.open.clear()
        tasks = [asyncio.create_task(batcher.infer(segment_of(1), 0.0, SPAN))]
        await asyncio.sleep(0.02)
        tasks += [asyncio.create_task(batcher.infer(segment_of(1), 0.0, SPAN)) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="2 segments are queued"):
            await batcher.infer(segment_of(1), 0.0, SPAN)
        model.open.set()
        await asyncio.gather(*tasks)
