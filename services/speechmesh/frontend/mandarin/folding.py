"""Folds Chinese text into what the normaliser reads; each character keeps its place in the caller's text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# A comma between digits groups thousands; the normaliser would pause there.
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_KEPT_WIDE = frozenset("，。！？；：、（）《》“”‘’—…·～「」『』【】")
_REPLACED = {
    "\t": " ",
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u3000": " ",
    "￥": "¥",
    "−": "-",
    "﹪": "%",
}


@dataclass(frozen=True, slots=True)
class FoldedText:
    """`text[i]` came from `places[i]` of the caller's text; `places` has one more, the text's end."""

    text: str
    places: list[int]


def fold(text: str) -> FoldedText:
    """Full-width letters and digits become ASCII, thousands lose their commas, control characters go."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if folded := _fold(character):
            characters.append(folded)
            places.append(place)
    places.append(len(text))
    folded_text = "".join(characters)
    grouping = {match.start() for match in _GROUPING.finditer(folded_text)}
    if grouping:
        places = [place for i, place in enumerate(places) if i not in grouping]
        folded_text = "".join(c for i, c in enumerate(folded_text) if i not in grouping)
    return FoldedText(folded_text, places)


def _fold(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    if character in _KEPT_WIDE or character == "\n":
        return character
    if unicodedata.category(character).startswith("C") or unicodedata.combining(character):
        return ""
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if len(narrow) == 1 else character
