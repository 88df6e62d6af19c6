"""One request's way through the vocoder: frames in, windows to the backend, samples out in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.tasks import TaskBag
from speechmesh.common.telemetry import tracer
from speechmesh.vocoder.backends import VocoderModel
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.windows import Ramp, SegmentWindows, Window, trim


@dataclass(frozen=True, slots=True)
class FramesIn:
    """Some frames [T, M] of a segment; `deadline` is on `time.monotonic()`'s clock, in seconds."""

    segment_index: int
    frames: FloatArray
    first_frame: int
    last: bool
    deadline: float


@dataclass(slots=True)
class SegmentTiming:
    """Where a segment's time went."""

    started: float = field(default_factory=time.monotonic)
    compute_ms: float = 0.0
    n_windows: int = 0
    n_frames_computed: int = 0
    first_window_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplesOut:
    """Samples [N] of one window, in order; `timing` comes with the segment's last."""

    segment_index: int
    first_sample: int
    samples: FloatArray
    last: bool
    timing: SegmentTiming | None


@dataclass(frozen=True, slots=True)
class _Pending:
    segment_index: int
    window: Window
    samples: asyncio.Task[FloatArray]
    timing: SegmentTiming


class VocoderStream:
    """Vocodes the segments of one request with one model."""

    def __init__(self, engine: VocoderEngine, model: VocoderModel) -> None:
        self._engine = engine
        self._model = model
        self._space = model.bundle.config.feature_space
        self._context = model.config.context_frames
        self._ramp = Ramp(model.config.ladder_frames, self._context, engine.settings.max_window_ms)

    async def run(self, frames: AsyncIterator[FramesIn]) -> AsyncGenerator[SamplesOut]:
        """Samples for `frames`, whose segments come one after the other.

        Raises:
            Incompatible: when frames are missing or a segment is too long.
            SpeechmeshError: whatever the backend raises.
        """
        # The queue's size bounds the windows in the backend; one more is being awaited in order.
        pending: asyncio.Queue[_Pending | None] = asyncio.Queue(self._engine.settings.max_windows_in_flight)
        async with TaskBag() as tasks:
            tasks.start(self._submit(frames, pending, tasks))
            async for item in tasks.drain(pending):
                samples = trim(
                    await item.samples,
                    item.window,
                    context=self._context,
                    hop_length=self._space.hop_length,
                )
                if item.timing.first_window_ms == 0.0:
                    item.timing.first_window_ms = (time.monotonic() - item.timing.started) * 1000.0
                yield SamplesOut(
                    item.segment_index,
                    item.window.first_frame * self._space.hop_length,
                    samples,
                    item.window.last,
                    item.timing if item.window.last else None,
                )

    async def _submit(
        self, frames: AsyncIterator[FramesIn], pending: asyncio.Queue[_Pending | None], tasks: TaskBag
    ) -> None:
        """Cuts windows off the incoming frames and sends them to the backend."""
        segment: SegmentWindows | None = None
        timing = SegmentTiming()
        n_frames = 0
        async for item in frames:
            if segment is None:
                segment, timing, n_frames = self._new_segment(), SegmentTiming(), 0
            n_frames += len(item.frames)
            if n_frames > self._engine.settings.max_segment_frames:
                raise Incompatible(f"a segment has over {self._engine.settings.max_segment_frames} frames")
            segment.push(item.frames, item.first_frame, last=item.last)
            while window := self._next_window(segment, item):
                slack_ms = self._slack_ms(item, window.first_frame)
                task = tasks.start(self._vocode(window, slack_ms, timing, item.segment_index))
                await pending.put(_Pending(item.segment_index, window, task, timing))
            if item.last:
                segment = None
        if segment is not None:
            raise Incompatible("the stream ended inside a segment")
        await pending.put(None)

    def _next_window(self, segment: SegmentWindows, item: FramesIn) -> Window | None:
        slack_ms = self._slack_ms(item, segment.position)
        max_frames = self._ramp.max_frames(slack_ms, self._engine.cost(self._model))
        window = segment.next(max_frames, urgent=slack_ms < 0)
        if window is not None:
            self._ramp.advance(window.size(self._context))
        return window

    def _new_segment(self) -> SegmentWindows:
        config = self._model.config
        return SegmentWindows(config.ladder_frames, self._context, self._space.n_mels, self._space.silence)

    def _slack_ms(self, item: FramesIn, first_frame: int) -> float:
        """Time until the listener runs dry when it has everything before `first_frame`."""
        ahead_ms = (first_frame - item.first_frame) * self._space.frame_ms
        return (item.deadline - time.monotonic()) * 1000.0 + ahead_ms

    async def _vocode(
        self, window: Window, slack_ms: float, timing: SegmentTiming, segment_index: int
    ) -> FloatArray:
        started = time.monotonic()
        attributes = {
            "speechmesh.segment_index": segment_index,
            "speechmesh.first_frame": window.first_frame,
            "speechmesh.n_frames": window.n_frames,
            "speechmesh.slack_ms": slack_ms,
        }
        with tracer.start_as_current_span("vocoder.window", attributes=attributes) as span:
            async with self._engine.turns.turn(started + slack_ms / 1000.0):
                waited_ms = (time.monotonic() - started) * 1000.0
                span.set_attribute("speechmesh.queue_ms", waited_ms)
                samples = await self._engine.backend.vocode(
                    self._model, window.frames, self._engine.priority(slack_ms - waited_ms)
                )
        window_ms = (time.monotonic() - started) * 1000.0
        self._engine.cost(self._model).note(window_ms, len(window.frames))
        timing.compute_ms += window_ms
        timing.n_windows += 1
        timing.n_frames_computed += len(window.frames)
        return samples
