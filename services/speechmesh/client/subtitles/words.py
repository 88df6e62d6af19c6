"""Words as they are spoken, gathered into sentences as the caller wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_SENTENCE_END = re.compile(r"[.!?…。！？]\W*$|\n\s*\n")
# Where the next sentence begins in what stands between two words.
_NEXT_BEGINS = re.compile(r"\s|(?=[(\[{<“‘«「『（《〈【¿¡])")
# Nobody reads on through so long a silence.
_SILENCE_MS = 1500.0


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as spoken: its place in the caller's text (code points), its time, and its segment's index."""

    text_start: int
    text_end: int
    start_ms: float
    end_ms: float
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its place in the text, what stands around its words included, and its words.

    Words that were read from one piece of the text ("$5" is "five dollars") are one; places do not overlap.
    """

    text_start: int
    text_end: int
    words: Sequence[TimedWord]


class Sentences:
    """Gathers words in the order of their times."""

    def __init__(self, text: Sequence[str]) -> None:
        """`text` is what is seen of each code point; it may grow at its end."""
        self._text = text
        self._start = 0
        self._words: list[TimedWord] = []

    def add(self, word: TimedWord) -> Iterator[Sentence]:
        """The sentence that ends before a word, if one does.

        A sentence ends where a segment does whose text says so: the dot of "Dr. Smith" ends none.
        """
        last = self._words[-1] if self._words else None
        word = self._trimmed(word)
        if last is None:
            self._words.append(replace(word, text_start=max(word.text_start, self._start)))
        elif word.text_start < last.text_end:
            end, end_ms = max(last.text_end, word.text_end), max(last.end_ms, word.end_ms)
            self._words[-1] = replace(last, text_end=end, end_ms=end_ms, segment=word.segment)
        else:
            gap = self._seen(last.text_end, word.text_start)
            ends = word.segment != last.segment and _SENTENCE_END.search(
                self._seen(last.text_start, last.text_end) + gap
            )
            if ends or word.start_ms - last.end_ms > _SILENCE_MS:
                yield self._close(self._next_begins(last.text_end, word.text_start))
            self._words.append(word)

    def finish(self, *, whole: bool) -> Iterator[Sentence]:
        """The last sentence; with all that the text ends with where it was spoken as a whole."""
        if self._words:
            yield self._close(len(self._text) if whole else self._words[-1].text_end)

    def _close(self, end: int) -> Sentence:
        sentence = Sentence(self._start, end, self._words)
        self._start, self._words = end, []
        return sentence

    def _trimmed(self, word: TimedWord) -> TimedWord:
        """A word without white space at the ends of its place: "3:45 PM" may be read as "3:45" and " PM"."""
        start, end = word.text_start, min(word.text_end, len(self._text))
        while start < end and not self._text[start].strip():
            start += 1
        while start < end and not self._text[end - 1].strip():
            end -= 1
        return replace(word, text_start=start, text_end=end)

    def _seen(self, start: int, end: int) -> str:
        return "".join(self._text[start:end])

    def _next_begins(self, start: int, end: int) -> int:
        return next((i for i in range(start, end) if _NEXT_BEGINS.match(self._text[i])), end)
