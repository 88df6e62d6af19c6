"""What a segment adds to its request's way of speaking, bounded by what is spoken at all."""

from __future__ import annotations

import math
from collections.abc import Iterable

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.marked.text_warnings import TextWarnings
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import Manner, SpokenSegment
from speechmesh.frontend.settings import MAX_RATE, MIN_RATE


def spoken_rate(checked: CheckedRequest, manner: Manner) -> float:
    """The rate of a manner, as a factor on the voice's own: no error, as each factor by itself was within bounds."""
    return min(max(checked.rate * manner.rate, MIN_RATE), MAX_RATE)


def bounded_rates(checked: CheckedRequest, segments: Iterable[SpokenSegment]) -> list[TextWarning]:
    """What the caller should know of segments that are not as fast or slow as request and document together ask."""
    warnings = TextWarnings()
    for segment in segments:
        asked, rate = checked.rate * segment.manner.rate, spoken_rate(checked, segment.manner)
        if segment.clip is None and not math.isclose(rate, asked, rel_tol=1e-3):
            message = (
                f"rate of {asked:.3g} ({checked.rate:.3g} of the request, {segment.manner.rate:.3g} of the document) "
                f"is taken as {rate:.3g}"
            )
            warnings.tell("SSML_VALUE_CLAMPED", message, segment.start, segment.end)
    return list(warnings.all())
