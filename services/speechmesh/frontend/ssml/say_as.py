"""Rewrites the text of a `<say-as>` into plain text that the language's reader reads as it was meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from speechmesh.frontend.ssml import written_times
from speechmesh.frontend.ssml.chinese_wording import CHINESE
from speechmesh.frontend.ssml.english_wording import ENGLISH
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import SayAs, SayAsKind
from speechmesh.frontend.ssml.source_map import Run, SourceMap, merged
from speechmesh.frontend.ssml.wording import Wording

WORDINGS: Final = {"en": ENGLISH, "zh": CHINESE, "cmn": CHINESE}
"""The wording of each language, by its primary subtag."""
_MONTH_FIRST = frozenset({"en", "en-us", "zh", "zh-cn"})  # the others of English write the day first

_NUMBER = re.compile(r"([+-]?)\s?(\d{1,3}(?:[,，]\d{3})+|\d{1,15})(\.\d{1,15})?", re.ASCII)
_RANK = re.compile(r"(?:第\s?)?(\d{1,3}(?:,\d{3})+|\d{1,12})(?:st|nd|rd|th|\.)?", re.ASCII | re.IGNORECASE)
_ROMAN = re.compile(r"(?=[IVXLCDM])M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})", re.ASCII)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_FRACTION = re.compile(r"(?:(\d{1,9})\s?[+ ]\s?)?(\d{1,9})\s?[/⁄]\s?(\d{1,9})", re.ASCII)
_FRACTION_SIGN = re.compile(r"[¼-¾⅐-⅞]")
_AMOUNT = re.compile(r"(.*\d)[\s-]*+(\D++)", re.ASCII | re.DOTALL)
_LETTERS = re.compile(r"[A-Za-z]+|.", re.ASCII | re.DOTALL)
_PHONE = re.compile(r"\d+|[A-Za-z]+|[+*#]|[^\dA-Za-z+*#]+", re.ASCII)
_EXTENSIONS = frozenset({"x", "ext", "extension"})
_CURRENCY_CODE = re.compile(r"[a-z]{3}", re.ASCII)
# The formats that say something of a kind. Dates refuse what is none of theirs themselves; what a telephone number has
# for one is the code of a country, which changes nothing of how it is read.
_FORMATS: Final = {
    SayAsKind.DATE: re.compile(".+", re.DOTALL),
    SayAsKind.TIME: re.compile("h?m?s?(?:12|24)?"),
    SayAsKind.DURATION: re.compile(r"[hms\W_]+"),
    SayAsKind.CURRENCY: _CURRENCY_CODE,
    SayAsKind.TELEPHONE: re.compile(".+", re.DOTALL),
}
_GROUP = 4  # digits of a telephone number of no known length


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Plain text for a reader.

    Attributes:
        text: what to read.
        sources: where each of its characters comes from in the text that was rewritten.
        is_understood: False where the text is none of its kind, and stays as it was.
        problem: what could not be done as asked, for the caller; empty where all was.
    """

    text: str
    sources: SourceMap
    is_understood: bool = True
    problem: str = ""


_Part = tuple[str, int, int]
"""A piece of the new text, and where in the old one it comes from."""
_Rewrite = Callable[[str, SayAs, Wording, bool], Iterator[_Part] | str | None]
"""Makes parts, or one text for all, or None when the text is none of the kind. The flag: months before days."""


def say_as(text: str, what: SayAs, language: str, before: str = "") -> Rewritten:
    """The text of a `<say-as>` as plain text in `language` (BCP-47); as it is where the language has no wording.

    What stands right `before` it is not said again: "第" of a rank. Pure, and linear in the text's length.
    """
    tag = language.lower()
    wording = WORDINGS.get(tag.split("-")[0])
    if not text:
        return Rewritten("", SourceMap(()))
    if wording is None:
        return _not_understood(text, what)
    parts = _parts(text, what, wording, tag in _MONTH_FIRST)
    problem = ""
    if not parts and what.format:
        # As SSML 1.1 asks for formats that are unknown; those that do not fit are no better.
        parts = _parts(text, replace(what, format=""), wording, tag in _MONTH_FIRST)
        problem = f"{_named(text, what)} of the format {shown(what.format)!r}; it is read as without one"
    elif what.format and not _is_heeded(what):
        problem = f"{shown(what.format)!r} is no format of {what.kind.value}; it is passed over"
    if not parts:
        return _not_understood(text, what)
    if what.kind is SayAsKind.ORDINAL and wording.rank_sign and before.endswith(wording.rank_sign):
        parts = [(part.removeprefix(wording.rank_sign), start, end) for part, start, end in parts]
    runs = merged(Run(len(part), start, end, shared=True) for part, start, end in parts)
    return Rewritten("".join(part for part, _, _ in parts), SourceMap(tuple(runs)), problem=problem)


def _parts(text: str, what: SayAs, wording: Wording, month_first: bool) -> list[_Part]:
    """The pieces of the new text; none where the text is none of its kind."""
    said = _REWRITES[what.kind](text, what, wording, month_first)
    if said is None:
        return []
    parts = [(said, 0, len(text))] if isinstance(said, str) else [part for part in said if part[0]]
    if parts:
        last, start, end = parts.pop()
        parts += [(last.rstrip(), start, end)] if last.strip() else []
    return parts


def _is_heeded(what: SayAs) -> bool:
    """Whether a format says something of its kind."""
    formats = _FORMATS.get(what.kind)
    return formats is not None and formats.fullmatch(what.format) is not None


def _named(text: str, what: SayAs) -> str:
    return f"{shown(text)!r} is no {what.kind.value}"


def _not_understood(text: str, what: SayAs) -> Rewritten:
    """The text as it was."""
    unchanged = SourceMap((Run(len(text), 0, len(text)),))
    return Rewritten(text, unchanged, is_understood=False, problem=_named(text, what))


def _address(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> Iterator[_Part]:
    return _one_by_one(wording.address(text))


def _name(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> Iterator[_Part]:
    return _one_by_one(wording.name(text))


def _one_by_one(text: str) -> Iterator[_Part]:
    """Characters that each stand for the one in their place."""
    return ((character, at, at + 1) for at, character in enumerate(text))


def _characters(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> Iterator[_Part]:
    for match in _LETTERS.finditer(text):
        start, end = match.span()
        if match[0].isascii() and match[0].isalpha():
            for at, letter in enumerate(wording.letters(match[0]), start):
                yield letter, at, at + 1
            yield wording.gap if end < len(text) else "", end - 1, end
            continue
        digit = unicodedata.decimal(match[0], None)
        name = match[0] if digit is None else wording.digits[digit]
        said = wording.symbols.get(name, name) + wording.gap
        yield "" if match[0].isspace() else said if end < len(text) else said.rstrip(), start, end


def _digits(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> Iterator[_Part]:
    for at, character in enumerate(text):
        digit = unicodedata.decimal(character, None)
        last = at == len(text) - 1
        if digit is None:
            # "12-34" is two groups; a letter stays one.
            yield (character + ("" if last else wording.gap) if character.isalnum() else ""), at, at + 1
        else:
            yield wording.digits[digit] + ("" if last else wording.gap), at, at + 1


def _telephone(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> Iterator[_Part] | None:
    parts = list(_PHONE.finditer(text))
    if not any(_is_number(part[0]) for part in parts):
        return None
    before = takewhile(lambda part: part[0].lower() not in _EXTENSIONS, parts)
    return _telephone_parts(parts, sum(_is_number(part[0]) for part in before) == 1, wording)


def _telephone_parts(parts: list[re.Match[str]], in_one: bool, wording: Wording) -> Iterator[_Part]:
    said_group = False
    for part in parts:
        start, end = part.span()
        if _is_number(part[0]):
            if said_group:
                yield wording.group_gap, start, start + 1
            yield from _group(part[0], start, in_one, wording)
            said_group = True
        elif part[0].isalpha():
            is_extension = part[0].lower() in _EXTENSIONS
            in_one = in_one and not is_extension
            said = wording.extension if is_extension else part[0]
            yield f"{wording.group_gap if said_group else ''}{said}{wording.gap}", start, end
            said_group = False
        elif part[0] in "+*#":
            yield wording.symbols[part[0]] + wording.gap, start, end


def _is_number(part: str) -> bool:
    """Whether these are digits that have a name; those above the line ("²") have none."""
    return part.isascii() and part.isdigit()


def _group(digits: str, start: int, in_one: bool, wording: Wording) -> Iterator[_Part]:
    """Digits by name, with a pause between their groups where they were written in one."""
    n = len(digits)
    lengths = wording.group_lengths.get(n) if in_one else (n,)
    ends = {sum(lengths[: i + 1]) for i in range(len(lengths))} if lengths else set(range(_GROUP, n, _GROUP))
    for at, digit in enumerate(digits, 1):
        gap = "" if at == n else wording.group_gap if at in ends else wording.gap
        yield wording.phone_digits[int(digit)] + gap, start + at - 1, start + at


def _cardinal(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        value = _roman(text.strip())
        return wording.number(str(value)) if value else None
    sign, whole, decimals = match.groups(default="")
    # "007" as an amount: with its zeros it would be read as a code.
    amount = wording.number((re.sub("[,，]", "", whole).lstrip("0") or "0") + decimals)
    return (wording.minus if sign == "-" else "") + amount


def _ordinal(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    match = _RANK.fullmatch(text.strip())
    rank = int(match[1].replace(",", "")) if match else _roman(text.strip())
    return None if rank is None else wording.ordinal(rank)


def _roman(text: str) -> int | None:
    """The value of a Roman numeral below 4000."""
    if not _ROMAN.fullmatch(text):
        return None
    values = [_ROMAN_VALUES[letter] for letter in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _fraction(text: str, _what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    match = _FRACTION.fullmatch(text.strip())
    if match is None or not int(match[3]):
        return None
    return wording.fraction(int(match[1]) if match[1] else None, int(match[2]), int(match[3]))


def _unit(text: str, what: SayAs, wording: Wording, month_first: bool) -> str:
    """An amount and its unit, in words, of one or of many; for the reader where it has more parts."""
    match = _AMOUNT.fullmatch(_FRACTION_SIGN.sub(_in_digits, text).strip())
    if match is None:
        return text
    amount, written = match[1].strip(), match[2]
    fraction = _FRACTION.fullmatch(amount)
    is_part_of_one = fraction and not fraction[1] and int(fraction[2]) < int(fraction[3])
    unit = wording.unit(written, bool(is_part_of_one) or amount.lstrip("+-") == "1")
    if unit is None:
        return text
    read = _fraction if fraction else _cardinal
    return f"{read(amount, what, wording, month_first) or amount} {unit}"


def _in_digits(sign: re.Match[str]) -> str:
    return f" {unicodedata.normalize('NFKC', sign[0])}"


def _date(text: str, what: SayAs, wording: Wording, month_first: bool) -> str | None:
    date = written_times.read_date(text, what.format, month_first=month_first)
    if date is None:
        return None
    # As Google documents it: 1 is "the tenth of September", the usual one without a year, 2 is "September tenth".
    is_day_first = what.detail == "1" or (date.is_day_first and not date.year and what.detail != "2")
    return wording.date(replace(date, is_day_first=is_day_first))


def _time(text: str, what: SayAs, wording: Wording, month_first: bool) -> str | None:
    clock = written_times.read_clock(text)
    if clock:
        return wording.clock(written_times.in_hours_asked_for(clock, what.format, what.detail))
    return None if ":" in text else _duration(text, what, wording, month_first)


def _duration(text: str, what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    span = written_times.read_span(text, what.format)
    return wording.span(span) if span else None


def _currency(text: str, what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    code = next((name for name in (what.format, what.detail) if _CURRENCY_CODE.fullmatch(name)), "")
    if not code or not _NUMBER.fullmatch(text.strip()):
        return text  # with its own sign or code, as normalisers know it
    return wording.money(text.strip(), code) or text


def _expletive(_text: str, _what: SayAs, wording: Wording, _month_first: bool) -> str | None:
    return wording.bleep


_REWRITES: Final[dict[SayAsKind, _Rewrite]] = {
    SayAsKind.CARDINAL: _cardinal,
    SayAsKind.ORDINAL: _ordinal,
    SayAsKind.DIGITS: _digits,
    SayAsKind.CHARACTERS: _characters,
    SayAsKind.FRACTION: _fraction,
    SayAsKind.UNIT: _unit,
    SayAsKind.DATE: _date,
    SayAsKind.TIME: _time,
    SayAsKind.DURATION: _duration,
    SayAsKind.TELEPHONE: _telephone,
    SayAsKind.ADDRESS: _address,
    SayAsKind.NAME: _name,
    SayAsKind.CURRENCY: _currency,
    SayAsKind.EXPLETIVE: _expletive,
}
