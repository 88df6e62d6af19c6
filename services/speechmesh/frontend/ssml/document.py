"""Reads XML safely, as events that know their places in the caller's document.

The parser is expat behind defusedxml: a document with a DTD is refused, so that there are no entities of its own, no
external ones and none that grow. Expat's positions are bytes; the events' are code points.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Protocol
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.place import FIELD, Place, shown
from speechmesh.frontend.ssml.source_map import Run

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LINE_END: Final = re.compile("\r\n|\r|\n")
_TAG: Final = re.compile(r"""<(?:[^"'>]|"[^"]*"|'[^']*')*+>""")
# Expat's words that say little to who wrote the document.
_MEANT: Final = {
    "no element found": "the document ends before its elements do",
    "mismatched tag": "this end tag is not that of the element which is open",
    "undefined entity": "this entity is not defined; only &amp; &lt; &gt; &quot; &apos; and numbers (&#160;) are",
    "junk after document element": "something follows the end of <speak>",
    "not well-formed (invalid token)": "this is not well-formed XML; & and < are written as &amp; and &lt;",
}


class Events(Protocol):
    """What is told of a document, in its order."""

    def open(self, name: str, attributes: Mapping[str, str], place: Place, end: int) -> None:
        """An element begins; `end` is where its tag ends."""
        ...

    def close(self, name: str, place: Place) -> None:
        """An element ends; `place` is its end tag, or its only tag."""
        ...

    def text(self, characters: str, run: Run) -> None:
        """Characters, and what they are in the document. A ValueError's text becomes an error with their place."""
        ...


def read_document(document: str, events: Events, limits: Limits) -> None:
    """Tells the events of a document. Time and space are linear in its length.

    Raises:
        InvalidInput: with line and column; the document is malformed, has a DTD, or is over a limit.
    """
    if len(document) > limits.max_document_chars:
        raise InvalidInput(FIELD, f"has {len(document)} characters, {limits.max_document_chars} are taken")
    index = _Index(document)
    if surrogate := _SURROGATE.search(document):
        raise index.place_at(surrogate.start()).wrong("half a surrogate pair is no character")
    parser = _Parser()
    parser.setContentHandler(_Handler(parser, index, events, limits))
    try:
        parser.feed(document, True)  # whole; close() would lose where an error is
    except SAXParseException as error:
        place = index.place_at(index.offset(parser.error_byte))
        raise place.wrong(_said(error.getMessage(), document)) from None
    except DefusedXmlException:
        begins = document.rfind("<!DOCTYPE", 0, index.offset(parser.byte) + 1)
        raise index.place_at(begins).wrong("a document type (<!DOCTYPE ...>) is not taken") from None
    finally:
        parser.let_go()


def _said(message: str, document: str) -> str:
    """Expat's words, and what they mean where the document is no XML at all."""
    begins = document.lstrip("\ufeff \t\r\n")[:1]
    if not begins:
        return "the document is empty"
    if begins != "<":
        return "the document begins with text, not with <speak>"
    return _MEANT.get(message, message)


class _Parser(DefusedExpatParser):
    """Expat that tells each character where it is written, not in bunches, and its position in bytes."""

    def __init__(self) -> None:
        super().__init__(forbid_dtd=True)
        self._parser: Any  # pyexpat's, which has no types
        self.in_cdata = False

    def reset(self) -> None:
        """Prepares for a document; the base class calls it before it reads one."""
        super().reset()
        self._parser.buffer_text = False
        self._parser.StartCdataSectionHandler = partial(self._cdata, True)
        self._parser.EndCdataSectionHandler = partial(self._cdata, False)

    def let_go(self) -> None:
        """Ends the use; it and what it tells the events to hold each other until then."""
        self.setContentHandler(ContentHandler())
        self._parser = None

    def _cdata(self, begins: bool) -> None:
        self.in_cdata = begins

    @property
    def byte(self) -> int:
        """Where the event that is being told begins, in bytes of UTF-8."""
        return int(self._parser.CurrentByteIndex)

    @property
    def error_byte(self) -> int:
        """Where the document stopped being XML, in bytes of UTF-8."""
        return int(self._parser.ErrorByteIndex)


class _Index:
    """Turns expat's positions into code points of a document."""

    def __init__(self, document: str) -> None:
        self.document = document
        self._bytes = b"" if document.isascii() else document.encode("utf-8", "surrogatepass")
        self._at = (0, 0)
        self._line_starts = [0, *(match.end() for match in _LINE_END.finditer(document))]

    def offset(self, byte: int) -> int:
        """The code point at a byte of the document in UTF-8; fast where bytes are asked for in their order."""
        if not self._bytes:
            return byte
        last_byte, last = self._at if self._at[0] <= byte else (0, 0)
        self._at = byte, last + len(self._bytes[last_byte:byte].decode("utf-8", "replace"))
        return self._at[1]

    def place_at(self, offset: int) -> Place:
        """The place of a code point."""
        offset = min(max(offset, 0), len(self.document))  # expat has none for an empty document
        line = bisect_right(self._line_starts, offset)
        return Place(offset, line, offset - self._line_starts[line - 1] + 1)


class _Handler(ContentHandler):
    """Tells `events` what SAX tells, with places, and counts."""

    def __init__(self, parser: _Parser, index: _Index, events: Events, limits: Limits) -> None:
        super().__init__()
        self._parser, self._index, self._events, self._limits = parser, index, events, limits
        self._n_elements = self._depth = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        """An element begins."""
        place, limits = self._place(), self._limits
        self._n_elements += 1
        self._depth += 1
        if self._n_elements > limits.max_elements:
            raise place.wrong(f"there are more than {limits.max_elements} elements")
        if self._depth > limits.max_depth:
            raise place.wrong(f"elements are nested deeper than {limits.max_depth}")
        if len(attrs) > limits.max_attributes:
            raise place.wrong(f"<{shown(name)}> has more than {limits.max_attributes} attributes")
        for key, value in attrs.items():
            if len(value) > limits.max_attribute_chars:
                raise place.wrong(f"{shown(key)} is longer than {limits.max_attribute_chars} characters")
        tag = _TAG.match(self._index.document, place.offset)
        self._events.open(name, dict(attrs.items()), place, tag.end() if tag else place.offset)

    def endElement(self, name: str) -> None:  # noqa: N802
        """An element ends."""
        self._depth -= 1
        self._events.close(name, self._place())

    def characters(self, content: str) -> None:
        """Text: an entity, the end of a line, or characters as they stand in the document."""
        document, start = self._index.document, self._index.offset(self._parser.byte)
        first = document[start]
        if first == "&" and not self._parser.in_cdata:
            run = Run(len(content), start, document.index(";", start) + 1, shared=True)
        elif first == "\r" and document.startswith("\n", start + 1):
            run = Run(len(content), start, start + 2, shared=True)
        else:
            run = Run(len(content), start, start + len(content))
        try:
            self._events.text(content, run)
        except ValueError as error:
            raise self._index.place_at(start).wrong(str(error)) from None

    def _place(self) -> Place:
        return self._index.place_at(self._index.offset(self._parser.byte))
