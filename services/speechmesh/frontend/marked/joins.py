"""`<break strength="none"/>`: the words around it follow each other without a pause, whatever stands there."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Pause, Word


def joined(segments: Sequence[SpokenSegment], places: Sequence[int]) -> list[SpokenSegment]:
    """The segments without the pauses at some places; those of a sentence end keep their intonation.

    Args:
        segments: in order.
        places: in the text that the segments' places are of, in order.
    """
    if not places:
        return list(segments)
    result: list[SpokenSegment] = []
    for index, segment in enumerate(segments):
        following = segments[index + 1].start if index + 1 < len(segments) else places[-1]
        runs_on = segment.runs_on or _is_any_within(places, segment.words[-1].end, following)
        items = tuple(_without_pauses(segment, places))
        result.append(dataclasses.replace(segment, items=items, runs_on=runs_on))
    return result


def _without_pauses(segment: SpokenSegment, places: Sequence[int]) -> Iterator[Word | Pause]:
    items = segment.items
    for at, item in enumerate(items):
        is_between = 0 < at < len(items) - 1
        if (
            isinstance(item, Pause)
            and is_between
            and _is_any_within(places, items[at - 1].end, items[at + 1].start)
        ):
            continue
        yield item


def _is_any_within(places: Sequence[int], first: int, last: int) -> bool:
    """Whether any of some places in order is from `first` to `last`, both inclusive."""
    at = bisect_left(places, first)
    return at < len(places) and places[at] <= last
