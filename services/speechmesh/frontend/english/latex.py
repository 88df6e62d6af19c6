r"""Reads mathematics between "$" or "\(" signs, which language models leave in their text."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.folding import GREEK
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole

# A dollar sign before a digit is money unless the sign that closes follows an operator's formula.
_INLINE = re.compile(
    r"\$\$?(?=[^$\n]{0,200}[=^_\\+<>])(?=[A-Za-z\\({|-]|\d+[a-z=+^])[^$\n]{0,200}[^$\s]\$\$?(?!\d)"
)
_ABSOLUTE = re.compile(r"(?<=[ (=+-])\|([A-Za-z]|\d{1,6})\|(?=[ ,.;:)=<>]|$)", re.ASCII)
_DELIMITER = re.compile(r"\\[()\[\]]")
_COMMAND = re.compile(r"\\(?P<name>[A-Za-z]{1,12})(?P<brace>\s?\{)?")
_LIMIT = r"(?:\{(?:\\?[a-z]{1,8}|[A-Z]|\d{1,6}|[=+-]){1,7}\}|[A-Za-z0-9])"
_LIMITS = re.compile(rf"_(?P<low>{_LIMIT})\^(?P<high>{_LIMIT})")
_TOKENS = re.compile(r"\\?[a-z]{2,8}|[A-Za-z]|\d++|[=+-]")
_LIMIT_WORDS = {
    "=": "equals", "+": "plus", "-": "minus", "\\infty": "infinity", "\\pi": "pi",
}  # fmt: skip
_WITH_LIMITS = {"sum": "sum", "int": "integral", "prod": "product"}
_WORDS = {
    "times": "times", "cdot": "times", "div": "divided by", "pm": "plus or minus", "leq": "is less than or equal to",
    "le": "is less than or equal to", "geq": "is greater than or equal to", "ge": "is greater than or equal to",
    "neq": "is not equal to", "ne": "is not equal to", "approx": "approximately", "to": "to", "rightarrow": "to",
    "infty": "infinity", "in": "in", "sum": "sum of", "int": "integral of", "prod": "product of", "partial": "partial",
    "sqrt": "square root of", "sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "L N",
    "lim": "limit",
    **{name: name for name in set(GREEK.values())}, **{name.title(): name for name in set(GREEK.values())},
}  # fmt: skip


def recognise_latex(context: Context, position: int) -> Reading | None:
    """Skip what encloses mathematics, and read its commands; the rest is read as everywhere."""
    text = context.text
    if text[position] == "$":
        return _inline(context, position)
    absolute = _ABSOLUTE.match(text, position)
    if absolute and text[context.line_start : context.line_start + 1] != "|":
        words = numbers.integer(absolute[1]) if absolute[1].isdigit() else absolute[1].upper()
        return whole(f"the absolute value of {words}", position, absolute.end())
    if _DELIMITER.match(text, position):
        return Reading((), position + 2)
    if position >= context.math_end:
        return None
    if text.startswith("}{", position):
        return whole("over", position, position + 2)  # only \frac has two groups here
    command = _COMMAND.match(text, position)
    if command is None:
        return None
    words = _WORDS.get(command["name"], "")
    limits = _LIMITS.match(text, command.end("name"))
    if limits and command["name"] in _WITH_LIMITS:
        return _with_limits(context, position, command["name"], limits)
    return Reading((Piece(words, *command.span("name")),), command.end())


def _with_limits(context: Context, position: int, name: str, limits: re.Match[str]) -> Reading:
    """Read "sum from I equals one to N of"; what the limits hold is read as everywhere."""
    pieces = [Piece(f"{_WITH_LIMITS[name]} from", position, limits.start())]
    for group, sign in (("low", "to"), ("high", "of")):
        inner = limits[group].strip("{}")
        words = " ".join(
            numbers.integer(token) if token.isdigit() else _LIMIT_WORDS.get(token, token.upper())
            for token in _TOKENS.findall(inner)
        )
        pieces.append(Piece(f"{words} {sign}", *limits.span(group)))
    return Reading(tuple(pieces), limits.end())


def _inline(context: Context, position: int) -> Reading | None:
    if position < context.math_end:
        return Reading((), position + 1)
    formula = _INLINE.match(context.text, position)
    if formula is None:
        return None
    context.math_end = formula.end()
    return Reading((), position + 1)
