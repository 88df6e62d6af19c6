"""Numbers that no other rule has read: by their length and what stands around them."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts, takes_liang
from speechmesh.frontend.mandarin.numerals import by_digit, by_digit_clearly, cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, NUMBER, RANGE, before, rule
from speechmesh.frontend.mandarin.units import UNIT_NAMES, UNITS

_UPPER_END: Final = re.compile(rf"(?:{RANGE}|[到至或]){NUMBER}")
# 第二, B-2栋.
_NO_COUNT: Final = re.compile(r"[第初]$|[A-Za-z]-?$")
_OCLOCK: Final = re.compile(r"点\d{1,2}分")
_LATIN_AHEAD: Final = re.compile(r"(?<![A-Za-z\d])(?:[A-Za-z]{1,12}[-_ ]?|[A-Z]\d |[GH]\.)$")
_MODEL_AHEAD: Final = re.compile(r"(?:波音|空客|日经|型号|宝马|奔驰|标致|骁龙|酷睿|麒麟)[- ]?$")
# What has a value rather than a number: AQI 180.
_MEASURED: Final = re.compile(
    r"(?<![A-Za-z])(?:AQI|IQ|EQ|BMI|GRE|GMAT|SAT|TOEFL|PMI|CPI|PPI|HR|HP|MP|SP|ATK|DEF|EXP|DPI|VIX|PLT|WBC|ALT|AST) ?$"
)
# A number as long as this counts nothing unless it says what.
_LONG: Final = 9
_SHORTEST_MODEL, _SHORTEST_SERIAL = 3, 5
_SERIES_AHEAD: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{1,4}\d{1,2}-$")
_FACTOR_OR_BYTES: Final = re.compile(r" ?[KMGTP]i?B(?![A-Za-z])| ?×")


@rule(DIGIT, r"\d++(?:\.\d++){2,}+")
def _version(match: re.Match[str]) -> str | None:
    return by_digit(match[0].replace(".", "点"))


@rule(DIGIT, r"\d++(?:-\d++){2,}+")
def _chain(match: re.Match[str]) -> str | None:
    return by_digit_clearly(match[0].replace("-", ""))


@rule(DIGIT, r"(?<=\d秒)\d{1,3}(?![\d.分])|(?<=\d[米m])\d{2}(?![\d.])")
def _hundredths(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) else by_digit(match[0])  # 9秒83, 1米75


_CAPITALS: Final = "壹贰叁肆伍陆柒捌玖拾佰仟"
_PLAIN: Final = str.maketrans(_CAPITALS, "一二三四五六七八九十百千")


@rule(_CAPITALS, rf"[{_CAPITALS}零万亿]{{1,30}}+(?=[元圆角分整正])")
def _on_a_cheque(match: re.Match[str]) -> str | None:
    """伍拾陆元: 陆 is a number here, not land."""
    return match[0].translate(_PLAIN)


@rule(DIGIT, r"(\d)([室房])(\d)厅(?:(\d)厨)?(?:(\d)卫)?")
def _rooms(match: re.Match[str]) -> str | None:
    counted = zip((match[1], match[3], match[4], match[5]), (match[2], "厅", "厨", "卫"), strict=True)
    return "".join(("两" if n == "2" else cardinal(n)) + room for n, room in counted if n)


@rule(DIGIT, rf"({NUMBER})(?:e|E(?=[+-])|(?<=\.\d)E)([+-]?)(\d{{1,3}}+) ?({UNIT_NAMES})?(?![A-Za-z0-9])")
def _scientific(match: re.Match[str]) -> str | None:
    ahead = before(match, 1)
    if ahead.isascii() and ahead.isalpha():
        return None
    return f"{number(match[1])}乘十的{'负' if match[2] == '-' else ''}{cardinal(match[3])}次方{UNITS.get(match[4], '')}"


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
    if _SERIES_AHEAD.search(ahead) and len(text) >= _SHORTEST_SERIAL:
        return by_digit(text)  # i9-14900K
    counted = counted or bool(_FACTOR_OR_BYTES.match(match.string, end))
    names_model = (
        _LATIN_AHEAD.search(ahead) and not counted and not _MEASURED.search(ahead)
    ) or _MODEL_AHEAD.search(ahead)
    if names_model and len(text) >= _SHORTEST_MODEL and not text.endswith("00"):
        return by_digit(text)
    if (
        text == "2"
        and not _NO_COUNT.search(ahead)
        and not (ahead.endswith("点") and match.string.startswith("分", end))
        and (takes_liang(match.string, upper.end() if upper else end) or _OCLOCK.match(match.string, end))
    ):
        return "两"
    return cardinal(text)


RULES: Final = (_on_a_cheque, _rooms, _version, _chain, _hundredths, _scientific, _number)
