"""What passes between the scanner and its recognisers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import NamedTuple

from speechmesh.frontend.english.folding import FoldedText
from speechmesh.frontend.english.shouting import Shouting
from speechmesh.frontend.spoken import Dropped, Pause, PauseMark, SpokenText, Word


class Piece(NamedTuple):
    """Words read from ``text[start:end]`` of the folded text.

    ``words`` holds tokens between spaces: a lower-case word; a letter's name as a capital, with an
    ending if it has one ("C P U's"); or a pause's mark (see PauseMark). Empty for what is silent.
    """

    words: str
    start: int
    end: int


class Reading(NamedTuple):
    """What a recogniser read, and where the scanner goes on."""

    pieces: tuple[Piece, ...]
    end: int


NEXT_WORD = re.compile(r"[ \n]{0,3}[\"'(\[]{0,2}([A-Za-z]{1,40})")
_PAUSES = {mark.value: mark for mark in PauseMark}


class Context:
    """The text being read, where it stands in its line, and what has been said so far."""

    def __init__(self, folded: FoldedText) -> None:
        self.folded = folded
        self.text = folded.text
        self.line_start = 0
        self.shouting = Shouting(folded.text)
        self.line_is_item = False  # a bullet, heading or table row: its end is a sentence's end
        self.in_quotes = False
        self.math_end = 0  # where the mathematics between dollar signs ends
        self.link_item: int | None = None  # items said before the "[" that may open a link
        self.items: list[Word | Pause] = []
        self._dropped = list(folded.dropped)
        self._sources: list[tuple[int, int]] = []  # folded spans of the current sentence's words

    # what was said ------------------------------------------------------------------------------

    @property
    def previous(self) -> str:
        """The last word said in this sentence, "" at its start."""
        return self.recent(1)

    @property
    def previous_source(self) -> str:
        """The last word said in this sentence as it was written, "" at the sentence's start."""
        return self.text[slice(*self._sources[-1])] if self._sources else ""

    @property
    def adjacent_source(self) -> str:
        """The last word as it was written, "" if a pause came after it."""
        return self.previous_source if self.items and isinstance(self.items[-1], Word) else ""

    @property
    def previous_opens_sentence(self) -> bool:
        """Whether the last token is the sentence's first, so that its capital means nothing."""
        return bool(self._sources) and self._sources[-1] == self._sources[0]

    def recent(self, count: int) -> str:
        """Up to ``count`` last words of this sentence, joined by spaces."""
        count = min(count, len(self._sources))
        words = [item.text for item in self.items[-2 * count - 1 :] if isinstance(item, Word)]
        return " ".join(words[-count:]) if count else ""

    def previous_is_name(self) -> bool:
        """Whether the word just before is capitalised for being a name."""
        return self.adjacent_source[:1].isupper() and not self.previous_opens_sentence

    # what comes ---------------------------------------------------------------------------------

    def next_word(self, position: int) -> str:
        """The word after ``position`` as written, "" if something else comes first."""
        match = NEXT_WORD.match(self.text, position)
        return match[1] if match else ""

    # saying -------------------------------------------------------------------------------------

    def add(self, reading: Reading) -> None:
        """Append a reading's words and pauses."""
        for words, start, end in reading.pieces:
            if words:
                self._say(words, start, end)
            elif any(character.isalnum() for character in self.text[start:end]):
                self.drop(start, end)

    def _say(self, words: str, start: int, end: int) -> None:
        source_start, source_end = self.folded.starts[start], self.folded.ends[end - 1]
        for token in words.split():
            if token in _PAUSES:
                self._pause(Pause(_PAUSES[token], source_start, source_end))
                continue
            self.items.append(Word(token.lower(), source_start, source_end, token[0].isupper()))
            self._sources.append((start, end))

    def _pause(self, pause: Pause) -> None:
        if not self.items:
            return  # silence before the first word is not worth a pause
        if pause.mark.ends_sentence:
            self._sources.clear()
        last = self.items[-1]
        if isinstance(last, Pause):
            if last.mark is PauseMark.PARAGRAPH:
                return
            if not (pause.mark is PauseMark.PARAGRAPH and last.mark.ends_sentence):
                mark = max(last.mark, pause.mark, key=lambda mark: mark.strength)
                self.items[-1] = Pause(mark, last.start, pause.end)
                return
        self.items.append(pause)

    def drop(self, start: int, end: int) -> None:
        """Report ``text[start:end]`` as not spoken."""
        source_start, source_end = self.folded.starts[start], self.folded.ends[end - 1]
        self._dropped.append(Dropped("", source_start, source_end))

    def extend_last_word(self, end: int) -> None:
        """Let the last word cover everything up to ``end``, such as the target of its link."""
        source_end = self.folded.ends[end - 1]
        for index in range(len(self.items) - 1, -1, -1):
            item = self.items[index]
            self.items[index] = dataclasses.replace(item, end=source_end)
            if isinstance(item, Word):
                return

    def possess_last_word(self, begin: int, end: int) -> bool:
        """Make the word before a genitive: "flight 1208's" is "twelve oh eight's"; whether one ends there."""
        last = self.items[-1] if self.items else None
        if not isinstance(last, Word) or last.end < self.folded.ends[begin - 1]:
            return False  # a footnote's mark is silent
        self.items[-1] = dataclasses.replace(last, text=f"{last.text}'s", end=self.folded.ends[end - 1])
        return True

    def finish(self) -> SpokenText:
        """Everything said, with the dropped runs in order, those that touch in one."""
        runs: list[tuple[int, int]] = []
        for run in sorted(self._dropped, key=lambda run: run.start):
            if runs and run.start <= runs[-1][1]:
                runs[-1] = (runs[-1][0], max(runs[-1][1], run.end))
            else:
                runs.append((run.start, run.end))
        source = self.folded.source
        return SpokenText(
            tuple(self.items), tuple(Dropped(source[start:end], start, end) for start, end in runs)
        )


Recogniser = Callable[[Context, int], Reading | None]
"""Reads what begins at a position of the context's text, or answers None: not mine."""


def whole(words: str, start: int, end: int) -> Reading:
    """A reading whose words all come from ``text[start:end]``, where the scanner goes on."""
    return Reading((Piece(words, start, end),), end)
