"""An element as it begins, and what is inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.ssml.cautions import Cautions
from speechmesh.frontend.ssml.collector import Collector
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.place import Place
from speechmesh.frontend.ssml.script import Casting, Style

_T = TypeVar("_T")


@dataclass(slots=True)
class Inside:
    """How the content of an element is taken.

    Attributes:
        style: how it is read.
        collector: what gathers it.
        is_text: whether it may hold text alone.
        is_unspoken: whether it is passed over.
        finish: called with the offset of the element's end.
    """

    style: Style
    collector: Collector
    is_text: bool = False
    is_unspoken: bool = False
    finish: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a document.

    Attributes:
        name: its name, without a prefix of SSML's own.
        attributes: as written.
        place: where it begins.
        tag_end: where its start tag ends.
        style: the style of what it stands in, in the language of its own `xml:lang`.
        collector: what gathers what it stands in.
        language_of: the language in which the text of a casting is spoken.
        limits: the document's.
        cautions: the document's.
        is_root: whether it is the document's root.
    """

    name: str
    attributes: Mapping[str, str]
    place: Place
    tag_end: int
    style: Style
    collector: Collector
    language_of: Callable[[Casting], str]
    limits: Limits
    cautions: Cautions
    is_root: bool = False

    def inside(self, style: Style | None = None) -> Inside:
        """Content that is read with the rest, in this style."""
        return Inside(style or self.style, self.collector)

    def wrong(self, message: str) -> InvalidInput:
        """The error that this element cannot be served."""
        return self.place.wrong(f"<{self.name}>: {message}")

    def tell(self, code: str, message: str) -> None:
        """A caution about this element."""
        where = f"line {self.place.line}, column {self.place.column}"
        self.cautions.tell(code, f"{where}: {message}", self.place.offset, self.tag_end)

    def required(self, name: str) -> str:
        """An attribute that must be there.

        Raises:
            InvalidInput: when it is not.
        """
        if name not in self.attributes:
            raise self.wrong(f"the attribute {name} is missing")
        return self.attributes[name]

    def read(self, name: str, reader: Callable[[str], _T], default: _T) -> _T:
        """An attribute through one of `ssml.values`' readers; `default` where it is not there.

        Raises:
            InvalidInput: naming the attribute, when the reader refuses it.
        """
        if name not in self.attributes:
            return default
        try:
            return reader(self.attributes[name])
        except ValueError as error:
            raise self.wrong(f"{name}: {error}") from None
