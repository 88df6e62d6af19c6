"""Turns an SSML document into a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from speechmesh.frontend.ssml import values
from speechmesh.frontend.ssml.cautions import Cautions
from speechmesh.frontend.ssml.collector import Collector
from speechmesh.frontend.ssml.document import read_document
from speechmesh.frontend.ssml.element import Element, Inside
from speechmesh.frontend.ssml.elements import opened
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.place import Place, shown
from speechmesh.frontend.ssml.script import (
    Casting,
    LanguageChange,
    OnLanguageFailure,
    Script,
    Style,
    language_told,
)
from speechmesh.frontend.ssml.source_map import Run

DEFAULT_LIMITS: Final = Limits()
NAMESPACE: Final = "http://www.w3.org/2001/10/synthesis"
_ROOT = "speak"
_HOLD_DOCUMENTS = frozenset({"media"})


def parse_ssml(
    document: str,
    *,
    language: str = "",
    limits: Limits = DEFAULT_LIMITS,
    language_of: Callable[[Casting], str] | None = None,
) -> Script:
    """The script of a document of SSML 1.0 or 1.1, as the clouds write it. Pure; linear in the document's length.

    Args:
        document: XML whose root is `<speak>`.
        language: BCP-47 language of text that has none of its own: the request's, or the voice's. Decides whether a
            pronunciation can be read.
        limits: bounds of the document.
        language_of: the language in which the text of a casting will be spoken, where that is known of the voices;
            else it is the innermost `xml:lang`'s.

    Raises:
        InvalidInput: on field `ssml`, naming line and column, where the document is malformed, has a DTD, is over a
            limit, or says what cannot be done. What can be left out is a caution instead.
    """
    builder = _Builder(lambda casting: (language_of or language_told)(casting) or language, limits)
    read_document(document, builder, limits)
    return builder.script()


class _Builder:
    """Follows a document's events, one `Inside` for each open element."""

    def __init__(self, language_of: Callable[[Casting], str], limits: Limits) -> None:
        self._language_of = language_of
        self._limits = limits
        self._cautions = Cautions(limits.max_cautions)
        self._collector = Collector()
        self._open: list[Inside] = []
        self._names: list[str] = []
        self._prefix = ""
        self._document_language = ""
        self._n_chars = 0

    def script(self) -> Script:
        """What the document came to."""
        return Script(self._collector.items(), self._document_language, self._cautions.all())

    def open(self, name: str, attributes: Mapping[str, str], place: Place, end: int) -> None:
        """An element begins."""
        if not self._open:
            name = self._root(name, attributes, place)
        else:
            name = name.removeprefix(self._prefix)
            if name == _ROOT and self._names[-1] not in _HOLD_DOCUMENTS:
                raise place.wrong("<speak> stands inside <speak>")
        around = self._open[-1] if self._open else Inside(Style(), self._collector)
        if around.is_text:
            raise place.wrong(f"<{shown(name)}> stands inside <{self._names[-1]}>, which holds text alone")
        self._names.append(name)
        if around.is_unspoken:
            self._open.append(Inside(around.style, around.collector, is_unspoken=True))
            return
        element = Element(
            name,
            attributes,
            place,
            end,
            around.style,
            around.collector,
            self._language_of,
            self._limits,
            self._cautions,
            is_root=not self._open,
        )
        inside = opened(replace(element, style=self._in_language(element)))
        try:
            self._count(len(attributes.get("alias", "")))
        except ValueError as error:
            raise element.wrong(str(error)) from None
        self._open.append(inside)

    def _in_language(self, element: Element) -> Style:
        """The style around an element, in the language of its own `xml:lang`."""
        style = element.style
        how = element.read(
            "onlangfailure", partial(values.member, kind=OnLanguageFailure), style.on_language_failure
        )
        style = replace(style, on_language_failure=how)
        own = element.read("xml:lang", values.language, None)
        if element.is_root:
            self._document_language = own or ""
        if own is None:
            return style
        return replace(
            style, casting=(*style.casting, LanguageChange(own, how, is_of_document=element.is_root))
        )

    def close(self, name: str, place: Place) -> None:
        """An element ends."""
        inside = self._open.pop()
        self._names.pop()
        if inside.finish:
            inside.finish(place.offset)

    def text(self, characters: str, run: Run) -> None:
        """Characters.

        Raises:
            ValueError: when there are too many.
        """
        inside = self._open[-1]
        if inside.is_unspoken:
            return
        self._count(len(characters.strip(" \t\n")))
        inside.collector.text(characters, run, inside.style)

    def _count(self, n_chars: int) -> None:
        self._n_chars += n_chars
        if self._n_chars > self._limits.max_text_chars:
            raise ValueError(f"there are more than {self._limits.max_text_chars} characters to read")

    def _root(self, name: str, attributes: Mapping[str, str], place: Place) -> str:
        """The root's name without its prefix, which those of SSML's other elements share."""
        prefix, colon, local = name.rpartition(":")
        if colon and attributes.get(f"xmlns:{prefix}") == NAMESPACE:
            self._prefix, name = f"{prefix}:", local
        if name != _ROOT:
            raise place.wrong(f"the document begins with <{shown(name)}>, not with <speak>")
        return name
