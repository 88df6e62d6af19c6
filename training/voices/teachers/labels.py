"""Files in which the English teachers' programs leave what they said."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from speechmesh.common.features import FloatArray
from training.voices.corpus import Sentence
from training.voices.english_phones import PAUSE, token_of
from training.voices.utterance import Phone, Spoken, merge_pauses


def read_wave(path: Path) -> tuple[FloatArray, int]:
    """Samples [N] in -1..1 and the sample rate of a mono file of 16 bits."""
    with wave.open(str(path), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return data.astype(np.float32) / 32768.0, file.getframerate()


def read_phones(path: Path) -> tuple[Phone, ...]:
    """Lines `end_s phone stress ends_word`."""
    phones = []
    for line in path.read_text(encoding="ascii").splitlines():
        end, phone, stress, ends_word = line.split()
        phones.append(Phone(token_of(phone, stress == "1"), float(end), ends_word == "1"))
    return merge_pauses(phones, PAUSE)


def read_spoken(sentence: Sentence, folder: Path) -> Spoken | None:
    """What a program left of a sentence in ID.wav and ID.lab; None where it left nothing."""
    audio, labels = folder / f"{sentence.id}.wav", folder / f"{sentence.id}.lab"
    if not audio.is_file() or not labels.is_file():
        return None
    samples, rate = read_wave(audio)
    phones = read_phones(labels)
    if not len(samples) or len(phones) < 3:
        return None
    return Spoken(sentence, samples, rate, phones)
