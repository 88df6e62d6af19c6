"""Pronunciations of known words: the shipped lexicon, with hand-made corrections on top."""

import gzip
from importlib import resources
from typing import Final

from speechmesh.frontend.english.phones import PHONE_SET, Phones, is_plausible, parse, spell

LEXICON_FILE: Final = "lexicon.tsv.gz"
OVERRIDES_FILE: Final = "lexicon_overrides.tsv"
_LETTERS_MARK: Final = "@letters"


def read_data(name: str) -> bytes:
    """The bytes of a file in the package's `data` folder.

    Raises:
        FileNotFoundError: The installation lacks the file.
    """
    return resources.files("speechmesh.frontend.english").joinpath("data", name).read_bytes()


class PronouncingLexicon:
    """Looks words up in one sorted text, so that 167,000 words cost 4.5 MB and no objects.

    A dictionary of the same words takes ten times the memory and most of the load time; a bisection costs
    some 10 microseconds, and callers cache.

    Raises:
        FileNotFoundError: The installation lacks a data file.
        ValueError: A line of the overrides names an unknown phone.
    """

    def __init__(self) -> None:
        # A newline on both sides makes every entry "\nword\tphones\n".
        self._text = b"\n" + gzip.decompress(read_data(LEXICON_FILE)).rstrip(b"\n") + b"\n"
        self._overrides, self._acronyms = _parse_overrides(read_data(OVERRIDES_FILE).decode("ascii"))

    def override(self, word: str) -> Phones | None:
        """The corrected pronunciation of `word`, or of an acronym's plural ("gpus"); None without one."""
        found = self._overrides.get(word)
        if found is None and word.endswith("s") and word[:-1] in self._acronyms:
            singular = self._overrides[word[:-1]]
            return (*singular, "ax0", "z") if singular[-1] == "s" else (*singular, "z")
        return found

    def lookup(self, word: str) -> Phones | None:
        """The pronunciation of `word`, overrides first.

        None for an unknown word, and for an entry that cannot be a word: those are abbreviations, or slips of
        the lexicon's maker ("skein" as "s k n", "thruster" without a stress) that the rules say better.
        """
        phones = self.override(word)
        if phones is not None:
            return phones
        phones = self._entry(word)
        return phones if phones is not None and is_plausible(phones) else None

    def _entry(self, word: str) -> Phones | None:
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
