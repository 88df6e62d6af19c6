"""Gathers a script's items from the characters and elements of a document, with its white space as SSML has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from speechmesh.frontend.ssml.script import (
    Audio,
    Boundary,
    BoundaryKind,
    Break,
    Item,
    Mark,
    Phonemes,
    SayAs,
    Style,
    Text,
)
from speechmesh.frontend.ssml.source_map import Run, SourceMap, merged

_PIECE = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+")  # XML's white space: a no-break space is none


@dataclass(slots=True)
class _Open:
    """The text that is being gathered."""

    style: Style
    begins_word: bool
    characters: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def add(self, characters: str, run: Run) -> None:
        self.characters.append(characters)
        self.runs.append(run)

    @property
    def ends_in_word(self) -> bool:
        return self.characters[-1][-1].isalnum()


@dataclass(frozen=True, slots=True)
class _Blank:
    """White space that is read if anything follows it in its paragraph; the style is where it was written."""

    run: Run
    style: Style


class Collector:
    """The items so far. Begins as at the edge of a paragraph."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._open: _Open | None = None
        self._blank: _Blank | None = None
        self._at_edge = True
        self._boundary_at: int | None = None  # index of the last boundary, while nothing is read after it
        self._is_empty = True
        self._is_parted = False  # from what is read next
        self._is_word_edge = False  # where the next character is read
        self.leading: tuple[int, int] | None = None
        """The white space before anything that is read."""

    @property
    def trailing(self) -> tuple[int, int] | None:
        """The white space after all that is read."""
        return (self._blank.run.start, self._blank.run.end) if self._blank else None

    def text(self, characters: str, run: Run, style: Style) -> None:
        """Characters, not collapsed yet."""
        if run.shared or run.length == 1:
            self._piece(characters, run, style)
            return
        for match in _PIECE.finditer(characters):
            start = run.start + match.start()
            self._piece(match[0], Run(len(match[0]), start, start + len(match[0])), style)

    def _piece(self, characters: str, run: Run, style: Style) -> None:
        if characters[0] in " \t\r\n":
            self.blank(run.start, run.end, style)
            return
        self._read_blank()
        self._put(characters, run, style)

    def blank(self, start: int, end: int, style: Style) -> None:
        """White space; more of it is one blank, and at an edge it is none."""
        if self._at_edge:
            if self._is_empty:
                self.leading = (self.leading or (start,))[0], end
            return
        if self._blank is None:
            self._blank = _Blank(Run(1, start, end, shared=True), style)
        elif self._blank.run.end == start:
            self._blank = _Blank(Run(1, self._blank.run.start, end, shared=True), self._blank.style)

    def _read_blank(self) -> None:
        blank, self._blank = self._blank, None
        if blank:
            self._put(" ", blank.run, blank.style)

    def _put(self, characters: str, run: Run, style: Style) -> None:
        if self._is_word_edge and characters[0].isalnum() and (self._open is None or self._open.ends_in_word):
            self.part()
        self._is_word_edge = False
        if self._open is None or self._open.style != style:
            self._close()
            self._open = _Open(style, self._is_parted)
        self._open.add(characters, run)
        self._at_edge = False
        self._something_is_read()

    def _something_is_read(self) -> None:
        self._boundary_at = None
        self._is_empty = self._is_parted = False

    def piece(
        self,
        inner: Collector,
        tag: tuple[int, int],
        style: Style,
        *,
        say_as: SayAs | None = None,
        phonemes: Phonemes | None = None,
        alias: str | None = None,
    ) -> None:
        """An element whose text, gathered by `inner`, is read in a way of its own; `tag` is where its tag stands.

        White space at its edges goes outside. Nothing becomes of an element without anything to read.
        """
        written = [item for item in inner.items() if isinstance(item, Text)]
        if inner.leading:
            self.blank(*inner.leading, style)
        if not written and not phonemes and not alias:
            return
        self._read_blank()
        self._close()
        text, sources = (written[0].text, written[0].sources) if written else ("", SourceMap(()))
        start, end = sources.span(0, len(text)) if text else tag
        self._items.append(Text(text, sources, start, end, style, say_as, phonemes, alias))
        self._at_edge = False
        self._something_is_read()
        if inner.trailing:
            self.blank(*inner.trailing, style)

    def part(self) -> None:
        """The edge of an element whose words are its own: what is read on both sides is no one word."""
        self._close()
        self._is_parted = True

    def word_edge(self) -> None:
        """The edge of a word: letters that touch here are of two."""
        self._is_word_edge = True

    def pause(self, pause: Break) -> None:
        """A break."""
        self._add(pause)
        self._something_is_read()

    def mark(self, mark: Mark) -> None:
        """A mark: no more than a place."""
        self._add(mark)

    def audio(self, audio: Audio) -> None:
        """A recording."""
        self._read_blank()
        self._add(audio)
        self._at_edge = False
        self._something_is_read()

    def boundary(self, kind: BoundaryKind, offset: int) -> None:
        """The edge of a paragraph or sentence."""
        self._blank = None
        self._at_edge = True
        if self._is_empty:
            return
        if self._boundary_at is None:
            self._add(Boundary(kind, offset))
            self._boundary_at = len(self._items) - 1
        elif kind is BoundaryKind.PARAGRAPH:
            last = self._items[self._boundary_at]
            assert isinstance(last, Boundary)
            self._items[self._boundary_at] = Boundary(kind, last.offset)

    def _add(self, item: Item) -> None:
        self._close()
        self._items.append(item)

    def _close(self) -> None:
        """Makes an item of the text that is being gathered."""
        if self._open is None:
            return
        text, sources = "".join(self._open.characters), SourceMap(tuple(merged(self._open.runs)))
        start, end = sources.span(0, len(text))
        style, begins_word = self._open.style, self._open.begins_word
        self._items.append(Text(text, sources, start, end, style, begins_word=begins_word))
        self._open = None

    def items(self) -> tuple[Item, ...]:
        """What was gathered; white space at the end is not."""
        self._close()
        return tuple(self._items)
