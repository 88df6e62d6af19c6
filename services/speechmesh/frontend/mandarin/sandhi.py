"""Tones as they are spoken: a third tone before a third one, and 一 and 不 before what follows them.

Syllables are numbered pinyin (`ni3`); tone 5 is the neutral one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿幺点")
# 一 keeps its first tone as an ordinal and among digits: 第一, 十一, 一九九五.
_DIGITS = frozenset("零〇一二三四五六七八九幺")
_ORDINAL = frozenset("第十初")
# 不 between an act and its result is light.
_ACTS = frozenset(
    "看听找睡记认分买吃住坐站跑搬拿做写走用赶放装抬推拉搞弄办猜学考追抓挡躲管穿等靠离摸背去合付修猛喝打受忍付够管犯挨"
)
_RESULTS = frozenset("清见到懂着住出起完动下成拢齐开掉了上及进")
_FIRST_AHEAD = tuple("星期 礼拜 周 统 唯 万 单 专 逐".split())
_TIMES = frozenset("次个回趟")
_FIRST_BEHIND = tuple(
    "月 号 楼 等奖 等功 级 年级 季度 中全 把手 单元 号楼 号线 审 流 线城 线员 线工 线医 线明 线职 线品".split()
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word with its syllables, one a character."""

    text: str
    syllables: tuple[str, ...]
    heads: int = 0
    """How many syllables stand before the word's own two: the 小 of 小老虎."""


def third_tones(syllables: Sequence[str]) -> list[str]:
    """A word's syllables with a third tone before a third one as a second, which is how it is spoken."""
    spoken = list(syllables)
    for i in range(len(spoken) - 1):
        if spoken[i].endswith("3") and syllables[i + 1].endswith("3"):
            spoken[i] = _with_tone(spoken[i], 2)
    return spoken


def phrase(words: Sequence[Spoken]) -> list[list[str]]:
    """The syllables of each word of a phrase that is spoken without a pause, tones as they are spoken."""
    characters = [character for word in words for character in word.text]
    syllables = [syllable for word in words for syllable in word.syllables]
    starts = set(accumulate((len(word.syllables) for word in words), initial=0))
    for i, character in enumerate(characters):
        if character == "一":
            syllables[i] = _yi(characters, syllables, i, doubles=i - 1 in starts)
        elif character == "不" and i + 1 < len(syllables) and _tone(syllables[i]) != 5:
            syllables[i] = _bu(characters, syllables, i, asks=i - 1 in starts)
    spoken: list[list[str]] = []
    start = 0
    for word in words:
        end = start + len(word.syllables)
        own = start + word.heads
        spoken.append(syllables[start:own] + third_tones(syllables[own:end]))
        start = end
    _across_words(spoken)
    return spoken


def _yi(characters: Sequence[str], syllables: Sequence[str], i: int, *, doubles: bool) -> str:
    """How 一 is spoken: yi2 before a fourth tone, yi4 before others, yi1 as a number of its own.

    It is light in 看一看, where a word begins before it.
    """
    before = characters[i - 1] if i else ""
    if i + 1 == len(syllables) or before in _DIGITS | _ORDINAL or characters[i + 1] in _DIGITS:
        return "yi1"
    if characters[i + 1] == "十" and before in NUMERALS:  # 一百一十
        return "yi1"
    if _is_ordinal("".join(characters[max(0, i - 2) : i]), "".join(characters[i + 1 : i + 3])):
        return "yi1"
    counted = i > 1 and characters[i - 2] == "一"  # 一步一步
    if doubles and characters[i + 1] == before and before not in NUMERALS and not counted:
        return "yi5"  # 看一看
    following = _tone(syllables[i + 1])
    if following == 4 or characters[i + 1] == "个":
        return "yi2"
    return "yi4" if following in (1, 2, 3) else "yi1"


def _is_ordinal(before: str, after: str) -> bool:
    """Whether 一 between these numbers a day, a month or a rank, or ends a word such as 统一."""
    weekly = before[:-1] in NUMERALS or after[:1] in _TIMES  # 一周一次, 两万一千
    return (
        (before.endswith(_FIRST_AHEAD) and not weekly)
        or after.startswith(_FIRST_BEHIND)
        or (before.endswith("月") and after.startswith("日"))
    )


def _bu(characters: Sequence[str], syllables: Sequence[str], i: int, *, asks: bool) -> str:
    """How 不 is spoken: bu2 before a fourth tone, light in 看不清, and in 好不好 where a word begins before it."""
    before, after = characters[i - 1] if i else "", characters[i + 1]
    if (asks and before == after != "得") or (before in _ACTS and after in _RESULTS):
        return "bu5"
    return "bu2" if _tone(syllables[i + 1]) == 4 else "bu4"


def _across_words(spoken: list[list[str]]) -> None:
    """A third tone at a word's end before one at the next one's start, where one of the two is a single syllable.

    Of a longer run every second one rises, counted from its end: 我 很 好 is wo3 hen2 hao3.
    """
    run: list[tuple[int, int]] = []
    places = [(w, s) for w, word in enumerate(spoken) for s in range(len(word))]
    for here, following in zip_longest(places, places[1:]):
        syllable = spoken[here[0]][here[1]]
        joins = (
            following is not None
            and syllable.endswith("3")
            and spoken[following[0]][following[1]].endswith("3")
            and (here[0] == following[0] or 1 in (len(spoken[here[0]]), len(spoken[following[0]])))
        )
        if joins:
            run.append(here)
            continue
        for w, s in run[::-2]:
            spoken[w][s] = _with_tone(spoken[w][s], 2)
        run = []


def _tone(syllable: str) -> int:
    return int(syllable[-1])


def _with_tone(syllable: str, tone: int) -> str:
    return f"{syllable[:-1]}{tone}"
