"""Folds Chinese text into what the normaliser reads; each character keeps its place in the caller's text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from speechmesh.frontend.mandarin.rule import DIGIT
from speechmesh.frontend.mandarin.traditional import simplified

# A comma between digits groups thousands; the normaliser would pause there.
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Blanks that only typography wants: 有 2 个人, 3 : 2. One beside a numeral keeps two numbers apart: 周三 15:30.
_NUMERALS: Final = "一二三四五六七八九十"
_SPACING = re.compile(
    rf"(?<=[\d%‰℃°]) (?=(?![{_NUMERALS}])[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?<![{_NUMERALS}]) (?=[\d¥$€£])"
    r"|(?<=\d) (?=000(?!\d))|(?<=\d) (?=[:：] \d)|(?<=\d [:：]) (?=\d)"
)
_KEPT_WIDE = frozenset(
    "，。！？；：、（）《》“”‘’「」『』【】—…·～〇℃℉′″"
    # Beside a digit they would become part of its number: 10⁹, log₂8.
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉"
)
_KEYCAP: Final = "\u20e3"
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
        for folded in _joint(text, place, characters) + _fold(character):
            characters.append(folded)
            places.append(place)
    places.append(len(text))
    folded_text = simplified("".join(characters))
    unread = {match.start() for pattern in (_GROUPING, _SPACING) for match in pattern.finditer(folded_text)}
    if unread:
        places = [place for i, place in enumerate(places) if i not in unread]
        folded_text = "".join(c for i, c in enumerate(folded_text) if i not in unread)
    return FoldedText(folded_text, places)


def _joint(text: str, place: int, characters: list[str]) -> str:
    """What keeps a digit that is one character with its circle or denominator from the number before it."""
    character = text[place]
    if character == _KEYCAP:
        return "、" if text[place + 1 : place + 2].isdecimal() else ""
    if not (characters and characters[-1] in DIGIT) or character.isdecimal() or not character.isnumeric():
        return ""
    kind = unicodedata.decomposition(character).partition(" ")[0]
    return {"<circle>": "、", "<fraction>": "又"}.get(kind, "")


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
