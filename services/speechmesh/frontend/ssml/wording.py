"""What a language says for the parts of a `<say-as>`: one table a language.

The words are those that the language's normaliser reads rightly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Date:
    """A date, or the parts of one that were given; `is_day_first`: the day stands before the month."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    is_day_first: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day; `half` is `am`, `pm`, or empty for 24 hours; None is a part that was not given."""

    hour: int
    minute: int | None = None
    second: int | None = None
    half: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A duration, in parts as they were given."""

    hours: int = 0
    minutes: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Wording:
    """How a language says it.

    Attributes:
        digits: the names of 0 to 9, in this order.
        phone_digits: the same in telephone numbers.
        symbols: the names of marks that are spelled out.
        letters: letters that stand together, as text whose letters are named one by one; one text a letter.
        gap: what stands between two names.
        group_gap: what stands between the groups of a telephone number: a short pause.
        group_lengths: the groups of a telephone number that is written in one, by its number of digits.
        extension: what an `x` before the last digits of a telephone number is called.
        number: an amount, from digits with an optional point.
        ordinal: a rank.
        rank_sign: what `ordinal` puts in front of the number.
        fraction: numerator and denominator, with a whole number before them where there is one.
        unit: the name of a unit, written by symbol or name, of one (True) or of many; None for one that has none here.
        address: an address as the reader knows it, of as many characters.
        name: a person's name likewise.
        date: a date; None where its parts make none.
        clock: a time of day.
        span: a duration.
        money: an amount in a currency, by its ISO 4217 code; None for one without a name.
        minus: what a sign before a number is called.
        bleep: what is said for a word that is not.
    """

    digits: tuple[str, ...]
    phone_digits: tuple[str, ...]
    symbols: Mapping[str, str]
    letters: Callable[[str], list[str]]
    gap: str
    group_gap: str
    group_lengths: Mapping[int, tuple[int, ...]]
    extension: str
    number: Callable[[str], str]
    ordinal: Callable[[int], str]
    rank_sign: str
    fraction: Callable[[int | None, int, int], str]
    unit: Callable[[str, bool], str | None]
    address: Callable[[str], str]
    name: Callable[[str], str]
    date: Callable[[Date], str | None]
    clock: Callable[[Clock], str]
    span: Callable[[Span], str]
    money: Callable[[str, str], str | None]
    minus: str
    bleep: str
