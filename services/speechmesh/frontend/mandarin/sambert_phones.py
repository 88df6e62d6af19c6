"""Syllables and words as the symbols of Sambert's voices: phone, tone, place in the syllable, place in the word.

English is said in phones of its own: CMU's without stress, which is the syllable's tone, 0 or 1.

Its phones are pinyin's initials and finals, but that `y` and `w` are initials, that a syllable without one begins
with a glottal one (`ga`, `ge`, `go`), that `x` is `xx`, and that erhua belongs to the final (`ar`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from speechmesh.frontend.english.phones import Phones
from speechmesh.frontend.english.syllables import syllables_of

_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?([aeiouvê][a-zê]*?)(r?)[1-5]")
_WRITTEN_OTHERWISE = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "ê": "ei"}
_GLOTTAL = {"a": "ga", "e": "ge", "o": "go"}
_SCHWA = {"ax": "ah"}
# Exclamations without a vowel are said with one.
_VOCALISED = {"m": "en", "n": "en", "ng": "eng", "hm": "en", "hng": "eng"}


class Syllable(NamedTuple):
    """Phones that share a tone."""

    phones: tuple[str, ...]
    tone: str


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


def mandarin_syllable(syllable: str) -> Syllable:
    """A syllable of numbered pinyin.

    Raises:
        ValueError: when it is none.
    """
    return Syllable(phones_of(syllable), f"tone{syllable[-1]}")


def english_syllables(phones: Phones) -> list[Syllable]:
    """The syllables of an English word."""
    syllables = []
    for syllable in syllables_of(phones):
        stressed = any(phone.endswith("1") for phone in syllable)
        bare = tuple(_SCHWA.get(phone.rstrip("01"), phone.rstrip("01")) for phone in syllable)
        syllables.append(Syllable(bare, f"tone{int(stressed)}"))
    return syllables


def word_symbols(syllables: Sequence[Syllable]) -> list[Symbol]:
    """The tokens of a word."""
    symbols: list[Symbol] = []
    n = sum(len(syllable.phones) for syllable in syllables)
    for syllable in syllables:
        for j, phone in enumerate(syllable.phones):
            word = "word_begin" if not symbols else "word_end" if len(symbols) == n - 1 else "word_middle"
            symbols.append(Symbol(phone, syllable.tone, _flag(j, len(syllable.phones)), word))
    return symbols


def _flag(place: int, n: int) -> str:
    """The place of a phone in a syllable of `n`."""
    if n == 1:
        return "s_both"
    return "s_begin" if place == 0 else "s_end" if place == n - 1 else "s_middle"
