"""English words in syllables of Mandarin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.mandarin import g2p
from speechmesh.frontend.mandarin.borrowed import borrowed
from speechmesh.frontend.mandarin.normalise import normalise
from speechmesh.frontend.mandarin.pinyin import TOKENS, tokens_of


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("hello", "he1 lou4"),
        ("email", "yi4 mei4 er5"),
        ("google", "gu4 gou5"),
        ("video", "wei4 di1 ou1"),
        ("phone", "feng4"),
        ("music", "miu4 ji5 ke5"),
        ("machine", "me1 xin4"),
        ("start", "si1 ta4 er5 te5"),
        ("coffee", "ka4 fei1"),
        ("wifi", "wai4 fa4 yi5"),
        ("english", "ying4 ge5 li5 shi5"),
    ],
)
def test_a_word_becomes_the_nearest_syllables(word: str, syllables: str) -> None:
    assert " ".join(borrowed(word)) == syllables


def test_words_are_borrowed_and_acronyms_spelled() -> None:
    words = normalise("用Python写AI").words
    assert g2p.spoken_syllables(words) == [["yong4"], ["pai4", "san1"], ["xie3"], ["ei1"], ["ai4"]]


@given(st.from_regex(r"[a-z]{1,12}('[a-z]{1,2})?", fullmatch=True))
@settings(deadline=None, max_examples=200)
def test_every_word_has_a_reading_in_known_tokens(word: str) -> None:
    said = borrowed(word)
    assert said
    assert {token for syllable in said for token in tokens_of(syllable)} <= set(TOKENS)
