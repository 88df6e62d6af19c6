"""What a rule of the normaliser is: a pattern, and how what it finds is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

NUMBER: Final = r"\d++(?:\.\d++)?+"
# What may stand between the ends of a range, with what must follow.
RANGE: Final = r"[ ]?[-~～—–][ ]?"

# Stands in a reading for what is dropped; folding leaves none in a text.
NOTHING: Final = "\0"
# The reading of marks that are not heard, and nobody misses.
SILENCE: Final = " "

Reader = Callable[[re.Match[str]], "str | None"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Reads what `pattern` finds, which begins with a character of `first`.

    `read` returns characters, Latin words and marks; "", or `NOTHING` in it, drops what was found; None leaves it to
    the rules behind.
    Patterns have bounds wherever they may have to give up, so that reading stays linear in the text's length.
    """

    first: str
    pattern: re.Pattern[str]
    read: Reader


DIGIT: Final = "0123456789"
LATIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def rule(first: str, pattern: str) -> Callable[[Reader], Rule]:
    """Makes a rule of a function that reads a match."""
    return lambda read: Rule(first, re.compile(pattern), read)


def before(match: re.Match[str], length: int) -> str:
    """Up to `length` characters before a match."""
    return match.string[max(0, match.start() - length) : match.start()]


def after(match: re.Match[str], length: int) -> str:
    """Up to `length` characters after a match."""
    return match.string[match.end() : match.end() + length]
