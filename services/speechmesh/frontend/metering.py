"""What is counted of requests: how each ended, when its listener heard what, and what it was spoken in.

Nothing is recorded a chunk: it adds up here, and is recorded when a segment or a request ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self, get_args

from speechmesh.common import metrics
from speechmesh.common.bundle import TIERS, VoiceBundle
from speechmesh.common.ending import is_ending
from speechmesh.common.errors import InvalidInput, NotFound, Overloaded, SpeechmeshError, Unavailable
from speechmesh.frontend.audio_out import AudioChunk, SpokenChunk
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.request import CheckedRequest

Kind = Literal["text", "ssml", "live"]

# From here on a stop counts as heard; see "How performance is measured" of the bench.
_HEARD_GAP_MS = 50.0


# Ends of requests that alerts are about, as outcome and code.
_ENDS = (
    ("served", "OK"),
    ("cancelled", "CANCELLED"),
    ("failed", "UNAVAILABLE"),
    ("failed", "DEADLINE_EXCEEDED"),
    ("failed", "INTERNAL"),
)


def begin(voices: Collection[VoiceBundle]) -> None:
    """Shows the counters that alerts are about as 0: of one that first shows as 1, Prometheus sees no increase."""
    for outcome in ("resumed", "given_up"):
        metrics.FRONTEND_RESUMES.add(0, {metrics.OUTCOME: outcome})
    metrics.FRONTEND_RETRIES.add(0)
    for stage in ("acoustic", "vocoder"):
        metrics.FRONTEND_STAGE_FAILURES.add(0, {metrics.STAGE: stage, metrics.CODE: "UNAVAILABLE"})
    for voice in voices:
        for tier in voice.config.vocoders:
            metrics.FRONTEND_DEGRADED.add(0, {metrics.VOICE: voice.name, metrics.TIER: tier})
    for kind in get_args(Kind):
        refused = {metrics.OUTCOME: "refused", metrics.CODE: "RESOURCE_EXHAUSTED"}
        metrics.FRONTEND_REQUESTS.add(0, {metrics.KIND: kind, metrics.VOICE: "none", **refused})
        for voice in voices:
            labels = {metrics.KIND: kind, metrics.VOICE: voice.name}
            metrics.FRONTEND_GAPPED.add(0, labels)
            for outcome, code in _ENDS:
                metrics.FRONTEND_REQUESTS.add(0, labels | {metrics.OUTCOME: outcome, metrics.CODE: code})


class RequestMeter:
    """Counts a request's end, whatever it is, when its block ends.

    Attributes:
        voice: name of its voice, once that is known.
        is_heard: whether its caller has got some audio.
    """

    def __init__(self, kind: Kind, time_remaining: Callable[[], float | None]) -> None:
        """`time_remaining` tells how many seconds the caller still waits; None: for ever."""
        self._kind = kind
        self._time_remaining = time_remaining
        self.voice = "none"
        self.is_heard = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome, code = self._end(error)
        labels = {
            metrics.KIND: self._kind,
            metrics.VOICE: self.voice,
            metrics.OUTCOME: outcome,
            metrics.CODE: code,
        }
        metrics.FRONTEND_REQUESTS.add(1, labels)

    def _end(self, error: BaseException | None) -> tuple[str, str]:
        """Outcome and gRPC code."""
        if error is None:
            return "served", "OK"
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            # gRPC ends a handler whose deadline has passed as one whose caller has left, and so does our own shutdown.
            left_s = self._time_remaining()
            if left_s is not None and left_s <= 0:
                return "failed", "DEADLINE_EXCEEDED"
            return ("failed", "UNAVAILABLE") if is_ending() else ("cancelled", "CANCELLED")
        if isinstance(error, SpeechmeshError):
            refused = isinstance(error, InvalidInput | NotFound | Overloaded)
            if isinstance(error, Overloaded) and self.is_heard:  # it was taken, and breaks off
                refused = False
            return "refused" if refused else "failed", error.status.name
        return "failed", "INTERNAL"


class SpeechMeter:
    """Counts what is delivered of one request, or of one turn of live text."""

    def __init__(self, checked: CheckedRequest, kind: Kind, playback: Playback, sample_rate_hz: int) -> None:
        """`sample_rate_hz` is that of the chunks before they are coded."""
        self._playback = playback
        self._sample_rate_hz = sample_rate_hz
        parts = (checked, *checked.others.values())
        self._wanted_tiers = {part.voice.name: _wanted_tier(part) for part in parts}
        self._of_kind = {metrics.KIND: kind, metrics.VOICE: checked.voice.name}
        self._of_tier: dict[str, str] = {}
        self._segment = 0
        self._n_samples = 0
        self._coding_s = 0.0
        self._first_audio = False
        self._gapped = False
        self._failing = False

    def spoken(self, chunk: SpokenChunk) -> None:
        """A chunk of the stages', or of the cache's, goes to the coding."""
        if chunk.segment_index != self._segment:
            self._flush()
            self._segment = chunk.segment_index
        if chunk.segment is not None and not chunk.segment.voice:  # a recording, which nobody spoke
            self._of_tier = {}
        elif chunk.segment is not None:
            tier = chunk.segment.tier or "none"
            self._of_tier = {metrics.VOICE: chunk.segment.voice, metrics.TIER: tier}
            metrics.FRONTEND_SEGMENTS.add(1, self._of_tier)
            if tier != self._wanted_tiers[chunk.segment.voice]:
                metrics.FRONTEND_DEGRADED.add(1, self._of_tier)
        self._n_samples += len(chunk.samples)
        if self._failing:
            self._failing = False
            metrics.FRONTEND_RESUMES.add(1, {metrics.OUTCOME: "resumed"})
        for gap_ms in self._playback.gaps_ms:
            metrics.FRONTEND_GAPS.record(gap_ms / 1000.0, self._of_kind)
            self._gapped |= gap_ms > _HEARD_GAP_MS
        self._playback.gaps_ms.clear()

    @contextmanager
    def coding(self) -> Iterator[None]:
        """A chunk is coded while the block runs."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._coding_s += time.perf_counter() - started

    def sent(self, chunk: AudioChunk) -> None:
        """A coded chunk goes to the caller."""
        if chunk.audio and not self._first_audio:
            self._first_audio = True
            labels = self._of_kind | {metrics.TIER: self._of_tier.get(metrics.TIER, "none")}
            metrics.FRONTEND_FIRST_AUDIO.record(self._playback.elapsed_ms / 1000.0, labels)

    @contextmanager
    def retrying(self) -> Iterator[None]:
        """A stage went away, or is full. The block waits to ask again, and raises the stage's error in the end."""
        self._failing = True
        try:
            yield
        except (Unavailable, Overloaded):
            metrics.FRONTEND_RESUMES.add(1, {metrics.OUTCOME: "given_up"})
            raise
        metrics.FRONTEND_RETRIES.add(1)

    def end(self) -> None:
        """All is delivered that will be."""
        self._flush()
        if self._gapped:
            metrics.FRONTEND_GAPPED.add(1, self._of_kind)

    def _flush(self) -> None:
        """Records what has added up of a segment."""
        if self._of_tier:
            metrics.FRONTEND_AUDIO.add(self._n_samples / self._sample_rate_hz, self._of_tier)
            record_stage("coding", self._segment, self._coding_s)
        self._n_samples, self._coding_s = 0, 0.0


def _wanted_tier(checked: CheckedRequest) -> str:
    """The tier that a request wants: the best that its voice has, where it asks for none."""
    return checked.request.tier or next(name for name in TIERS if name in checked.voice.config.vocoders)


def count_recording(outcome: str) -> None:
    """A recording of a document ended; see metrics.FRONTEND_RECORDINGS."""
    metrics.FRONTEND_RECORDINGS.add(1, {metrics.OUTCOME: outcome})


def record_stage(stage: str, segment: int, duration_s: float) -> None:
    """A stage was waited for; see metrics.FRONTEND_STAGE."""
    labels = {metrics.STAGE: stage, metrics.SEGMENT: "later" if segment else "first"}
    metrics.FRONTEND_STAGE.record(duration_s, labels)
