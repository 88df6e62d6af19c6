"""What bounds a document and the values in it."""

from __future__ import annotations

from dataclasses import dataclass

from speechmesh.frontend import settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a document: one over the first group is refused, a value outside the second is clamped with a caution.

    Attributes:
        max_document_chars: the longest document, mark-up included, in code points.
        max_text_chars: the most characters to read, aliases and what audio falls back to included.
        max_elements: the most elements.
        max_depth: how deep elements may be nested.
        max_attributes: the most attributes of an element.
        max_attribute_chars: the longest value of an attribute, in code points.
        max_voices: the most voices that speak, the request's own counted whether it does or not.
        max_cautions: how many cautions are told; more are counted in the last one.
        min_rate: the slowest rate, as a factor on the voice's own.
        max_rate: the fastest.
        max_pitch_semitones: how far the pitch is shifted, up or down.
        min_volume_db: the softest level, but for silence.
        max_volume_db: the loudest.
        max_break_ms: the longest pause of one `<break>`.
        base_pitch_hz: the pitch that values in Hz are taken to be relative to, since a script knows no voice: between
            those of most men (120 Hz) and most women (210 Hz), by ear.
        plays_audio: whether `<audio>` plays files of the deployment's folder; if not, what stands in it is read.
    """

    max_document_chars: int = 500_000
    max_text_chars: int = 200_000
    max_elements: int = 20_000
    max_depth: int = 64
    max_attributes: int = 32
    max_attribute_chars: int = 4_096
    max_voices: int = 8
    max_cautions: int = 100
    min_rate: float = settings.MIN_RATE
    max_rate: float = settings.MAX_RATE
    max_pitch_semitones: float = 12.0
    min_volume_db: float = settings.MIN_VOLUME_DB
    max_volume_db: float = settings.MAX_VOLUME_DB
    max_break_ms: float = 10_000.0
    base_pitch_hz: float = 160.0
    plays_audio: bool = False
