"""Phone error rate, word accuracy and stress accuracy of a network on held-out words."""

import random
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from training.letter_to_sound.corpus import EDGE_ID, Entry, Words, encode_word
from training.letter_to_sound.model import LetterToSound, Pronouncer


def edit_distance(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Levenshtein distance in phones."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def stress_pattern(phones: tuple[str, ...]) -> str:
    """The stress digit of each vowel in turn, "10" for "happy"."""
    return "".join(phone[-1] for phone in phones if phone[-1] in "01")


def first_stress(phones: tuple[str, ...]) -> int:
    """The syllable of the first stress, -1 without any."""
    return stress_pattern(phones).find("1")


def without_stress(phones: tuple[str, ...]) -> tuple[str, ...]:
    """The phones alone."""
    return tuple(phone.rstrip("01") for phone in phones)


Said = list[tuple[Entry, tuple[str, ...]]]
"""What is said for each entry."""


@torch.no_grad()
def read(network: LetterToSound, words: Words, phones: list[str]) -> Said:
    """By the network in training."""
    pronouncer = torch.jit.script(Pronouncer(network.eval()))
    said = []
    for batch in words.batches(512, random.Random(0)):
        rows = pronouncer(batch.letters).tolist()
        for entry, row in zip(batch.entries, rows, strict=True):
            said.append((entry, tuple(phones[phone - 1] for phone in row if phone != EDGE_ID)))
    return said


def read_by_file(model: Path, entries: list[Entry], phones: list[str]) -> Said:
    """By the exported file, as the frontend runs it: one word at a time."""
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    said = []
    for entry in entries:
        (rows,) = session.run(["phones"], {"letters": np.array([encode_word(entry.word)])})
        said.append((entry, tuple(phones[phone - 1] for phone in rows[0] if phone != EDGE_ID)))
    return said


def score(said: Said) -> dict[str, float]:
    """Rates in percent.

    Stress is right when the whole 0/1 pattern of the word's vowels is (also of the words alone whose phones are right);
    first stress, when the first stressed syllable is the right one.
    """
    n_phones = sum(len(entry.phones) for entry, _ in said)
    errors = sum(edit_distance(entry.phones, heard) for entry, heard in said)
    bare = sum(edit_distance(without_stress(entry.phones), without_stress(heard)) for entry, heard in said)
    right = sum(entry.phones == heard for entry, heard in said)
    stress = sum(stress_pattern(entry.phones) == stress_pattern(heard) for entry, heard in said)
    first = sum(first_stress(entry.phones) == first_stress(heard) for entry, heard in said)
    as_spoken = sum(without_stress(entry.phones) == without_stress(heard) for entry, heard in said)
    return {
        "phone_error_percent": round(100 * errors / n_phones, 2),
        "phone_error_without_stress_percent": round(100 * bare / n_phones, 2),
        "word_accuracy_percent": round(100 * right / len(said), 2),
        "stress_accuracy_percent": round(100 * stress / len(said), 2),
        "stress_accuracy_of_right_phones_percent": round(100 * right / max(as_spoken, 1), 2),
        "first_stress_accuracy_percent": round(100 * first / len(said), 2),
    }
