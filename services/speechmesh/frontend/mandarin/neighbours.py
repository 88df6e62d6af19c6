"""The words around one in a phrase, as the rules for polyphones look at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from speechmesh.frontend.mandarin.polyphone_words import NUMERALS

Rule = Callable[[Sequence[str], int], "str | None"]

# How many words back 以…为… and 把…当… are looked for.
NEAR: Final = 6


def before(words: Sequence[str], i: int) -> str:
    """The word before word `i`; empty at the phrase's begin."""
    return words[i - 1] if i else ""


def after(words: Sequence[str], i: int, n: int = 1) -> str:
    """The `n`th word behind word `i`; empty behind the phrase's end."""
    return words[i + n] if i + n < len(words) else ""


def counts(word: str) -> bool:
    """Whether a word ends in a numeral or points: 三, 第一, 这, 每."""
    return bool(word) and (word[-1] in NUMERALS or word in ("这", "那", "每", "哪", "各", "某", "数"))
