"""Numbers in Chinese characters: as a quantity, and digit by digit."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "零一二三四五六七八九"
_BY_DIGIT: Final = str.maketrans("0123456789", _DIGITS)
# Said of 1 where it could be taken for 7: telephones, rooms, codes.
_BY_DIGIT_CLEARLY: Final = str.maketrans("0123456789", "零幺二三四五六七八九")
_PLACES: Final = ("", "十", "百", "千")
LONGEST_CARDINAL: Final = 16
"""Longer numbers are read digit by digit."""


def by_digit(digits: str) -> str:
    """`2024` as 二零二四; what is no digit stays."""
    return digits.translate(_BY_DIGIT)


def by_digit_clearly(digits: str) -> str:
    """`110` as 幺幺零; what is no digit stays."""
    return digits.translate(_BY_DIGIT_CLEARLY)


def cardinal(digits: str) -> str:
    """`10500` as 一万零五百. 两 stands at the head before 千, 万 and 亿: 两千, but 二百 and 一万二千."""
    digits = digits.lstrip("0")
    if not digits:
        return "零"
    if len(digits) > LONGEST_CARDINAL:
        return by_digit(digits)
    said = _sections(digits)
    if said.startswith("一十"):
        said = said[1:]
    if said[:2] in ("二千", "二万", "二亿"):
        said = f"两{said[1:]}"
    return said


def number(text: str) -> str:
    """`3.14` as 三点一四."""
    whole, point, decimals = text.partition(".")
    return f"{cardinal(whole)}点{by_digit(decimals)}" if point else cardinal(whole)


def _sections(digits: str) -> str:
    """A number in sections of 万 and 亿; `digits` begins with none of 0."""
    for length, name in ((8, "亿"), (4, "万")):
        if len(digits) > length:
            rest = digits[-length:].lstrip("0")
            skipped = "零" if rest and len(rest) < length else ""
            return _sections(digits[:-length]) + name + skipped + (_sections(rest) if rest else "")
    said = ""
    for i, digit in enumerate(digits):
        if digit != "0":
            said += _DIGITS[int(digit)] + _PLACES[len(digits) - 1 - i]
        elif said[-1:] != "零":
            said += "零"
    return said.rstrip("零")
