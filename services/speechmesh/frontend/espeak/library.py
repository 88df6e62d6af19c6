"""espeak-ng through its C interface: words to IPA. One library a process, whose state is global."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from pathlib import Path

from speechmesh.common.errors import Incompatible

_SYSTEM_LIBRARY = "libespeak-ng.so.1"
_NO_PLAYBACK, _NO_EXIT = 2, 0x8000
_UTF8 = 1
_IPA = 0x02
_FAILED = -1


class EspeakLibrary:
    """The loaded library. Calls from several threads take turns: a voice is set for all of them."""

    def __init__(self) -> None:
        """Loads the PyPI package's library, else the system's.

        Raises:
            Incompatible: when there is neither.
        """
        library, data = _SYSTEM_LIBRARY, None
        try:
            import espeakng_loader  # noqa: PLC0415 - the extra's

            library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
        except ImportError:
            pass
        try:
            self._library = ctypes.CDLL(library)
        except OSError:
            raise Incompatible(
                "this voice's language needs espeak-ng (GPL): pip install 'speechmesh[espeak]', or Debian's "
                "libespeak-ng1 and espeak-ng-data"
            ) from None
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        folder = str(Path(data).parent).encode() if data else None
        if self._library.espeak_Initialize(_NO_PLAYBACK, 0, folder, _NO_EXIT) == _FAILED:
            raise Incompatible("espeak-ng finds no data")
        self._language = ""
        self._lock = threading.Lock()

    def require(self, language: str) -> None:
        """Checks that there is a language.

        Raises:
            Incompatible: when espeak-ng does not know it.
        """
        with self._lock:
            self._set(language)

    def phonemes(self, text: str, language: str) -> str:
        """A few words in IPA with stress marks, without blanks; empty for what cannot be said."""
        with self._lock:
            self._set(language)
            place = ctypes.c_char_p(text.encode())
            parts = []
            while place.value:
                before = ctypes.cast(place, ctypes.c_void_p).value
                said = self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA)
                parts.append((said or b"").decode("utf-8", "replace"))
                if ctypes.cast(place, ctypes.c_void_p).value == before:
                    break
            return "".join("".join(parts).split())

    def _set(self, language: str) -> None:
        if language != self._language:
            if self._library.espeak_SetVoiceByName(language.lower().encode()) != 0:
                self._language = ""
                raise Incompatible(f"espeak-ng does not know the language {language!r}")
            self._language = language


@cache
def espeak() -> EspeakLibrary:
    """The library of this process.

    Raises:
        Incompatible: when it is not installed.
    """
    return EspeakLibrary()
