"""The lexicon as training data: cleaning, a leak-free split, batches without padding."""

import gzip
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from speechmesh.frontend.english.phones import is_plausible

ENGLISH = Path(__file__).parents[2] / "services" / "speechmesh" / "frontend" / "english"
LEXICON = ENGLISH / "data" / "lexicon.tsv.gz"

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
BOUNDARY_ID = 0  # stands before the first and after the last letter; letters count from 1
BLANK_ID = 0  # CTC's blank; phones count from 1
SLOTS_PER_LETTER = 2
HELD_OUT_PERCENT = 5

_INFLECTION = re.compile(r"(?:ing|ed|es|s|e)$")


@dataclass(frozen=True)
class Entry:
    """One word of the lexicon with its phones."""

    word: str
    phones: tuple[str, ...]


def family(word: str) -> str:
    """The rough stem that keeps "word", "word's", "words" and "worded" on one side of the split."""
    return _INFLECTION.sub("", re.sub(r"'s?$", "", word))


def is_held_out(word: str) -> bool:
    """Whether the word's family is among the 5 % never trained on (a hash: stable across lexicons)."""
    return zlib.crc32(family(word).encode()) % 100 < HELD_OUT_PERCENT


def _is_usable(word: str, phones: tuple[str, ...]) -> bool:
    # An abbreviation ("msgr") has more phones than its letters can carry; possessives are the morphology's.
    is_abbreviation = len(word) < 2 or len(phones) > 1.5 * len(word)
    return is_plausible(phones) and not is_abbreviation and not word.endswith("'s")


def load_entries() -> list[Entry]:
    """All usable entries, possessives left out (the morphology makes those)."""
    with gzip.open(LEXICON, "rt", encoding="ascii") as lines:
        pairs = (line.rstrip("\n").split("\t") for line in lines)
        entries = [Entry(word, tuple(phones.split())) for word, phones in pairs]
    return [entry for entry in entries if _is_usable(entry.word, entry.phones)]


def phone_inventory(entries: list[Entry]) -> list[str]:
    """Every phone that occurs, sorted; id = index + 1."""
    return sorted({phone for entry in entries for phone in entry.phones})


def encode_word(word: str) -> list[int]:
    """Letter ids with a boundary on both sides, [len(word) + 2]."""
    return [BOUNDARY_ID, *(LETTERS.index(letter) + 1 for letter in word), BOUNDARY_ID]


def collapse(slots: list[int]) -> list[int]:
    """CTC's greedy reading of one word's slots: repeats merge, blanks go."""
    merged = [slot for i, slot in enumerate(slots) if i == 0 or slot != slots[i - 1]]
    return [slot for slot in merged if slot != BLANK_ID]


@dataclass(frozen=True)
class Batch:
    """Words of one length: `letters` int64 [B, L]; `targets` int64 [sum of target lengths]."""

    letters: Tensor
    targets: Tensor
    target_lengths: Tensor
    entries: list[Entry]


def batches(entries: list[Entry], phones: list[str], batch_size: int, rng: random.Random) -> Iterator[Batch]:
    """Shuffled batches; each holds words of one length, so that nothing is ever padded or masked."""
    phone_id = {phone: i + 1 for i, phone in enumerate(phones)}
    by_length: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_length[len(entry.word)].append(entry)
    groups = []
    for same_length in by_length.values():
        rng.shuffle(same_length)
        groups += [same_length[i : i + batch_size] for i in range(0, len(same_length), batch_size)]
    rng.shuffle(groups)
    for group in groups:
        yield Batch(
            torch.tensor([encode_word(entry.word) for entry in group]),
            torch.tensor([phone_id[phone] for entry in group for phone in entry.phones]),
            torch.tensor([len(entry.phones) for entry in group]),
            group,
        )
