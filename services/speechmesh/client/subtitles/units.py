"""What stands together on a line: words as the caller wrote them, with their punctuation, and when they are spoken."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from speechmesh.client.subtitles.words import Sentence, TimedWord

_CLAUSE_END = re.compile(r"[,;:—–)\]，、；：）][^\w\s]*$")
_OPENING = frozenset("([{<“‘«「『（《〈【¿¡")
# A line takes 42 Latin letters or 20 Chinese characters.
_WIDE = 2.1


class Break(enum.IntEnum):
    """How well a line or cue ends behind a unit."""

    WORD = 0
    CLAUSE = 1
    SENTENCE = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of text that no line is broken in.

    Attributes:
        text: as the caller wrote it, with the punctuation around it, and one blank for white space.
        start_ms: when its first word begins.
        end_ms: when its last word ends.
        blank: whether white space follows it in the text.
        ending: what ends behind it.
        columns: how much of a line it takes, in Latin letters.
    """

    text: str
    start_ms: float
    end_ms: float
    blank: bool
    ending: Break
    columns: float = field(init=False)

    def __post_init__(self) -> None:
        columns = sum(_WIDE if _is_wide(character) else 1.0 for character in self.text)
        object.__setattr__(self, "columns", columns)  # frozen otherwise


def units(text: Sequence[str], sentence: Sentence) -> list[Unit]:
    """The units of a sentence; `text` is what is seen of each code point. Each word is in exactly one."""
    found: list[Unit] = []
    at_ms = sentence.words[0].start_ms
    for chunk, words, space in _chunks(text, sentence):
        shown, start_ms = chunk, at_ms
        if words:
            start_ms, at_ms = words[0].start_ms, words[-1].end_ms
        elif found and not any(map(str.isalnum, chunk)):
            # A dash between blanks stays with the word before it.
            last = found.pop()
            shown, start_ms = last.text + " " * last.blank + chunk, last.start_ms
        ending = Break.CLAUSE if _CLAUSE_END.search(shown) or "\n" in space else Break.WORD
        found.append(Unit(shown, start_ms, at_ms, bool(space), ending))
    if found:
        found[-1] = replace(found[-1], ending=Break.SENTENCE)
    return found


def _chunks(text: Sequence[str], sentence: Sentence) -> Iterator[tuple[str, list[TimedWord], str]]:
    """Pieces between the places where a line may be broken: text, words in it, the white space behind it."""
    words = iter(sentence.words)
    word = next(words, None)
    inside: list[TimedWord] = []
    chunk = space = ""
    for i in range(sentence.text_start, sentence.text_end):
        while word is not None and i >= word.text_end:
            word = next(words, None)
        within = word is not None and word.text_start < i
        for character in _visible(text[i]):
            if character.isspace() and not within:
                space += character
                continue
            if chunk and not within and (space or _may_break(chunk[-1], character)):
                yield chunk, inside, space
                chunk, inside = "", []
            blank = character.isspace()
            if not (blank and chunk.endswith(" ")):
                chunk += " " if blank else character
            space = ""
        if word is not None and i == word.text_start:
            inside.append(word)
    if chunk:
        yield chunk, inside, space


def _visible(seen: str) -> str:
    """Without control characters, which no line can show."""
    return "".join(c for c in seen if c.isspace() or unicodedata.category(c) != "Cc")


def _may_break(before: str, after: str) -> bool:
    """Whether a line may be broken between two characters without white space: beside Chinese, not before a mark."""
    if not (_is_wide(before) or _is_wide(after)) or before in _OPENING:
        return False
    return after in _OPENING or not unicodedata.category(after).startswith("P")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
