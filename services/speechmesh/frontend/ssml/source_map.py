"""Which part of the caller's document each character of a text came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that came from one part of the source.

    Attributes:
        length: how many characters of the text, at least 1.
        start: where their part of the source begins, in code points.
        end: where it ends, exclusive.
        shared: whether every character stands for the whole part (an entity, collapsed white space, a number that
            was written out); else character i came from code point `start + i`, and `end - start` is `length`.
    """

    length: int
    start: int
    end: int
    shared: bool = False

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The source of the run's characters `first` to `last`, both inclusive."""
        return (self.start, self.end) if self.shared else (self.start + first, self.start + last + 1)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The source of each character of a text, as runs in the text's order. All offsets are code points.

    Attributes:
        runs: their lengths add up to the text's.
    """

    runs: tuple[Run, ...]
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ends", tuple(accumulate(run.length for run in self.runs)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the source that the characters `start` to `end` (exclusive) came from.

        Raises:
            ValueError: when that is no character of the text.
        """
        if not 0 <= start < end <= len(self):
            raise ValueError(f"no characters {start} to {end} among {len(self)}")
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, end - 1)
        begin = self.runs[first].span(*[start - self._before(first)] * 2)[0]
        finish = self.runs[last].span(*[end - 1 - self._before(last)] * 2)[1]
        return begin, finish

    def _before(self, index: int) -> int:
        """How many characters come before run `index`."""
        return self._ends[index - 1] if index else 0

    def part(self, start: int, end: int) -> SourceMap:
        """The map of the characters `start` to `end` (exclusive) alone."""
        return SourceMap((Run(end - start, start, end),)).through(self) if start < end else EMPTY

    def through(self, source: SourceMap) -> SourceMap:
        """This map of a rewritten text to a text, led on through the text's own map to the text's source."""
        runs: list[Run] = []
        for run in self.runs:
            if run.shared or run.length == 1:
                runs.append(Run(run.length, *source.span(run.start, run.end), shared=True))
                continue
            for at in range(run.start, run.end):
                runs.append(Run(1, *source.span(at, at + 1), shared=True))
        return SourceMap(tuple(merged(runs)))


def merged(runs: Iterable[Run]) -> list[Run]:
    """The same map in as few runs as possible."""
    result: list[Run] = []
    for run in runs:
        exact = run if run.end - run.start != run.length or run.length != 1 else Run(1, run.start, run.end)
        last = result[-1] if result else None
        if last and not last.shared and not exact.shared and last.end == exact.start:
            result[-1] = Run(last.length + exact.length, last.start, exact.end)
        elif last and last.shared and exact.shared and (last.start, last.end) == (exact.start, exact.end):
            result[-1] = Run(last.length + exact.length, exact.start, exact.end, shared=True)
        else:
            result.append(exact)
    return result


EMPTY: Final = SourceMap(())
"""The map of an empty text."""
