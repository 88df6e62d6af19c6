"""Reads Roman numerals after names and words that are numbered: Henry VIII, Chapter IV, World War II."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.word_lists import SENTENCE_STARTERS

_ROMAN = re.compile(
    r"(?=[IVXL])(?P<tens>XL|L?X{0,3})(?P<ones>IX|IV|V?I{0,3})(?![A-Za-z0-9])(?!\.[A-Za-z]|-[A-Za-z]|'(?!s(?![A-Za-z])))"
)
_POSSESSIVE = re.compile(r"'s(?![A-Za-z])")
_SPAN = re.compile(r"(?P<first>[IVX]{1,6})[-–](?P<last>[IVX]{1,6})(?![A-Za-z0-9-])")  # volumes I–IV
_SMALL = re.compile(r"(?P<numeral>i{2,3}|iv|vi{1,3}|ix|xi{0,3}|xiv|xv|i)(?![A-Za-z0-9'-]|\.[A-Za-z])")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
_NUMBERED = frozenset(
    str.split(
        """
    chapter part section volume act scene book article title war bowl type phase stage level grade class
    figure appendix episode canto psalm table schedule step unit module round world fantasy quest rocky
    rambo division tier category mark mk apollo gemini saturn titan olympiad wrestlemania halo
    civilization schedule vatican annex lesson exhibit series
    """
    )
)
_SMALL_NUMBERED = _NUMBERED | {"page", "pages", "scene", "paragraph", "item", "clause", "vol", "subsection"}
_REGNAL = frozenset(
    str.split(
        """
    henry louis george edward charles elizabeth james william richard john paul pius benedict francis
    philip napoleon catherine nicholas alexander peter frederick gregory leo clement innocent ramses
    ramesses xerxes darius mary margaret victor ivan otto ferdinand wilhelm carlos juan felipe harald
    olaf christian gustav king queen pope tsar emperor friedrich joseph emmanuel ptolemy urban boniface
    sixtus julius adrian stephen robert david malcolm constantine theodosius justinian philippe alfonso
    manuel pedro mehmed murad selim abdullah hussein umberto thutmose
    """
    )
)
# Words that begin a sentence, and do not name what is numbered: "The IV is in", "An XL shirt".
_NO_NAMES = SENTENCE_STARTERS | frozenset(
    str.split(
        "to from of with without start check remove insert use stop change hang give see new old both was has"
    )
)
_VERBS_OF_I = frozenset(
    str.split(
        """
    am was have had think thought know love do did will would can could saw want need feel felt
    """
    )
)
_ALSO_VERBS_OF_WHAT_IS_NUMBERED = frozenset({"was", "had", "did"})


def recognise_roman(context: Context, position: int) -> Reading | None:
    """Read a Roman numeral as a rank after a ruler's name, as a number after what is numbered."""
    span = _SPAN.match(context.text, position)
    if span and context.previous.removesuffix("s") in _NUMBERED:
        first, last = _value(span["first"]), _value(span["last"])
        if first < last:
            return whole(f"{numbers.cardinal(first)} to {numbers.cardinal(last)}", position, span.end())
    match = _ROMAN.match(context.text, position)
    if match is None:
        return _small(context, position)
    numeral, previous = match[0], context.previous
    source = context.adjacent_source
    value = _value(numeral)
    if previous in _REGNAL and source[:1].isupper():
        if numeral == "I" and context.next_word(match.end()) in _VERBS_OF_I - _ALSO_VERBS_OF_WHAT_IS_NUMBERED:
            return None
        if numeral in {"V", "X"} and previous in {"malcolm"}:
            return None
        return _ranked(context, f"the {numbers.ordinal(value)}", position, match.end())
    if numeral in {"II", "III"} and not source[:1].isupper():
        return _ranked(context, numbers.cardinal(value), position, match.end())
    named = source[:1].isupper() and len(numeral) > 1 and not source.isupper() and previous not in _NO_NAMES
    if previous in _NUMBERED or named:
        verbs = _VERBS_OF_I - _ALSO_VERBS_OF_WHAT_IS_NUMBERED if source[:1].isupper() else _VERBS_OF_I
        if numeral == "I" and context.next_word(match.end()) in verbs:
            return None
        return _ranked(context, numbers.cardinal(value), position, match.end())
    return None


def _ranked(context: Context, words: str, position: int, end: int) -> Reading:
    """What a numeral says, with the possessive behind it: "Henry VIII's"."""
    possessive = _POSSESSIVE.match(context.text, end)
    if possessive:
        return whole(f"{words}'s", position, possessive.end())
    return whole(words, position, end)


def _small(context: Context, position: int) -> Reading | None:
    """Read the "ii" of "Scene ii" and "page iv"."""
    match = _SMALL.match(context.text, position)
    if (
        match is None
        or context.previous not in _SMALL_NUMBERED
        or len(match[0]) < 2
        or not context.adjacent_source
    ):
        return None
    return whole(numbers.cardinal(_value(match[0].upper())), position, match.end())


def _value(numeral: str) -> int:
    total = 0
    for letter, following in zip(numeral, numeral[1:] + " ", strict=True):
        value = _VALUES[letter]
        total += -value if _VALUES.get(following, 0) > value else value
    return total
