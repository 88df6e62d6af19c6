"""Words whose pronunciation was given, in a text that a reader reads.

While it is read, a word stands for each of them, of which every reader makes one word. What it touches may make another
of the two together ("word" and "ly"): then it is parted from that, and the text is read again.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise, takewhile
from typing import Final

from speechmesh.frontend.english.morphology import attach_clitic
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Pause, Word
from speechmesh.frontend.ssml.source_map import Run

PLACEHOLDER: Final = "word"
_CLITICS: Final = ("'s", "'d", "'re", "'ll", "'ve", "'m", "'")


@dataclass(frozen=True, slots=True)
class Pronounced:
    """A word with its pronunciation.

    Attributes:
        start: where the placeholder begins in the text that is read.
        shown: what was written.
        phones: how it is said.
        language: of the phones, `en` or `zh`.
    """

    start: int
    shown: str
    phones: tuple[str, ...]
    language: str

    @property
    def end(self) -> int:
        """Where the placeholder ends."""
        return self.start + len(PLACEHOLDER)

    def is_alone(self, over: Sequence[Word]) -> bool:
        """Whether it became the only word of those over its place, or is nothing that the reader reads."""
        return not over or (len(over) == 1 and self._clitic(over[0]) is not None)

    def said(self, word: Word) -> Word | None:
        """The reader's word as it is said; None where it is another."""
        clitic = self._clitic(word)
        if clitic is None:
            return None
        phones = attach_clitic(self.phones, clitic) if clitic else self.phones
        return dataclasses.replace(word, text=self.shown + clitic, phones=phones)

    def _clitic(self, word: Word) -> str | None:
        """What English puts behind the placeholder: 's, or nothing; None where the word is another."""
        if word.start != self.start or not word.text.startswith(PLACEHOLDER):
            return None
        # The word of a link may end where the link does.
        clitic = word.text.removeprefix(PLACEHOLDER)
        return clitic if not clitic or (clitic in _CLITICS and self.language == "en") else None


def run_together(pronounced: Sequence[Pronounced], segments: Sequence[SpokenSegment]) -> list[Pronounced]:
    """Those that the reader made one word of together with what they touch."""
    words = [word for segment in segments for word in segment.words]
    result: list[Pronounced] = []
    first = 0
    for one in pronounced:
        while first < len(words) and words[first].end <= one.start:
            first += 1
        over = list(takewhile(partial(_begins_before, one.end), islice(words, first, None)))
        if not one.is_alone(over):
            result.append(one)
    return result


def _begins_before(place: int, word: Word) -> bool:
    return word.start < place


def with_pronunciations(
    items: Sequence[Word | Pause], pronounced: Sequence[Pronounced]
) -> list[Word | Pause]:
    """A segment's items with the pronunciations given for their places, and what was written there."""
    by_start = {one.start: one for one in pronounced}
    result: list[Word | Pause] = []
    for item in items:
        given = by_start.get(item.start) if isinstance(item, Word) else None
        said = given.said(item) if given and isinstance(item, Word) else None
        result.append(said or item)
    return result


class Parting:
    """Blanks around some of a text's placeholders; the methods make what belongs to the new text."""

    def __init__(self, around: Sequence[Pronounced]) -> None:
        """`around` is in the text's order."""
        self._starts = [one.start for one in around]
        self._ends = [one.end for one in around]

    def text(self, text: str) -> str:
        """The text."""
        cuts = [0, *sorted([*self._starts, *self._ends]), len(text)]
        return " ".join(text[start:end] for start, end in pairwise(cuts))

    def runs(self, runs: Sequence[Run]) -> list[Run]:
        """Where its characters come from; each placeholder has a run of its own, which its blanks share."""
        starts = set(self._starts)
        result: list[Run] = []
        at = 0
        for run in runs:
            blank = [Run(1, run.start, run.end, shared=True)] if at in starts else []
            result += [*blank, run, *blank]
            at += run.length
        return result

    def place(self, place: int) -> int:
        """A place."""
        return place + bisect_right(self._starts, place) + bisect_right(self._ends, place)

    def pronounced(self, pronounced: Sequence[Pronounced]) -> list[Pronounced]:
        """All placeholders."""
        return [dataclasses.replace(one, start=self.place(one.start)) for one in pronounced]
