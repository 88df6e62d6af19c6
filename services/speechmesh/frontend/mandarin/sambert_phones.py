"""Syllables and words as the symbols of Sambert's voices: phone, tone, place in the syllable, place in the word.

Its phones are pinyin's initials and finals, but that `y` and `w` are initials, that a syllable without one begins
with a glottal one (`ga`, `ge`, `go`), that `x` is `xx`, and that erhua belongs to the final (`ar`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?([aeiouvê][a-zê]*?)(r?)[1-5]")
_WRITTEN_OTHERWISE = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "ê": "ei"}
_GLOTTAL = {"a": "ga", "e": "ge", "o": "go"}
# Exclamations without a vowel are said with one.
_VOCALISED = {"m": "en", "n": "en", "ng": "eng", "hm": "en", "hng": "eng"}


class Symbol(NamedTuple):
    """A token: names in Sambert's tables."""

    phone: str
    tone: str
    syllable_flag: str
    word_segment: str


def boundary(strength: int) -> Symbol:
    """A prosodic boundary: 1 between words, 2 and 3 at phrases, 4 at the end."""
    return Symbol(f"#{strength}", "tone_none", "s_none", "word_none")


def phones_of(syllable: str) -> tuple[str, str]:
    """Initial and final of a syllable of numbered pinyin; an `r` before the tone is erhua (`huar1`).

    Raises:
        ValueError: when it is no syllable.
    """
    text = syllable.replace("ü", "v")
    if text[-1:].isdigit() and text[:-1] in _VOCALISED:
        return "ge", f"{_VOCALISED[text[:-1]]}_c"
    match = _SYLLABLE.fullmatch(text)
    if match is None:
        raise ValueError(f"{syllable!r} is not numbered pinyin")
    initial, final, erhua = match.groups()
    if final == "e" and erhua and initial is None:  # er itself
        return "ge", "er_c"
    final = _spoken(initial or "", final) + erhua
    if initial is None:
        if final[:1] not in _GLOTTAL:
            raise ValueError(f"{syllable!r} is not numbered pinyin")
        return _GLOTTAL[final[0]], f"{final}_c"
    return ("xx_c" if initial == "x" else f"{initial}_c"), f"{final}_c"


def _spoken(initial: str, final: str) -> str:
    """A final as it is spoken after `initial`."""
    if final == "i" and initial in ("z", "c", "s"):
        return "ii"
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return "ih"
    if initial in ("j", "q", "x", "y") and final in ("u", "ue", "uan", "un"):
        return "v" + final[1:]
    if initial == "w":
        return final
    return _WRITTEN_OTHERWISE.get(final, final)


def word_symbols(syllables: Sequence[str]) -> list[Symbol]:
    """A word's tokens, two a syllable."""
    symbols = []
    last = 2 * len(syllables) - 1
    for i, syllable in enumerate(syllables):
        tone = f"tone{syllable[-1]}"
        for j, phone in enumerate(phones_of(syllable)):
            place = 2 * i + j
            word = "word_begin" if place == 0 else "word_end" if place == last else "word_middle"
            symbols.append(Symbol(phone, tone, "s_end" if j else "s_begin", word))
    return symbols
