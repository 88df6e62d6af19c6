"""Reads the values of attributes. What is wrong with one is a ValueError whose text is meant for the caller."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final, TypeVar

from speechmesh.frontend.ssml.place import shown

NUMBER: Final = r"(?:\d+(?:\.\d*)?|\.\d+)"
_TIME = re.compile(rf"\+?({NUMBER})(ms|s)", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}", re.ASCII)
_E = TypeVar("_E", bound=Enum)


def wrong(value: str, wanted: str) -> ValueError:
    """The error that a value is not `wanted`."""
    return ValueError(f"{shown(value)!r} is not {wanted}")


def one_of(value: str, names: Iterable[str]) -> str:
    """A value that is one of some names, case ignored."""
    lower, names = value.strip().lower(), list(names)
    if lower not in names:
        raise wrong(value, f"one of {', '.join(filter(None, names))}")
    return lower


def member(value: str, kind: type[_E]) -> _E:
    """The member of an enumeration that a value names, case ignored."""
    return kind(one_of(value, [str(one.value) for one in kind]))


def members(value: str, kind: type[_E]) -> tuple[_E, ...]:
    """The members of an enumeration that a value names, each once."""
    return tuple(dict.fromkeys(member(each, kind) for each in value.split()))


def time_ms(value: str) -> float:
    """A time such as `500ms` or `1.5s`, in milliseconds."""
    match = _TIME.fullmatch(value.strip().lower())
    if match is None:
        raise wrong(value, "a time such as 500ms or 1.5s")
    return float(match[1]) * (1000.0 if match[2] == "s" else 1.0)


def language(value: str) -> str:
    """A BCP-47 tag; empty where it is unset."""
    tag = value.strip()
    if tag and not _LANGUAGE.fullmatch(tag):
        raise wrong(value, "a language tag such as en-US")
    return tag.replace("_", "-")
