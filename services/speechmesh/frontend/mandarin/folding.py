"""Folds Chinese text into what the normaliser reads; each character keeps its place in the caller's text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from speechmesh.frontend.mandarin.traditional import simplified

# A comma between digits groups thousands; the normaliser would pause there.
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_KEPT_WIDE = frozenset("，。！？；：、（）《》“”‘’「」『』【】—…·～〇²³℃℉")
_REPLACED = {
    "\t": " ",
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u3000": " ",
    "\u00a0": " ",
    "￥": "¥",
    "−": "-",
    "‑": "-",
    "‐": "-",
    "﹪": "%",
    "㎡": "m²",
    "㎥": "m³",
    "⁄": "/",
    "∶": ":",
    "﹣": "-",
}
_ROMAN = {chr(0x2160 + i): str(i + 1) for i in range(12)} | {chr(0x2170 + i): str(i + 1) for i in range(12)}
# Folding may lengthen a text, but no more than this a character: some ligatures are whole sentences.
_LONGEST_FOLD: Final = 4


@dataclass(frozen=True, slots=True)
class FoldedText:
    """`text[i]` came from `places[i]` of the caller's text; `places` has one more, the text's end."""

    text: str
    places: list[int]


def fold(text: str) -> FoldedText:
    """Full-width letters and digits become ASCII, accents and thousands' commas go, characters become simplified."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for folded in _fold(character):
            characters.append(folded)
            places.append(place)
    places.append(len(text))
    folded_text = simplified("".join(characters))
    grouping = {match.start() for match in _GROUPING.finditer(folded_text)}
    if grouping:
        places = [place for i, place in enumerate(places) if i not in grouping]
        folded_text = "".join(c for i, c in enumerate(folded_text) if i not in grouping)
    return FoldedText(folded_text, places)


@lru_cache(maxsize=8_192)
def _fold(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    if character in _ROMAN:
        return _ROMAN[character]
    if character in _KEPT_WIDE or character == "\n" or "\u4e00" <= character <= "\u9fff":
        return character
    if unicodedata.category(character)[0] == "C" or unicodedata.category(character) in ("Mn", "Me"):
        return ""
    narrow = unicodedata.normalize("NFKC", character)
    bare = "".join(c for c in unicodedata.normalize("NFKD", narrow) if not unicodedata.combining(c))
    if bare.isascii() and bare.isalpha():  # é; but not ά or が, which are other scripts' own
        narrow = bare
    if 1 <= len(narrow.strip()) <= _LONGEST_FOLD:
        return narrow.replace("⁄", "/")
    return character
