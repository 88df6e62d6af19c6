"""A turn's text as it arrives, and what of it can be spoken already: nothing that more text could still change.

A sentence is safe when two words stand behind it: abbreviations and numbers are told from dots and spaces by what
follows them. Within a sentence only the turn's first clause is as it would be in the whole text; the rest of a long
sentence is cut evenly, which its end decides. Who runs dry sooner than that end comes is given a clause nevertheless.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.marked.text_warnings import TextWarnings
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped, Pause, Word

# Called with a text, the most words of a segment, and of a first sentence that is not cut.
Planner = Callable[[str, int, int], TextPlan | MarkedPlan]

_LOOKAHEAD_WORDS = 2
# What a word is where words have blanks between them; of Chinese each character.
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3400-\u4dbf\u4e00-\u9fff]+(?=\s)")
_MAY_END = re.compile(r"[\s\u3400-\u4dbf\u4e00-\u9fff]")
# A sentence without an end is cut when it has so many times the words of a segment.
_ENDLESS = 3
_NEVER = 1 << 30
# At a standstill the last word is whole when this follows it: a blank, or a mark behind what is no number.
_WHOLE_END = re.compile(
    r"(?:\s|[\u3400-\u4dbf\u4e00-\u9fff，。！？；：、…”』」）》】]"
    r"|[^\W\d_][.,;:!?)\]\"'”][.,;:!?)\]\"'”’]*|[\d%][!?][)\]\"'”’]*)$"
)
# What ends so may go on as another word: 银 as 银行, 2024年 as a date.
_MAY_GO_ON = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]$")
_NUMBER_END = re.compile(r"[第零〇一二两三四五六七八九十百千万亿点\d.,:%]*$")


class LiveText:
    """Not for several threads at once; `plan` is called where `take` is.

    Attributes:
        text: of the turn, as far as it has come.
        dropped: parts of what was taken that cannot be spoken.
    """

    def __init__(self, plan: Planner, *, max_words: int, first_max_words: int) -> None:
        self._plan = plan
        self._max_words, self._first_max_words = max_words, first_max_words
        self._taken = 0  # characters that are spoken or dropped
        self._any = False
        self.text = ""
        self.dropped: list[Dropped] = []
        self._warnings = TextWarnings()

    @property
    def warnings(self) -> Sequence[TextWarning]:
        """What else the caller should know of what was taken, each thing once."""
        return self._warnings.all()

    @property
    def waiting(self) -> str:
        """What is not taken yet."""
        return self.text[self._taken :]

    def append(self, text: str) -> None:
        """More of it."""
        self.text += text

    def take(
        self, *, hungry: bool = False, idle: bool = False, flushed: int = 0, all_of_it: bool = False
    ) -> list[tuple[SpokenSegment, Ending]]:
        """The segments that can be spoken now, each with how it ends; their places are the turn's.

        What was flushed comes alone: what is behind it is for the next time.

        Args:
            hungry: the listener runs dry; a clause is better than a gap.
            idle: no text has come for a while; what is complete is spoken, a word that may still go on is not.
            flushed: so many characters from the turn's first one on are to be spoken, whatever comes behind them.
            all_of_it: nothing more comes.
        """
        if all_of_it:
            return self._take_whole(len(self.text))
        return self._take_whole(flushed) or self._take_safe(hungry=hungry, idle=idle)

    def _take_whole(self, end: int) -> list[tuple[SpokenSegment, Ending]]:
        """All that stands before a place in the turn's text, as if nothing stood behind it."""
        waiting = self.text[self._taken : end]
        if not waiting.strip():
            return []
        plan = self._planned(waiting)
        return self._advance(waiting, plan, len(plan.segments))

    def _take_safe(self, *, hungry: bool, idle: bool) -> list[tuple[SpokenSegment, Ending]]:
        """What more text is not to change."""
        waiting = self.waiting
        if not (idle and _WHOLE_END.search(waiting)):
            # Half a word may be read as more words than the whole one: "dw" is two letters, "dwell" one word.
            waiting = waiting[: _last_blank(waiting)]
        if not waiting.strip():
            return []
        plan = self._planned(waiting)
        if idle and _MAY_GO_ON.search(self.waiting):
            waiting = waiting[: _last_word(waiting, plan)]
            plan = self._planned(waiting)
        count = len(plan.segments) if idle else self._n_safe(waiting, plan, hungry)
        return self._advance(waiting, plan, count) if count else []

    def _planned(self, waiting: str) -> TextPlan | MarkedPlan:
        return self._plan(waiting, self._max_words, _NEVER if self._any else self._first_max_words)

    def _advance(
        self, waiting: str, plan: TextPlan | MarkedPlan, count: int
    ) -> list[tuple[SpokenSegment, Ending]]:
        """Takes the first `count` segments of what waits; all of what waits where that is all its segments."""
        taken = [(plan.segments[i], plan.ending(i)) for i in range(count)]
        end = len(waiting) if count == len(plan.segments) else taken[-1][0].end
        # What is dropped in one piece is told in one.
        end = max([end, *(part.end for part in plan.dropped if part.start < end)])
        moved = [(_moved(segment, self._taken), ending) for segment, ending in taken]
        self.dropped += [
            dataclasses.replace(part, start=part.start + self._taken, end=part.end + self._taken)
            for part in plan.dropped
            if part.end <= end
        ]
        for told in plan.warnings:
            if told.start < end:
                self._warnings.tell(told.code, told.message, told.start + self._taken, told.end + self._taken)
        self._taken += end
        self._any = self._any or bool(moved)
        return moved

    def _n_safe(self, waiting: str, plan: TextPlan | MarkedPlan, hungry: bool) -> int:
        """How many segments from the first on no further text can change; hungry, whose clauses are whole."""
        segments = plan.segments
        n = 0
        n_words = 0
        for i, segment in enumerate(segments[:-1]):
            if not _goes_on_whole(segment, segments[i + 1]) or not _is_followed(waiting, segment.end):
                break
            n_words += len(segment.words)
            ends_sentence = segment.final is not None and segment.final.ends_sentence
            first_clause = i == 0 and not self._any and _is_first_clause(segment)
            if ends_sentence or first_clause:
                n, n_words = i + 1, 0
            elif hungry or n_words + len(segments[i + 1].words) > _ENDLESS * self._max_words:
                n = i + 1
        return n


def _is_first_clause(segment: SpokenSegment) -> bool:
    """Whether a text's first sentence is cut there however it goes on: at its first pause behind two words."""
    n_words = 0
    for item in segment.items:
        if isinstance(item, Pause) and n_words > 1:
            return False
        n_words += isinstance(item, Word)
    return n_words > 1 and segment.final is not None


def _goes_on_whole(segment: SpokenSegment, following: SpokenSegment) -> bool:
    """Whether the cut between the two does not fall into a number or a word of the text."""
    return segment.end <= following.words[0].start


def _is_followed(text: str, end: int) -> bool:
    """Whether enough stands behind a place in the text for what is before it to be sure."""
    found = _WORD.finditer(text, end)
    return sum(1 for _, _ in zip(range(_LOOKAHEAD_WORDS), found, strict=False)) == _LOOKAHEAD_WORDS


def _last_blank(text: str) -> int:
    """Where the last word that may still go on begins."""
    return max((match.end() for match in _MAY_END.finditer(text)), default=0)


def _last_word(text: str, plan: TextPlan | MarkedPlan) -> int:
    """Where the last word of a Chinese text begins, or the number that it counts or goes on with."""
    begin = plan.segments[-1].words[-1].start if plan.segments else len(text)
    number = _NUMBER_END.search(text, 0, begin)
    return number.start() if number else begin


def _moved(segment: SpokenSegment, by: int) -> SpokenSegment:
    """A segment whose places count from elsewhere."""
    items: list[Word | Pause] = [
        dataclasses.replace(item, start=item.start + by, end=item.end + by) for item in segment.items
    ]
    return dataclasses.replace(segment, items=tuple(items), start=segment.start + by, end=segment.end + by)
