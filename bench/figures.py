"""The arithmetic of the measurements: from the arrival times of audio to TTFA, gaps and RTFX. Pure.

Times are seconds on `time.monotonic()`'s clock, which all processes of a machine share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

GAP_S = 0.05  # A listener hears a pause of this length where none belongs.


@dataclass(frozen=True, slots=True)
class Chunk:
    """Audio that came at `at_s`: `audio_s` long; `audible` when any of it is not silence."""

    at_s: float
    audio_s: float
    audible: bool


@dataclass(slots=True)
class Stream:
    """One request: when its caller asked (open loop: was due to ask), what came when, and how it ended.

    `first_segment` is what a mesh's summary tells of its first segment: each stage's `queue_ms` and `compute_ms`.
    """

    started_s: float
    chunks: list[Chunk] = field(default_factory=list)
    ended_s: float = math.nan
    error: str = ""
    first_segment: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether it ended well, with audio."""
        return not self.error and not math.isnan(self.ended_s) and bool(self.chunks)

    @property
    def audio_s(self) -> float:
        """Length of its audio."""
        return sum(chunk.audio_s for chunk in self.chunks)

    @property
    def total_s(self) -> float:
        """From the request to the end of the answer."""
        return self.ended_s - self.started_s

    @property
    def first_byte_s(self) -> float:
        """From the request to the first chunk, silent or not."""
        return self.chunks[0].at_s - self.started_s

    @property
    def ttfa_s(self) -> float:
        """From the request to the first chunk that can be heard; infinite when none can."""
        return next((chunk.at_s - self.started_s for chunk in self.chunks if chunk.audible), math.inf)

    @property
    def rtf(self) -> float:
        """Processing time over audio time."""
        return self.total_s / self.audio_s


def gaps_s(chunks: Sequence[Chunk]) -> list[float]:
    """How long playback that starts at the first chunk stands still before each later chunk, where it does."""
    gaps: list[float] = []
    dry_at_s = math.inf
    for chunk in chunks:
        if chunk.at_s > dry_at_s:
            gaps.append(chunk.at_s - dry_at_s)
            dry_at_s = chunk.at_s
        dry_at_s = (chunk.at_s if math.isinf(dry_at_s) else dry_at_s) + chunk.audio_s
    return gaps


def heard_out_s(chunks: Sequence[Chunk]) -> float:
    """The moment at which a listener who began at the first chunk has heard all."""
    return chunks[0].at_s + sum(chunk.audio_s for chunk in chunks) + sum(gaps_s(chunks))


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The percentile with linear interpolation between ranks; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    rank = (len(ordered) - 1) * percent / 100.0
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    if ordered[low] == ordered[high]:  # also where both are infinite
        return ordered[low]
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def audio_within_s(streams: Iterable[Stream], begin_s: float, end_s: float) -> float:
    """Audio that arrived between two moments, whichever stream it belongs to."""
    return sum(
        chunk.audio_s for stream in streams for chunk in stream.chunks if begin_s <= chunk.at_s < end_s
    )


def spread(values: Iterable[float], percents: Sequence[float] = (50, 95, 99)) -> dict[str, float | None]:
    """Percentiles by name (`p50`, ...), rounded for JSON; None where one is infinite."""
    kept = list(values)
    found = {f"p{percent:g}": percentile(kept, percent) for percent in percents}
    return {name: _json_number(value) for name, value in found.items()}


def cell(streams: Sequence[Stream], begin_s: float, end_s: float) -> dict[str, Any]:
    """What a window of load showed: throughput of the window, and waiting of the streams that began in it."""
    began = [stream for stream in streams if begin_s <= stream.started_s < end_s]
    complete = [stream for stream in began if stream.complete]
    audio_s = audio_within_s(streams, begin_s, end_s)
    gaps = [gaps_s(stream.chunks) for stream in complete]
    errors = [stream.error for stream in began if stream.error]
    return {
        "window_s": end_s - begin_s,
        "audio_s": audio_s,
        "rtfx": audio_s / (end_s - begin_s),
        "streams": len(began),
        "complete": len(complete),
        "errors": {error: errors.count(error) for error in sorted(set(errors))},
        "audio_per_stream_s": _mean([stream.audio_s for stream in complete]),
        "ttfa_ms": spread(stream.ttfa_s * 1000.0 for stream in complete),
        "first_byte_ms": spread(stream.first_byte_s * 1000.0 for stream in complete),
        "total_ms": spread(stream.total_s * 1000.0 for stream in complete),
        "gap_share": _mean([float(any(gap > GAP_S for gap in each)) for each in gaps]),
        "gap_s": sum(map(sum, gaps)),
    }


def single(stream: Stream) -> dict[str, Any]:
    """What one request alone showed."""
    if not stream.complete:
        return {"error": stream.error or "no audio"}
    gaps = gaps_s(stream.chunks)
    return {
        "first_byte_ms": stream.first_byte_s * 1000.0,
        "ttfa_ms": _json_number(stream.ttfa_s * 1000.0),
        "total_ms": stream.total_s * 1000.0,
        "audio_s": stream.audio_s,
        "rtf": stream.rtf,
        "gap_s": sum(gaps),
        "longest_gap_ms": max(gaps, default=0.0) * 1000.0,
        "first_segment": stream.first_segment,
    }


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """A quotient; None where either side is missing or the denominator is nothing."""
    if numerator is None or not denominator:
        return None
    return numerator / denominator


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _json_number(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else round(value, 2)
