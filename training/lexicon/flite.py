"""flite's dictionary, asked through its shared libraries."""

from __future__ import annotations

import ctypes
from typing import Any

_Address = ctypes.c_void_p


class FliteDictionary:
    """What flite says a word is pronounced like, and whether it knows or guesses.

    Raises:
        OSError: when flite is not installed (Debian's package `flite1-dev`).
    """

    def __init__(self) -> None:
        self._flite = flite = ctypes.CDLL("libflite.so.1", ctypes.RTLD_GLOBAL)
        ctypes.CDLL("libflite_usenglish.so.1", ctypes.RTLD_GLOBAL)
        cmulex = ctypes.CDLL("libflite_cmulex.so.1", ctypes.RTLD_GLOBAL)
        # flite/cst_lexicon.h and cst_val.h
        _declare(flite.in_lex, ctypes.c_int, _Address, ctypes.c_char_p, ctypes.c_char_p)
        _declare(flite.lex_lookup, _Address, _Address, ctypes.c_char_p, ctypes.c_char_p, _Address)
        _declare(flite.val_car, _Address, _Address)
        _declare(flite.val_cdr, _Address, _Address)
        _declare(flite.val_string, ctypes.c_char_p, _Address)
        _declare(flite.delete_val, None, _Address)
        _declare(cmulex.cmu_lex_init, _Address)
        flite.flite_init()
        self._lexicon = cmulex.cmu_lex_init()

    def knows(self, word: str) -> bool:
        """Whether the word is in the dictionary as flite ships it: without those that its letter rules say right."""
        return bool(self._flite.in_lex(self._lexicon, word.encode(), None))

    def phones(self, word: str) -> tuple[str, ...]:
        """The pronunciation, by the dictionary or by letter rules; vowels that it gives no stress have 0."""
        found = self._flite.lex_lookup(self._lexicon, word.encode(), None, None)
        phones, at = [], found
        while at:
            phones.append(self._flite.val_string(self._flite.val_car(at)).decode())
            at = self._flite.val_cdr(at)
        self._flite.delete_val(found)
        return tuple(
            f"{phone}0" if phone[0] in "aeiou" and phone[-1] not in "01" else phone for phone in phones
        )


def _declare(function: Any, result: Any, *arguments: Any) -> None:
    function.restype, function.argtypes = result, arguments
