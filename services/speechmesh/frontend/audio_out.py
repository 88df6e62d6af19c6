"""What leaves the frontend for a caller, before it is put on the wire."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from speechmesh.common.bundle import Tier
from speechmesh.common.features import FloatArray


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word is spoken: times in milliseconds of the stream, `start` and `end` in the caller's text."""

    text: str
    start_ms: float
    end_ms: float
    start: int
    end: int

    def moved(self, by_ms: float) -> Self:
        """The same at another time, not before the stream's begin."""
        start_ms, end_ms = max(self.start_ms + by_ms, 0.0), max(self.end_ms + by_ms, 0.0)
        return replace(self, start_ms=start_ms, end_ms=end_ms)


class PhonemeTime(WordTime):
    """When a phoneme is spoken, by the voice's own token; `start` and `end` are its word's."""


@dataclass(frozen=True, slots=True)
class MarkTime:
    """When a mark of the caller's document is reached, in milliseconds of the stream."""

    name: str
    start_ms: float

    def moved(self, by_ms: float) -> Self:
        """The same at another time, not before the stream's begin."""
        return replace(self, start_ms=max(self.start_ms + by_ms, 0.0))


@dataclass(frozen=True, slots=True)
class Times:
    """What starts in some audio."""

    words: Sequence[WordTime] = ()
    phonemes: Sequence[PhonemeTime] = ()
    marks: Sequence[MarkTime] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.phonemes or self.marks)

    def __add__(self, others: Times) -> Times:
        return Times(
            [*self.words, *others.words],
            [*self.phonemes, *others.phonemes],
            [*self.marks, *others.marks],
        )

    def between(self, begin_ms: float, end_ms: float) -> Times:
        """Those that start from `begin_ms` on and before `end_ms`."""
        return Times(
            [word for word in self.words if begin_ms <= word.start_ms < end_ms],
            [phoneme for phoneme in self.phonemes if begin_ms <= phoneme.start_ms < end_ms],
            [mark for mark in self.marks if begin_ms <= mark.start_ms < end_ms],
        )

    def moved(self, by_ms: float) -> Times:
        """The same at another time, not before the stream's begin."""
        return Times(
            [word.moved(by_ms) for word in self.words],
            [phoneme.moved(by_ms) for phoneme in self.phonemes],
            [mark.moved(by_ms) for mark in self.marks],
        )


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment: what is spoken and by whom, and its place in the caller's text."""

    index: int
    spoken_text: str
    start: int
    end: int
    tier: Tier | None = None
    duration_ms: float = 0.0
    voice: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class SpokenChunk:
    """Samples [N] of one segment, to be coded; see AudioChunk."""

    samples: FloatArray
    segment_index: int
    segment: SegmentInfo | None
    times: Times

    def parts(self, n_most: int, begin_ms: float, sample_rate_hz: int) -> Iterator[SpokenChunk]:
        """It, in parts of so many samples at most, each with what starts in it; `begin_ms` of the stream is its own."""
        segment, told_ms = self.segment, -math.inf
        for at in range(0, max(len(self.samples), 1), n_most):
            end = at + n_most
            end_ms = begin_ms + 1000.0 * end / sample_rate_hz if end < len(self.samples) else math.inf
            yield SpokenChunk(
                self.samples[at:end], self.segment_index, segment, self.times.between(told_ms, end_ms)
            )
            segment, told_ms = None, end_ms


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Coded audio of one segment; `segment` comes with the segment's first chunk."""

    audio: bytes
    offset_ms: float
    segment_index: int
    segment: SegmentInfo | None
    times: Times


@dataclass(slots=True)
class StageTime:
    """Time of one stage on one segment, in milliseconds after the request's arrival."""

    stage: str
    segment_index: int
    start_ms: float
    duration_ms: float = 0.0
    compute_ms: float = 0.0
    queue_ms: float = 0.0
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class TextWarning:
    """Something the caller should know about a part of the text."""

    code: str
    message: str
    start: int
    end: int


@dataclass(slots=True)
class Summary:
    """What was done and how long it took."""

    audio_s: float = 0.0
    n_segments: int = 0
    first_audio_ms: float = 0.0
    total_ms: float = 0.0
    voice_revision: str = ""
    stages: list[StageTime] = field(default_factory=list)
    warnings: list[TextWarning] = field(default_factory=list)
