"""Numbers that no other rule has read: by their length and what stands around them."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts, takes_liang
from speechmesh.frontend.mandarin.numerals import by_digit, by_digit_clearly, cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, NUMBER, RANGE, before, rule

_UPPER_END: Final = re.compile(rf"(?:{RANGE}|[到至或]){NUMBER}")
_LATIN_AHEAD: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{1,12}[-_ ]?$")
_MODEL_AHEAD: Final = re.compile(r"(?:波音|空客|型号|宝马|奔驰|标致|骁龙|酷睿|麒麟)[- ]?$")
# A number as long as this counts nothing unless it says what.
_LONG: Final = 9
_SHORTEST_MODEL: Final = 3


@rule(DIGIT, r"\d++(?:\.\d++){2,}+")
def _version(match: re.Match[str]) -> str | None:
    return by_digit(match[0].replace(".", "点"))


@rule(DIGIT, r"\d++(?:-\d++){2,}+")
def _chain(match: re.Match[str]) -> str | None:
    return by_digit_clearly(match[0].replace("-", ""))


@rule(DIGIT, NUMBER)
def _number(match: re.Match[str]) -> str | None:
    text, end = match[0], match.end()
    if "." in text:
        return number(text)
    if len(text) > 1 and text.startswith("0"):
        return by_digit(text)
    upper = _UPPER_END.match(match.string, end)
    counted = counts(match.string, upper.end() if upper else end)
    if len(text) >= _LONG and not counted:
        return cardinal(text) if text.endswith("0000") else by_digit_clearly(text)
    ahead = before(match, 14)
    names_model = (_LATIN_AHEAD.search(ahead) and not counted) or _MODEL_AHEAD.search(ahead)
    if names_model and len(text) >= _SHORTEST_MODEL and not text.endswith("00"):
        return by_digit(text)
    if (
        text == "2"
        and ahead[-1:] not in ("第", "初")
        and takes_liang(match.string, upper.end() if upper else end)
    ):
        return "两"
    return cardinal(text)


RULES: Final = (_version, _chain, _number)
