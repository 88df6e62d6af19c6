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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from opentelemetry import trace

from speechmesh.acoustic.domain import AcousticSegment, Utterance, leading_surplus
from speechmesh.acoustic.families import Acoustic
from speechmesh.common.errors import Internal, Overloaded
from speechmesh.common.features import FloatArray
from speechmesh.common.telemetry import tracer

log = logging.getLogger(__name__)

# Padding is computed like everything else; company is not worth more of it.
_MAX_PADDING = 0.15


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a segment's time went: before its first run, in its runs, and the largest of these."""

    queue_ms: float
    compute_ms: float
    batch_size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some frames [n, M] of a segment, never none but in the last piece; its `frames_per_token` [P].

    Of its first pause no more is there than the segment wants. `timing` comes with the last piece.
    """

    frames: FloatArray
    frames_per_token: npt.NDArray[np.int64]
    timing: Timing | None


@dataclass(eq=False)
class Job:
    """A segment in the queue or under way. `deadline` is on `time.monotonic()`'s clock, in seconds."""

    segment: AcousticSegment
    deadline: float
    span: trace.Span
    queued_at: float = field(default_factory=time.monotonic)
    began_at: float = 0.0
    compute_s: float = 0.0
    batch_size: int = 0
    utterance: Utterance | None = None
    frames_per_token: npt.NDArray[np.int64] | None = None
    surplus: int = 0  # frames of the first pause that are still to be cut
    pieces: asyncio.Queue[Piece | Exception] = field(default_factory=asyncio.Queue)

    @property
    def timing(self) -> Timing:
        """So far."""
        return Timing((self.began_at - self.queued_at) * 1000.0, self.compute_s * 1000.0, self.batch_size)


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


class Batcher:
    """Runs one model's segments in batches on an executor; waits on an event, never polls."""

    def __init__(
        self,
        model: Acoustic,
        executor: ThreadPoolExecutor,
        *,
        frame_s: float,
        max_items: int,
        max_tokens: int,
        max_queued: int,
        max_under_way: int = 64,
    ) -> None:
        self._model = model
        self._executor = executor
        self._frame_s = frame_s
        self._max_items = max_items
        self._max_tokens = max_tokens
        self._max_queued = max_queued
        self._max_under_way = max_under_way
        self._queue: list[Job] = []
        self._under_way: list[Job] = []
        self._work = asyncio.Event()

    async def stream(
        self, segment: AcousticSegment, slack_ms: float, span: trace.Span
    ) -> AsyncGenerator[Piece]:
        """Synthesises a segment, piece by piece. What its caller leaves behind is dropped before its next run.

        Raises:
            Overloaded: when the queue is full.
            Internal: when the model fails on this segment.
        """
        if len(self._queue) >= self._max_queued:
            raise Overloaded(f"{self._max_queued} segments are queued, no more are taken")
        job = Job(segment, time.monotonic() + slack_ms / 1000.0, span)
        self._queue.append(job)
        self._work.set()
        try:
            while True:
                piece = await job.pieces.get()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
                if piece.timing is not None:
                    return
        finally:
            for jobs in (self._queue, self._under_way):
                if job in jobs:
                    jobs.remove(job)

    async def run(self) -> None:
        """Serves the queue until cancelled."""
        while True:
            await self._work.wait()
            if not self._queue and not self._under_way:
                self._work.clear()
                continue
            new, others = self._choose()
            for job in new:
                self._queue.remove(job)
            self._under_way += new
            await self._run_batch(new, others)

    def _choose(self) -> tuple[list[Job], list[Job]]:
        """The jobs to begin now, and those under way that go on with them.

        New ones get as many places as are among the most urgent of all: none takes that of a listener who runs dry
        sooner.
        """
        by_urgency = sorted([*self._under_way, *self._queue], key=lambda job: job.deadline)
        n_urgent = sum(job in self._queue for job in by_urgency[: self._max_items])
        places = min(n_urgent, self._max_under_way - len(self._under_way))
        new: list[Job] = []
        if places > 0:
            new = choose_batch(self._queue, self._model.batch_key, places, self._max_tokens)
        under_way = [job for job in by_urgency if job in self._under_way]
        return new, under_way[: self._max_items - len(new)]

    async def _run_batch(self, new: Sequence[Job], others: Sequence[Job]) -> None:
        batch = [*new, *others]
        started = time.monotonic()
        links = [trace.Link(job.span.get_span_context()) for job in batch]
        with tracer.start_as_current_span(
            "acoustic.batch",
            trace.set_span_in_context(batch[0].span),
            links=links,
            attributes={
                "speechmesh.batch_size": len(batch),
                "speechmesh.begun": len(new),
                "speechmesh.tokens": sum(len(job.segment.tokens) for job in new),
            },
        ):
            outcomes = await self._advance(batch)
        elapsed_s = time.monotonic() - started
        for job, outcome in zip(batch, outcomes, strict=True):
            job.began_at = job.began_at or started
            job.compute_s += elapsed_s
            job.batch_size = max(job.batch_size, len(batch))
            self._hand_out(job, outcome)

    def _hand_out(self, job: Job, outcome: FloatArray | Exception) -> None:
        if job not in self._under_way:  # its caller left meanwhile
            return
        if isinstance(outcome, Exception):
            self._under_way.remove(job)
            job.pieces.put_nowait(outcome)
            return
        assert job.utterance is not None
        if job.frames_per_token is None:
            job.frames_per_token = job.utterance.frames_per_token.copy()
            job.surplus = leading_surplus(job.frames_per_token, job.segment.max_leading_pause_frames)
            job.frames_per_token[0] -= job.surplus
        frames = outcome[job.surplus :]
        job.surplus -= len(outcome) - len(frames)
        finished = job.utterance.finished
        if finished:
            self._under_way.remove(job)
        if finished or len(frames):
            job.pieces.put_nowait(Piece(frames, job.frames_per_token, job.timing if finished else None))
        # The listener has so much more to play.
        job.deadline += len(frames) * self._frame_s

    async def _advance(self, batch: Sequence[Job]) -> list[FloatArray | Exception]:
        """Advances a batch; when that fails, each job alone, so that a bad one fails by itself."""
        loop = asyncio.get_running_loop()
        try:
            frames = await loop.run_in_executor(self._executor, self._run_model, batch)
            return list(frames)
        except Exception as error:
            log.exception("a batch of %d segments failed", len(batch))
            if len(batch) == 1:
                return [
                    Internal("the acoustic model failed on this segment").with_traceback(error.__traceback__)
                ]
        return [outcome for job in batch for outcome in await self._advance([job])]

    def _run_model(self, batch: Sequence[Job]) -> list[FloatArray]:
        """On the worker thread: begins what has not begun, then advances all."""
        new = [job for job in batch if job.utterance is None]
        if new:
            begun = self._model.begin([job.segment for job in new])
            _require_count(begun, new)
            for job, utterance in zip(new, begun, strict=True):
                job.utterance = utterance
        frames = self._model.advance([job.utterance for job in batch if job.utterance is not None])
        _require_count(frames, batch)
        return frames


def _require_count(results: Sequence[object], jobs: Sequence[Job]) -> None:
    """Refuses a model's result that leaves a caller out: unnoticed, it would end the loop, and every caller wait."""
    if len(results) != len(jobs):
        raise ValueError(f"the model gave {len(results)} results for {len(jobs)} segments")
