"""Mandarin words to initials, finals and tones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from speechmesh.frontend.mandarin import polyphones, sandhi
from speechmesh.frontend.mandarin.borrowed import borrowed
from speechmesh.frontend.mandarin.letters import LETTER_NAMES
from speechmesh.frontend.mandarin.lexicon import (
    CACHE_WORDS,
    COUNTED,
    NUMERALS,
    SUFFIXES,
    is_known,
    is_pairs,
    is_twice,
    says_ability,
    syllables_of,
)
from speechmesh.frontend.mandarin.pinyin import tokens_of
from speechmesh.frontend.mandarin.segmenting import halves, splits_after_first
from speechmesh.frontend.spoken import Word

_LONGEST_PAIR: Final = 2
_PLURAL: Final = "si5"
_CAN: Final = "得了"


def phrase(words: Sequence[Word]) -> list[tuple[str, ...]]:
    """The tokens of each word of a phrase that is spoken without a pause; empty for a word that cannot be read."""
    return [
        tuple(token for syllable in syllables for token in _tokens(syllable))
        for syllables in spoken_syllables(words)
    ]


def spoken_syllables(words: Sequence[Word]) -> list[list[str]]:
    """The syllables of each word of such a phrase in numbered pinyin, tones as they are spoken.

    A pronunciation that was given is in pinyin, as dictionaries write it: its tones meet others too.
    """
    texts = [word.text for word in words]
    spoken: list[sandhi.Spoken] = []
    for i, text in enumerate(texts):
        if told := words[i].phones:
            spoken.append(sandhi.Spoken("?" * len(told), told))
            continue
        if text.isascii():
            said = _spelled(text) if words[i].letter_name else borrowed(text)
            # Not a character each, but nothing that 一 or 不 would mind.
            spoken.append(sandhi.Spoken("?" * len(said), said))
            continue
        said = _said(texts, i)
        if len(said) != len(text):  # a character that no table has
            spoken.append(sandhi.Spoken("?" * len(said), said))
            continue
        spoken.append(sandhi.Spoken(text, said, heads=1 if splits_after_first(text) else 0))
    return sandhi.phrase(spoken)


def _spelled(letters: str) -> tuple[str, ...]:
    """The names of letters; of "u's" the name of u and an s."""
    names, apostrophe, _ = letters.partition("'")
    said = tuple(syllable for letter in names for syllable in LETTER_NAMES.get(letter, ()))
    return (*said, _PLURAL) if apostrophe else said


@cache
def _tokens(syllable: str) -> tuple[str, ...]:
    """As `tokens_of`; there are some two thousand syllables."""
    return tuple(tokens_of(syllable))


def _said(words: Sequence[str], i: int) -> tuple[str, ...]:
    """The syllables of word `i` of a phrase, before tones meet."""
    in_context = polyphones.reading(words, i)
    return tuple(in_context.split()) if in_context else _syllables(words[i])


@lru_cache(maxsize=CACHE_WORDS)
def _syllables(word: str) -> tuple[str, ...]:
    """A word's syllables; a long one that no table has is said as the two words that it is made of."""
    if (
        len(word) > _LONGEST_PAIR
        and not word.endswith("儿")
        and not is_known(word)
        and not is_twice(word)
        and not is_pairs(word)
    ):
        if word.endswith(_CAN) and len(word) == len(_CAN) + 1:  # 吃得了
            return (*syllables_of(word[0]), "de5", "liao3")
        pair = halves(word)
        if pair and pair[1] in COUNTED and NUMERALS.issuperset(pair[0]):  # 十四载
            return (*_said(pair, 0), COUNTED[pair[1]])
        if pair and pair[1] in SUFFIXES:
            return (*_said(pair, 0), SUFFIXES[pair[1]])
        if pair and not says_ability(word):
            return (*_said(pair, 0), *_said(pair, 1))
    return syllables_of(word)
