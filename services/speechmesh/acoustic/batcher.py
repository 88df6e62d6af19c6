"""The acoustic batcher: packs segments of different requests into one run, the most urgent first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from opentelemetry import trace

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment
from speechmesh.acoustic.families import Acoustic
from speechmesh.common.errors import Internal, Overloaded
from speechmesh.common.telemetry import tracer

log = logging.getLogger(__name__)

# Padding is computed like everything else; company is not worth more of it.
_MAX_PADDING = 0.15


@dataclass(eq=False)
class Job:
    """A segment in the queue. `deadline` is on `time.monotonic()`'s clock, in seconds."""

    segment: AcousticSegment
    deadline: float
    span: trace.Span
    queued_at: float = field(default_factory=time.monotonic)
    result: asyncio.Future[BatchedResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(frozen=True, slots=True)
class BatchedResult:
    """A segment's result and where its time went."""

    result: AcousticResult
    queue_ms: float
    compute_ms: float
    batch_size: int


def choose_batch(
    jobs: Sequence[Job], key: Callable[[AcousticSegment], object], max_items: int, max_tokens: int
) -> list[Job]:
    """Picks the next batch: the most urgent job, then others by urgency that may share its batch.

    The batch's padded size (items times longest segment) stays within `max_tokens`, except that one
    segment longer than that runs alone, and no more than `_MAX_PADDING` of it is padding.
    """
    ordered = sorted(jobs, key=lambda job: job.deadline)
    batch = ordered[:1]
    longest = n_tokens = len(batch[0].segment.tokens)
    for job in ordered[1:]:
        if len(batch) >= max_items:
            break
        new_longest = max(longest, len(job.segment.tokens))
        new_n_tokens = n_tokens + len(job.segment.tokens)
        padded = new_longest * (len(batch) + 1)
        if padded > max_tokens or padded - new_n_tokens > _MAX_PADDING * padded:
            continue
        if key(job.segment) != key(batch[0].segment):
            continue
        batch.append(job)
        longest, n_tokens = new_longest, new_n_tokens
    return batch


class Batcher:
    """Runs one model's segments in batches on an executor; waits on an event, never polls."""

    def __init__(
        self,
        model: Acoustic,
        executor: ThreadPoolExecutor,
        *,
        max_items: int,
        max_tokens: int,
        max_queued: int,
    ) -> None:
        self._model = model
        self._executor = executor
        self._max_items = max_items
        self._max_tokens = max_tokens
        self._max_queued = max_queued
        self._queue: list[Job] = []
        self._work = asyncio.Event()

    async def infer(self, segment: AcousticSegment, slack_ms: float, span: trace.Span) -> BatchedResult:
        """Synthesises a segment. When the caller is cancelled, a job that has not begun is dropped.

        Raises:
            Overloaded: when the queue is full.
        """
        if len(self._queue) >= self._max_queued:
            raise Overloaded(f"{self._max_queued} segments are queued, no more are taken")
        job = Job(segment, time.monotonic() + slack_ms / 1000.0, span)
        self._queue.append(job)
        self._work.set()
        try:
            return await job.result
        finally:
            if job in self._queue:
                self._queue.remove(job)

    async def run(self) -> None:
        """Serves the queue until cancelled."""
        while True:
            await self._work.wait()
            if not self._queue:
                self._work.clear()
                continue
            batch = choose_batch(self._queue, self._model.batch_key, self._max_items, self._max_tokens)
            for job in batch:
                self._queue.remove(job)
            await self._run_batch(batch)

    async def _run_batch(self, batch: Sequence[Job]) -> None:
        started = time.monotonic()
        links = [trace.Link(job.span.get_span_context()) for job in batch]
        with tracer.start_as_current_span(
            "acoustic.batch",
            trace.set_span_in_context(batch[0].span),
            links=links,
            attributes={
                "speechmesh.batch_size": len(batch),
                "speechmesh.tokens": sum(len(job.segment.tokens) for job in batch),
            },
        ):
            outcomes = await self._infer([job.segment for job in batch])
        compute_ms = (time.monotonic() - started) * 1000.0
        for job, outcome in zip(batch, outcomes, strict=True):
            if job.result.done():  # its caller left meanwhile
                continue
            if isinstance(outcome, Exception):
                job.result.set_exception(outcome)
            else:
                queue_ms = (started - job.queued_at) * 1000.0
                job.result.set_result(BatchedResult(outcome, queue_ms, compute_ms, len(batch)))

    async def _infer(self, segments: Sequence[AcousticSegment]) -> list[AcousticResult | Exception]:
        """Runs a batch; when it fails, each segment alone, so that a bad one fails by itself."""
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._executor, self._model.infer, segments)
            if len(results) != len(segments):  # unnoticed, it would end the loop, and every caller would wait
                raise ValueError(f"the model gave {len(results)} results for {len(segments)} segments")
            return list(results)
        except Exception as error:
            log.exception("a batch of %d segments failed", len(segments))
            if len(segments) == 1:
                return [
                    Internal("the acoustic model failed on this segment").with_traceback(error.__traceback__)
                ]
        return [outcome for segment in segments for outcome in await self._infer([segment])]
