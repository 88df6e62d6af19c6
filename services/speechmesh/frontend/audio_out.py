"""What leaves the frontend for a caller, before it is put on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment: what is spoken, and its place in the caller's text."""

    index: int
    spoken_text: str
    start: int
    end: int
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class SpokenChunk:
    """Samples [N] of one segment, to be coded; see AudioChunk."""

    samples: FloatArray
    segment_index: int
    segment: SegmentInfo | None
    words: list[WordTime]


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Coded audio of one segment; `segment` comes with the segment's first chunk."""

    audio: bytes
    offset_ms: float
    segment_index: int
    segment: SegmentInfo | None
    words: list[WordTime]


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
