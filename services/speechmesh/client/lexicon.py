"""How words are said, for one request or live stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from speechmesh.speech.v1 import speech_pb2 as pb

# The ways to say a word, as fields of an entry.
WAYS: Final = ("ipa", "x_sampa", "arpabet", "pinyin", "respelling")
# What a lexicon's file may call them; the server takes the same names in its own files.
WAY_BY_NAME: Final = {
    **dict.fromkeys(("ipa", "i.p.a."), "ipa"),
    **dict.fromkeys(("x-sampa", "xsampa"), "x_sampa"),
    **dict.fromkeys(("arpabet", "x-arpabet", "cmu-arpabet", "x-cmu-arpabet"), "arpabet"),
    **dict.fromkeys(("pinyin", "x-pinyin", "x-amazon-pinyin", "x-microsoft-pinyin"), "pinyin"),
    "respelling": "respelling",
}


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """How a word is said, in one of five ways; see LexiconEntry in speech.proto.

    Attributes:
        written: the word, or words, as in the text. In lower case it stands for all cases, else for this one alone.

    Raises:
        ValueError: when it is said in no way, or in several.
    """

    written: str
    ipa: str = ""
    x_sampa: str = ""
    arpabet: str = ""
    pinyin: str = ""
    respelling: str = ""

    def __post_init__(self) -> None:
        if len(given := self._given()) != 1:
            said = " and ".join(given) or "nothing"
            raise ValueError(f"{self.written!r} is said by {said}, not by one of {', '.join(WAYS)}")

    def message(self) -> pb.LexiconEntry:
        """The entry on the wire."""
        return pb.LexiconEntry(written=self.written, **self._given())

    def _given(self) -> dict[str, str]:
        return {way: said for way in WAYS if (said := getattr(self, way))}


def read_lexicon(path: str | Path) -> tuple[LexiconEntry, ...]:
    """The entries of a file in UTF-8, one a line: the word, a tab, the way, a tab, how it is said; # is a comment.

    The way is ipa, x-sampa, arpabet, pinyin or respelling.

    Raises:
        OSError: when it cannot be read.
        ValueError: naming the line that is wrong.
    """
    entries = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 3:
            raise ValueError(f"line {number} has {len(parts)} parts between tabs, not 3")
        written, name, said = parts
        way = WAY_BY_NAME.get(name.lower())
        if way is None:
            raise ValueError(f"line {number}: {name!r} is none of {', '.join(WAYS).replace('_', '-')}")
        if not said:
            raise ValueError(f"line {number} does not say how the word is said")
        entries.append(LexiconEntry(written, **{way: said}))
    return tuple(entries)
