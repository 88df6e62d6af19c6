"""Adds to the English lexicon what the trained letter-to-sound network confirms or completes.

    python -m training.lexicon.read --checkpoint /tmp/letter_to_sound.pt

See README.md.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from speechmesh.frontend.english.letter_to_sound import LetterToSound as ShippedNetwork
from speechmesh.frontend.english.morphology import Morphology
from speechmesh.frontend.english.phones import Phones, is_plausible, is_vowel
from speechmesh.frontend.english.pronunciations import NAME_FILES, WORD_FILES
from training.letter_to_sound.corpus import NOTHING_ID, Entry, Words, load_entries, phone_inventory
from training.letter_to_sound.model import LetterToSound
from training.letter_to_sound.train import load_network
from training.lexicon.known import dictionary_words, spoken, write_apart

_VOWELS = "aeiou"
_BATCH_WORDS = 512
_MOST_SYLLABLES = 7  # of which each is stressed or not


def main() -> None:
    """Writes the two files anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("/tmp/letter_to_sound.pt"))
    args = parser.parse_args()
    inventory = phone_inventory(load_entries())
    found, dictionary = spoken(), dictionary_words()
    words = {word: phones for word, phones in found.known.items() if word in dictionary}
    names = {word: phones for word, phones in found.known.items() if word not in dictionary}
    morphology = Morphology(words.get, names.get)
    guessed = {word: phones for word, phones in found.guessed.items() if word in dictionary}
    unstressed = {
        word: phones
        for word, phones in found.unstressed.items()
        if _skeleton(morphology.pronounce(word) or ()) != _skeleton(phones)
    }
    added = _agreed(guessed, morphology)
    added |= _stressed(unstressed, load_network(args.checkpoint, len(inventory)), inventory)
    write_apart(added, WORD_FILES[1], NAME_FILES[1])


def _skeleton(phones: Phones) -> Phones:
    """The consonants, and where vowels are."""
    return tuple("a" if phone[0] in _VOWELS else phone for phone in phones)


def _agreed(guesses: Mapping[str, Phones], morphology: Morphology) -> dict[str, Phones]:
    """What the network, which has not seen them, says as flite guesses; without what is made of known words."""
    network = ShippedNetwork()
    return {
        word: phones
        for word, phones in guesses.items()
        if morphology.pronounce(word) is None and network.phones(word) == phones
    }


@torch.no_grad()
def _stressed(
    unstressed: Mapping[str, Phones], network: LetterToSound, inventory: list[str]
) -> dict[str, Phones]:
    """The pronunciation with the stresses that the network finds likeliest, of all that a word may have."""
    entries = [
        Entry(word, phones)
        for word, bare in unstressed.items()
        for phones in sorted({each for said in (bare, _unrounded(bare)) for each in _patterns(said)})
        if set(phones) <= set(inventory)
    ]
    best: dict[str, tuple[float, Phones]] = {}
    for batch in Words(entries, inventory, "cpu").batches(_BATCH_WORDS, random.Random(0)):
        likely = network(batch.letters, batch.before).log_softmax(dim=-1)
        said = batch.phones.clamp(min=0).unsqueeze(-1)
        each = likely.gather(-1, said).squeeze(-1).masked_fill(batch.phones == NOTHING_ID, 0.0)
        for entry, score in zip(batch.entries, each.sum(dim=1).tolist(), strict=True):
            best[entry.word] = max(best.get(entry.word, (score, entry.phones)), (score, entry.phones))
    return {word: phones for word, (_, phones) in best.items()}


def _unrounded(phones: Phones) -> Phones:
    """With the vowel of "pod" for that of "law", but before r: later entries have the latter for both."""
    following = (*phones[1:], "")
    return tuple(
        "aa" if phone == "ao" and after != "r" else phone
        for phone, after in zip(phones, following, strict=True)
    )


def _patterns(phones: Phones) -> Iterator[Phones]:
    """Every way to stress a pronunciation in which each vowel may have a stress and one must."""
    vowels = [i for i, phone in enumerate(phones) if phone[0] in _VOWELS]
    if not 0 < len(vowels) <= _MOST_SYLLABLES:
        return
    for stresses in itertools.product("01", repeat=len(vowels)):
        if "1" not in stresses:
            continue
        said = list(phones)
        for at, stress in zip(vowels, stresses, strict=True):
            said[at] = "ax0" if said[at] == "ah" and stress == "0" else said[at] + stress
        with_er = _with_er(said)
        if is_plausible(with_er):
            yield with_er


def _with_er(phones: list[str]) -> Phones:
    """A schwa and r that no vowel follows are one sound."""
    said: list[str] = []
    for phone, after in zip(phones, (*phones[1:], ""), strict=True):
        if phone == "r" and said[-1:] == ["ax0"] and not (after and is_vowel(after)):
            said[-1] = "er0"
        else:
            said.append(phone)
    return tuple(said)


if __name__ == "__main__":
    main()
