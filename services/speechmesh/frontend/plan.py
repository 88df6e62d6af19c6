"""What reading makes of a text: segments of spoken words, then of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped, PauseMark


class Ending(Enum):
    """How a segment ends, which decides its intonation."""

    STATEMENT = "statement"
    QUESTION = "question"
    EXCLAMATION = "exclamation"
    CONTINUATION = "continuation"


_ENDINGS = {
    PauseMark.QUESTION: Ending.QUESTION,
    PauseMark.EXCLAMATION: Ending.EXCLAMATION,
    PauseMark.STATEMENT: Ending.STATEMENT,
    PauseMark.PARAGRAPH: Ending.STATEMENT,
}


@dataclass(frozen=True, slots=True)
class TokenWord:
    """A word and its tokens: `text` as spoken, `start` and `end` in the caller's text (code points)."""

    text: str
    start: int
    end: int
    first_token: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class TokenSegment:
    """A segment ready for the acoustic stage: `tokens` (P) of the voice's table, pauses included.

    `features` are what the voice's table has besides, by name, an id a token (P).
    """

    tokens: Sequence[int]
    words: Sequence[TokenWord]
    features: Mapping[str, Sequence[int]] = field(default_factory=dict)


class Script(Protocol):
    """What is spoken, segment by segment; more may still be arriving."""

    @property
    def dropped(self) -> Sequence[Dropped]:
        """What cannot be spoken, as far as is known."""
        ...

    @property
    def warnings(self) -> Sequence[TextWarning]:
        """What else the caller should know."""
        ...

    @property
    def loudest_db(self) -> float:
        """By how much the loudest segment is to be louder than the voice, at least 0."""
        ...

    async def segment(self, index: int) -> SpokenSegment | None:
        """A segment, as soon as it is known; None behind the last one."""
        ...

    def ending(self, index: int) -> Ending:
        """How a segment ends that is known."""
        ...


@dataclass(frozen=True, slots=True)
class TextPlan:
    """What a text will be spoken as, segment by segment; phones come later, segment by segment."""

    segments: Sequence[SpokenSegment]
    dropped: Sequence[Dropped]
    warnings: Sequence[TextWarning] = ()
    loudest_db: float = 0.0

    async def segment(self, index: int) -> SpokenSegment | None:
        """See Script."""
        return self.segments[index] if index < len(self.segments) else None

    def ending(self, index: int) -> Ending:
        """How segment `index` ends; the text's last one ends a sentence even without a mark, or in brackets."""
        mark = self.segments[index].final
        if index == len(self.segments) - 1 and mark in (None, PauseMark.BRACKET):
            return Ending.STATEMENT
        return _ENDINGS.get(mark, Ending.CONTINUATION) if mark else Ending.CONTINUATION
