"""X-SAMPA, the IPA in ASCII, to phones of the English token set."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.english.phones import Phones
from speechmesh.frontend.phonemes.ipa import Symbol, phones_of_symbols

_IPA: Final = {
    **{letter: letter for letter in "abdefhijklmnoprstuvwxyz .|/[]'"},
    "g": "ɡ", "T": "θ", "D": "ð", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "J": "ɲ", "C": "ç", "W": "ʍ", "R": "ʁ", "5": "ɫ",
    "4": "ɾ", "Y": "ʏ", "2": "ø", "9": "œ", "L": "ʎ", "R\\": "ʀ", "X": "χ",
    "?": "ʔ", "h\\": "ɦ", "r\\": "ɹ", "r\\`": "ɻ", "I": "ɪ", "E": "ɛ", "{": "æ", "A": "ɑ", "Q": "ɒ", "O": "ɔ", "U": "ʊ",
    "V": "ʌ", "6": "ɐ", "@": "ə", "3": "ɜ", "@`": "ɚ", "3`": "ɝ", "1": "ɨ", "}": "ʉ", "I\\": "ᵻ", "8": "ɵ", '"': "ˈ",
    "%": "ˌ", ":": "ː", ":\\": "ˑ", "=": "\u0329", "_=": "\u0329", "-": ".", "-\\": "‿", "`": "˞", "~": "\u0303",
    "_S": "ʃ", "_Z": "ʒ",  # the underline as a tie bar: t_S, d_Z
}  # fmt: skip
# Diacritics that English does not tell apart: _h, _0, _^, _?\ ...
_DIACRITIC = re.compile(r"_(?:\?\\|[-+<>^}~\"/\\`0AaBcdeFGHhjkLlMmNnOoqRrTtvwXx])")
_LONGEST = max(map(len, _IPA))


def phones_of_x_sampa(written: str, *, field: str = "phonemes") -> Phones:
    r"""The English phones of a transcription in X-SAMPA (`m@\"hA:g@%ni`); blanks part words.

    Raises:
        InvalidInput: on `field`, naming the symbol that is none, or no sound of English, and its position.
    """
    symbols: list[Symbol] = []
    at = 0
    while at < len(written):
        symbol = next(
            (written[at : at + n] for n in range(_LONGEST, 0, -1) if written[at : at + n] in _IPA), ""
        )
        diacritic = None if symbol else _DIACRITIC.match(written, at)
        if symbol:
            symbols.append(Symbol(_IPA[symbol], at))
        elif diacritic is None:
            raise InvalidInput(
                field,
                f"X-SAMPA: {written[at]!r} (character {at + 1}) is no symbol of it for a sound of English",
            )
        at += len(symbol) if symbol else len(diacritic[0]) if diacritic else 1
    return phones_of_symbols(symbols, "X-SAMPA", field)
