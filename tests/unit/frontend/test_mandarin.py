"""Chinese text into words, pauses, syllables and tones; every expected reading was written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.mandarin import g2p, segmenting
from speechmesh.frontend.mandarin.normalise import normalise
from speechmesh.frontend.mandarin.pinyin import TOKENS, tokens_of
from speechmesh.frontend.mandarin.sandhi import third_tones
from speechmesh.frontend.spoken import Pause, PauseMark, Word


def written(text: str) -> str:
    """The words of a text as they are read, `|` for a pause."""
    return "".join("|" if isinstance(item, Pause) else item.text for item in normalise(text).items)


def tokens(text: str) -> str:
    """The tokens of a text without a pause in it, a blank between any two."""
    words = [item for item in normalise(text).items if isinstance(item, Word)]
    return " ".join(token for word in g2p.phrase(words) for token in word)


def said(syllables: str) -> str:
    return " ".join(token for syllable in syllables.split() for token in tokens_of(syllable))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024年3月5日", "二零二四年三月五日"),
        ("¥1,299.50", "一千二百九十九点五零元"),
        ("１２ｋｇ铜", "十二千克铜"),
        ("涨幅3.5%", "涨幅百分之三点五"),
        ("气温是-5℃", "气温是零下五摄氏度"),
        ("下午3:45开会", "下午三点四十五分开会"),
        ("1/3的人", "三分之一的人"),
        ("第1名", "第一名"),
        ("电话13800138000", "电话幺三八零零幺三八零零零"),
        ("2.5万人", "二点五万人"),
        ("他说：“好！”——走了（真的）。", "他说|好|走了|真的|"),
        ("看《红楼梦》", "看红楼梦"),
        ("GPU很贵", "gpu很贵"),
        ("第一行\n第二行", "第一行|第二行"),
    ],
)
def test_text_is_read_as_a_speaker_would(text: str, read: str) -> None:
    assert written(text) == read


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("你好", "ni2 hao3"),
        ("我很好", "wo3 hen2 hao3"),
        ("我想买两把雨伞", "wo3 xiang2 mai3 liang2 ba3 yu2 san3"),
        ("不去", "bu2 qu4"),
        ("不来", "bu4 lai2"),
        ("一个人", "yi2 ge4 ren2"),
        ("一天", "yi4 tian1"),
        ("第一天", "di4 yi1 tian1"),
        ("看一看", "kan4 yi5 kan4"),
        ("一九九五年", "yi1 jiu2 jiu2 wu3 nian2"),
        ("银行行长", "yin2 hang2 hang2 zhang3"),
        ("重庆很长", "chong2 qing4 hen3 chang2"),
        ("他高兴地跑得很快", "ta1 gao1 xing4 de5 pao3 de5 hen3 kuai4"),
        ("得去了", "dei3 qu4 le5"),
        ("女儿", "nv3 er2"),
        ("花儿", "hua1 er5"),
        ("音乐", "yin1 yue4"),
        ("AI", "ei1 ai4"),
    ],
)
def test_words_have_the_syllables_and_tones_that_are_spoken(text: str, syllables: str) -> None:
    assert tokens(text) == said(syllables)


def test_a_word_knows_where_it_came_from() -> None:
    text = "😀 花了¥1,299.50，买铜"
    items = normalise(text).items
    sources = {item.text: text[item.start : item.end] for item in items if isinstance(item, Word)}
    assert sources["一千"] == sources["元"] == "¥1,299.50"
    assert sources["铜"] == "铜"
    (comma,) = (item for item in items if isinstance(item, Pause))
    assert (text[comma.start : comma.end], comma.mark) == ("，", PauseMark.COMMA)
    assert [(d.text, d.start, d.end) for d in normalise(text).dropped] == [("😀", 0, 1)]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("一不你好三3.,，。%年月\n AIa"), max_size=60))
@settings(deadline=None, max_examples=150)
def test_any_text_gives_known_tokens_and_places_in_order(text: str) -> None:
    items = normalise(text).items
    starts = [item.start for item in items]
    assert starts == sorted(starts)
    assert all(0 <= item.start < item.end <= len(text) for item in items)
    words = [item for item in items if isinstance(item, Word)]
    assert {token for word in g2p.phrase(words) for token in word} <= set(TOKENS)


def test_only_pairs_of_third_tones_change_within_a_word() -> None:
    assert third_tones(["ni3", "hao3"]) == ["ni2", "hao3"]
    assert third_tones(["hao3", "ren2"]) == ["hao3", "ren2"]


@pytest.mark.parametrize(
    ("text", "syllables"), [("㐂一", "yi1"), ("㐂㐃不是", "bu2 shi4"), ("噷", "hen5"), ("我㐂", "wo3")]
)
def test_characters_that_no_table_has_are_passed_over(text: str, syllables: str) -> None:
    assert tokens(text) == said(syllables)


def test_a_pronunciation_that_was_given_is_said_and_its_third_tones_rise() -> None:
    words = [Word("word", 0, 1, phones=("wo3", "hen3")), Word("好", 1, 2)]
    assert " ".join(token for word in g2p.phrase(words) for token in word) == said("wo2 hen2 hao3")


def test_runs_without_end_are_not_remembered() -> None:
    before = segmenting._cut.cache_info().currsize
    assert "".join(segmenting.cut("你好" * 500)) == "你好" * 500
    assert segmenting._cut.cache_info().currsize == before


def test_what_is_dropped_does_not_overlap_where_a_character_is_folded_into_several() -> None:
    dropped = normalise("\u02f4\u02db\ufd96").dropped
    assert [(run.start, run.end) for run in dropped] == [(0, 3)]
