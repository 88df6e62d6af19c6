"""What a normaliser makes of a text: words to pronounce, pauses, and what could not be spoken.

These types know no language. Offsets count code points of the caller's text, the end exclusive.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class PauseMark(enum.Enum):
    """Why the voice pauses, weakest first within a sentence, then the marks that end one."""

    BRACKET = "("
    COMMA = ","
    DASH = "—"
    COLON = ":"
    SEMICOLON = ";"
    ELLIPSIS = "…"
    STATEMENT = "."
    EXCLAMATION = "!"
    QUESTION = "?"
    PARAGRAPH = "¶"

    @property
    def ends_sentence(self) -> bool:
        """Whether the next word begins a new sentence."""
        return self in _SENTENCE_ENDS

    @property
    def strength(self) -> int:
        """Rank from 0 (weakest): where several marks meet, the strongest is heard."""
        return _STRENGTH[self]


_SENTENCE_ENDS = frozenset(
    {PauseMark.STATEMENT, PauseMark.EXCLAMATION, PauseMark.QUESTION, PauseMark.PARAGRAPH}
)
_STRENGTH = {mark: rank for rank, mark in enumerate(PauseMark)}


@dataclass(frozen=True, slots=True)
class Word:
    """One word to pronounce.

    Attributes:
        text: the spelling to pronounce, in lower case; English: only ``[a-z']``, a letter first.
        start: where the part of the caller's text begins that this word was read from. Words read
            from one token ("$5" is "five dollars") share the token's span.
        end: where that part ends.
        letter_name: the name of a letter ("f" of FBI), not a word. A plural or possessive keeps its
            ending: the "u's" of CPUs is the name of U followed by an s sound.
        phones: its pronunciation where one was given, in the units of the language's G2P; empty: as it is spelled.
    """

    text: str
    start: int
    end: int
    letter_name: bool = False
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause between words, with the span of the punctuation or white space that asked for it."""

    mark: PauseMark
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A run of characters that cannot be spoken: another script, emoji, mark-up."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text as it will be spoken.

    Attributes:
        items: words and pauses in order; starts and ends never decrease. No pause comes before the
            first word. Only PARAGRAPH may follow another pause directly, where a sentence ended
            with its paragraph.
        dropped: what is not spoken, in order.
    """

    items: tuple[Word | Pause, ...]
    dropped: tuple[Dropped, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words alone."""
        return tuple(item for item in self.items if isinstance(item, Word))
