"""Pinyin as people write it (`zhōngguó`, `zhong1 guo2`, `Xī'ān`, `nü3`), to numbered syllables as G2P makes them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.phonemes.pinyin_table import LONGEST, SYLLABLES
from speechmesh.frontend.ssml.place import shown

NEUTRAL: Final = "5"
"""The tone of a syllable that has none."""

_TONE_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0306": "3", "\u0300": "4"}
_DIGITS = {"0": NEUTRAL, **{tone: tone for tone in "12345"}}
_SEPARATORS = frozenset(" \u00a0\t\n'’-·.,")
_ERHUA = "r"
_ERHUA_SYLLABLE = "er" + NEUTRAL


@dataclass(slots=True)
class _Letter:
    letter: str
    at: int
    tone: str = ""


def syllables_of_pinyin(written: str, *, field: str = "phonemes") -> tuple[str, ...]:
    """The syllables, each with its tone as a digit: `lv4`, `ma5`; the r of `huār` is a syllable `er5`.

    Tones are marks over the vowels or digits after the syllables (0 and 5 are the neutral tone). Blanks, apostrophes
    and hyphens part syllables; without them they are found as the spelling rules have it (`fāngàn` is fan, gan).

    Raises:
        InvalidInput: on `field`, naming what is no syllable and its position; or when there is no tone at all.
    """
    syllables: list[str] = []
    toned = False
    for letters, digit in _chunks(written, field):
        spoken = [(0, len(letters))] if digit and _name(letters) in SYLLABLES else _cut(letters)
        if not spoken or (digit and not _one_syllable(letters, spoken)):
            where = f"character {letters[0].at + 1}"
            what = shown(written[letters[0].at : letters[-1].at + 1])
            raise InvalidInput(
                field, f"pinyin: {what!r} ({where}) is no {'syllable' if digit else 'word of syllables'}"
            )
        for start, end in spoken:
            name = _name(letters[start:end])
            marked = next((letter.tone for letter in letters[start:end] if letter.tone), "")
            toned = toned or bool(marked or digit)
            syllables.append(_ERHUA_SYLLABLE if name == _ERHUA else name + (digit or marked or NEUTRAL))
    if not syllables:
        raise InvalidInput(field, "pinyin: there is no syllable in it")
    if not toned:
        raise InvalidInput(field, "pinyin: there are no tones; a neutral one is written as 5")
    return tuple(syllables)


def _chunks(written: str, field: str) -> Iterator[tuple[list[_Letter], str]]:
    """Letters that stand together, and the tone's digit after them."""
    letters: list[_Letter] = []
    for at, character in enumerate(written):
        for part in unicodedata.normalize("NFD", character.lower()):
            if part in _DIGITS and letters and not any(letter.tone for letter in letters):
                yield letters, _DIGITS[part]
                letters = []
            elif part in _SEPARATORS:
                if letters:
                    yield letters, ""
                letters = []
            elif "a" <= part <= "z":
                letters.append(_Letter(part, at))
            elif not letters or not _mark(letters[-1], part):
                raise InvalidInput(field, f"pinyin: {character!r} (character {at + 1}) does not belong there")
    if letters:
        yield letters, ""


def _mark(letter: _Letter, mark: str) -> bool:
    """Puts what is over a letter on it; False when nothing like that can be."""
    if mark in _TONE_MARKS and not letter.tone and letter.letter in "aeiouvmnê":
        letter.tone = _TONE_MARKS[mark]
    elif letter.letter == "u" and mark in ("\u0308", ":"):
        letter.letter = "v"
    elif letter.letter == "e" and mark == "\u0302":
        letter.letter = "ê"
    else:
        return False
    return True


def _name(letters: Sequence[_Letter]) -> str:
    """A syllable's spelling as the table has it: after j, q, x and y, ü is written u."""
    name = "".join(letter.letter for letter in letters)
    return name.replace("v", "u") if name[0] in "jqxy" else name.replace("lue", "lve").replace("nue", "nve")


def _cut(letters: Sequence[_Letter]) -> list[tuple[int, int]]:
    """Where each syllable begins and ends; empty when it is not a sequence of syllables.

    By the spelling rules a syllable inside a word begins with a consonant, else there is an apostrophe; what breaks
    them is taken where there is no other way.
    """
    return _cut_by(letters, vowels_begin=False) or _cut_by(letters, vowels_begin=True)


def _cut_by(letters: Sequence[_Letter], *, vowels_begin: bool) -> list[tuple[int, int]]:
    n = len(letters)
    ends: list[int] = [0] * n + [n]  # of the syllable that begins here, where the rest can be cut too
    for start in range(n - 1, -1, -1):
        if start and letters[start].letter in "aeoê" and not vowels_begin:
            continue
        for end in range(min(n, start + LONGEST), start, -1):
            if ends[end] and _is_syllable(letters[start:end], inside=start > 0):
                ends[start] = end
                break
    cuts: list[tuple[int, int]] = []
    while ends[0] and (start := cuts[-1][1] if cuts else 0) < n:
        cuts.append((start, ends[start]))
    return cuts


def _is_syllable(letters: Sequence[_Letter], *, inside: bool) -> bool:
    name = _name(letters)
    n_tones = sum(bool(letter.tone) for letter in letters)
    return (name in SYLLABLES and n_tones <= 1) or (inside and name == _ERHUA)


def _one_syllable(letters: Sequence[_Letter], spoken: Sequence[tuple[int, int]]) -> bool:
    """Whether that is one syllable, or one with the r of erhua."""
    return len(spoken) == 1 or (len(spoken) == 2 and _name(letters[slice(*spoken[1])]) == _ERHUA)
