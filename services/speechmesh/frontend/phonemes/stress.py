"""Puts stress into a pronunciation of one English word: written on some vowels, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from speechmesh.frontend.english.phones import PHONE_SET, Phones, with_stress

_SCHWA = "ax"


def word_phones(sounds: Sequence[tuple[str, bool]]) -> Phones:
    """The phones of a word, as the English lexicon has them.

    A schwa is never stressed. A word without any stress has it on its only vowel, or on its first full one.

    Args:
        sounds: each sound without its stress ("ey", "k"), and whether it is stressed; for consonants that is ignored.
    """
    vowels = [sound for sound, _ in sounds if f"{sound}0" in PHONE_SET]
    alone = len(vowels) == 1 and vowels[0] != _SCHWA
    phones = tuple(
        _vowel(sound, stressed or alone) if f"{sound}0" in PHONE_SET else sound for sound, stressed in sounds
    )
    return with_stress(phones)


def _vowel(sound: str, stressed: bool) -> str:
    if sound == _SCHWA and stressed:
        return "ah1"
    return f"{sound}{int(stressed)}"
