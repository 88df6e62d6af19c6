"""Which of its pronunciations a word has: what the words around it tell.

No tagger: each neighbour that is a function word votes for what can follow or precede it, which settles nearly all of
the words that occur ("to record", "a record"). Where nothing tells, the commoner reading stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from speechmesh.frontend.english.homograph_cues import OWN_CUES
from speechmesh.frontend.english.homograph_votes import Around, around_of, cast_votes, is_plural, may_be_noun
from speechmesh.frontend.english.homograph_words import (
    ADJECTIVE_ENDINGS,
    ADJECTIVES,
    DETERMINERS,
    OBJECT_BEGINS,
    OF_MANY,
    PREPOSITIONS,
    SINGULAR_SUBJECTS,
)
from speechmesh.frontend.english.morphology import attach_clitic
from speechmesh.frontend.english.phones import PHONE_SET, Phones, parse
from speechmesh.frontend.english.pronunciations import read_data
from speechmesh.frontend.english.word_roles import in_role

HOMOGRAPHS_FILE: Final = "homographs.tsv"


class Homographs:
    """The homographs of the data file.

    Raises:
        FileNotFoundError: The installation lacks the file.
        ValueError: A line names an unknown phone.
    """

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Phones]] = {}
        for line in read_data(HOMOGRAPHS_FILE).decode("ascii").splitlines():
            if not line or line.startswith("#"):
                continue
            word, sense, phones = line.split("\t")
            self._readings.setdefault(word, {})[sense] = parse(phones)
            if unknown := set(parse(phones)) - PHONE_SET:
                raise ValueError(f"{HOMOGRAPHS_FILE}: {word!r} has unknown phones {sorted(unknown)}")

    def phones(self, words: Sequence[str], at: int) -> Phones | None:
        """How `words[at]` is pronounced among these words, "" where there is a pause; None for other words."""
        word = words[at]
        readings = self._readings.get(word)
        if readings is not None:
            return readings[self._sense(word, readings, around_of(words, at))]
        base = self._readings.get(word[:-1]) if word.endswith("s") else None
        if base is None or "verb" not in base:
            return None
        around = around_of(words, at)
        if "noun" not in base:  # "moderates", a verb unless it names people
            return None if around.before in DETERMINERS else attach_clitic(base["verb"], "'s")
        return attach_clitic(base[_sense_with_s(around, usually=next(iter(base)))], "'s")

    def in_role(self, word: str, role: str) -> Phones | None:
        """How a word is pronounced in a role of `word_roles`; None where the role tells nothing of it."""
        if (readings := self._readings.get(word)) is not None:
            return in_role(readings, role)
        base = self._readings.get(word[:-1]) if word.endswith("s") else None
        singular = in_role(base, role) if base and "verb" in base else None
        return attach_clitic(singular, "'s") if singular else None

    def _sense(self, word: str, readings: dict[str, Phones], around: Around) -> str:
        if own := OWN_CUES.get(word):
            return own(around)
        votes = cast_votes(around)
        first = next(iter(readings))
        # The commoner reading wins a draw.
        return max(readings, key=lambda sense: votes.get(sense, 0.0) + 0.75 * (sense == first))


def _sense_with_s(around: Around, usually: str) -> str:
    """A third person or a plural."""
    before, after = around.before, around.after
    if before in SINGULAR_SUBJECTS or before == "this":
        return "verb"
    singular = around.before_that in DETERMINERS and before and not is_plural(before)
    if singular and before not in ADJECTIVES and not before.endswith(ADJECTIVE_ENDINGS):
        acted_on = after in OBJECT_BEGINS or after == "data" or (is_plural(after) and may_be_noun(after))
        if acted_on or (usually == "verb" and may_be_noun(after) and after not in OF_MANY):
            return "verb"  # "the camera records everything", "the farm produces milk"
    nominal = before in DETERMINERS | PREPOSITIONS | ADJECTIVES or not before
    return "verb" if after in OBJECT_BEGINS and not nominal else "noun"
