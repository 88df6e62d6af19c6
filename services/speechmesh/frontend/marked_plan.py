"""From a script of marked-up text to the segments that are spoken.

Text of one manner is read as one, whatever elements it is in; where the manner changes a segment ends, because a
segment has one rate, one pitch and one speaker. Each voice's text is read by its own reader. Words that a pronunciation
was given for are found by their places.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.casting import Ensemble, Problem, Role, primary
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.pronounced import PLACEHOLDER, Parting, Pronounced, run_together, with_pronunciations
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.segment import Manner, Mark, SpokenSegment, bounded
from speechmesh.frontend.spoken import Dropped, Pause, Word
from speechmesh.frontend.ssml import script as ssml
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.say_as import say_as
from speechmesh.frontend.ssml.script import (
    Boundary,
    BoundaryKind,
    Break,
    BreakStrength,
    Emphasis,
    Script,
)
from speechmesh.frontend.ssml.source_map import Run, SourceMap, merged

# How long a break is that gives no time; 250 ms is about a comma's, 700 a full stop's.
_BREAK_MS = {
    BreakStrength.NONE: 0.0,
    BreakStrength.X_WEAK: 0.0,
    BreakStrength.WEAK: 250.0,
    BreakStrength.MEDIUM: 400.0,
    BreakStrength.STRONG: 700.0,
    BreakStrength.X_STRONG: 1200.0,
}
# Emphasis by what these voices can do: slower and with more effort, or the other way.
_EMPHASIS = {
    Emphasis.STRONG: Manner(rate=0.88, energy_db=4.0, pitch_semitones=1.0),
    Emphasis.MODERATE: Manner(rate=0.94, energy_db=2.0, pitch_semitones=0.5),
    Emphasis.REDUCED: Manner(rate=1.08, energy_db=-3.0),
    Emphasis.NONE: Manner(),
}
_NEVER = 1 << 30
# What follows an element but belongs to its last word or sentence: "<emphasis>Bob</emphasis>'s", "...?".
_BELONGS_BEFORE = re.compile(
    r"""(?:['’](?:s|d|m|re|ve|ll)(?!\w))?(?:[.,;:!?…]+["'”’)\]]*(?=\s|$)|[。，！？；：、…）」』】]+)?""",
    re.IGNORECASE,
)
# What closes a sentence behind a recording, where there is no text that it could belong to.
_CLOSING = re.compile(r"\s*(?:([?？!！。])|([.…])(?=\s|$))")
_CLOSINGS = {"?": Ending.QUESTION, "？": Ending.QUESTION, "!": Ending.EXCLAMATION, "！": Ending.EXCLAMATION}
_QUOTES = " \t\r\n\"'“”‘’«»「」『』"
# The longest silence in one place: breaks add up, and each is made in one piece.
_MAX_PAUSE_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class MarkedPlan:
    """A plan whose segments say how they are spoken; see plan.Script. Places are those of the document."""

    segments: Sequence[SpokenSegment]
    endings: Sequence[Ending]
    dropped: Sequence[Dropped]
    warnings: Sequence[TextWarning]

    @property
    def voices(self) -> frozenset[str]:
        """The voices that speak besides the request's own, by name."""
        return frozenset(segment.manner.voice for segment in self.segments if segment.manner.voice)

    def with_warnings(self, problems: Sequence[Problem]) -> MarkedPlan:
        """The plan with warnings about the whole of it."""
        more = [TextWarning(problem.code, problem.message, 0, 0) for problem in problems]
        return dataclasses.replace(self, warnings=[*self.warnings, *more])

    @property
    def loudest_db(self) -> float:
        """See plan.Script."""
        return max(
            (segment.manner.volume_db for segment in self.segments if segment.manner.volume_db > 0),
            default=0.0,
        )

    @property
    def clips(self) -> Mapping[int, SpokenSegment]:
        """The segments that are recordings, by index."""
        return {index: segment for index, segment in enumerate(self.segments) if segment.clip}

    async def segment(self, index: int) -> SpokenSegment | None:
        """See plan.Script."""
        return self.segments[index] if index < len(self.segments) else None

    def ending(self, index: int) -> Ending:
        """See plan.Script."""
        return self.endings[index]


@dataclass
class _Stretch:
    """Text of one manner between two breaks: as it is read, where its characters came from, and what is in it."""

    manner: Manner
    role: Role
    text: str = ""
    runs: list[Run] = field(default_factory=list)
    pronounced: list[Pronounced] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def add(self, text: str, runs: Sequence[Run]) -> None:
        self.text += text
        self.runs += runs

    def part(self, around: Sequence[Pronounced]) -> None:
        """Puts blanks around some of the words whose pronunciation was given."""
        parting = Parting(around)
        self.text, self.runs = parting.text(self.text), parting.runs(self.runs)
        self.marks = [(parting.place(at), name) for at, name in self.marks]
        self.pronounced = parting.pronounced(self.pronounced)


class _Planner:
    def __init__(
        self,
        readers: Mapping[str, Reader],
        ensemble: Ensemble,
        max_words: int,
        first_max_words: int,
        clips: Mapping[int, Clip],
    ) -> None:
        self._readers = readers
        self._clips = clips
        self._ensemble = ensemble
        self._max_words, self._first_max_words = max_words, first_max_words
        self.segments: list[SpokenSegment] = []
        self.endings: list[Ending] = []
        self.dropped: list[Dropped] = []
        self.warnings: dict[tuple[str, str], TextWarning] = {}
        self._stretch: _Stretch | None = None
        self._pause_ms = 0.0  # of breaks before the first word
        self._loose_marks: list[str] = []

    def take(self, item: ssml.Item) -> None:
        """One piece of the script."""
        if isinstance(item, ssml.Text):
            self._text(item)
        elif isinstance(item, ssml.Mark):
            if self._stretch is not None:
                self._stretch.marks.append((len(self._stretch.text), item.name))
            else:
                self._loose_marks.append(item.name)
        elif isinstance(item, Break):
            self._break(item)
        elif isinstance(item, Boundary):
            self._boundary(item)
        elif (clip := self._clips.get(item.start)) is not None:
            self._clip(item, clip)
        else:
            for inner in item.fallback:
                self.take(inner)
            self._warn(
                "AUDIO_LEFT_OUT",
                "audio is not played here; what it falls back to is read",
                item.start,
                item.tag_end,
            )

    def close(self) -> None:
        """Reads what has been gathered: the next text is of another manner, or behind a pause."""
        stretch, self._stretch = self._stretch, None
        if stretch is None or not stretch.text.strip():
            self._loose_marks += [name for _, name in stretch.marks] if stretch else []
            return
        plan = self._read(stretch)
        if together := run_together(stretch.pronounced, plan.segments):
            stretch.part(together)
            plan = self._read(stretch)
        source = SourceMap(tuple(merged(stretch.runs)))
        self.dropped += [_moved_dropped(part, source) for part in plan.dropped]
        begun = len(self.segments)
        segments = _as_told(plan.segments, stretch.pronounced)
        told = TextPlan(segments, ())
        for i, segment in enumerate(segments):
            start, end = source.span(segment.start, segment.end)
            made = dataclasses.replace(
                segment,
                items=tuple(_moved(item, source) for item in segment.items),
                start=start,
                end=end,
                manner=stretch.manner,
                marks=_marks_of(stretch.marks, segments, i),
            )
            self.segments.append(made)
            last = i == len(segments) - 1
            self.endings.append(Ending.CONTINUATION if last and segment.final is None else told.ending(i))
        if len(self.segments) > begun:
            self._run_on(begun, stretch.text[: segments[0].start])
            self._lead_in(begun)
        else:  # of signs alone: what is told of the place waits for the next words
            self._loose_marks += [name for _, name in stretch.marks]

    def _read(self, stretch: _Stretch) -> TextPlan:
        first = self._first_max_words if not self.segments else _NEVER
        reader = self._readers[stretch.role.voice.name]
        return reader.plan(stretch.text, max_words=self._max_words, first_max_words=first)

    def finish(self) -> None:
        """The document's end."""
        self.close()
        if self.segments:
            self._end_sentence()
            if self._loose_marks:
                last = self.segments[-1]
                marks = tuple(Mark(name, last.mark_at_end) for name in self._loose_marks)
                self.segments[-1] = dataclasses.replace(last, marks=last.marks + marks)

    def _run_on(self, index: int, before: str) -> None:
        """Whether a segment, with `before` in front of its first word, follows the one before without a pause."""
        if not index or before.strip(_QUOTES):
            return
        last = self.segments[index - 1]
        is_cut = last.final is None and not last.clip and self.endings[index - 1] is Ending.CONTINUATION
        if is_cut and not last.pause_after_ms:
            self.segments[index - 1] = dataclasses.replace(last, runs_on=True)

    def _lead_in(self, index: int) -> None:
        """What came before a segment without a text of its own."""
        segment = self.segments[index]
        marks = tuple(Mark(name, 0) for name in self._loose_marks)
        self.segments[index] = dataclasses.replace(
            segment, marks=marks + segment.marks, pause_before_ms=self._pause_ms
        )
        self._loose_marks, self._pause_ms = [], 0.0

    def _text(self, item: ssml.Text) -> None:
        role = self._ensemble.role(item.style.casting)
        for problem in role.problems:
            self._warn(problem.code, problem.message, item.start, item.end)
        if role.is_silent:
            return
        manner = self._manner(item, role)
        if self._stretch is None or self._stretch.manner != manner:
            item = self._without_what_belongs_before(item)
            if not (item.text or item.phonemes or item.alias):
                return
            self.close()
            if self.segments and self.segments[-1].clip and (found := _CLOSING.match(item.text)):
                self._end_sentence(_CLOSINGS.get(found[1], Ending.STATEMENT))
            self._stretch = _Stretch(manner, role)
        stretch, language = self._stretch, primary(role.language)
        whole = (item.start, item.end)
        if item.alias is not None:
            stretch.add(item.alias, [Run(len(item.alias), *whole, shared=True)] if item.alias else [])
        elif item.say_as is not None:
            rewritten = say_as(item.text, item.say_as, role.language)
            if not rewritten.is_understood:
                self._warn(
                    "SAY_AS_NOT_UNDERSTOOD", f"{shown(item.text)!r} is no {item.say_as.kind.value}", *whole
                )
            stretch.add(rewritten.text, rewritten.sources.through(item.sources).runs)
        elif item.phonemes is not None and item.phonemes.language == language:
            written = " ".join(item.text.split()).lower() or item.phonemes.written
            told = Pronounced(len(stretch.text), written, item.phonemes.phones, language)
            stretch.pronounced.append(told)
            stretch.add(PLACEHOLDER, [Run(len(PLACEHOLDER), *whole, shared=True)])
        else:
            if item.phonemes is not None:
                self._warn(
                    "PRONUNCIATION_IGNORED", f"{item.phonemes.alphabet}: not of the voice's language", *whole
                )
            stretch.add(item.text, item.sources.runs)

    def _clip(self, item: ssml.Audio, clip: Clip) -> None:
        """A recording: a segment of its own, in the middle of a sentence as well."""
        marks: list[str] = []
        if (
            stretch := self._stretch
        ) is not None:  # marks right before it are its own: it begins at a known time
            n_read = len(stretch.text.rstrip())
            marks = [name for at, name in stretch.marks if at >= n_read]
            stretch.marks = [mark for mark in stretch.marks if mark[0] < n_read]
        self.close()
        self._loose_marks += [*marks, *_marks_in(item.fallback)]
        self.segments.append(SpokenSegment((), None, item.start, item.tag_end, clip=clip))
        self.endings.append(self.endings[-1] if self.endings else Ending.STATEMENT)
        self._lead_in(len(self.segments) - 1)

    def _without_what_belongs_before(self, item: ssml.Text) -> ssml.Text:
        """A text without what it begins with that belongs to the stretch before, which gets that."""
        is_plain = not (item.say_as or item.phonemes) and item.alias is None
        found = _BELONGS_BEFORE.match(item.text) if is_plain and self._stretch is not None else None
        if found is None or not (length := found.end()):
            return item
        assert self._stretch is not None
        whole = len(item.text)
        self._stretch.add(found[0], SourceMap((Run(length, 0, length),)).through(item.sources).runs)
        if length == whole:
            return dataclasses.replace(item, text="", sources=SourceMap(()))
        rest = SourceMap((Run(whole - length, length, whole),)).through(item.sources)
        return dataclasses.replace(item, text=item.text[length:], sources=rest)

    def _break(self, item: Break) -> None:
        duration_ms = item.duration_ms if item.duration_ms is not None else _BREAK_MS[item.strength]
        if not duration_ms:
            return
        self.close()
        so_far_ms = self.segments[-1].pause_after_ms if self.segments else self._pause_ms
        pause_ms = min(so_far_ms + duration_ms, _MAX_PAUSE_MS)
        if pause_ms < so_far_ms + duration_ms:
            message = f"breaks in one place are {_MAX_PAUSE_MS:g} ms together at most"
            self._warn("SSML_VALUE_CLAMPED", message, item.start, item.end)
        if self.segments:
            self.segments[-1] = dataclasses.replace(self.segments[-1], pause_after_ms=pause_ms)
        else:
            self._pause_ms = pause_ms

    def _boundary(self, item: Boundary) -> None:
        self.close()
        if self.segments:
            self._end_sentence()
            if item.kind is BoundaryKind.PARAGRAPH:
                self.segments[-1] = dataclasses.replace(self.segments[-1], ends_paragraph=True)

    def _end_sentence(self, ending: Ending = Ending.STATEMENT) -> None:
        """The last words end a sentence, and what was played since."""
        for index in range(len(self.segments) - 1, -1, -1):
            if self.endings[index] is Ending.CONTINUATION:
                self.endings[index] = ending
            if not self.segments[index].clip:
                return

    def _manner(self, item: ssml.Text, role: Role) -> Manner:
        style, own = item.style, self._ensemble.own
        emphasis = _EMPHASIS[style.emphasis] if style.emphasis else Manner()
        is_own = role.voice is own.voice
        return Manner(
            rate=style.rate * emphasis.rate,
            pitch_semitones=style.pitch_semitones + emphasis.pitch_semitones,
            energy_db=emphasis.energy_db,
            volume_db=style.volume_db,
            voice="" if is_own else role.voice.name,
            speaker="" if is_own and role.speaker is own.speaker else role.speaker.name,
            style=self._style(item, role),
        )

    def _style(self, item: ssml.Text, role: Role) -> str:
        wanted = item.style.speaking_style
        if wanted and wanted not in role.voice.styles:
            known = ", ".join(role.voice.styles)
            message = f"{shown(wanted)}: not a style of {role.voice.name!r}: {known}"
            self._warn("STYLE_UNKNOWN", message, item.start, item.end)
            return ""
        return wanted

    def _warn(self, code: str, message: str, start: int, end: int) -> None:
        """A warning, once for each thing that is wrong."""
        self.warnings.setdefault((code, message), TextWarning(code, message, start, end))


def plan_script(
    script: Script,
    readers: Mapping[str, Reader],
    ensemble: Ensemble,
    *,
    max_words: int,
    first_max_words: int,
    clips: Mapping[int, Clip] | None = None,
) -> MarkedPlan:
    """The segments of a script, as the voices of an ensemble speak it.

    Args:
        script: the script.
        readers: of the voices, by their names.
        ensemble: the voices.
        max_words: the most words of a segment.
        first_max_words: of the first one.
        clips: the recordings, by where their elements begin; where one has none, its content is read.
    """
    planner = _Planner(readers, ensemble, max_words, first_max_words, clips or {})
    for item in script.items:
        planner.take(item)
    planner.finish()
    cautions = [TextWarning(c.code, c.message, c.start, c.end) for c in script.cautions]
    return MarkedPlan(
        planner.segments, planner.endings, planner.dropped, [*cautions, *planner.warnings.values()]
    )


def _as_told(segments: Sequence[SpokenSegment], pronounced: Sequence[Pronounced]) -> list[SpokenSegment]:
    """The segments with the pronunciations that were given, which may be long."""
    told = (
        dataclasses.replace(segment, items=tuple(with_pronunciations(segment.items, pronounced)))
        for segment in segments
    )
    return [part for segment in told for part in bounded(segment)]


def _marks_in(items: Sequence[ssml.Item]) -> list[str]:
    """The marks in what a recording is played in place of: whoever waits for them is told at its beginning."""
    names: list[str] = []
    for item in items:
        if isinstance(item, ssml.Mark):
            names.append(item.name)
        elif isinstance(item, ssml.Audio):
            names += _marks_in(item.fallback)
    return names


def _marks_of(
    marks: Sequence[tuple[int, str]],
    segments: Sequence[SpokenSegment],
    index: int,
) -> tuple[Mark, ...]:
    """The marks of a stretch that belong to a segment of it: before its end, or behind the last one's."""
    begin = segments[index].start if index else -1
    end = segments[index + 1].start if index + 1 < len(segments) else _NEVER
    words = segments[index].words
    return tuple(
        Mark(name, next((i for i, word in enumerate(words) if word.start >= at), len(words)))
        for at, name in marks
        if begin <= at < end
    )


def _moved(item: Word | Pause, source: SourceMap) -> Word | Pause:
    start, end = source.span(item.start, item.end)
    return dataclasses.replace(item, start=start, end=end)


def _moved_dropped(part: Dropped, source: SourceMap) -> Dropped:
    start, end = source.span(part.start, part.end)
    return dataclasses.replace(part, start=start, end=end)
