"""`<mark>`: which segment tells the time of a mark, and before which of its words."""

from __future__ import annotations

from collections.abc import Sequence

from speechmesh.frontend.segment import Mark, SpokenSegment
from speechmesh.frontend.ssml import script as ssml

Place = tuple[int, str]
"""Where in a text a mark stands (code points), and its name."""


def marks_of(marks: Sequence[Place], segments: Sequence[SpokenSegment], index: int) -> tuple[Mark, ...]:
    """The marks of a text that belong to a segment of it: before its end, or behind the last one's."""
    is_first, is_last = index == 0, index + 1 == len(segments)
    words = segments[index].words
    return tuple(
        Mark(name, next((i for i, word in enumerate(words) if word.start >= at), len(words)))
        for at, name in marks
        if (is_first or segments[index].start <= at) and (is_last or at < segments[index + 1].start)
    )


def marks_in(items: Sequence[ssml.Item]) -> list[str]:
    """The marks in what a recording is played in place of: whoever waits for them is told at its beginning."""
    names: list[str] = []
    for item in items:
        if isinstance(item, ssml.Mark):
            names.append(item.name)
        elif isinstance(item, ssml.Audio):
            names += marks_in(item.fallback)
    return names
