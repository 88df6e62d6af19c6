"""Reads dates, times of day and durations as people write them, by the formats of `<say-as>`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from speechmesh.frontend.ssml.wording import Clock, Date, Span

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DATE_PART = re.compile(r"[\d?]+|[A-Za-z]+", re.ASCII)
_RANK = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.ASCII | re.IGNORECASE)
_FORMAT = re.compile(r"[ymd]*", re.ASCII)
_FORMAT_SEPARATORS = re.compile(r"[\W_]+")
_RUNS = re.compile(r"y+|m+|d+")
_WIDTHS: Final = {"y": 4, "m": 2, "d": 2}
_EIGHT_DIGITS = sum(_WIDTHS.values())  # which begin with the year
_LAST_YEAR_OF_2000S = 68  # as POSIX has it for years of two digits
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h：点时](\d{2}))?(?:[:.：分](\d{2}))?[分秒]?\s*(?:([ap])\.?(?:m\.?)?)?", re.ASCII
)
_CLOCK_TOGETHER = re.compile(r"(\d{2})(\d{2})(\d{2})?\s*(?:([ap])\.?(?:m\.?)?)?", re.ASCII)
_ISO_SPAN = re.compile(r"pt(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_UNIT_SPAN = re.compile(
    r"(?:(\d{1,9})\s?(?:h|hours?|小时))?\s*(?:(\d{1,9})\s?(?:m|min|minutes?|'|′|分钟?))?\s*"
    r"(?:(\d{1,9})\s?(?:s|sec|seconds?|\"|″|''|秒))?",
    re.ASCII,
)
_COLON_SPAN = re.compile(r"(\d{1,9})(?:[:.](\d{1,9}))?(?:[:.](\d{1,9}))?", re.ASCII)
_LONGEST = 64
"""More characters than any date or time has; longer texts are none."""


def read_date(written: str, form: str, *, month_first: bool) -> Date | None:
    """A date; None when it is not one.

    Args:
        written: "3/5/2024", "20240305", "5 March", "????0305".
        form: the order of its parts, `mdy`, `yyyymmdd` or `dd.mm.yyyy`, of which the date may lack the year, or the day
            if the year has four digits; empty: as the parts tell, and where they do not, as `month_first` says.
        month_first: whether the month stands before the day.
    """
    letters = _FORMAT_SEPARATORS.sub("", form)
    if len(written) > _LONGEST or not _FORMAT.fullmatch(letters):
        return None
    parts = _DATE_PART.findall(_RANK.sub("", written))
    asked = [_RUNS.findall(letters)] if letters else _likely_orders(parts, month_first)
    return next((date for runs in asked if (date := _date_of(parts, runs))), None)


def _likely_orders(parts: list[str], month_first: bool) -> list[str]:
    """The orders in which the parts of a date without a format may stand, the likeliest first."""
    usual = ["mdy", "dmy"] if month_first else ["dmy", "mdy"]
    if len(parts) == 1:
        alone = {_WIDTHS["y"]: "y", _EIGHT_DIGITS: "ymd"}.get(len(parts[0]))
        return [alone] if alone else usual
    named = next((at for at, part in enumerate(parts) if part.lower() in _MONTHS), None)
    if named is not None:
        usual = [f"{rest[:named]}m{rest[named:]}" for rest in ("dy", "yd")]
    elif any(map(_is_year, parts[:1])):
        usual = ["ymd"]
    return [order if len(parts) > 2 else _without_a_part(order, parts) for order in usual]


def _is_year(part: str) -> bool:
    return len(part) == _WIDTHS["y"] and (part.isdigit() or set(part) == {"?"})


def _without_a_part(order: str, parts: list[str]) -> str:
    """An order of three for a date of two parts: with the month and the year, or the month and the day."""
    return order.replace("d" if any(map(_is_year, parts)) else "y", "")


def _date_of(parts: list[str], runs: Sequence[str]) -> Date | None:
    """The date whose parts have the order, and where they are written in one the widths, of some runs of letters."""
    if len(parts) == 1 and len(runs) > 1:
        parts = _sliced(parts[0], runs)
    order = "".join(run[0] for run in runs)
    if len(parts) == 2 and sorted(order) == ["d", "m", "y"]:
        order = _without_a_part(order, parts)
    if len(parts) != len(order) or len(set(order)) != len(order):
        return None
    date = _dated(dict(zip(order, parts, strict=True)))
    return date and replace(date, is_day_first="d" in order.partition("m")[0])


def _sliced(together: str, runs: Sequence[str]) -> list[str]:
    """The parts of a date that is written in one; as many as `runs` where their widths fit."""
    for widths in (
        [len(run) for run in runs],
        [_WIDTHS[run[0]] for run in runs],
        [2 for _ in runs],
    ):
        if sum(widths) == len(together) and min(widths) > 1:
            ends = [sum(widths[: n + 1]) for n in range(len(widths))]
            return [together[end - width : end] for end, width in zip(ends, widths, strict=True)]
    return []


def _dated(parts: dict[str, str]) -> Date | None:
    values: dict[str, int] = {}
    for order, part in parts.items():
        if part.isdigit():
            values[order] = int(part)
        elif order == "m" and part.lower() in _MONTHS:
            values[order] = _MONTHS[part.lower()]
        elif set(part) != {"?"}:  # which stand for a part that is not known
            return None
    year, month, day = (values.get(order) for order in "ymd")
    if year is not None and len(parts["y"]) <= 2:
        year += 2000 if year <= _LAST_YEAR_OF_2000S else 1900
    fits = (
        (year is None or 1 <= year <= 9999)
        and (month is None or 1 <= month <= 12)
        and (day is None or 1 <= day <= 31)
    )
    return Date(year, month, day) if values and fits else None


def read_clock(written: str) -> Clock | None:
    """A time of day: "2:30pm", "14:30:15", "1430"; None when it is not one."""
    text = written.strip().lower()
    match = None if len(text) > _LONGEST else _CLOCK.fullmatch(text) or _CLOCK_TOGETHER.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (None if part is None else int(part) for part in match.groups()[:3])
    half = f"{match[4]}m" if match[4] else ""
    fits = (hour or 0) <= (12 if half else 24) and (minute or 0) < 60 and (second or 0) < 60
    return Clock(hour or 0, minute, second, half) if fits else None


def in_hours_asked_for(clock: Clock, form: str, detail: str) -> Clock:
    """A time of day in 12 or in 24 hours, as Google documents it.

    Args:
        clock: as it was written; one in 12 hours without a half stays so, for nobody knows which it is.
        form: `hms24` asks for 24 hours, `hms12` for 12; another: for none.
        detail: `1` asks for 24 hours and `2` for 12, whatever the format.
    """
    if detail == "1" or (detail != "2" and "24" in form):
        if not clock.half:
            return clock
        hour = clock.hour % 12 + (12 if clock.half == "pm" else 0)
        return Clock(hour, clock.minute or 0, clock.second)
    is_asked_for_12 = detail == "2" or "12" in form
    is_of_24 = not clock.half and ("24" in form or not 1 <= clock.hour <= 12)
    if not (is_asked_for_12 and is_of_24):
        return clock
    half = "am" if clock.hour % 24 < 12 else "pm"
    return Clock(clock.hour % 12 or 12, clock.minute, clock.second, half)


def read_span(written: str, form: str) -> Span | None:
    r"""A duration: "1:30:02", "1'21''", "1h30m", "PT2M"; None when it is not one.

    Args:
        written: the text.
        form: the parts in their order (`hms`, `hm`, `ms`); empty: three parts are hours, minutes and seconds, two are
            minutes and seconds, one is seconds.
    """
    text = written.strip().lower()
    if len(text) > _LONGEST:
        return None
    if (match := _COLON_SPAN.fullmatch(text)) is not None:
        given = [int(part) for part in match.groups() if part is not None]
        orders = "".join(dict.fromkeys(letter for letter in form if letter in "hms")) or "hms"[-len(given) :]
        values = dict(zip(orders, given, strict=False))
        return Span(values.get("h", 0), values.get("m", 0), values.get("s", 0))
    match = _ISO_SPAN.fullmatch(text) or _UNIT_SPAN.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return Span(hours, minutes, seconds)
