"""Times of day, and how long something takes."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import by_digit, cardinal
from speechmesh.frontend.mandarin.rule import DIGIT, before, rule
from speechmesh.frontend.mandarin.scores import follows_score

# What takes time rather than happens at one.
_LASTING: Final = re.compile(
    r"(?:纪录|成绩|用时|耗时|历时|时长|配速|片长|计时|总长|全长|游出|跑出|刷出|圈速)[为是了：:约仅只在到 ]{0,3}$"
)
_EVENING_BEGINS, _NOON = 6, 12


def hour(text: str) -> str:
    """An hour, or any count of what 两 counts."""
    said = cardinal(text)
    return "两" if said == "二" else said


def _minute(text: str) -> str:
    return by_digit(text) if text.startswith("0") else cardinal(text)


@rule(DIGIT, r"(\d{1,3}+):(\d\d)(?::(\d\d))?(?:\.(\d{1,3}+))?(?![\d:])")
def lasted(match: re.Match[str]) -> str | None:
    """用时1:23.45, 片长1:45:00; 9:58.3 is no time of day."""
    first, second, third, hundredths = match.groups()
    if not (_LASTING.search(before(match, 8)) or (hundredths and second < "60")):
        return None
    if follows_score(match):
        return None
    hours = f"{hour(first)}小时" if third else ""
    minutes, seconds = (second, third) if third else (first, second)
    said = (
        f"{hours}{_minute(minutes)}分{_minute(seconds)}秒"
        if hours
        else f"{hour(minutes)}分{_minute(seconds)}秒"
    )
    return said.replace("零零分", "零分") + (by_digit(hundredths) if hundredths else "")


@rule(DIGIT, r"(\d{1,2}+)[:：](\d{2})(?:[:：](\d{2}))?(?!\d)(?: ?([AaPp])\.?[Mm](?![A-Za-z])\.?)?[分秒]?")
def time(match: re.Match[str]) -> str | None:
    """15:30, 3:30 PM."""
    hours, minutes, seconds, half = match.groups()
    if int(hours) > 24 or int(minutes) > 59 or int(seconds or 0) > 59:
        return None
    said = f"{_part_of_day(int(hours), half)}{hour(hours)}点"
    if int(seconds or 0):
        return f"{said}{_minute(minutes)}分{_minute(seconds)}秒"
    return said if minutes == "00" else f"{said}{_minute(minutes)}分"


@rule(DIGIT, r"(\d{1,2}+) ?([AaPp])\.?[Mm](?![A-Za-z])\.?")
def hour_alone(match: re.Match[str]) -> str | None:
    """3 PM."""
    return f"{_part_of_day(int(match[1]), match[2])}{hour(match[1])}点" if int(match[1]) <= _NOON else None


def _part_of_day(hour: int, half: str | None) -> str:
    if half is None:
        return ""
    if half in "Aa":
        return "上午"
    return "晚上" if _EVENING_BEGINS <= hour < _NOON else "中午" if hour == _NOON else "下午"
