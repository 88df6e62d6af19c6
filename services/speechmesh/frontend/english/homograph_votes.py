"""What the neighbours of a word say about it: whether it is a noun, a verb or an adjective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from speechmesh.frontend.english.homograph_words import (
    ADJECTIVE_ENDINGS,
    ADJECTIVES,
    BES,
    DEGREES,
    DETERMINERS,
    FUNCTION_WORDS,
    HAVES,
    MODALS,
    NOUN_AFTER,
    NOUN_BEFORE,
    NOUNS_IN_S,
    NOW,
    NUMERALS,
    OBJECT_BEGINS,
    PLURAL_SUBJECTS,
    PREPOSITIONS,
    TO_NOUN,
)


def is_plural(word: str) -> bool:
    """Whether a noun that ends so is of many."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


class Around(NamedTuple):
    """The words around one; empty where there is a pause or nothing."""

    before: str
    before_that: str
    after: str
    words: Sequence[str]
    at: int


CONTRACTED: Final = MODALS | BES | HAVES
"""Where an 's is a verb or a pronoun: let's, it's."""


def cast_votes(around: Around) -> dict[str, float]:
    """For noun, verb and adjective, how much the neighbours speak for each."""
    before, before_that, after = around.before, around.before_that, around.after
    votes = {"noun": 0.0, "verb": 0.0, "adjective": 0.0}
    possessive = before.endswith(("'s", "s'")) and before not in CONTRACTED
    if before in DETERMINERS or possessive:
        votes["noun"] += 3.0
        votes["adjective"] += 2.0 + 2.0 * may_be_noun(after)
    elif before in ADJECTIVES or (len(before) > 4 and before.endswith(ADJECTIVE_ENDINGS)):
        votes["noun"] += 3.0
    elif before == "to":
        votes["noun" if before_that in TO_NOUN else "verb"] += 4.0
    elif before in MODALS or before.endswith("n't") or (before == "not" and before_that in MODALS | {"to"}):
        votes["verb"] += 4.0
    elif before in PLURAL_SUBJECTS:
        votes["verb"] += 3.5
    elif before in DEGREES:
        votes["adjective"] += 4.0
    elif before in BES:
        votes["adjective"] += 3.0
        votes["noun"] += 1.0
    elif before in PREPOSITIONS:
        votes["noun"] += 2.5
        votes["adjective"] += 2.0 * may_be_noun(after)
    elif not before or before in ("and", "or", "but", "then", "just"):
        votes["verb"] += 0.5
    elif before_that in DETERMINERS:  # "a building permit", but "the farms produce"
        votes["verb" if is_plural(before) else "noun"] += 1.5
    word = around.words[around.at]
    if before in NOUN_AFTER.get(word, ()) or after in NOUN_BEFORE.get(word, ()):
        votes["noun"] += 4.0
    if before.endswith("ly") and before_that in BES:
        votes["adjective"] += 4.0
    if after in OBJECT_BEGINS:
        votes["verb"] += 2.5
    elif not before and after in NOW:
        votes["verb"] += 1.0  # "Upgrade now"
    elif after in NUMERALS and _measured(around):
        votes["verb"] += 1.0  # "Transfer fifty dollars"
    elif after in ("of", "is", "was", "are", "were", "has", "had", "will", "would", "can"):
        votes["noun"] += 2.5
    elif not after:
        votes["noun"] += 0.5
    if (
        around.at == 1
        and is_plural(before)
        and before not in NOUNS_IN_S
        and (not after or after.endswith("ly"))
    ):
        votes["verb"] += 2.0  # "Muscles contract"
    elif after in ("to", "with", "enough"):
        votes["adjective"] += 0.5
    return votes


def _measured(around: Around) -> bool:
    """Whether an amount of something follows, not the number of something: "discount ten dollars", "project ten is"."""
    at = around.at + 1
    while at < len(around.words) and around.words[at] in NUMERALS:
        at += 1
    return at < len(around.words) and may_be_noun(around.words[at]) and not around.before


def may_be_noun(word: str) -> bool:
    """Whether a noun phrase may go on with this word: it is there and no function word."""
    return bool(word) and word not in FUNCTION_WORDS


def around_of(words: Sequence[str], at: int) -> Around:
    """What stands around `words[at]`."""
    before = words[at - 1] if at else ""
    return Around(
        before,
        words[at - 2] if at > 1 and before else "",
        words[at + 1] if at + 1 < len(words) else "",
        words,
        at,
    )
