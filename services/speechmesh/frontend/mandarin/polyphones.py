"""Characters whose reading depends on the words around them: 得, 地, 还, 行, surnames and their like.

Each rule looks at a word of one character among the words of a phrase; it returns the syllable, or None where the
reading of the word by itself stands. The words that it looks for are in `polyphone_words`; what may be a particle is in
`particles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from speechmesh.frontend.mandarin import particles
from speechmesh.frontend.mandarin import polyphone_words as known
from speechmesh.frontend.mandarin.neighbours import NEAR, Rule, after, before, counts

_SURNAMES: Final = dict(
    pair.split(":")
    for pair in (
        "单:shan4 曾:zeng1 仇:qiu2 任:ren2 解:xie4 区:ou1 华:hua4 查:zha1 朴:piao2 盖:ge3 尹:yin3 纪:ji3 宁:ning4 "
        "繁:po2 折:she2 召:shao4 种:chong2 洗:xian3 冼:xian3 员:yun4 逄:pang2 晁:chao2 乜:nie4 葛:ge3 "
        "缪:miao4 薄:bo2 盛:sheng4 撒:sa4 秘:bi4 尉:wei4 曲:qu1"
    ).split()
)
_GIVEN_NAME: Final = 2


def reading(words: Sequence[str], i: int) -> str | None:
    """How word `i` of a phrase is said, blanks between syllables, where its neighbours decide."""
    word = words[i]
    if word in _SURNAMES and _is_surname(words, i):
        return _SURNAMES[word]
    if rule := _RULES.get(word):
        return rule(words, i)
    return particles.attained(words, i)


def _is_surname(words: Sequence[str], i: int) -> bool:
    """Whether a title follows, or 姓 and the like stand before; 任校长 may be a headmaster's office."""
    following = after(words, i)
    titled = following in known.POLITE or (following in known.TITLES and words[i] not in known.OFTEN_VERBS)
    given = "".join(words[i + 1 : i + 3])
    if len(given) == _GIVEN_NAME or len(following) == _GIVEN_NAME:  # 单雪梅女士
        behind = words[i + 2 : i + 3] if len(following) == _GIVEN_NAME else words[i + 3 : i + 4]
        titled = titled or (bool(behind) and behind[0] in known.POLITE and not counts(before(words, i)))
    return titled or (before(words, i) in known.SURNAME_AHEAD and following not in ("了", "过"))


def _turn(words: Sequence[str], i: int) -> str | None:
    """转: turn round and round, in 转了一圈 and 绕着太阳转."""
    rounds = any(word.endswith("圈") and word != "朋友圈" for word in words[i + 1 : i + 4])
    around = not known.AROUND.isdisjoint(words[max(0, i - NEAR) : i])
    return "zhuan4" if rounds or around else None


def _sleep(words: Sequence[str], i: int) -> str | None:
    """觉: sleep, behind 睡: 睡个好觉."""
    return "jiao4" if any(word[:1] in known.SLEPT for word in words[max(0, i - 4) : i]) else None


def _wait(words: Sequence[str], i: int) -> str | None:
    """待: stay somewhere or some time; 待 as wait stands before neither."""
    return "dai1" if after(words, i) in known.STAYED else None


def _owe(words: Sequence[str], i: int) -> bool:
    """Whether 还 at word `i` cannot give back: 还 不 清, 还 不 起."""
    what = after(words, i, 2)
    behind = after(words, i, 3)
    return after(words, i) == "不" and what in known.UNPAID and behind in known.SENTENCE_ENDS


def _how_heavy(words: Sequence[str], i: int) -> str | None:
    """多重 that asks for a weight, 有多重; manifold before anything else."""
    return "duo1 zhong4" if before(words, i) == "有" and after(words, i) in known.SENTENCE_ENDS else None


def _give_too(words: Sequence[str], i: int) -> str | None:
    """还给 that also gives: 还给我买了花, but 把书还给我, 还给他了."""
    gives = known.TREATED.isdisjoint(words[max(0, i - NEAR) : i]) and after(words, i) in known.PRONOUNS
    behind = after(words, i, 2)
    return "hai2 gei3" if gives and behind not in known.SENTENCE_ENDS else None


def _leave(words: Sequence[str], i: int) -> str | None:
    """落: leave behind, in 把…落在."""
    left = after(words, i) in ("在", "下", "了") and not known.TREATED.isdisjoint(words[max(0, i - NEAR) : i])
    return "la4" if left else None


def _line(words: Sequence[str], i: int) -> str | None:
    if not counts(before(words, i)):
        return None
    return "hang2" if before(words, i) != "一" or after(words, i) in known.LINES else None


def _grow(words: Sequence[str], i: int) -> str | None:
    behind = after(words, i)
    years = after(words, i, 2) if behind == "了" else behind
    older = years[:1] in known.NUMERALS and years.endswith("岁")
    return "zhang3" if (behind in known.GROWN or older) and before(words, i) not in known.VERY else None


def _become(words: Sequence[str], i: int) -> str | None:
    """为: be, behind 选 or 气温, before a number, or in 以…为…; else for."""
    ahead, behind = before(words, i), after(words, i)
    if ahead in known.BECOMING_AHEAD or (
        ahead and behind[:1] in known.NUMERALS and ahead not in known.PRONOUNS
    ):
        return "wei2"
    return None if known.BECOMING_FROM.isdisjoint(words[max(0, i - NEAR) : i]) else "wei2"


def _submerge(words: Sequence[str], i: int) -> str | None:
    """没: rise above, in 水没过膝盖."""
    above = after(words, i, 2)
    return "mo4" if after(words, i) == "过" and above in known.SUBMERGED else None


def _bushel(words: Sequence[str], i: int) -> str | None:
    """石 of grain."""
    return "dan4" if counts(before(words, i)) and after(words, i) in known.GRAIN else None


def _mix(words: Sequence[str], i: int) -> str | None:
    """和 that is done: to win at tiles, to knead."""
    if after(words, i) not in ("了", "过", "起"):
        return None
    what = words[i + 1 : i + NEAR]
    wins = any(word.endswith(("牌", "把")) for word in what)
    return "hu2" if wins else "huo2" if not known.KNEADED.isdisjoint(what) else None


def _tune(words: Sequence[str], i: int) -> str | None:
    """调: set to a measure, in 调到26度 and 调高; moved in 调到北京."""
    measure = after(words, i, 2)
    set_to = after(words, i) in ("到", "至", "为") and measure[:1] in known.NUMERALS
    return "tiao2" if set_to or after(words, i) in known.TUNED else None


def _suffer(words: Sequence[str], i: int) -> str | None:
    """挨: suffer a blow; next to in 挨着."""
    return "ai2" if after(words, i) in known.SUFFERED else None


def _party(words: Sequence[str], i: int) -> str | None:
    """一行 of people: 一行五人, 一行抵达."""
    behind = after(words, i)
    people = (
        behind[:1] in known.NUMERALS and not behind.startswith("一") and "人" in "".join(words[i + 1 : i + 4])
    )
    return "yi1 xing2" if behind and (people or behind in known.TRAVEL) else None


def _break(words: Sequence[str], i: int) -> str | None:
    """折 of what has broken: 树枝折了."""
    return "she2" if after(words, i) == "了" and before(words, i) in known.BROKEN else None


def _dry(words: Sequence[str], i: int) -> str | None:
    if before(words, i) in ("的", "杯") and after(words, i) == "了" and _treat(words, i):
        return "gan1"  # 把杯里的干了
    return (
        "gan1"
        if before(words, i) in known.DRIED and after(words, i) in ("", "了", "的", "吗", "透", "得")
        else None
    )


def _treat(words: Sequence[str], i: int) -> str | None:
    return "dang4" if not known.TREATED.isdisjoint(words[max(0, i - NEAR) : i]) else None


def _in(followers: frozenset[str], said: str) -> Rule:
    """`said` before one of `followers`, but not behind a numeral."""

    def rule(words: Sequence[str], i: int) -> str | None:
        if i > 1 and words[i - 2] == words[i] and words[i - 1] in ("一", "了"):  # 数了数
            return said
        return said if after(words, i) in followers and not counts(before(words, i)) else None

    return rule


_RETURNS: Final = _in(known.RETURNED, "huan2")
_FALLS: Final = _in(frozenset("下 在 了 闭 塌".split()), "dao3")


def _return(words: Sequence[str], i: int) -> str | None:
    """还: give back before what is owed, and behind 再."""
    return "huan2" if before(words, i) == "再" or _owe(words, i) else _RETURNS(words, i)


def _fall(words: Sequence[str], i: int) -> str | None:
    """倒: fall over, and behind what makes fall: 打 倒."""
    return "dao3" if before(words, i) in known.FELLED else _FALLS(words, i)


_BEFORE: Final = {
    "重": ("chong2", known.AGAIN),
    "种": ("zhong4", known.PLANTED),
    "量": ("liang2", known.MEASURED),
    "系": ("ji4", frozenset("鞋带 领带 上 着 好 扣子".split())),
    "数": ("shu3", frozenset("一 了 着 出 到 清 清楚 完".split())),
    "中": ("zhong4", frozenset("奖 了 毒 弹 枪 标 计 彩票 暑 风 靶 头奖 大奖 签".split())),
    "好": ("hao4", frozenset("学 客 胜 色 斗 奇 战".split())),
    "降": ("xiang2", frozenset("伏 服".split())),
    "空": ("kong4", frozenset("着 出 出来 下 格 位 地".split())),
    "率": ("shuai4", frozenset("军 队 众 部 团 兵 师 先 代表团 大军 主力 众人 全队 队员 弟子".split())),
    "撒": ("sa3", known.SPRINKLED),
    "奔": ("ben4", frozenset("着 向".split())),
    "背": ("bei1", frozenset("着 包 起 上 了".split())),
}
_RULES: Final[dict[str, Rule]] = {
    **particles.RULES,
    "还给": _give_too,
    "一行": _party,
    "多重": _how_heavy,
    "行": _line,
    "长": _grow,
    "为": _become,
    "干": _dry,
    "当": _treat,
    "落": _leave,
    "只": lambda words, i: "zhi1" if counts(before(words, i)) else None,
    "没": _submerge,
    "石": _bushel,
    "调": _tune,
    "挨": _suffer,
    "和": _mix,
    "折": _break,
    "还": _return,
    "转": _turn,
    "觉": _sleep,
    "倒": _fall,
    "卷": lambda words, i: "juan4" if before(words, i).startswith("第") else None,
    "待": _wait,
    "切": lambda words, i: "qie4" if after(words, i)[:2] in ("不可", "莫", "勿") else None,
    **{character: _in(followers, said) for character, (said, followers) in _BEFORE.items()},
}
