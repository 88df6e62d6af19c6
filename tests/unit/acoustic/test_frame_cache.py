from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticSegment, Ending
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.acoustic.frame_cache import FrameCache, content_key
from speechmesh.acoustic.jobs import Job, Piece
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Internal
from tests.unit.acoustic.echo import SPAN, EchoAcoustic, Overflowing, SlowForLong, segment_of, serving, settle

SEGMENTS = st.builds(
    AcousticSegment,
    st.lists(st.integers(1, 3), min_size=1, max_size=3).map(lambda ids: np.array(ids, np.int64)),
    st.lists(st.booleans(), min_size=1, max_size=3).map(lambda ends: np.array(ends, np.bool_)),
    st.sampled_from(Ending),
    st.integers(0, 2),
    st.sampled_from([0.5, 1.0, 2.0]),
    st.integers(0, 2),
    st.sampled_from([-1.0, 0.0, 1.0]),
    st.sampled_from([-1.0, 0.0, 1.0]),
    st.none() | st.sampled_from([np.zeros((1, 2), np.int64), np.zeros((2, 1), np.int64)]),
    st.sampled_from(["", "happy"]),
)


def plain(segment: AcousticSegment) -> tuple[object, ...]:
    """All that a segment is, comparable."""
    values = (getattr(segment, each.name) for each in dataclasses.fields(segment))
    return tuple((v.shape, v.tolist()) if isinstance(v, np.ndarray) else v for v in values)


@given(SEGMENTS, SEGMENTS)
def test_keys_are_equal_when_all_of_the_segments_is(a: AcousticSegment, b: AcousticSegment) -> None:
    assert (content_key("r", a) == content_key("r", b)) is (str(plain(a)) == str(plain(b)))


# A value of each field that differs from the segment's below. A new field must be named here.
OTHERS = {
    "tokens": np.array([1, 2, 4], np.int64),
    "word_ends": np.array([True, True, True]),
    "ending": Ending.QUESTION,
    "speaker_id": 1,
    "rate": 1.1,
    "max_leading_pause_frames": 3,
    "pitch_semitones": 0.5,
    "energy_db": -1.0,
    "features": np.zeros((3, 1), np.int64),
    "style": "happy",
}


def test_every_field_of_a_segment_is_in_its_key() -> None:
    segment = AcousticSegment(np.array([1, 2, 3], np.int64), np.array([False, True, True]))
    assert {each.name for each in dataclasses.fields(AcousticSegment)} == OTHERS.keys()
    for name, value in OTHERS.items():
        changed = dataclasses.replace(segment, **{name: value})  # type: ignore[arg-type]
        assert content_key("r", changed) != content_key("r", segment), name


def test_another_revision_is_another_key() -> None:
    assert content_key("a", segment_of(3)) != content_key("b", segment_of(3))


def test_a_field_of_an_unknown_kind_is_refused_rather_than_left_out() -> None:
    segment = dataclasses.replace(segment_of(3), style=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="object cannot be part of a key"):
        content_key("r", segment)


class Spans:
    """Spans of one's own, without touching the process's tracer."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")

    def results(self) -> list[object]:
        finished: tuple[ReadableSpan, ...] = self.exporter.get_finished_spans()
        return sorted(str((span.attributes or {})["speechmesh.cache"]) for span in finished)


async def heard(
    cache: FrameCache, batcher: Batcher, segment: AcousticSegment, spans: Spans, slack_ms: float = 0.0
) -> list[Piece]:
    with spans.tracer.start_as_current_span("segment") as span:
        return [piece async for piece in cache.stream(batcher, "r", segment, slack_ms, span)]


def frames_of(pieces: list[Piece]) -> np.ndarray:
    return np.concatenate([piece.frames for piece in pieces])


async def test_a_segment_is_made_once_and_then_there_at_once() -> None:
    model, spans, cache = EchoAcoustic(step=3), Spans(), FrameCache(2**20)
    async with serving(model) as batcher:
        made = await heard(cache, batcher, segment_of(8), spans)
        (known,) = await heard(cache, batcher, segment_of(8), spans)
    assert model.batches == [[8]]
    assert spans.results() == ["hit", "miss"]
    np.testing.assert_array_equal(known.frames, frames_of(made))
    np.testing.assert_array_equal(known.frames_per_token, made[0].frames_per_token)
    assert known.timing is not None
    assert (known.timing.compute_ms, known.timing.queue_ms, known.timing.batch_size) == (0.0, 0.0, 0)


async def test_shared_frames_cannot_be_changed() -> None:
    cache = FrameCache(2**20)
    async with serving(EchoAcoustic(step=3)) as batcher:
        pieces = [*await heard(cache, batcher, segment_of(8), Spans())]
        pieces += await heard(cache, batcher, segment_of(8), Spans())
    for piece in pieces:
        for array in (piece.frames, piece.frames_per_token):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


async def test_who_comes_while_a_segment_is_being_made_joins_and_gets_all_of_it() -> None:
    model, spans, cache = EchoAcoustic(step=1), Spans(), FrameCache(2**20)
    async with (
        serving(model) as batcher,
        aclosing(cache.stream(batcher, "r", segment_of(60), 0.0, SPAN)) as first,
    ):
        begun = [await anext(first) for _ in range(3)]
        others = [asyncio.create_task(heard(cache, batcher, segment_of(60), spans)) for _ in range(5)]
        rest = [piece async for piece in first]
        for pieces in [begun + rest, *await asyncio.gather(*others)]:
            assert [len(piece.frames) for piece in pieces] == [1] * 60
            assert [piece.timing is not None for piece in pieces] == [False] * 59 + [True]
    assert model.batches == [[60]]
    assert spans.results() == ["joined"] * 5


async def test_when_the_first_leaves_the_work_goes_on_for_the_others() -> None:
    model, cache = EchoAcoustic(step=1), FrameCache(2**20)
    async with serving(model) as batcher:
        first = cache.stream(batcher, "r", segment_of(60), 0.0, SPAN)
        await anext(first)
        other = asyncio.create_task(heard(cache, batcher, segment_of(60), Spans()))
        await asyncio.sleep(0)
        await first.aclose()
        assert len(frames_of(await other)) == 60
    assert model.batches == [[60]]


async def test_when_nobody_is_left_what_waits_never_runs() -> None:
    model, cache = EchoAcoustic(), FrameCache(2**20)
    async with serving(model) as batcher:
        model.open.clear()
        running = asyncio.create_task(heard(cache, batcher, segment_of(1), Spans()))
        await asyncio.sleep(0.02)
        leaving = [asyncio.create_task(heard(cache, batcher, segment_of(2), Spans())) for _ in range(3)]
        await asyncio.sleep(0.02)
        assert batcher.n_queued == 1
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert batcher.n_queued == 0
        model.open.set()
        await running
        assert len(frames_of(await heard(cache, batcher, segment_of(2), Spans()))) == 2
    assert model.batches == [[1], [2]]


async def test_an_urgent_listener_makes_the_segment_urgent() -> None:
    model, cache = EchoAcoustic(), FrameCache(2**20)
    async with serving(model) as batcher:
        model.open.clear()
        tasks = [asyncio.create_task(heard(cache, batcher, segment_of(61), Spans()))]
        await asyncio.sleep(0.02)
        for n, slack_ms in ((70, 10_000.0), (80, 5_000.0), (70, 1_000.0)):
            tasks.append(asyncio.create_task(heard(cache, batcher, segment_of(n), Spans(), slack_ms)))
            await asyncio.sleep(0)
        model.open.set()
        await asyncio.gather(*tasks)
    assert model.batches == [[61], [70], [80]]


async def test_an_urgent_listener_who_joins_has_the_segment_begun_while_others_run_aside() -> None:
    model, cache = SlowForLong(), FrameCache(2**20)
    async with asyncio.timeout(10), serving(model, aside=True) as batcher:
        relaxed = asyncio.create_task(heard(cache, batcher, segment_of(20), Spans(), 60_000.0))
        await asyncio.to_thread(model.held.wait)
        first = asyncio.create_task(heard(cache, batcher, segment_of(4), Spans(), 60_000.0))
        await settle()
        assert len(frames_of(await heard(cache, batcher, segment_of(4), Spans(), 0.0))) == 4
        assert len(frames_of(await first)) == 4
        assert not relaxed.done()
        model.go_on.set()
        await relaxed


async def test_what_failed_is_told_to_all_and_tried_again_by_the_next() -> None:
    model, cache = EchoAcoustic(), FrameCache(2**20)
    async with serving(model) as batcher:
        together = [heard(cache, batcher, segment_of(13), Spans()) for _ in range(3)]
        outcomes = await asyncio.gather(*together, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Internal] * 3
        assert len({id(outcome) for outcome in outcomes}) == 3
        with pytest.raises(Internal):
            await heard(cache, batcher, segment_of(13), Spans())
    assert model.batches == [[13], [13]]
    assert cache.n_bytes == 0


async def test_frames_that_are_not_finite_are_not_kept() -> None:
    model, cache = Overflowing(), FrameCache(2**20)
    async with serving(model) as batcher:
        with pytest.raises(Internal):
            await heard(cache, batcher, segment_of(9), Spans())
        assert cache.n_bytes == 0
        model.value = 0.0
        assert len(frames_of(await heard(cache, batcher, segment_of(9), Spans()))) == 9


class FullCache(FrameCache):
    """Finds no memory for what it is to keep."""

    def _ended(self, key: bytes, job: Job) -> None:
        super()._ended(key, job)
        if job.error is None:
            raise MemoryError


async def test_frames_that_cannot_be_kept_are_heard_all_the_same() -> None:
    cache = FullCache(2**20)
    async with asyncio.timeout(10), serving(EchoAcoustic(step=3)) as batcher:
        both = await asyncio.gather(*(heard(cache, batcher, segment_of(n), Spans()) for n in (8, 9)))
    assert [len(frames_of(pieces)) for pieces in both] == [8, 9]


async def test_the_cache_keeps_to_its_bytes() -> None:
    model, cache = EchoAcoustic(), FrameCache(4_000)
    async with serving(model) as batcher:
        for n in (90, 91, 92, 90):
            await heard(cache, batcher, segment_of(n), Spans())
            assert 0 < cache.n_bytes <= 4_000
    assert model.batches == [[90], [91], [92], [90]]


async def test_a_cache_of_nothing_shares_nothing() -> None:
    model, cache = EchoAcoustic(), FrameCache(0)
    async with serving(model) as batcher:
        both = [batcher_stream(cache, batcher) for _ in range(2)]
        for pieces in await asyncio.gather(*both):
            assert len(frames_of(pieces)) == 5
    assert sum(map(len, model.batches)) == 2


async def batcher_stream(cache: FrameCache, batcher: Batcher) -> list[Piece]:
    return [piece async for piece in cache.stream(batcher, "r", segment_of(5), 0.0, SPAN)]


async def test_cached_frames_of_a_real_model_are_those_it_makes(bootstrap: VoiceBundle) -> None:
    model = ParallelAcoustic(bootstrap, threads=1)
    tokens = np.array([1, *range(2, 30), 1], np.int64)
    ends = np.zeros(len(tokens), np.bool_)
    segment = AcousticSegment(tokens, ends, rate=1.2, max_leading_pause_frames=2)
    cache = FrameCache(2**20)
    async with serving(model) as batcher:
        made = await heard(cache, batcher, segment, Spans())
        (known,) = await heard(cache, batcher, segment, Spans())
        again = [piece async for piece in batcher.stream(segment, 0.0, SPAN)]
    np.testing.assert_array_equal(known.frames, frames_of(made))
    np.testing.assert_allclose(known.frames, frames_of(again), atol=1e-5)
    assert cache.n_bytes < known.frames.nbytes + 5_000
