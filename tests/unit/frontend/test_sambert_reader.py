"""Chinese text as Sambert's symbols: prosodic words and phrases, erhua, English, and where each word came from."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.acoustic.families.sambert.symbols import Symbols
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.english.phones import parse
from speechmesh.frontend.english.syllables import syllables_of
from speechmesh.frontend.mandarin.phrasing import phrase_ends, prosodic_words
from speechmesh.frontend.mandarin.sambert_reader import SambertReader
from speechmesh.frontend.plan import TokenSegment

SYMBOLS = Symbols(("F7",))


@pytest.fixture(scope="module")
def bundle(bootstrap: VoiceBundle) -> VoiceBundle:
    made = VoiceBundle(Path("sambert"), bootstrap.config)
    made.__dict__["tokens"] = SYMBOLS.tokens
    made.__dict__["_token_table"] = (SYMBOLS.tokens, SYMBOLS.token_features)
    return made


@pytest.fixture(scope="module")
def reader(bundle: VoiceBundle) -> SambertReader:
    return SambertReader(bundle)


def read(reader: SambertReader, text: str) -> list[TokenSegment]:
    plan = reader.plan(text, max_words=20, first_max_words=8)
    return [reader.tokens(segment) for segment in plan.segments]


def shown(segment: TokenSegment) -> str:
    """Words as they are grouped, with the boundaries between them."""
    first = {word.first_token: word.text for word in segment.words}
    parts = []
    for i, token in enumerate(segment.tokens):
        if i in first:
            parts.append(first[i])
        if SYMBOLS.tokens[token].startswith("#"):
            parts.append(SYMBOLS.tokens[token])
    return " ".join(parts)


def phones(segment: TokenSegment) -> str:
    """Phones with their tones."""
    tones = SYMBOLS.token_features["tone"]
    return " ".join(
        f"{SYMBOLS.tokens[token]}{tones[tone].removeprefix('tone')}"
        for token, tone in zip(segment.tokens, segment.features["tone"], strict=True)
    )


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("今天天气怎么样？", "今天天气 #1 怎么样 #4"),
        ("他走了，我没走。", "他 走 了 #3 我 没 走 #4"),
        ("2024年", "二 零 #1 二 四年 #4"),
        ("学校的图书馆很大", "学校 的 #1 图书馆 #1 很大 #4"),
        ("你知道AI吗？", "你 知道 #1 a i #1 吗 #4"),
        ("两块GPUs吗？", "两块 #1 g p u's #1 吗 #4"),
        (
            "随着经济的快速发展和人民生活水平的不断提高",
            "随着 #1 经济 的 #1 快速 #1 发展 #2 和 人民 #1 生活 #1 水平 的 #1 不断 #1 提高 #4",
        ),
    ],
)
def test_words_are_grouped_as_they_are_said(reader: SambertReader, text: str, grouped: str) -> None:
    assert " / ".join(shown(segment) for segment in read(reader, text)) == grouped


def test_erhua_belongs_to_its_syllable_where_the_voice_has_the_final(reader: SambertReader) -> None:
    (segment,) = read(reader, "花儿开了")
    assert phones(segment) == "h_c1 uar_c1 #1_none k_c1 ai_c1 l_c5 e_c5 #4_none"


def test_english_is_said_in_phones_of_its_own_with_stress_as_tone(reader: SambertReader) -> None:
    (segment,) = read(reader, "这个project很好")
    assert "p1 r1 aa1 jh0 eh0 k0 t0" in phones(segment)
    flags = [SYMBOLS.token_features["syllable_flag"][i] for i in segment.features["syllable_flag"]]
    word = next(word for word in segment.words if word.text == "project")
    assert flags[word.first_token : word.first_token + word.n_tokens] == [
        *("s_begin", "s_middle", "s_end"),
        *("s_begin", "s_middle", "s_middle", "s_end"),
    ]


def test_a_clause_that_goes_on_ends_in_a_mark_not_in_the_end_of_a_sentence(reader: SambertReader) -> None:
    first, second = read(reader, "如果明天不下雨，我们就一起去公园里散步吧，好不好？")[:2]
    assert shown(first).endswith("#3")
    assert shown(second).startswith("我们")


@given(
    text=st.text(
        st.sampled_from("一不你好三3.,，。！%年月的了在和把儿花孩\n AIabcd're"), min_size=1, max_size=60
    )
)
@settings(deadline=None, max_examples=100)
def test_every_token_is_in_the_tables_and_every_word_in_its_place(reader: SambertReader, text: str) -> None:
    for segment in read(reader, text):
        assert len(segment.tokens) > 1
        assert 1 <= min(segment.tokens) <= max(segment.tokens) < len(SYMBOLS.tokens)
        for name, table in SYMBOLS.token_features.items():
            assert len(segment.features[name]) == len(segment.tokens)
            assert max(segment.features[name]) < len(table)
        covered = [word.first_token + i for word in segment.words for i in range(word.n_tokens)]
        pauses = [i for i, token in enumerate(segment.tokens) if SYMBOLS.tokens[token].startswith("#")]
        assert sorted(covered + pauses) == list(range(len(segment.tokens)))
        assert covered == sorted(covered)
        assert pauses[-1] == len(segment.tokens) - 1
        assert not any(b - a == 1 for a, b in pairwise(pauses))


@given(
    st.lists(
        st.sampled_from("的 我 不 在 和 学校 二 图书馆 hello a 生产总值".split()), min_size=1, max_size=40
    )
)
def test_every_word_is_in_one_group_and_no_phrase_ends_with_the_text(words: list[str]) -> None:
    sizes = [len(word) for word in words]
    groups = prosodic_words(words, sizes)
    assert [i for group in groups for i in group] == list(range(len(words)))
    assert phrase_ends(words, groups, sizes) <= set(range(len(groups) - 1))


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("p r aa1 jh eh0 k t", "p r aa1|jh eh0 k t"),
        ("eh1 k s t r ax0", "eh1 k|s t r ax0"),
        ("s ih1 ng er0", "s ih1 ng|er0"),
        ("hh ax0 l ow1", "hh ax0|l ow1"),
        ("k r iy0 ey1 t", "k r iy0|ey1 t"),
        ("sh", "sh"),
    ],
)
def test_consonants_begin_the_syllable_that_english_lets_them_begin(word: str, syllables: str) -> None:
    assert "|".join(" ".join(syllable) for syllable in syllables_of(parse(word))) == syllables


def test_a_table_without_tones_is_refused(bootstrap: VoiceBundle) -> None:
    with pytest.raises(Incompatible, match="lacks the features syllable_flag, tone, word_segment"):
        SambertReader(bootstrap)
