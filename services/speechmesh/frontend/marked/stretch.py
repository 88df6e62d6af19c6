"""Text of one manner between two breaks, gathered from all its elements and read as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from speechmesh.frontend.casting import Role, primary
from speechmesh.frontend.english.g2p import shared_g2p
from speechmesh.frontend.marked.joins import joined
from speechmesh.frontend.marked.marks import Place, marks_of
from speechmesh.frontend.marked.seams import blank_behind, needs_blank, needs_blank_between_words
from speechmesh.frontend.marked.text_warnings import TextWarnings
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.pronounced import PLACEHOLDER, Parting, Pronounced, run_together, with_pronunciations
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.segment import Manner, SpokenSegment, bounded
from speechmesh.frontend.spoken import Dropped, Pause, PauseMark, Word
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.reading import plain_text
from speechmesh.frontend.ssml.script import Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap, merged


@dataclass(frozen=True, slots=True)
class ReadStretch:
    """What was read of a stretch; places are those of the document.

    Attributes:
        segments: in order; none where it is of signs alone.
        endings: of each segment.
        dropped: what cannot be spoken.
        lead: the text in front of the first word.
    """

    segments: Sequence[SpokenSegment]
    endings: Sequence[Ending]
    dropped: Sequence[Dropped]
    lead: str


@dataclass
class Stretch:
    """As it is read, where its characters came from, and what is in it.

    Attributes:
        manner: how all of it is spoken.
        role: who speaks it.
        text: what the reader reads; for a word whose pronunciation was given, a placeholder.
        runs: the source of each of its characters in the document.
        pronounced: the words whose pronunciation was given.
        marks: each with its place in the text.
        joins: where in the text there is to be no pause, in order.
    """

    manner: Manner
    role: Role
    text: str = ""
    runs: list[Run] = field(default_factory=list)
    pronounced: list[Pronounced] = field(default_factory=list)
    marks: list[Place] = field(default_factory=list)
    joins: list[int] = field(default_factory=list)
    _ends_own: bool = False  # whether the last piece is words of its own

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to read."""
        return not self.text.strip()

    def take(self, item: Text, warnings: TextWarnings) -> None:
        """A piece of the document, which is spoken in this manner; `warnings` are told of what cannot be heeded."""
        whole = (item.start, item.end)
        if item.begins_word:
            self._ends_own = True
            if needs_blank_between_words(self.text, item.text):
                self.add(" ", [blank_behind(self.runs[-1])])
        if item.alias is not None or item.say_as is not None:
            rewritten = plain_text(item, self.role.language, self.text)
            if rewritten.problem:
                warnings.tell("SAY_AS_NOT_UNDERSTOOD", rewritten.problem, *whole)
            self._add_own(rewritten.text, rewritten.sources.runs)
        elif item.phonemes is not None and item.phonemes.language == primary(self.role.language):
            written = " ".join(item.text.split()).lower() or item.phonemes.written
            self._pronounce(written, item.phonemes.phones, item.phonemes.language, whole)
        else:
            if item.phonemes is not None:
                message = f"{item.phonemes.alphabet}: not of the voice's language"
                warnings.tell("PRONUNCIATION_IGNORED", message, *whole)
            if item.style.word_role and item.text.strip():
                self._word(item, warnings)
                return
            self._part_from(item.text, is_own=False)
            self.add(item.text, item.sources.runs)

    def _word(self, item: Text, warnings: TextWarnings) -> None:
        """A word of which it is told what it is."""
        word = item.text.strip()
        begin = item.text.index(word)
        end = begin + len(word)
        is_english = primary(self.role.language) == "en"
        phones = shared_g2p().in_role(word.lower(), item.style.word_role) if is_english else None
        if phones is None:
            message = f"role of {shown(word)!r} is not followed: it tells of no other way to say it"
            warnings.tell("SSML_ATTRIBUTE_IGNORED", message, item.start, item.end)
            self._part_from(item.text, is_own=False)
            self.add(item.text, item.sources.runs)
            return
        self.add(item.text[:begin], item.sources.part(0, begin).runs)
        self._pronounce(word.lower(), phones, "en", item.sources.span(begin, end))
        self.add(item.text[end:], item.sources.part(end, len(item.text)).runs)

    def _pronounce(
        self, written: str, phones: tuple[str, ...], language: str, place: tuple[int, int]
    ) -> None:
        """A word whose pronunciation is given, and where it stands in the document."""
        self._part_from(PLACEHOLDER, is_own=False)
        self.pronounced.append(Pronounced(len(self.text), written, phones, language))
        self.add(PLACEHOLDER, [Run(len(PLACEHOLDER), *place, shared=True)])

    def add(self, text: str, runs: Sequence[Run]) -> None:
        """More text, which goes on with what there is, and where its characters come from."""
        self.text += text
        self.runs += runs

    def _add_own(self, text: str, runs: Sequence[Run]) -> None:
        """More text, of words of its own."""
        self._part_from(text, is_own=True)
        self.add(text, runs)
        self._ends_own = True

    def _part_from(self, text: str, *, is_own: bool) -> None:
        """Puts a blank before a text that follows, where it would become one word with what there is."""
        if needs_blank(self.text, text, is_before_own=self._ends_own, is_after_own=is_own):
            self.add(" ", [blank_behind(self.runs[-1])])
        self._ends_own = False

    def mark(self, name: str) -> None:
        """A mark behind what there is so far."""
        self.marks.append((len(self.text), name))

    def join(self) -> None:
        """No pause behind what there is so far."""
        self.joins.append(len(self.text))

    def take_marks_at_end(self) -> list[str]:
        """The marks behind its last character that is not blank, which it has no longer."""
        n_read = len(self.text.rstrip())
        names = [name for at, name in self.marks if at >= n_read]
        self.marks = [mark for mark in self.marks if mark[0] < n_read]
        return names

    def read(self, reader: Reader, *, max_words: int, first_max_words: int) -> ReadStretch:
        """The segments of it.

        Args:
            reader: of the voice that speaks it.
            max_words: the most words of a segment.
            first_max_words: of the first one.
        """
        plan = reader.plan(self.text, max_words=max_words, first_max_words=first_max_words)
        if together := run_together(self.pronounced, plan.segments):
            self._part(together)
            plan = reader.plan(self.text, max_words=max_words, first_max_words=first_max_words)
        source = SourceMap(tuple(merged(self.runs)))
        told = joined(_as_told(plan.segments, self.pronounced), self.joins)
        return ReadStretch(
            segments=[self._placed(told, i, source) for i in range(len(told))],
            endings=_endings(told),
            dropped=[_moved_dropped(part, source) for part in plan.dropped],
            lead=self.text[: told[0].start] if told else "",
        )

    def _part(self, around: Sequence[Pronounced]) -> None:
        """Puts blanks around some of the words whose pronunciation was given."""
        parting = Parting(around)
        self.text, self.runs = parting.text(self.text), parting.runs(self.runs)
        self.marks = [(parting.place(at), name) for at, name in self.marks]
        self.joins = [parting.place(at) for at in self.joins]
        self.pronounced = parting.pronounced(self.pronounced)

    def _placed(self, segments: Sequence[SpokenSegment], index: int, source: SourceMap) -> SpokenSegment:
        """One of its segments as one of the document, with the manner and with its marks."""
        segment = segments[index]
        start, end = source.span(segment.start, segment.end)
        return dataclasses.replace(
            segment,
            items=tuple(_moved(item, source) for item in segment.items),
            start=start,
            end=end,
            manner=self.manner,
            marks=marks_of(self.marks, segments, index),
        )


def _as_told(segments: Sequence[SpokenSegment], pronounced: Sequence[Pronounced]) -> list[SpokenSegment]:
    """The segments with the pronunciations that were given, which may be long."""
    told = (
        dataclasses.replace(segment, items=tuple(with_pronunciations(segment.items, pronounced)))
        for segment in segments
    )
    return [part for segment in told for part in bounded(segment)]


def _endings(segments: Sequence[SpokenSegment]) -> list[Ending]:
    """How each ends. The last one, unless by a mark, does not: what follows in another manner goes on with it."""
    told = TextPlan(segments, ())
    endings = [told.ending(i) for i in range(len(segments))]
    if segments and segments[-1].final in (None, PauseMark.BRACKET):
        endings[-1] = Ending.CONTINUATION
    return endings


def _moved(item: Word | Pause, source: SourceMap) -> Word | Pause:
    start, end = source.span(item.start, item.end)
    return dataclasses.replace(item, start=start, end=end)


def _moved_dropped(part: Dropped, source: SourceMap) -> Dropped:
    start, end = source.span(part.start, part.end)
    return dataclasses.replace(part, start=start, end=end)
