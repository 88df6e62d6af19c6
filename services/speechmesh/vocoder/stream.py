"""One request's way through the vocoder: frames in, chunks to the backend, samples out in order.

Within a segment each chunk needs the state that the one before left, so they run one after the other. Segments do
not depend on each other: while one is being listened to, the next is on its way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from dataclasses import dataclass, field

import numpy as np
from opentelemetry import trace

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, Internal, Overloaded
from speechmesh.common.features import FloatArray
from speechmesh.common.tasks import TaskBag
from speechmesh.common.telemetry import tracer
from speechmesh.vocoder.backends import Chunk, Priority, Vocoded, VocoderModel
from speechmesh.vocoder.cut import Cut
from speechmesh.vocoder.cutters import new_cutter
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.metering import counted_segment, record_audio, record_chunk, record_overloaded
from speechmesh.vocoder.ramp import Ramp


@dataclass(frozen=True, slots=True)
class FramesIn:
    """Some frames [T, M] of a segment; `deadline` is on `time.monotonic()`'s clock, in seconds.

    `tier` on a segment's first frames is the tier for that segment; empty for the stream's. Where that is `auto`,
    `tiers_down` on them says how many steps below the best it is at least.
    """

    segment_index: int
    frames: FloatArray
    first_frame: int
    last: bool
    deadline: float
    tier: str = ""
    tiers_down: int = 0


@dataclass(slots=True)
class SegmentTiming:
    """Where a segment's time went."""

    started: float = field(default_factory=time.monotonic)
    compute_ms: float = 0.0
    queue_ms: float = 0.0
    n_chunks: int = 0
    n_frames_computed: int = 0
    first_chunk_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplesOut:
    """Samples [N] of one chunk, in order; `timing` comes with the segment's last."""

    segment_index: int
    first_sample: int
    samples: FloatArray
    last: bool
    model: VocoderModel
    timing: SegmentTiming | None


class _Segment:
    """A segment on its way: what has come of it, and what is done."""

    def __init__(self, index: int, model: VocoderModel) -> None:
        self.index = index
        self.model = model
        self.space = model.bundle.config.feature_space
        self.cutter = new_cutter(model.config, self.space)
        self.timing = SegmentTiming()
        self.samples: asyncio.Queue[SamplesOut | None] = asyncio.Queue(1)
        self.pushed = asyncio.Event()
        self.n_frames = 0
        self.n_samples_out = 0
        # On time.monotonic()'s clock, in seconds: when the listener runs dry that has nothing of the segment.
        self._deadline = 0.0

    def push(self, item: FramesIn) -> None:
        """Adds frames."""
        self.cutter.push(item.frames, item.first_frame, last=item.last)
        self.n_frames += len(item.frames)
        self._deadline = item.deadline - item.first_frame * self.space.frame_ms / 1000.0
        self.pushed.set()

    @property
    def deadline(self) -> float:
        """When the listener runs dry if nothing more comes than did."""
        return self._deadline + self.n_samples_out / self.space.sample_rate_hz


class VocoderStream:
    """Vocodes the segments of one request."""

    def __init__(self, engine: VocoderEngine, bundle: VoiceBundle, tier: str) -> None:
        self._engine = engine
        self._bundle = bundle
        self._tier = tier
        self._ramps: dict[str, Ramp] = {}
        self._heard = False  # whether there is any audio yet

    async def run(self, frames: AsyncIterator[FramesIn]) -> AsyncGenerator[SamplesOut]:
        """Samples for `frames`, whose segments come one after the other.

        Raises:
            Incompatible: when frames are missing, a segment is too long, or a tier is not served.
            SpeechmeshError: whatever the backend raises.
        """
        # Segments wait here in order, while their tasks work; one more is being listened to.
        segments: asyncio.Queue[_Segment | None] = asyncio.Queue()
        room = asyncio.Semaphore(self._engine.settings.max_segments_ahead)
        async with TaskBag() as tasks:
            tasks.start(self._read(frames, segments, room, tasks))
            async for segment in tasks.drain(segments):
                room.release()
                async for out in tasks.drain(segment.samples):
                    yield out

    async def _read(
        self,
        frames: AsyncIterator[FramesIn],
        segments: asyncio.Queue[_Segment | None],
        room: asyncio.Semaphore,
        tasks: TaskBag,
    ) -> None:
        """Takes the incoming frames to their segments, each of which begins when there is room for it."""
        max_frames = self._engine.settings.max_segment_frames
        segment: _Segment | None = None
        async for item in frames:
            if segment is None:
                # First the room: a tier that was chosen before may be gone, or have none itself, when it begins.
                await room.acquire()
                wanted = item.tier or self._tier or "auto"
                model = self._engine.choose(self._bundle, wanted, tiers_down=item.tiers_down)
                segment = _Segment(item.segment_index, model)
                segments.put_nowait(segment)
                tasks.start(self._vocode(segment, wanted))
            if segment.n_frames + len(item.frames) > max_frames:
                raise Incompatible(f"a segment has over {max_frames} frames")
            segment.push(item)
            if item.last:
                segment = None
        if segment is not None:
            raise Incompatible("the stream ended inside a segment")
        segments.put_nowait(None)

    async def _vocode(self, segment: _Segment, wanted_tier: str) -> None:
        """Cuts a segment's chunks and runs them, each with the state that the one before left."""
        attributes: dict[str, str | int] = {
            "speechmesh.segment_index": segment.index,
            "speechmesh.tier": segment.model.tier,
            "speechmesh.wanted_tier": wanted_tier,
        }
        span = tracer.start_as_current_span("vocoder.segment", attributes=attributes)
        with span, counted_segment(segment.model):
            async with self._engine.models.using(segment.model):
                await self._vocode_chunks(segment)
        await segment.samples.put(None)

    async def _vocode_chunks(self, segment: _Segment) -> None:
        state: FloatArray | None = None
        last = False
        while not last:
            cut = await self._next_cut(segment)
            vocoded = await self._run(segment, cut, state)
            samples = segment.cutter.trim(vocoded.samples, cut)
            state, last = vocoded.state, cut.last
            if len(samples) or last:
                await segment.samples.put(self._out(segment, samples, last=last))
        record_audio(segment.model, segment.n_samples_out)

    def _out(self, segment: _Segment, samples: FloatArray, *, last: bool) -> SamplesOut:
        timing, first_sample = segment.timing, segment.n_samples_out
        if first_sample == 0:
            timing.first_chunk_ms = (time.monotonic() - timing.started) * 1000.0
        segment.n_samples_out += len(samples)
        return SamplesOut(segment.index, first_sample, samples, last, segment.model, timing if last else None)

    async def _next_cut(self, segment: _Segment) -> Cut:
        """Waits for frames enough for a chunk of the right size, but not until the listener has nothing left."""
        ramp = self._ramp(segment.model)
        while True:
            segment.pushed.clear()
            cost = self._engine.cost(segment.model)
            slack_ms = (segment.deadline - time.monotonic()) * 1000.0
            spare_ms = slack_ms - ramp.least_ms(cost)
            if cut := segment.cutter.next(ramp.max_frames(slack_ms, cost), urgent=spare_ms <= 0.0):
                ramp.begun()
                return cut
            # What is at hand will have to do when the time comes; if that is now, there is nothing to be cut.
            await _within(segment.pushed.wait(), spare_ms / 1000.0 if spare_ms > 0.0 else None)

    def _ramp(self, model: VocoderModel) -> Ramp:
        if model.name not in self._ramps:
            context_frames = model.config.context_frames or 0
            max_chunk_ms = self._engine.settings.max_chunk_ms
            self._ramps[model.name] = Ramp(
                model.config.ladder_frames,
                context_frames,
                frame_ms=self._bundle.config.feature_space.frame_ms,
                max_chunk_ms=max_chunk_ms,
            )
        return self._ramps[model.name]

    async def _run(self, segment: _Segment, cut: Cut, state: FloatArray | None) -> Vocoded:
        if not len(cut.frames):  # a segment without frames is a segment without samples
            return Vocoded(cut.frames.reshape(-1))
        started = time.monotonic()
        deadline = segment.deadline
        attributes = {
            "speechmesh.segment_index": segment.index,
            "speechmesh.first_frame": cut.first_frame,
            "speechmesh.n_frames": cut.n_frames,
            "speechmesh.slack_ms": (deadline - started) * 1000.0,
        }
        chunk = Chunk(cut.frames, state, cut.last)
        with tracer.start_as_current_span("vocoder.chunk", attributes=attributes) as span:
            vocoded, queue_ms = await self._patiently(segment.model, chunk, deadline)
            span.set_attribute("speechmesh.queue_ms", queue_ms)
        self._heard = True
        chunk_ms = (time.monotonic() - started) * 1000.0
        urgent = self._engine.priority((deadline - started) * 1000.0) is Priority.URGENT
        self._engine.cost(segment.model).note(chunk_ms, len(cut.frames), urgent=urgent)
        timing = segment.timing
        timing.queue_ms += queue_ms
        timing.compute_ms += chunk_ms - queue_ms
        timing.n_chunks += 1
        timing.n_frames_computed += len(cut.frames)
        return vocoded

    async def _patiently(self, model: VocoderModel, chunk: Chunk, deadline: float) -> tuple[Vocoded, float]:
        """Runs a chunk; what came of it, and the milliseconds that it waited for its turn.

        A new listener is turned away at once when everything is full; one who is listening is not cut off.
        """
        started = time.monotonic()
        give_up_at = max(deadline, started) + self._engine.settings.overload_patience_ms / 1000.0
        while True:
            try:
                async with self._engine.turns.turn(deadline):
                    begun = time.monotonic()
                    queue_ms = (begun - started) * 1000.0
                    slack_ms = (deadline - begun) * 1000.0
                    self._engine.pressure.observe(queue_ms=queue_ms, slack_ms=slack_ms + queue_ms)
                    priority = self._engine.priority(slack_ms)
                    vocoded = _finite(await self._engine.backend.vocode(model, chunk, priority), model)
                    compute_s = time.monotonic() - begun
                    record_chunk(
                        model, priority, len(chunk.frames), queue_s=queue_ms / 1000.0, compute_s=compute_s
                    )
                    return vocoded, queue_ms
            except Overloaded as error:
                retried = self._heard and time.monotonic() <= give_up_at
                record_overloaded(retried=retried)
                if not retried:
                    raise
                trace.get_current_span().add_event("vocoder.overloaded")
                await asyncio.sleep(error.retry_after_ms / 1000.0)


async def _within(awaited: Awaitable[object], timeout_s: float | None) -> None:
    """Waits, but no longer."""
    try:
        async with asyncio.timeout(timeout_s):
            await awaited
    except TimeoutError:
        pass


def _finite(vocoded: Vocoded, model: VocoderModel) -> Vocoded:
    """What came of a chunk, if it can be heard. A state that is not finite shows in the samples of the chunk behind.

    Raises:
        Internal: when samples are no numbers, as frames that are none or a run in half precision give.
    """
    if not np.isfinite(vocoded.samples).all():
        raise Internal(f"the vocoder {model.name} gave samples that are not finite")
    return vocoded
