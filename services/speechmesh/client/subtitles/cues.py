"""Cuts sentences into cues of at most two lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from speechmesh.client.subtitles.units import Break, Unit

MAX_COLUMNS = 42.0
"""The longest line, in Latin letters; a Chinese character takes 2.1 of them."""

# What a cue costs, where it ends, that it is much shorter than it could be, and each second over the longest that it
# should be shown: the cheapest cut is taken.
_CUE = 10.0
_ENDING = {Break.SENTENCE: 0.0, Break.CLAUSE: 1.0, Break.WORD: 6.0}
_SHORT = 8.0
_LONG, _LONG_MS = 5.0, 7000.0
# A line that ends within a clause is as bad as two lines whose lengths differ by half.
_LINE_ENDING = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.0, Break.WORD: 0.5}
_TOP_HEAVY = 0.1
# Shorter is a flash; a cue stays so long where the next leaves it the time.
_MIN_SHOWN_MS = 1000


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at a time: one or two lines, from `start_ms` to `end_ms` in the audio."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def cues(sentence: Sequence[Unit]) -> list[Cue]:
    """The cues of a sentence, which begin and end with their words. A unit longer than a line is one of its own."""
    n = len(sentence)
    best = [0.0] + [float("inf")] * n
    begins = [0] * (n + 1)
    for begin in range(n):
        for end in range(begin + 1, n + 1):
            lines = _lines(sentence[begin:end])
            if lines is None:
                break
            filled = min(sum(map(_columns, lines)) / (2 * MAX_COLUMNS), 1.0)
            over_s = max(sentence[end - 1].end_ms - sentence[begin].start_ms - _LONG_MS, 0.0) / 1000.0
            cost = best[begin] + _CUE + _SHORT * (1 - filled) ** 2 + _LONG * over_s
            cost += _ENDING[sentence[end - 1].ending]
            if cost < best[end]:
                best[end], begins[end] = cost, begin
    found: list[Cue] = []
    end = n
    while end:
        found.append(_cue(sentence[begins[end] : end]))
        end = begins[end]
    return found[::-1]


class Pacing:
    """Puts cues in order: not overlapping, and none a mere flash where there is room. One is held back for its next."""

    def __init__(self) -> None:
        self._held: Cue | None = None

    def add(self, cue: Cue) -> Iterator[Cue]:
        """The cue before this one, if there is one."""
        held, start_ms = self._held, cue.start_ms
        if held is not None:
            start_ms = max(start_ms, held.start_ms + 1)
            yield replace(held, end_ms=min(_shown_until(held), start_ms))
        self._held = replace(cue, start_ms=start_ms, end_ms=max(cue.end_ms, start_ms + 1))

    def finish(self) -> Iterator[Cue]:
        """The last one."""
        if self._held is not None:
            yield replace(self._held, end_ms=_shown_until(self._held))
        self._held = None


def _shown_until(cue: Cue) -> int:
    return max(cue.end_ms, cue.start_ms + _MIN_SHOWN_MS)


def _cue(units: Sequence[Unit]) -> Cue:
    lines = _lines(units)
    assert lines is not None
    text = tuple(_text(line) for line in lines)
    return Cue(round(units[0].start_ms), round(units[-1].end_ms), text)


def _lines(units: Sequence[Unit]) -> list[Sequence[Unit]] | None:
    """The units as one line or two, the better way; None where they do not fit."""
    if _fits(units):
        return [units]
    ways = []
    for i in range(1, len(units)):
        upper, lower = units[:i], units[i:]
        if not _fits(upper):
            break
        if _fits(lower):
            first, second = _columns(upper), _columns(lower)
            cost = abs(first - second) / MAX_COLUMNS + _LINE_ENDING[upper[-1].ending]
            ways.append((cost + _TOP_HEAVY * (first > second), i))
    if not ways:
        return None
    cut = min(ways)[1]
    return [units[:cut], units[cut:]]


def _fits(line: Sequence[Unit]) -> bool:
    return len(line) == 1 or _columns(line) <= MAX_COLUMNS


def _columns(line: Sequence[Unit]) -> float:
    return sum(unit.columns for unit in line) + sum(unit.blank for unit in line[:-1])


def _text(line: Sequence[Unit]) -> str:
    return "".join(unit.text + " " * unit.blank for unit in line).rstrip()
