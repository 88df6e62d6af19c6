"""English, for `<say-as>`."""

from __future__ import annotations

from typing import Final

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.capitals import address_in_title_case, name_in_title_case
from speechmesh.frontend.english.dates import MONTHS
from speechmesh.frontend.english.units import unit_alone
from speechmesh.frontend.ssml.wording import Clock, Date, Span, Wording

_DIGITS = tuple(numbers.digits(str(digit)) for digit in range(10))
_SYMBOLS: Final = {
    "-": "dash", ".": "dot", "_": "underscore", "@": "at", "/": "slash", "\\": "backslash", "+": "plus", "#": "hash",
    "*": "star", "&": "ampersand", "%": "percent", "$": "dollar", ":": "colon", ",": "comma", ";": "semicolon",
    "?": "question mark", "!": "exclamation mark", "(": "open parenthesis", ")": "close parenthesis", "=": "equals",
    "'": "apostrophe", '"': "quote", "<": "less than", ">": "greater than", "|": "bar", "~": "tilde",
    "[": "open bracket", "]": "close bracket", "–": "dash", "—": "dash", "’": "apostrophe", "€": "euro", "£": "pound",
}  # fmt: skip


def _letters(written: str) -> list[str]:
    """Letters that the normaliser takes for names of letters: F.B.I, or 'A' alone, which would be a word."""
    if len(written) == 1:
        return [f"'{written.upper()}'"]
    return [f"{letter.upper()}." for letter in written[:-1]] + [written[-1].upper()]


def _date(date: Date) -> str | None:
    year = "" if date.year is None else numbers.year(date.year)
    if date.month is None:
        alone = year if date.day is None else f"the {numbers.ordinal(date.day)}"
        return alone if date.year is None or date.day is None else None
    month = MONTHS[date.month - 1].title()
    if date.day is None:
        return f"{month} {year}".strip()
    day = numbers.ordinal(date.day)
    said = f"the {day} of {month}" if date.is_day_first else f"{month} {day}"
    return said + (f", {year}" if year else "")


def _clock(clock: Clock) -> str:
    minutes = "" if clock.minute is None else f":{clock.minute:02}"
    if clock.half and not clock.minute:
        minutes = ""
    if clock.second is not None:
        minutes = f":{clock.minute or 0:02}:{clock.second:02}"
    half = f" {clock.half.upper()}" if clock.half else ""
    if not minutes and not half:
        half = " o'clock" if 1 <= clock.hour <= 12 else ":00"
    return f"{clock.hour}{minutes}{half}"


def _span(span: Span) -> str:
    parts = [
        f"{numbers.cardinal(count)} {unit}{'' if count == 1 else 's'}"
        for count, unit in ((span.hours, "hour"), (span.minutes, "minute"), (span.seconds, "second"))
        if count
    ]
    return " ".join(parts) or "zero seconds"


def _fraction(whole: int | None, numerator: int, denominator: int) -> str:
    said = numbers.fraction(numerator, denominator)
    return said if whole is None else f"{numbers.cardinal(whole)} and {said}"


def _unit(written: str, one: bool) -> str | None:
    unit = unit_alone(written)
    return unit and (unit.one if one else unit.many)


ENGLISH: Final = Wording(
    digits=_DIGITS,
    phone_digits=_DIGITS,
    symbols=_SYMBOLS,
    letters=_letters,
    gap=" ",
    group_gap=", ",
    group_lengths={7: (3, 4), 10: (3, 3, 4), 11: (1, 3, 3, 4)},
    extension="extension",
    number=numbers.number,
    ordinal=numbers.ordinal,
    rank_sign="",
    fraction=_fraction,
    unit=_unit,
    address=address_in_title_case,
    name=name_in_title_case,
    date=_date,
    clock=_clock,
    span=_span,
    money=lambda amount, code: f"{code.upper()} {amount}",
    minus="minus ",
    bleep="beep",
)
