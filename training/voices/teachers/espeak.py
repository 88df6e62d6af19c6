"""espeak-ng's Mandarin, through its C interface. GPL: a tool at training time, nothing of it is in the product.

It is fed syllables in numbered pinyin, because its own reading of characters spells many of them out. Each syllable
goes in as a word of its own: then `_|` marks its end, and its tone is the one that was asked for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from speechmesh.common.errors import Incompatible
from speechmesh.frontend.mandarin.pinyin import INITIALS, PAUSE, tokens_of
from speechmesh.frontend.mandarin.sandhi import third_tones
from training.voices.corpus import Sentence
from training.voices.settings import EspeakTeacher
from training.voices.utterance import Phone, Spoken, merge_pauses

_LIBRARY = "libespeak-ng.so.1"
_SYNCHRONOUS, _PHONEME_EVENTS, _NO_EXIT = 2, 1, 0x8000
_UTF8 = 1
_LIST_END, _PHONEME = 0, 7
_RATE_PARAMETER, _PITCH_PARAMETER, _RANGE_PARAMETER = 1, 3, 4
_SYLLABLE_END = "_|"
# espeak begins with the first sound at once, and ends after the last.
_PAUSE_S = 0.12
_PUNCTUATION = {"，": ",", "、": ",", "；": ";", "。": ".", "？": "?", "！": "!"}


class _Id(ctypes.Union):
    _fields_: ClassVar = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass
class _Heard:
    """What the callback gathers: audio, and for each phone its first sample and name."""

    pieces: list[npt.NDArray[np.int16]] = field(default_factory=list)
    phones: list[tuple[int, str]] = field(default_factory=list)

    def take(self, samples: Any, n: int, events: Any) -> int:
        """The callback; 0 lets espeak go on."""
        if samples and n:
            self.pieces.append(np.ctypeslib.as_array(samples, (n,)).copy())
        i = 0
        while events[i].type != _LIST_END:
            if events[i].type == _PHONEME:
                self.phones.append((events[i].sample, events[i].id.string.decode("utf-8", "replace")))
            i += 1
        return 0


def espeak_missing() -> str:
    """Why espeak-ng cannot be used; empty when it can."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return "espeak-ng is not installed: apt-get install libespeak-ng1 espeak-ng-data"
    return ""


class Espeak:
    """The library with one voice; one of them a process, as its state is global."""

    def __init__(self, settings: EspeakTeacher) -> None:
        """Loads the library.

        Raises:
            Incompatible: when it or the voice is missing.
        """
        if missing := espeak_missing():
            raise Incompatible(missing)
        self._library = ctypes.CDLL(_LIBRARY)
        options = _PHONEME_EVENTS | _NO_EXIT  # without the latter it ends the process when it finds no data
        self._rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, options)
        if self._rate_hz < 0:
            raise Incompatible("espeak-ng finds no data: apt-get install espeak-ng-data")
        if self._library.espeak_SetVoiceByName(settings.voice.encode()) != 0:
            raise Incompatible(f"espeak-ng has no voice {settings.voice}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, settings.words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH_PARAMETER, settings.pitch, 0)
        self._library.espeak_SetParameter(_RANGE_PARAMETER, settings.pitch_range, 0)

    def speak(self, sentences: Sequence[Sentence]) -> list[Spoken]:
        """Speaks sentences of pinyin; leaves out those whose syllables espeak counts otherwise."""
        spoken = (self._speak(sentence) for sentence in sentences)
        return [one for one in spoken if one is not None]

    def _speak(self, sentence: Sentence) -> Spoken | None:
        words = [third_tones(word.split("-")) for word in sentence.text.split() if word not in _PUNCTUATION]
        heard = _Heard()
        callback = _Callback(heard.take)
        self._library.espeak_SetSynthCallback(callback)
        text = espeak_text(sentence.text).encode() + b"\0"
        self._library.espeak_Synth(text, len(text), 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not heard.pieces:
            return None
        samples = np.concatenate(heard.pieces).astype(np.float32) / 32768.0
        phones = phones_of(heard.phones, len(samples), self._rate_hz, words)
        if phones is None:
            return None
        pause = np.zeros(round(_PAUSE_S * self._rate_hz), np.float32)
        late = [Phone(p.token, p.end_s + _PAUSE_S, p.ends_word) for p in phones]
        last = Phone(PAUSE, len(samples) / self._rate_hz + 2 * _PAUSE_S, False)
        every = merge_pauses([Phone(PAUSE, _PAUSE_S, False), *late, last], PAUSE)
        return Spoken(sentence, np.concatenate([pause, samples, pause]), self._rate_hz, every)


def espeak_text(text: str) -> str:
    """A sentence of pinyin words as espeak is fed it: tones as spoken, a blank after each syllable."""
    pieces = []
    for word in text.split():
        pieces.append(_PUNCTUATION.get(word) or " " + " ".join(third_tones(word.split("-"))))
    return "".join(pieces).strip()


def phones_of(
    events: Sequence[tuple[int, str]], n_samples: int, rate_hz: int, words: Sequence[Sequence[str]]
) -> list[Phone] | None:
    """Tokens with ends, of espeak's phones with their first samples; None when the syllables do not match.

    Within a syllable espeak's first phone is the initial, where the syllable has one, and the others the final.
    """
    syllables = [(s, i + 1 == len(word)) for word in words for i, s in enumerate(word)]
    ends = [start for start, _ in events[1:]] + [n_samples]
    phones: list[Phone] = []
    inside: list[int] = []  # ends of the syllable's phones so far
    done = 0
    for (_, name), end in zip(events, ends, strict=True):
        if name == _SYLLABLE_END:
            if done == len(syllables) or not inside:
                return None
            syllable, ends_word = syllables[done]
            tokens = tokens_of(syllable)
            if len(tokens) > 1:
                assert tokens[0] in INITIALS
                if len(inside) == 1:
                    return None
                phones.append(Phone(tokens[0], inside[0] / rate_hz, False))
            phones.append(Phone(tokens[-1], end / rate_hz, ends_word))
            inside, done = [], done + 1
        elif name.startswith("_"):
            if inside:
                return None
            phones.append(Phone(PAUSE, end / rate_hz, False))
        else:
            inside.append(end)
    return phones if done == len(syllables) and not inside else None
