"""Pronunciations of known words and names, with hand-made corrections on top."""

import gzip
from collections.abc import Sequence
from importlib import resources
from typing import Final

from speechmesh.frontend.english.phones import PHONE_SET, Phones, parse, spell

# Of each the first is what is known, the second what a network has confirmed or completed.
WORD_FILES: Final = ("words.tsv.gz", "words_read.tsv.gz")
NAME_FILES: Final = ("names.tsv.gz", "names_read.tsv.gz")
OVERRIDES_FILE: Final = "overrides.tsv"
_LETTERS_MARK: Final = "@letters"


def read_data(name: str) -> bytes:
    """The bytes of a file in the package's `data` folder.

    Raises:
        FileNotFoundError: The installation lacks the file.
    """
    return resources.files("speechmesh.frontend.english").joinpath("data", name).read_bytes()


class _Entries:
    """Looks words up in one sorted text, so that 100,000 of them cost 3 MB and no objects.

    A dictionary of the same words takes ten times the memory and most of the load time; a bisection costs
    some 10 microseconds, and callers cache.
    """

    def __init__(self, name: str) -> None:
        # A newline on both sides makes every entry "\nword\tphones\n".
        self._text = b"\n" + gzip.decompress(read_data(name)).rstrip(b"\n") + b"\n"

    def find(self, word: str) -> Phones | None:
        key = word.encode("ascii", "replace") + b"\t"
        low, high = 0, len(self._text) - 1  # both always at a newline
        while low < high:
            start = self._text.rfind(b"\n", low, (low + high) // 2 + 1)
            end = self._text.index(b"\n", start + 1)
            line = self._text[start + 1 : end]
            if line.startswith(key):
                return parse(line[len(key) :].decode("ascii"))
            if line < key:
                low = end
            else:
                high = start
        return None


class PronouncingLexicon:
    """The words of a dictionary, names, and what corrects both; made by `training/lexicon`.

    Raises:
        FileNotFoundError: The installation lacks a data file.
        ValueError: A line of the overrides names an unknown phone.
    """

    def __init__(self) -> None:
        self._words = [_Entries(name) for name in WORD_FILES]
        self._names = [_Entries(name) for name in NAME_FILES]
        self._overrides, self._acronyms = _parse_overrides(read_data(OVERRIDES_FILE).decode("ascii"))

    def override(self, word: str) -> Phones | None:
        """The corrected pronunciation of `word`, or of an acronym's plural ("gpus"); None without one."""
        found = self._overrides.get(word)
        if found is None and word.endswith("s") and word[:-1] in self._acronyms:
            singular = self._overrides[word[:-1]]
            return (*singular, "ax0", "z") if singular[-1] == "s" else (*singular, "z")
        return found

    def word(self, word: str) -> Phones | None:
        """The pronunciation of a dictionary's `word`, overrides first; None for any other."""
        return self.override(word) or _first(self._words, word)

    def name(self, name: str) -> Phones | None:
        """The pronunciation of a name (of a word that no dictionary has); None for an unknown one."""
        return _first(self._names, name)


def _first(files: Sequence[_Entries], word: str) -> Phones | None:
    return next((phones for entries in files if (phones := entries.find(word))), None)


def _parse_overrides(text: str) -> tuple[dict[str, Phones], frozenset[str]]:
    """`words TAB phones` lines into pronunciations, and the set of words that are spelled out."""
    overrides: dict[str, Phones] = {}
    acronyms: set[str] = set()
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        words, _, said = line.partition("\t")
        for word in words.split():
            if said == _LETTERS_MARK:
                acronyms.add(word)
                overrides[word] = spell(word)
            else:
                overrides[word] = parse(said)
            unknown = set(overrides[word]) - PHONE_SET
            if unknown or not overrides[word]:
                raise ValueError(f"{OVERRIDES_FILE}: {word!r} has unknown phones {sorted(unknown)}")
    return overrides, frozenset(acronyms)
