"""The acoustic batcher: packs segments of different requests into one run, the most urgent first.

A model may make an utterance's frames little by little. Then the utterances under way and the segments in the queue
compete for each run by the moment at which their listeners run dry: a new request joins the others at their next run,
and one that is well ahead of its listener waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

from opentelemetry import trace

from speechmesh.acoustic.aside import Aside
from speechmesh.acoustic.batch_limits import BatchLimits
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families import Acoustic
from speechmesh.acoustic.finite import finite_or_error
from speechmesh.acoustic.jobs import Job, Listener, Piece
from speechmesh.acoustic.stage_pressure import SMALLER, StagePressure
from speechmesh.common import metrics
from speechmesh.common.errors import Internal, Overloaded, SpeechmeshError
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import is_out_of_memory
from speechmesh.common.telemetry import tracer

log = logging.getLogger(__name__)

# Padding is computed like everything else; company is not worth more of it.
_MAX_PADDING = 0.15
# Nor is it worth the time of who runs dry so soon: those who run dry this much later wait for the next run.
_URGENT_S = 0.5


def choose_batch(
    jobs: Sequence[Job], key: Callable[[AcousticSegment], object], max_items: int, max_tokens: int
) -> list[Job]:
    """Picks the segments to begin: the most urgent job, then others by urgency that may share its batch.

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


@dataclass(frozen=True)
class _Batch:
    """What one run takes: jobs to begin, and others under way. `urgent`: one of the listeners runs dry soon."""

    new: Sequence[Job]
    others: Sequence[Job]
    urgent: bool

    @property
    def jobs(self) -> list[Job]:
        """All of them."""
        return [*self.new, *self.others]


class Batcher:
    """Runs one model's segments in batches on an executor; waits on an event, never polls.

    Given a second executor, `aside`, those whose listeners have audio in hand run there, one batch of all voices' at a
    time, and an urgent segment need not wait for the end of their run: the model is then called from two threads at
    once. That pays where the threads of `aside` give way to others on the cores.
    """

    def __init__(
        self,
        model: Acoustic,
        executor: Executor,
        *,
        aside: Aside | None = None,
        frame_s: float,
        max_items: int,
        max_tokens: int,
        max_queued: int,
        max_under_way: int = 64,
        voice: str = "",
        pressure: StagePressure | None = None,
    ) -> None:
        self._model = model
        self._executor = executor
        self._aside = aside
        self._running_aside: frozenset[Job] = frozenset()
        self._aside_run: asyncio.Task[None] | None = None
        self._frame_s = frame_s
        self._limits = BatchLimits(max_items, max_tokens)
        self._max_queued = max_queued
        self._max_under_way = max_under_way
        self._labels = {metrics.VOICE: voice}
        self._pressure = pressure
        self._queue: list[Job] = []
        self._under_way: list[Job] = []
        self._work = asyncio.Event()
        # When one of those who wait for a run aside becomes urgent (`time.monotonic()`'s clock, seconds).
        self._urgent_at: float | None = None

    @property
    def n_queued(self) -> int:
        """Segments that wait for their first run."""
        return len(self._queue)

    @property
    def n_under_way(self) -> int:
        """Segments of which some frames are still to be made."""
        return len(self._under_way)

    async def stream(
        self, segment: AcousticSegment, slack_ms: float, span: trace.Span
    ) -> AsyncGenerator[Piece]:
        """Synthesises a segment, piece by piece. What its caller leaves behind is dropped before its next run.

        Raises:
            Overloaded: when the queue is full, or memory does not suffice for this segment.
            Internal: when the model fails on this segment, or its frames are not finite.
        """
        job = self.submit(segment)
        listener = self.join(job, slack_ms, span)
        try:
            async with aclosing(job.heard_by(listener)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self.leave(job, listener)

    def submit(self, segment: AcousticSegment, on_end: Callable[[Job], None] | None = None) -> Job:
        """Queues a segment, for listeners that join at once.

        Raises:
            Overloaded: when the queue is full.
        """
        if len(self._queue) >= self._max_queued:
            raise Overloaded(f"{self._max_queued} segments are queued, no more are taken")
        job = Job(segment, on_end)
        self._queue.append(job)
        self._work.set()
        return job

    def join(self, job: Job, slack_ms: float, span: trace.Span) -> Listener:
        """One more listener, who has audio for `slack_ms` left; the job may be urgent now."""
        listener = job.join(slack_ms, span)
        self._work.set()
        return listener

    def leave(self, job: Job, listener: Listener) -> None:
        """A listener has heard enough. When nobody is left, the job is dropped before its next run."""
        job.listeners.remove(listener)
        if not job.listeners:
            for jobs in (self._queue, self._under_way):
                if job in jobs:
                    jobs.remove(job)
                    self._work.set()  # somebody may have waited for its place

    async def run(self) -> None:
        """Serves the queue until cancelled. Were it at fault itself, all that wait would fail, and it would go on."""
        try:
            while True:
                await self._wait()
                try:
                    while (batch := self._choose()) is not None:
                        await self._start(batch)
                except Exception as error:
                    self._fail_all(error)
        finally:
            if self._aside_run is not None:
                self._aside_run.cancel()
                with suppress(asyncio.CancelledError):
                    await self._aside_run

    async def _wait(self) -> None:
        """Waits for news, or until somebody need not wait for a run aside any longer."""
        left_s = None if self._urgent_at is None else self._urgent_at - time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._work.wait()
        self._work.clear()

    async def _start(self, batch: _Batch) -> None:
        """Runs a batch to its end, or aside."""
        for job in batch.new:
            self._queue.remove(job)
        self._under_way += batch.new
        if self._aside is None or batch.urgent:
            await self._run_batch(batch, self._executor)
        else:
            self._aside.take()
            self._running_aside = frozenset(batch.jobs)
            self._aside_run = asyncio.create_task(self._run_aside(batch, self._aside.executor))
            # Even of a task that is cancelled before it begins.
            self._aside_run.add_done_callback(partial(self._end_aside, self._aside))

    async def _run_aside(self, batch: _Batch, executor: Executor) -> None:
        try:
            await self._run_batch(batch, executor)
        except Exception as error:
            self._fail_all(error)

    def _end_aside(self, aside: Aside, _: asyncio.Task[None]) -> None:
        self._running_aside = frozenset()
        aside.release(self._work)

    def _fail_all(self, error: Exception) -> None:
        """Nobody waits for a run that will not be."""
        log.error("the batcher failed", exc_info=error)
        failure = Internal("the acoustic stage failed on this segment")
        failure.__cause__ = error.with_traceback(None)
        jobs = [*self._queue, *self._under_way]
        self._queue.clear()
        self._under_way.clear()
        for job in jobs:
            job.fail(failure)

    def _choose(self) -> _Batch | None:
        """The jobs to begin now, and those under way that go on with them; None when nothing can be run.

        New ones get as many places as are among the most urgent of all: none takes that of a listener who runs dry
        sooner. One who runs dry soon goes without those who do not: a run takes longer with each.
        """
        self._urgent_at = None
        waiting = [job for job in (*self._under_way, *self._queue) if job not in self._running_aside]
        if not waiting:
            return None
        pressed = self._pressure is not None and self._pressure.level >= SMALLER
        now = time.monotonic()
        max_items, max_tokens = self._limits.at(now, halved=pressed)
        by_urgency = sorted(waiting, key=lambda job: job.deadline)
        first = by_urgency[0].deadline
        urgent = first - now < _URGENT_S
        if urgent:
            by_urgency = [job for job in by_urgency if job.deadline - first <= _URGENT_S]
        elif self._aside is not None and not self._aside.is_free(self._work):
            self._urgent_at = first - _URGENT_S
            return None
        begun = set(self._under_way)  # looked up once for each that waits
        queued = [job for job in by_urgency if job not in begun]
        n_urgent = sum(job not in begun for job in by_urgency[:max_items])
        places = min(n_urgent, self._max_under_way - len(self._under_way))
        new: list[Job] = []
        if places > 0:
            new = choose_batch(queued, self._model.batch_key, places, max_tokens)
        under_way = [job for job in by_urgency if job in begun]
        if not new and not under_way:
            # All places are taken by those who are not urgent: one must be left first.
            under_way = [job for job in sorted(waiting, key=lambda job: job.deadline) if job in begun]
            if not under_way:  # all of them run aside, and leave it soon
                return None
        return _Batch(new, under_way[: max_items - len(new)], urgent)

    async def _run_batch(self, run: _Batch, executor: Executor) -> None:
        batch = [job for job in run.jobs if job.listeners]  # they may have left since they were chosen
        if not batch:
            return
        new = [job for job in run.new if job in batch]
        spans = [listener.span for job in batch for listener in job.listeners]
        with tracer.start_as_current_span(
            "acoustic.batch",
            trace.set_span_in_context(spans[0]),
            links=[trace.Link(span.get_span_context()) for span in spans],
            attributes={
                "speechmesh.batch_size": len(batch),
                "speechmesh.begun": len(new),
                "speechmesh.tokens": sum(len(job.segment.tokens) for job in new),
                "speechmesh.urgent": run.urgent,
                "speechmesh.pressure_level": self._pressure.level if self._pressure else 0,
            },
        ):
            started = time.monotonic()
            for job in new:
                self._begin(job, started)
            outcomes = await self._advance(batch, executor)
        elapsed_s = time.monotonic() - started
        metrics.ACOUSTIC_BATCH_SIZE.record(len(batch), self._labels)
        for job, outcome in zip(batch, outcomes, strict=True):
            job.compute_s += elapsed_s
            job.batch_size = max(job.batch_size, len(batch))
            try:
                self._hand_out(job, outcome)
            except Exception as error:  # what it says of itself may be wrong; or its frames could not be kept
                log.exception("what came of a segment could not be handed out")
                self._hand_out(job, _failure(error))

    def _begin(self, job: Job, now: float) -> None:
        slack_s = job.deadline - job.queued_at
        job.began_at = now
        metrics.ACOUSTIC_QUEUE.record(now - job.queued_at, self._labels)
        if self._pressure is not None:
            self._pressure.observe(queue_ms=job.timing.queue_ms, slack_ms=slack_s * 1000.0)

    def _hand_out(self, job: Job, outcome: FloatArray | SpeechmeshError) -> None:
        if job not in self._under_way:  # its callers left meanwhile
            return
        if isinstance(outcome, SpeechmeshError):
            self._under_way.remove(job)
            job.fail(outcome)
        elif job.add(outcome, self._frame_s):
            self._under_way.remove(job)
            metrics.ACOUSTIC_COMPUTE.record(job.compute_s, self._labels)

    async def _advance(self, batch: Sequence[Job], executor: Executor) -> list[FloatArray | SpeechmeshError]:
        """Advances a batch; when that fails, each job alone, so that a bad one fails by itself.

        A batch for which memory did not suffice is tried in halves: all alone would take as many runs as there are
        listeners, who wait the longer.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(executor, self._run_model, batch)
        except Exception as error:
            if is_out_of_memory(error):
                parts = self._out_of_memory(batch, error)
                # It may be free in pieces, none of which is large enough.
                await loop.run_in_executor(executor, self.give_back)
            else:
                log.exception("a batch of %d segments failed", len(batch))
                parts = [[job] for job in batch]
            if len(batch) == 1:
                return [_failure(error)]
        return [outcome for part in parts for outcome in await self._advance(part, executor)]

    def _out_of_memory(self, batch: Sequence[Job], error: Exception) -> list[Sequence[Job]]:
        """Notes it, and cuts the batch in halves."""
        n = len(batch)
        outcome = "retried" if n > 1 else "failed"
        log.warning("memory did not suffice for a batch of %d segments, %s: %s", n, outcome, error)
        metrics.ACOUSTIC_OUT_OF_MEMORY.add(1, self._labels | {metrics.OUTCOME: outcome})
        trace.get_current_span().add_event("speechmesh.out_of_memory", {"speechmesh.batch_size": n})
        padded = n * max(len(job.segment.tokens) for job in batch)
        self._limits.shrink(n, padded, time.monotonic())
        return [batch[: n // 2], batch[n // 2 :]]

    def give_back(self) -> None:
        """On the worker thread: has the model give back memory that no run uses."""
        try:
            self._model.give_back()
        except Exception:  # memory may not suffice even for that
            log.warning("a model could give no memory back", exc_info=True)

    def _run_model(self, batch: Sequence[Job]) -> list[FloatArray | SpeechmeshError]:
        """On a worker thread: begins what has not begun, then advances all, and looks at what came of each."""
        new = [job for job in batch if job.utterance is None]
        if new:
            begun = self._model.begin([job.segment for job in new])
            _require_count(begun, new)
            for job, utterance in zip(new, begun, strict=True):
                job.utterance = utterance
        frames = self._model.advance([job.utterance for job in batch if job.utterance is not None])
        _require_count(frames, batch)
        return [finite_or_error(each, self._labels[metrics.VOICE]) for each in frames]


def _failure(error: Exception) -> SpeechmeshError:
    """What the callers of a segment that failed by itself are told."""
    failure: SpeechmeshError
    if is_out_of_memory(error):
        failure = Overloaded("memory does not suffice for this segment now")
    else:
        failure = Internal("the acoustic model failed on this segment")
    # Without its traceback, whose frames hold the model: that may have to go before this error does.
    failure.__cause__ = error.with_traceback(None)
    return failure


def _require_count(results: Sequence[object], jobs: Sequence[Job]) -> None:
    """Refuses a model's result that leaves a caller out: unnoticed, it would end the loop, and every caller wait."""
    if len(results) != len(jobs):
        raise ValueError(f"the model gave {len(results)} results for {len(jobs)} segments")
