"""The lexicon as training data: cleaning, a leak-free split, batches of words of one length."""

import gzip
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from speechmesh.frontend.english.pronunciations import NAME_FILES, WORD_FILES

ENGLISH = Path(__file__).parents[2] / "services" / "speechmesh" / "frontend" / "english"

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
BOUNDARY_ID = 0  # stands before the first and after the last letter; letters count from 1
EDGE_ID = 0  # a word's end among the phones, and what stands before the first; phones count from 1
NOTHING_ID = -100  # no phone: what PyTorch's cross entropy leaves out
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
    # An abbreviation ("msgr") has more phones than its letters can carry.
    return len(word) > 1 and len(phones) <= 1.5 * len(word)


def load_entries(files: Sequence[str] = (WORD_FILES[0], NAME_FILES[0])) -> list[Entry]:
    """All usable entries, of words and names; those of the other files are the network's own."""
    entries = []
    for name in files:
        with gzip.open(ENGLISH / "data" / name, "rt", encoding="ascii") as lines:
            pairs = (line.rstrip("\n").split("\t") for line in lines)
            entries += [Entry(word, tuple(phones.split())) for word, phones in pairs]
    return [entry for entry in entries if _is_usable(entry.word, entry.phones)]


def phone_inventory(entries: list[Entry]) -> list[str]:
    """Every phone that occurs, sorted; id = index + 1."""
    return sorted({phone for entry in entries for phone in entry.phones})


def encode_word(word: str) -> list[int]:
    """Letter ids with a boundary on both sides, [len(word) + 2]."""
    return [BOUNDARY_ID, *(LETTERS.index(letter) + 1 for letter in word), BOUNDARY_ID]


@dataclass(frozen=True)
class Batch:
    """Words of one length.

    `letters` int64 [B, L + 2]; `before` int64 [B, P] the phone before each, `EDGE_ID` first; `phones` int64 [B, P],
    `EDGE_ID` behind the last, then `NOTHING_ID`.
    """

    letters: Tensor
    before: Tensor
    phones: Tensor
    entries: list[Entry]


class Words:
    """Entries as tensors on a device, those of one length together: so nothing read is ever padded or masked."""

    def __init__(self, entries: list[Entry], phones: list[str], device: str) -> None:
        phone_id = {phone: i for i, phone in enumerate(phones, start=1)}
        by_length: dict[int, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda entry: entry.word):
            by_length[len(entry.word)].append(entry)
        self._alike = []
        for alike in by_length.values():
            longest = max(len(entry.phones) for entry in alike)
            rows = [
                [phone_id[phone] for phone in entry.phones]
                + [EDGE_ID]
                + [NOTHING_ID] * (longest - len(entry.phones))
                for entry in alike
            ]
            said = torch.tensor(rows)
            before = torch.cat([torch.full((len(alike), 1), EDGE_ID), said[:, :-1].clamp(min=EDGE_ID)], dim=1)
            letters = torch.tensor([encode_word(entry.word) for entry in alike])
            self._alike.append(Batch(letters.to(device), before.to(device), said.to(device), alike))

    @property
    def n_words(self) -> int:
        """Words in all."""
        return sum(len(alike.entries) for alike in self._alike)

    def n_batches(self, size: int) -> int:
        """Batches of one pass."""
        return sum(-(-len(alike.entries) // size) for alike in self._alike)

    def batches(self, size: int, rng: random.Random) -> Iterator[Batch]:
        """All words once, shuffled, up to `size` at a time."""
        picks = []
        for alike in self._alike:
            order = rng.sample(range(len(alike.entries)), len(alike.entries))
            picks += [(alike, order[start : start + size]) for start in range(0, len(order), size)]
        rng.shuffle(picks)
        for alike, rows in picks:
            at = torch.tensor(rows, device=alike.letters.device)
            width = int((alike.phones[at] != NOTHING_ID).sum(dim=1).max())
            yield Batch(
                alike.letters[at],
                alike.before[at, :width],
                alike.phones[at, :width],
                [alike.entries[row] for row in rows],
            )
