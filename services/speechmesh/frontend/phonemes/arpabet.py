"""ARPAbet as the CMU dictionary writes it (`HH AH0 L OW1`), to phones of the English token set."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.english.phones import PHONE_SET, Phones
from speechmesh.frontend.phonemes.stress import word_phones
from speechmesh.frontend.ssml.place import shown

# What the token set has not; a syllabic consonant is a schwa and the consonant.
_OTHERS: Final = {
    "axr": ("er",), "ix": ("ih",), "ux": ("uw",), "dx": ("d",), "nx": ("n",), "wh": ("w",), "h": ("hh",), "q": ("t",),
    "el": ("ax", "l"), "em": ("ax", "m"), "en": ("ax", "n"), "eng": ("ax", "ng"),
}  # fmt: skip
_SYMBOL = re.compile(r"[^\s.-]+")
_PARTS = re.compile(r"([a-z]+)([0-3]?)")


def phones_of_arpabet(written: str, *, field: str = "phonemes") -> Phones:
    """The English phones of symbols of ARPAbet with blanks between them, in either case.

    Vowels carry a stress: 1, or 2 (secondary, which the token set does not tell apart), 0 for none. `AH0` is a schwa.

    Raises:
        InvalidInput: on `field`, naming the symbol that is none and its position; or when nothing is written.
    """
    sounds: list[tuple[str, bool]] = []
    for match in _SYMBOL.finditer(written):
        parts = _PARTS.fullmatch(match[0].lower())
        spoken = _sounds(*parts.groups()) if parts else None
        if spoken is None:
            raise InvalidInput(
                field, f"ARPAbet: {shown(match[0])!r} (character {match.start() + 1}) is no symbol of it"
            )
        sounds += spoken
    if not sounds:
        raise InvalidInput(field, "ARPAbet: there is no sound in it")
    return word_phones(sounds)


def _sounds(symbol: str, stress: str) -> list[tuple[str, bool]] | None:
    """A symbol's sounds without stress, and whether they are stressed; None when it is no symbol."""
    stressed = stress in ("1", "2")
    if symbol == "ah" and stress == "0":
        return [("ax", False)]
    spoken = _OTHERS.get(symbol, (symbol,))
    if spoken[0] in PHONE_SET and stress:
        return None  # a consonant has no stress
    if spoken[0] not in PHONE_SET and f"{spoken[0]}0" not in PHONE_SET:
        return None
    return [(sound, stressed) for sound in spoken]
