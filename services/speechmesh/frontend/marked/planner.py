"""Walks through a script, from text to break to recording, and plans what is spoken of it."""

from __future__ import annotations

from collections.abc import Mapping

from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.casting import Ensemble
from speechmesh.frontend.marked.amounts import with_units
from speechmesh.frontend.marked.closing import sentence_end, split_closing
from speechmesh.frontend.marked.manner import manner_of
from speechmesh.frontend.marked.marks import marks_in
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.marked.sequence import MAX_PAUSE_MS, SegmentSequence
from speechmesh.frontend.marked.stretch import Stretch
from speechmesh.frontend.marked.text_warnings import TextWarnings
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped
from speechmesh.frontend.ssml.script import (
    Audio,
    Boundary,
    BoundaryKind,
    Break,
    BreakStrength,
    Item,
    Mark,
    Script,
    Text,
)

# How long a break is that gives no time; 250 ms is about a comma's, 700 a full stop's.
_BREAK_MS = {
    BreakStrength.NONE: 0.0,
    BreakStrength.X_WEAK: 0.0,
    BreakStrength.WEAK: 250.0,
    BreakStrength.MEDIUM: 400.0,
    BreakStrength.STRONG: 700.0,
    BreakStrength.X_STRONG: 1200.0,
}
_NEVER = 1 << 30


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
    for item in with_units(script.items):
        planner.take(item)
    planner.finish()
    cautions = [TextWarning(c.code, c.message, c.start, c.end) for c in script.cautions]
    made = planner.made
    return MarkedPlan(made.segments, made.endings, planner.dropped, [*cautions, *planner.warnings.all()])


class _Planner:
    """The walk.

    Attributes:
        made: the segments so far.
        dropped: what of their texts cannot be spoken.
        warnings: what else the caller should know.
    """

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
        self._stretch: Stretch | None = None
        self.made = SegmentSequence()
        self.dropped: list[Dropped] = []
        self.warnings = TextWarnings()

    def take(self, item: Item) -> None:
        """One piece of the script."""
        if isinstance(item, Text):
            self._text(item)
        elif isinstance(item, Mark):
            if self._stretch is not None:
                self._stretch.mark(item.name)
            else:
                self.made.mark(item.name)
        elif isinstance(item, Break):
            self._break(item)
        elif isinstance(item, Boundary):
            self._boundary(item)
        elif (clip := self._clips.get(item.start)) is not None:
            self._clip(item, clip)
        else:
            self._fall_back(item)

    def finish(self) -> None:
        """The document's end."""
        self._close()
        self.made.finish()

    def _text(self, item: Text) -> None:
        role = self._ensemble.role(item.style.casting)
        for problem in role.problems:
            self.warnings.tell(problem.code, problem.message, item.start, item.end)
        if role.is_silent:
            return
        manner = manner_of(item, role, self._ensemble.own, self.warnings)
        if self._stretch is None or self._stretch.manner != manner:
            if self._stretch is not None and not self._stretch.is_blank:
                closing, sources, item = split_closing(item)
                self._stretch.add(closing, sources.runs)
            if item.is_empty:
                return
            self._close()
            if (ending := sentence_end(item)) is not None:
                self.made.end_sentence(ending)
            self._stretch = Stretch(manner, role)
        self._stretch.take(item, self.warnings)

    def _close(self) -> None:
        """Reads what has been gathered: the next text is of another manner, or behind a pause."""
        stretch, self._stretch = self._stretch, None
        if stretch is None:
            return
        if not stretch.is_blank:
            read = stretch.read(
                self._readers[stretch.role.voice.name],
                max_words=self._max_words,
                first_max_words=_NEVER if self.made.segments else self._first_max_words,
            )
            self.dropped += read.dropped
            if read.segments:
                if stretch.joins and stretch.joins[0] <= len(read.lead):
                    self.made.join()
                self.made.append(read)
                return
        # Of signs alone: what is told of the place waits for the next words.
        self.made.mark(*(name for _, name in stretch.marks))
        if stretch.joins:
            self.made.join()

    def _break(self, item: Break) -> None:
        duration_ms = item.duration_ms if item.duration_ms is not None else _BREAK_MS[item.strength]
        if not duration_ms:
            self._join()
            return
        self._close()
        if not self.made.pause(duration_ms):
            message = f"breaks in one place are {MAX_PAUSE_MS:g} ms together at most"
            self.warnings.tell("SSML_VALUE_CLAMPED", message, item.start, item.end)

    def _join(self) -> None:
        """No pause here, not even that of a mark."""
        if self._stretch is not None and not self._stretch.is_blank:
            self._stretch.join()
        else:
            self.made.join()

    def _boundary(self, item: Boundary) -> None:
        self._close()
        self.made.end_sentence()
        if item.kind is BoundaryKind.PARAGRAPH:
            self.made.end_paragraph()

    def _clip(self, item: Audio, clip: Clip) -> None:
        """A recording: a segment of its own."""
        # Marks right before it are its own: it begins at a known time.
        marks = self._stretch.take_marks_at_end() if self._stretch is not None else []
        self._close()
        self.made.mark(*marks, *marks_in(item.fallback))
        self.made.append_clip(SpokenSegment((), None, item.start, item.tag_end, clip=clip))

    def _fall_back(self, item: Audio) -> None:
        for inner in item.fallback:
            self.take(inner)
        message = "audio is not played here; what it falls back to is read"
        self.warnings.tell("AUDIO_LEFT_OUT", message, item.start, item.tag_end)
