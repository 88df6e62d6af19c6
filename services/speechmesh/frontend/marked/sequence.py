"""How segments follow each other: what is told of the places between them, and what a later one says of the last."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from speechmesh.frontend.marked.stretch import ReadStretch
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.segment import Mark, SpokenSegment

_QUOTES = " \t\r\n\"'“”‘’«»「」『』"
# The longest silence in one place: breaks add up, and each is made in one piece.
MAX_PAUSE_MS = 60_000.0


class SegmentSequence:
    """The segments of a document so far.

    Marks and breaks in front of the first segment, and marks where no word is, wait for the segment that comes next.

    Attributes:
        segments: in order.
        endings: of each segment.
    """

    def __init__(self) -> None:
        self.segments: list[SpokenSegment] = []
        self.endings: list[Ending] = []
        # Each with how many milliseconds of the pause in its place come before it.
        self._loose_marks: list[tuple[str, float]] = []
        self._pause_ms = 0.0  # of breaks before the first segment

    def mark(self, *names: str) -> None:
        """Marks that stand in no text."""
        self._loose_marks += [(name, self._so_far_ms) for name in names]

    def append(self, read: ReadStretch) -> None:
        """The segments of some text, at least one."""
        begun = len(self.segments)
        self.segments += read.segments
        self.endings += read.endings
        self._run_on(begun, read.lead)
        self._lead_in(begun)

    def append_clip(self, segment: SpokenSegment) -> None:
        """A recording, in the middle of a sentence as well."""
        self.segments.append(segment)
        self.endings.append(self.endings[-1] if self.endings else Ending.STATEMENT)
        self._lead_in(len(self.segments) - 1)

    def pause(self, duration_ms: float) -> bool:
        """A break; whether it could be as long as that, with those in the same place."""
        so_far_ms = self._so_far_ms
        pause_ms = min(so_far_ms + duration_ms, MAX_PAUSE_MS)
        if self.segments:
            self.segments[-1] = dataclasses.replace(self.segments[-1], pause_after_ms=pause_ms)
        else:
            self._pause_ms = pause_ms
        return pause_ms >= so_far_ms + duration_ms

    @property
    def _so_far_ms(self) -> float:
        """The pause by breaks in this place, as far as it is known."""
        return self.segments[-1].pause_after_ms if self.segments else self._pause_ms

    def join(self) -> None:
        """No pause behind the last words."""
        if self.segments and not self.segments[-1].clip:
            self.segments[-1] = dataclasses.replace(self.segments[-1], runs_on=True)

    def end_sentence(self, ending: Ending = Ending.STATEMENT) -> None:
        """The last words end a sentence, and what was played since, unless they ended one already."""
        for index in range(len(self.segments) - 1, -1, -1):
            if self.endings[index] is Ending.CONTINUATION:
                self.endings[index] = ending
            if not self.segments[index].clip:
                return

    def end_paragraph(self) -> None:
        """The last segment is the last of a paragraph."""
        if self.segments:
            self.segments[-1] = dataclasses.replace(self.segments[-1], ends_paragraph=True)

    def finish(self) -> None:
        """The document's end: marks that wait are reached with it, and nothing follows the last segment at once."""
        self.end_sentence()
        if self.segments:
            self._mark_behind(len(self.segments) - 1, self._loose_marks)
            self.segments[-1] = dataclasses.replace(self.segments[-1], runs_on=False)

    def _run_on(self, index: int, lead: str) -> None:
        """Whether a segment, with `lead` in front of its first word, follows the one before without a pause."""
        if not index or lead.strip(_QUOTES):
            return
        last = self.segments[index - 1]
        is_cut = last.final is None and not last.clip and self.endings[index - 1] is Ending.CONTINUATION
        if is_cut and not last.pause_after_ms:
            self.segments[index - 1] = dataclasses.replace(last, runs_on=True)

    def _lead_in(self, index: int) -> None:
        """What came before a segment without a text of its own: marks that breaks follow are the last segment's."""
        segment, loose = self.segments[index], self._loose_marks
        if index:
            whole_ms = self.segments[index - 1].pause_after_ms
            self._mark_behind(index - 1, [mark for mark in loose if mark[1] < whole_ms])
            marks = [Mark(name, 0) for name, at_ms in loose if at_ms >= whole_ms]
        else:
            marks = [Mark(name, 0, at_ms - self._pause_ms) for name, at_ms in loose]
        self.segments[index] = dataclasses.replace(
            segment, marks=(*marks, *segment.marks), pause_before_ms=self._pause_ms
        )
        self._loose_marks, self._pause_ms = [], 0.0

    def _mark_behind(self, index: int, marks: Iterable[tuple[str, float]]) -> None:
        """Marks in the pause behind a segment."""
        segment = self.segments[index]
        behind = [Mark(name, segment.mark_at_end, at_ms) for name, at_ms in marks]
        self.segments[index] = dataclasses.replace(segment, marks=(*segment.marks, *behind))
