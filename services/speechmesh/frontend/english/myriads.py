"""Reads numbers counted in 万 and 亿, and amounts in 元 and 円, which English text about East Asia has."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Reading, whole

_AMOUNT = re.compile(
    r"(?P<sign>[¥$€£₩]?)\ ?(?P<whole>\d{1,3}(?:,\d{3}){1,3}|\d{1,12})(?:\.(?P<decimals>\d{1,8}))?"
    r"(?P<scale>\ ?[万亿]{1,2})?(?P<unit>\ ?[元円])?",
    re.ASCII,
)
_ZEROS = {"万": 4, "亿": 8}
_CURRENCIES = {
    "元": "yuan",
    "円": "yen",
    "¥": "yuan",
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
    "₩": "won",
}
LEFT_OVER = "万亿元円"


def recognise_myriads(context: Context, position: int) -> Reading | None:
    """Read "3.5万" as "thirty five thousand" and "500元" as "five hundred yuan"."""
    match = _AMOUNT.match(context.text, position)
    if match is None or not (match["scale"] or match["unit"]):
        return None
    words = _scaled(match["whole"].replace(",", ""), match["decimals"] or "", match["scale"] or "")
    currency = _CURRENCIES.get((match["unit"] or match["sign"]).strip(), "")
    return whole(f"{words} {currency}".strip(), position, match.end())


def _scaled(whole_part: str, decimals: str, scale: str) -> str:
    zeros = sum(_ZEROS[character] for character in scale.strip())
    shifted = decimals.ljust(zeros, "0")
    literal = (whole_part + shifted[:zeros]).lstrip("0") or "0"
    rest = shifted[zeros:].rstrip("0")
    return numbers.number(f"{int(literal):,}" + (f".{rest}" if rest else ""))


def recognise_left_over(context: Context, position: int) -> Reading | None:
    """Report a sign that was not read with its number as not spoken."""
    context.drop(position, position + 1)
    return Reading((), position + 1)
