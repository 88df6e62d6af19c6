"""English phones in syllables: each consonant begins the next syllable where English words can begin so."""

from __future__ import annotations

from itertools import pairwise

from speechmesh.frontend.english.phones import Phones, is_vowel

_TWO = """
    b-l b-r k-l k-r k-w d-r d-w f-l f-r g-l g-r g-w p-l p-r s-k s-l s-m s-n s-p s-t s-w sh-r t-r t-w th-r th-w hh-y
    b-y f-y k-y m-y p-y v-y
"""
_THREE = "s-k-r s-k-w s-p-l s-p-r s-t-r s-k-y s-p-y"
_ONSETS = frozenset(tuple(onset.split("-")) for onset in (_TWO + _THREE).split())
_LONGEST_ONSET = 3
_NEVER_FIRST = frozenset({"ng"})


def syllables_of(phones: Phones) -> list[Phones]:
    """A word's phones in syllables, each with one vowel; a word without a vowel is one."""
    vowels = [i for i, phone in enumerate(phones) if is_vowel(phone)]
    starts = [0]
    for before, after in pairwise(vowels):
        starts.append(after - _onset_length(phones[before + 1 : after]))
    return [phones[start:end] for start, end in zip(starts, [*starts[1:], len(phones)], strict=True)]


def _onset_length(between: Phones) -> int:
    """How many of the consonants between two vowels belong to the second."""
    for n in range(min(_LONGEST_ONSET, len(between)), 1, -1):
        if between[-n:] in _ONSETS:
            return n
    return 1 if between and between[-1] not in _NEVER_FIRST else 0
