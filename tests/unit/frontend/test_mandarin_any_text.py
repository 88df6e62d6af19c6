"""What holds for any text that is read as Mandarin: nothing crashes, nothing is lost, time grows with the length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.mandarin import g2p
from speechmesh.frontend.mandarin.normalise import normalise
from speechmesh.frontend.mandarin.pinyin import TOKENS
from speechmesh.frontend.segment import split_segments
from speechmesh.frontend.spoken import SpokenText, Word

LENGTH = 100_000
LONGEST_S = 30.0  # linear reading takes one or two; quadratic would take hours
# What rules begin with, end with and look around for.
PIECES = st.sampled_from(
    """
    1 2 0 12 100 2024 13800138000 . , - ~ — : / % ‰ ℃ °C ° kg km/h m² ² ¥ $ HK$ RMB k M 万 亿 元 年 月 日 号 点 分 第 个
    電話 电话 验证码 编号 拨打 比分 A a x X GPU v IV www. http:// .com @ # ** ` [ ]( ) < > <br> & &amp; | = + × ÷ √ ^ !
    ? 。 ， ： 㐂 著 乾 裡 得 地 为 行 长 一 不 好 了 儿 Ⅻ ½ ① ㎏ é がら α 😀 ️⃣ ﷺ don't ’
    """.split()
) | st.sampled_from([" ", "\n", "\t", "\u3000", "\u200d", "\u0301", "- ", "1. ", "\r\n"])
ANY_TEXT = st.lists(PIECES | st.text(max_size=4), max_size=24).map("".join)


def is_speakable(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or (character.isascii() and character.isalnum())


def covered(spoken: SpokenText) -> set[int]:
    """The places of the text that a word was read from, or that were dropped."""
    spans = [(word.start, word.end) for word in spoken.words] + [(d.start, d.end) for d in spoken.dropped]
    return {place for start, end in spans for place in range(start, end)}


@given(ANY_TEXT)
@settings(deadline=None, max_examples=250)
def test_nothing_that_can_be_spoken_is_lost(text: str) -> None:
    places = covered(normalise(text))
    lost = [(i, character) for i, character in enumerate(text) if is_speakable(character) and i not in places]
    assert not lost


@given(ANY_TEXT)
@settings(deadline=None, max_examples=250)
def test_words_and_pauses_know_their_places_in_order(text: str) -> None:
    spoken = normalise(text)
    for spans in (spoken.items, spoken.dropped):
        starts, ends = [span.start for span in spans], [span.end for span in spans]
        assert starts == sorted(starts)
        assert ends == sorted(ends)
        assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert all(dropped.text == text[dropped.start : dropped.end] for dropped in spoken.dropped)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=100)
def test_every_word_is_said_in_known_tokens(text: str) -> None:
    words = normalise(text).words
    said = g2p.phrase(words)
    assert len(said) == len(words)
    assert {token for tokens in said for token in tokens} <= set(TOKENS)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=50)
def test_a_text_is_always_read_the_same(text: str) -> None:
    assert normalise(text) == normalise(text)


@pytest.mark.parametrize(
    "pattern",
    [
        *("1", "a", "，", "为", "著", "-", "[", "😀", " "),
        *(
            "1.",
            "1-",
            "x1",
            "a@",
            "A1-",
            "](",
            "<a ",
            "http://",
            "银行行长说得为什么",
            "今天3点，我们去公园。",
        ),
    ],
)
def test_time_grows_no_faster_than_the_text(pattern: str) -> None:
    text = (pattern * (LENGTH // len(pattern) + 1))[:LENGTH]
    began = time.process_time()
    spoken = normalise(text)
    for segment in split_segments(spoken):
        g2p.phrase([item for item in segment.items if isinstance(item, Word)])
    assert time.process_time() - began < LONGEST_S
