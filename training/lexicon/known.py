"""Makes the English lexicon out of what flite knows, without what it guesses alone.

    python -m training.lexicon.known

See README.md.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from pocketsphinx import get_model_path

from speechmesh.frontend.english.morphology import split_clitic
from speechmesh.frontend.english.phones import PHONE_SET, Phones, is_plausible
from speechmesh.frontend.english.pronunciations import NAME_FILES, WORD_FILES
from training.lexicon.flite import FliteDictionary

_DATA = Path(str(resources.files("speechmesh.frontend.english").joinpath("data")))
_WORDS = Path(__file__).with_name("words.txt.gz")
_CMU_DICTIONARY = "en-us/cmudict-en-us.dict"
_WORD = re.compile(r"[a-z']*[a-z][a-z']*")


@dataclass
class Spoken:
    """What is known of words.

    Attributes:
        known: pronunciations that flite has from its dictionary, or that it guesses as the CMU dictionary says.
        guessed: those that flite guesses, of words that the CMU dictionary has not.
        unstressed: those that flite guesses otherwise than the CMU dictionary, as that says them first.
    """

    known: dict[str, Phones] = field(default_factory=dict)
    guessed: dict[str, Phones] = field(default_factory=dict)
    unstressed: dict[str, Phones] = field(default_factory=dict)


def spoken() -> Spoken:
    """All words of a dictionary and of the CMU dictionary."""
    flite, cmu, found = FliteDictionary(), _cmu_dictionary(), Spoken()
    for word in sorted(dictionary_words().union(cmu)):
        phones = flite.phones(word)
        is_possible = is_plausible(phones) and PHONE_SET.issuperset(phones)
        if is_possible and (flite.knows(word) or without_stress(phones) in cmu.get(word, ())):
            found.known[word] = phones
        elif word in cmu:
            found.unstressed[word] = cmu[word][0]
        elif is_possible:
            found.guessed[word] = phones
    return found


def dictionary_words() -> set[str]:
    """The words that are no mere names."""
    return set(gzip.decompress(_WORDS.read_bytes()).decode("ascii").split())


def write(name: str, entries: Mapping[str, Phones]) -> None:
    """A file of the frontend's data: the same bytes for the same entries."""
    path = _DATA / name
    text = "".join(f"{word}\t{' '.join(phones)}\n" for word, phones in sorted(entries.items()))
    path.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))
    print(f"{name}: {len(entries)} words, {path.stat().st_size / 1024:.0f} KiB")


def write_apart(entries: Mapping[str, Phones], word_file: str, name_file: str) -> None:
    """The dictionary's words in one file, names in another."""
    dictionary = dictionary_words()
    write(word_file, {word: phones for word, phones in entries.items() if word in dictionary})
    write(name_file, {word: phones for word, phones in entries.items() if word not in dictionary})


def without_stress(phones: Phones) -> Phones:
    """As the CMU dictionary of pocketsphinx writes it, which has no schwa."""
    return tuple("ah" if phone == "ax0" else phone.rstrip("01") for phone in phones)


def _cmu_dictionary() -> Mapping[str, list[Phones]]:
    """Pronunciations in lower case, without stress, of the CMU dictionary that pocketsphinx carries."""
    found: dict[str, list[Phones]] = defaultdict(list)
    for line in Path(get_model_path(_CMU_DICTIONARY)).read_text(encoding="utf-8").splitlines():
        written, *phones = line.lower().split()
        word = re.sub(r"\(\d+\)$", "", written)
        if (
            _WORD.fullmatch(word) and split_clitic(word) is None
        ):  # else it is taken apart before it is looked up
            found[word].append(tuple(phones))
    return found


if __name__ == "__main__":
    write_apart(spoken().known, WORD_FILES[0], NAME_FILES[0])
