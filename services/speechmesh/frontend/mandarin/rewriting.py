"""Reads numbers, signs, codes and mark-up as characters: the rules, tried in order wherever one may begin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from speechmesh.frontend.mandarin import (
    addresses,
    amounts,
    calendar,
    codes,
    latex,
    markup,
    money,
    quantities,
    roman,
    symbols,
)
from speechmesh.frontend.mandarin.rule import NUMBER, RANGE, Rule

_RULES: Final = (
    *markup.RULES,
    *latex.RULES,
    *addresses.RULES,
    *codes.RULES,
    *calendar.RULES,
    *money.RULES,
    *quantities.RULES,
    *roman.RULES,
    *symbols.RULES,
    *amounts.RULES,
)
_BY_FIRST: Final[dict[str, list[Rule]]] = defaultdict(list)
for _rule in _RULES:
    for _character in _rule.first:
        _BY_FIRST[_character].append(_rule)

_CANDIDATE: Final = re.compile("[" + re.escape("".join(sorted(_BY_FIRST)) + "~～—–") + "A-Za-z]")
_LETTERS: Final = re.compile(r"[A-Za-z]++")
# Not "10-4=6" and "20-8÷2=16", which are differences.
_THROUGH: Final = re.compile(
    rf"(?:{RANGE})(?=(?:次[日年]|翌日|当晚|[早晚]上?|[上下中]午|凌晨|傍晚|-?[¥$€£]?)\d)"
    rf"(?!{NUMBER} ?=|[\d.]{{1,12}} ?[÷×*/+][\d.+\-×÷*/() ]{{1,20}}=)"
)
_HAS_DIGIT: Final = re.compile(r"[0-9⁰-⁹]")
# A range goes from one amount to the next; these end an amount that needed no rule.
_AMOUNT_ENDS: Final = frozenset("年月日号点半分秒小时岁元块米层楼页章节天周度级万亿千百人次个斤公里克吨倍")
_LONGEST_AMOUNT_END: Final = 3
# No amounts either: x³ in x³-2x, the 9 of i9-14900K.
_POWER: Final = re.compile(r"(?:^|[^A-Za-z])(?!m)[A-Za-z0-9)）][²³]$")
_NAME: Final = re.compile(r"[A-Za-z]-?\d{1,2}(?:\.\d)?$")
_SERIAL: Final = re.compile(r"-(?:\d{3}|\d{1,3}[A-Z])")
_LONGEST_NAME: Final = 6


class Rewritten(NamedTuple):
    """A part of a text and how it is read; "" where it is not."""

    start: int
    end: int
    reading: str


def rewrite(text: str) -> Iterator[Rewritten]:
    """The parts of a text that are not read as they are written, in order."""
    position, amount_end = 0, -1
    while found := _CANDIDATE.search(text, position):
        position = found.start()
        if _ends_amount(text, amount_end, position):
            through = _THROUGH.match(text, position)
            if through:
                yield Rewritten(position, through.end(), "到")
                position, amount_end = through.end(), -1
                continue
        rewritten = _first_reading(text, position)
        if rewritten is not None:
            yield rewritten
            position = rewritten.end
            # A sign is no amount: x≥-3.
            counts = rewritten.reading.strip() and _HAS_DIGIT.search(text, rewritten.start, position)
            amount_end = position if counts else -1
            continue
        letters = _LETTERS.match(text, position)
        position = letters.end() if letters else position + 1


def _ends_amount(text: str, amount_end: int, position: int) -> bool:
    """Whether an amount ends at a position: a number that was read up to `amount_end`, and maybe its counter."""
    ahead = text[max(0, position - _LONGEST_NAME) : position]
    if _POWER.search(ahead) or (_NAME.search(ahead) and _SERIAL.match(text, position)):
        return False
    behind = (
        text[amount_end:position]
        if amount_end >= 0 and position - amount_end <= _LONGEST_AMOUNT_END
        else None
    )
    return behind is not None and _AMOUNT_ENDS.issuperset(behind)


def _first_reading(text: str, position: int) -> Rewritten | None:
    """What the first rule says that knows what stands at a position."""
    for rule in _BY_FIRST.get(text[position], ()):
        match = rule.pattern.match(text, position)
        if match and match.end() > position:
            reading = rule.read(match)
            if reading is not None:
                return Rewritten(position, match.end(), reading)
    return None
