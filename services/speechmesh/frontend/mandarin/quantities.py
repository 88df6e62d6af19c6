"""Amounts with a sign or a unit: percentages, degrees, measures, rates."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import number
from speechmesh.frontend.mandarin.rule import DIGIT, NUMBER, RANGE, before, rule
from speechmesh.frontend.mandarin.units import TOUCHING, UNIT_NAMES, UNITS

_OF: Final = {"%": "百分之", "‰": "千分之"}
_SCALE: Final = r"([百千万亿]{0,3}+)"
_DEGREES: Final = r"(?:℃|°C|摄氏度|度)"
_CODE_AHEAD: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{1,12}[- ]?$")
# Names that a dash joins to a number: 歼-10.
_NAMED: Final = re.compile(
    r"(?:歼|运|轰|直|武直|长征|东风|神舟|嫦娥|天宫|天舟|巨浪|红旗|米格|苏|图|安|卡|第|系列|型号|[A-Za-z])$"
)


@rule(DIGIT, rf"({NUMBER}) ?([%‰])|({NUMBER})(?=(?:{RANGE}){NUMBER} ?([%‰]))")
def _percentage(match: re.Match[str]) -> str | None:
    text, sign = (match[1], match[2]) if match[1] else (match[3], match[4])
    return _OF[sign] + ("百" if (text, sign) == ("100", "%") else number(text))


@rule("-", rf"-(?={NUMBER} ?(?:(?:{RANGE})-?{NUMBER})? ?{_DEGREES})")
def _below_zero(match: re.Match[str]) -> str | None:
    return None if _NAMED.search(before(match, 3)) else "零下"


@rule("-", rf"-(?=[¥$€£]?({NUMBER}))")
def _negative(match: re.Match[str]) -> str | None:
    ahead = before(match, 3)
    if ahead[-1:].isdigit() or ahead[-1:] in ("-", ")", "）"):
        return None
    is_year = re.fullmatch(r"(?:19|20)\d\d", match[1]) and ahead[-1:] not in tuple("为是于约达 ：:")
    return None if is_year or _NAMED.search(ahead) else "负"


@rule(
    DIGIT,
    rf"({NUMBER})( ?){_SCALE}({UNIT_NAMES})(?![A-Za-z²³])(?:/({UNIT_NAMES}|天|日|月|年|人|次|分|秒)(?![A-Za-z]))?",
)
def _measure(match: re.Match[str]) -> str | None:
    text, gap, scale, unit, per = match.groups()
    if (gap and unit in TOUCHING) or _CODE_AHEAD.search(before(match, 14)):
        return None
    said = "两" if text == "2" and unit != "°" else number(text)
    return said + scale + UNITS[unit] + (f"每{UNITS.get(per, per)}" if per else "")


@rule("/", rf"/ ?({UNIT_NAMES})(?![A-Za-z0-9])")
def _each_unit(match: re.Match[str]) -> str | None:
    return f"每{UNITS[match[1]]}" if before(match, 1) in tuple("元万亿块币镑圆角分次克升米") else None


@rule(
    "/",
    r"/(?=年|月|天|日|人|次|个|件|斤|公斤|小时|分钟|分|秒|晚|周|米|平|平方米|吨|升|公里|节|份|瓶|盒|套|张)",
)
def _each(match: re.Match[str]) -> str | None:
    ahead = before(match, 1)
    return "每" if ahead.isdigit() or ahead in tuple("元块币镑圆钱角分次克升米字里万亿") else None


RULES: Final = (_percentage, _below_zero, _negative, _measure, _each_unit, _each)
