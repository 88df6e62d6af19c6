"""Makes an input that fails smaller, as long as it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.case import Case

_SECONDS = 30.0
_PARTS = ("lexicon", "lexicon_file", "steps", "text")
_Fails = Callable[[Case], bool]


def shrunk(case: Case, fails: _Fails) -> Case:
    """The smallest input found in half a minute that fails as `case` does."""
    give_up_at = time.monotonic() + _SECONDS
    usual = replace(case, max_words=20, first_max_words=8)
    if fails(usual):
        case = usual
    before = None
    while before != case and time.monotonic() < give_up_at:
        before = case
        for name in _PARTS:
            case = _cut(case, name, fails, give_up_at)
    return case


def _cut(case: Case, name: str, fails: _Fails, give_up_at: float) -> Case:
    """The input with parts of a field left out: halves, then quarters and so on."""
    size = len(getattr(case, name))
    while size:
        at = 0
        while at < len(whole := getattr(case, name)) and time.monotonic() < give_up_at:
            left = whole[:at] + whole[at + size :]
            smaller = replace(case, **{name: left})
            if (left or name != "steps") and fails(smaller):  # without any step it is no live text
                case = smaller
            else:
                at += size
        size //= 2
    return case
