"""Finds emoji and names them by their Unicode names."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.spoken import Pause

_BASE = "[\u2300-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
_MODIFIER = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"  # presentation, skin, tags
_CLUSTER = re.compile(
    f"(?P<flag>[\U0001f1e6-\U0001f1ff]{{2}})|{_BASE}{_MODIFIER}{{0,8}}(?:\u200d{_BASE}{_MODIFIER}{{0,8}}){{0,8}}"
)
_PARTS = re.compile(_BASE)
_FIRST_FLAG_LETTER = 0x1F1E6
# The older characters' names tell how they were printed: their "black" is "filled".
_PRINTED = re.compile(r"^(?:(?:white|black|heavy|medium)\ )+(?!.*(?:circle|square))")
_FRAME = re.compile(r"^(?:negative )?squared |\ (?:sign|symbol)$")
_LAST_PRINTED = "\u2bff"
_NAMES = {"❤": "red heart", "♂": "", "♀": "", "☺": "smiling face", "☹": "frowning face"}


def emoji_at(text: str, position: int) -> tuple[str, int] | None:
    """The name of the emoji that begins at ``position`` and where it ends; None where none with a name does.

    Args:
        text: the caller's text, not folded.
        position: where to look.
    """
    match = _CLUSTER.match(text, position)
    if match is None:
        return None
    name = _flag_name(match[0]) if match["flag"] else _joined_name(match[0])
    return (name, match.end()) if name else None


def _flag_name(letters: str) -> str:
    return " ".join(chr(ord("A") + ord(letter) - _FIRST_FLAG_LETTER) for letter in letters) + " flag"


@lru_cache(maxsize=2048)
def _joined_name(cluster: str) -> str:
    """The names of the parts of a sequence, one after the other: a woman with a rocket is "woman rocket"."""
    return " ".join(filter(None, map(_part_name, _PARTS.findall(cluster))))


def _part_name(character: str) -> str:
    if character in _NAMES:
        return _NAMES[character]
    name = unicodedata.name(character, "").lower().replace("-", " ")
    if character <= _LAST_PRINTED:
        name = _PRINTED.sub("", name)
    return " ".join(word for word in _FRAME.sub("", name).split() if word.isascii() and word.isalpha())


def recognise_emoji(context: Context, position: int) -> Reading | None:
    """Say the name of an emoji between pauses; after a finished sentence it is a sentence of its own."""
    name = context.folded.emoji.get(position)
    if name is None:
        return None
    last = context.items[-1] if context.items else None
    alone = last is None or (isinstance(last, Pause) and last.mark.ends_sentence)
    return whole(f"{name} ." if alone else f", {name} ,", position, position + 1)
