"""Lexicons: how words are said, by those who deploy a voice or ask for speech, before what the readers know.

A file has a line an entry: the word as written, a tab, the alphabet (ipa, x-sampa, arpabet, pinyin) or `respelling`, a
tab, and how it is said; lines that begin with # are comments. An entry may be several words. One in lower case stands
for all cases, another for its own alone.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path

from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.frontend.phonemes.alphabets import alphabet, pronunciation
from speechmesh.frontend.ssml.script import Phonemes, Script, Style, Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap

log = logging.getLogger(__name__)

RESPELLING = "respelling"
# Of a file; what a request may bring is far less, see `check_size`.
MAX_ENTRIES, MAX_WRITTEN_CHARS, MAX_SAID_CHARS = 50_000, 100, 500
_LOOK_EVERY_S = 1.0
# Written in two ways, which are the same to a lexicon; character by character, so that places stay.
_SAME = str.maketrans({"’": "'", "\u00a0": " "})
_AMOUNT = re.compile(r"[$€£¥]\d")
_CLITIC = re.compile(r"'(?:s|d|m|re|ve|ll)?(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """How a word is said: `said` in an alphabet, or as other words would be read where that is `respelling`."""

    written: str
    alphabet: str
    said: str


def check_size(entries: Sequence[LexiconEntry], *, max_entries: int, max_chars: int) -> None:
    """Checks that a request's lexicon is soon read, for other requests' texts wait as long.

    Args:
        entries: the lexicon.
        max_entries: so many are taken.
        max_chars: so many characters, of all words and how they are said.

    Raises:
        InvalidInput: naming `lexicon`.
    """
    if len(entries) > max_entries:
        raise InvalidInput("lexicon", f"has {len(entries)} entries, {max_entries} are taken")
    n_chars = sum(len(entry.written) + len(entry.said) for entry in entries)
    if n_chars > max_chars:
        raise InvalidInput("lexicon", f"has {n_chars} characters, {max_chars} are taken")


@dataclass(frozen=True, slots=True)
class _Said:
    """An entry, checked: either phonemes or other words."""

    phonemes: Phonemes | None
    respelling: str | None


@dataclass
class Lexicon:
    """Entries by what is written, and how long those are that begin with a character, the longest first."""

    _said: dict[str, _Said] = field(default_factory=dict)
    _lengths: dict[str, list[int]] = field(default_factory=dict)
    _n_entries: int = 0

    @classmethod
    def of(cls, entries: Iterable[tuple[str, LexiconEntry]]) -> Lexicon:
        """A lexicon of entries, each with the field or place that an error names.

        Raises:
            InvalidInput: naming the entry that is wrong.
        """
        lexicon = cls()
        for place, entry in entries:
            lexicon._add(place, entry)
        lengths: dict[str, set[int]] = {}
        for written in lexicon._said:
            lengths.setdefault(written[0], set()).add(len(written))
        lexicon._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        return lexicon

    def _add(self, place: str, entry: LexiconEntry) -> None:
        written, said = " ".join(entry.written.translate(_SAME).split()), entry.said.strip()
        if not written or len(written) > MAX_WRITTEN_CHARS:
            raise InvalidInput(
                place, f"the word has {len(written)} characters, 1 to {MAX_WRITTEN_CHARS} are taken"
            )
        if not said or len(said) > MAX_SAID_CHARS:
            raise InvalidInput(
                place, f"what is said has {len(said)} characters, 1 to {MAX_SAID_CHARS} are taken"
            )
        self._n_entries += 1
        if self._n_entries > MAX_ENTRIES:
            raise InvalidInput(place, f"more than {MAX_ENTRIES} entries")
        if entry.alphabet == RESPELLING:
            found = _Said(None, said)
        else:
            known = alphabet(entry.alphabet, field=place)
            phones = pronunciation(known.name, said, field=place)
            found = _Said(Phonemes(known.name, said, phones, known.language), None)
        self._said[written] = found

    def find(self, text: str, lower: str, at: int) -> tuple[int, _Said] | None:
        """The longest entry that is written at a place: where it ends, and how it is said.

        Args:
            text: the text.
            lower: the same in lower case; the same object where that is no other.
            at: the place.
        """
        firsts = {text[at], lower[at]}
        for length in merge(*(self._lengths.get(first, ()) for first in firsts), reverse=True):
            end = at + length
            if end > len(text) or not _ends(text, end):
                continue
            said = self._said.get(text[at:end])
            if said is None and lower is not text:
                said = self._said.get(lower[at:end])
            if said is not None:
                return end, said
        return None

    def __bool__(self) -> bool:
        return bool(self._said)


def _in_lower_case(text: str) -> str:
    """The text, character by character, so that places stay."""
    lower = "".join(small if len(small := character.lower()) == 1 else character for character in text)
    return text if lower == text else lower


def _begins(text: str, at: int) -> bool:
    """Whether a word may begin at a place: not inside of another, but behind an opening quote."""
    if at == 0 or not _joins(text[at - 1], text[at]):
        return True
    return text[at - 1] == "'" and (at == 1 or not _is_of_word(text[at - 2]))


def _ends(text: str, end: int) -> bool:
    """Whether a word may end at a place: not inside of another or of "US$5", but before an 's or a closing quote."""
    if text[end - 1].isalpha() and _AMOUNT.match(text, end):
        return False
    return end == len(text) or not _joins(text[end - 1], text[end]) or bool(_CLITIC.match(text, end))


def _joins(before: str, after: str) -> bool:
    """Whether two characters belong to one written word; Chinese has none that could be told from its letters."""
    return _is_of_word(before) and _is_of_word(after)


def _is_of_word(character: str) -> bool:
    return (character.isalnum() or character == "'") and not "\u2e80" <= character <= "\u9fff"


def script_of(text: str, lexicons: Sequence[Lexicon]) -> Script | None:
    """A plain text with its words' entries, of the first lexicon that has one; None where there is none in it."""
    items: list[Text] = []
    lexicons, looked_at = [lexicon for lexicon in lexicons if lexicon], text.translate(_SAME)
    lower = _in_lower_case(looked_at)
    start = at = 0
    while lexicons and at < len(text):
        found = None
        if _begins(looked_at, at):
            found = next(filter(None, (lexicon.find(looked_at, lower, at) for lexicon in lexicons)), None)
        if found is None:
            at += 1
            continue
        end, said = found
        if start < at:
            items.append(_text(text, start, at))
        items.append(_text(text, at, end, said))
        start = at = end
    if not items:
        return None
    if start < len(text):
        items.append(_text(text, start, len(text)))
    return Script(tuple(items))


def _text(text: str, start: int, end: int, said: _Said | None = None) -> Text:
    source = SourceMap((Run(end - start, start, end),))
    phonemes, respelling = (said.phonemes, said.respelling) if said else (None, None)
    return Text(text[start:end], source, start, end, Style(), phonemes=phonemes, alias=respelling)


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon of a file.

    Raises:
        Incompatible: naming the file and the line.
    """
    try:
        return Lexicon.of(_entries(path))
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, InvalidInput) as error:
        raise Incompatible(f"{path}: {error}") from None


def _entries(path: Path) -> Iterator[tuple[str, LexiconEntry]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            raise InvalidInput(f"line {number}", f"has {len(parts)} parts between tabs, not 3")
        yield f"line {number}", LexiconEntry(*(part.strip() for part in parts))


class LexiconFile:
    """A lexicon that is read again when its file changes. A file that has become wrong leaves what was read before."""

    def __init__(self, path: Path) -> None:
        """Reads the file.

        Raises:
            Incompatible: naming the file and the line that is wrong.
        """
        self._path = path
        self._stamp = self._now()
        self._lexicon = read_lexicon(path)
        self._looked_at = time.monotonic()

    def current(self) -> Lexicon:
        """What the file says, as of a second ago at most."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return self._lexicon
        self._looked_at = now
        stamp = self._now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._lexicon = read_lexicon(self._path)
                log.info("%s was read again", self._path)
            except Incompatible as error:
                log.error("the lexicon stays as it was: %s", error)
        return self._lexicon

    def _now(self) -> Mapping[str, int] | None:
        """What tells one state of the file from another."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return {"mtime_ns": stat.st_mtime_ns, "size": stat.st_size, "inode": stat.st_ino}
