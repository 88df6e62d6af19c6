"""A number of `<say-as>` and the unit behind it: `<say-as interpret-as="cardinal">5</say-as>kg`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from speechmesh.frontend.english.units import unit_after
from speechmesh.frontend.marked.closing import rest_of
from speechmesh.frontend.ssml.script import Item, SayAsKind, Text
from speechmesh.frontend.ssml.source_map import SourceMap

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?", re.ASCII)


def with_units(items: Sequence[Item]) -> Iterator[Item]:
    """The items, each plain number together with its unit: readers know a unit behind digits, not behind words."""
    number: Text | None = None
    for item in items:
        behind = item
        if number is not None:
            if isinstance(item, Text) and (end := _unit_end(number, item)):
                number, behind = _amount(number, item, end), rest_of(item, end)
            yield number
        number = behind if isinstance(behind, Text) and _is_number(behind) else None
        if number is None and not (isinstance(behind, Text) and behind.is_empty):
            yield behind
    if number is not None:
        yield number


def _is_number(text: Text) -> bool:
    is_cardinal = text.say_as is not None and text.say_as.kind is SayAsKind.CARDINAL
    return is_cardinal and _NUMBER.fullmatch(text.text) is not None


def _unit_end(number: Text, behind: Text) -> int:
    """Where the unit ends that a text begins with, right behind a number; 0 where it begins with none."""
    unit = unit_after(behind.text, 0) if behind.is_plain and number.style == behind.style else None
    return unit.end if unit else 0


def _amount(number: Text, behind: Text, unit_end: int) -> Text:
    unit = behind.sources.part(0, unit_end)
    return dataclasses.replace(
        number,
        text=number.text + behind.text[:unit_end],
        sources=SourceMap((*number.sources.runs, *unit.runs)),
        end=unit.span(0, unit_end)[1],
        say_as=None,
        begins_word=True,
    )
