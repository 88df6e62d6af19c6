"""Mandarin words to initials, finals and tones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from speechmesh.frontend.mandarin import sandhi
from speechmesh.frontend.mandarin.letters import LETTER_NAMES
from speechmesh.frontend.mandarin.pinyin import tokens_of
from speechmesh.frontend.spoken import Word

CACHE_WORDS: Final = 16_384

# Words of one character that pypinyin reads by their commoner use in compounds.
_ALONE: Final = {
    "地": "de5",
    "得": "de5",
    "长": "chang2",
    "只": "zhi3",
    "觉": "jue2",
    "倒": "dao4",
    "儿": "er2",
}
_MUST: Final = "dei3"  # 得 without a verb before it
# 儿 is a suffix, but not in these.
_SONS: Final = frozenset("女儿 婴儿 幼儿 孤儿 少儿 孩儿 健儿 宠儿 混血儿 胎儿 新生儿".split())


def phrase(words: Sequence[Word]) -> list[tuple[str, ...]]:
    """The tokens of each word of a phrase that is spoken without a pause; empty for a word that cannot be read."""
    return [
        tuple(token for syllable in syllables for token in tokens_of(syllable))
        for syllables in spoken_syllables(words)
    ]


def spoken_syllables(words: Sequence[Word]) -> list[list[str]]:
    """The syllables of each word of such a phrase in numbered pinyin, tones as they are spoken; English is spelled."""
    spoken: list[sandhi.Spoken] = []
    for i, word in enumerate(words):
        if word.phones:
            spoken.append(sandhi.Spoken("?" * len(word.phones), word.phones))
        elif word.text.isascii():
            said = tuple(syllable for letter in word.text for syllable in LETTER_NAMES.get(letter, ()))
            # Not a character each, but nothing that 一 or 不 would mind.
            spoken.append(sandhi.Spoken("?" * len(said), said))
        elif word.text == "得" and i == 0:
            spoken.append(sandhi.Spoken(word.text, (_MUST,)))
        else:
            spoken.append(sandhi.Spoken(word.text, syllables_of(word.text)))
    return sandhi.phrase(spoken)


@lru_cache(maxsize=CACHE_WORDS)
def syllables_of(word: str) -> tuple[str, ...]:
    """The syllables of a word of Chinese characters in numbered pinyin, one a character, as it is said by itself."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its tables are for Mandarin alone

    if word in _ALONE:
        return (_ALONE[word],)
    said = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False, errors="ignore")
    if len(said) != len(word):  # a character that it does not know
        return () if len(word) == 1 else tuple(s for character in word for s in syllables_of(character))
    if word.endswith("儿") and len(word) > 1 and word not in _SONS:
        said[-1] = "er5"
    return tuple(said)
