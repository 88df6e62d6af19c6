"""Characters whose reading depends on the words around them: 得, 地, 还, 行, surnames and their like.

Each rule looks at a word of one character among the words of a phrase; it returns the syllable, or None where the
reading of the word by itself stands. The words that it looks for are in `polyphone_words`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from speechmesh.frontend.mandarin import polyphone_words as known
from speechmesh.frontend.mandarin.lexicon import syllables_of

Rule = Callable[[Sequence[str], int], "str | None"]

_SURNAMES: Final = dict(
    pair.split(":")
    for pair in (
        "单:shan4 曾:zeng1 仇:qiu2 任:ren2 解:xie4 区:ou1 华:hua4 查:zha1 朴:piao2 盖:ge3 尹:yin3 纪:ji3 宁:ning4 "
        "繁:po2 折:she2 召:shao4 种:chong2 洗:xian3 冼:xian3 员:yun4 逄:pang2 晁:chao2 乜:nie4 葛:ge3 "
        "缪:miao4 薄:bo2 盛:sheng4 撒:sa4 秘:bi4 尉:wei4 曲:qu1"
    ).split()
)
# How many words back 以…为… and 把…当… are looked for.
_NEAR: Final = 6
_GIVEN_NAME: Final = 2


def reading(words: Sequence[str], i: int) -> str | None:
    """How word `i` of a phrase is said, blanks between syllables, where its neighbours decide."""
    word = words[i]
    if len(word) != 1:
        long_rule = _LONG_RULES.get(word)
        if long_rule:
            return long_rule(words, i)
        return _attained(words, i)
    if word in _SURNAMES and _is_surname(words, i):
        return _SURNAMES[word]
    rule = _RULES.get(word)
    return rule(words, i) if rule else None


def _before(words: Sequence[str], i: int) -> str:
    return words[i - 1] if i else ""


def _after(words: Sequence[str], i: int) -> str:
    return words[i + 1] if i + 1 < len(words) else ""


def _counts(word: str) -> bool:
    """Whether a word ends in a numeral or points: 三, 第一, 这, 每."""
    return bool(word) and (word[-1] in known.NUMERALS or word in ("这", "那", "每", "哪", "各", "某", "数"))


def _is_surname(words: Sequence[str], i: int) -> bool:
    """Whether a title follows, or 姓 and the like stand before; 任校长 may be a headmaster's office."""
    after = _after(words, i)
    titled = after in known.POLITE or (after in known.TITLES and words[i] not in known.OFTEN_VERBS)
    given = "".join(words[i + 1 : i + 3])
    if len(given) == _GIVEN_NAME or len(after) == _GIVEN_NAME:  # 单雪梅女士
        behind = words[i + 2 : i + 3] if len(after) == _GIVEN_NAME else words[i + 3 : i + 4]
        titled = titled or (bool(behind) and behind[0] in known.POLITE and not _counts(_before(words, i)))
    return titled or (_before(words, i) in known.SURNAME_AHEAD and after not in ("了", "过"))


def _de_get(words: Sequence[str], i: int) -> str | None:
    """得: gained before what is gained, must behind who must, else the particle."""
    before, after = _before(words, i), _after(words, i)
    if before in known.VERBS:
        return None
    if after in ("了", "过") and (before or _after(words, i + 1)):
        return "de2"
    who_must = not before or before in known.MUST_AHEAD
    if who_must and after[:1] in known.NUMERALS and _lasts(words, i + 1):
        return "dei3"  # 得三天才能好
    if who_must and (after in ("到", "奖", "病") or after[:1] in known.NUMERALS | {"第"}):
        return "de2"
    return "dei3" if who_must and (before in known.PRONOUNS or after not in known.DEGREES) else None


def _lasts(words: Sequence[str], i: int) -> bool:
    """Whether an amount of time or money begins at word `i`, rather than a prize or points."""
    return "".join(words[i : i + 3]).lstrip(known.FIGURES).startswith(known.SPENT)


def _attained(words: Sequence[str], i: int) -> str | None:
    """着 of a verb that has come off, before 了: 点着了, 饿着了."""
    word = words[i]
    if len(word) != len("点着") or word[1] != "着" or _after(words, i) != "了":
        return None
    return f"{syllables_of(word)[0]} zhao2"


def _attain(words: Sequence[str], i: int) -> str | None:
    """着 behind a verb and before 了, or behind what says whether one can: 见着了, 睡得着."""
    before, after = _before(words, i), _after(words, i)
    attained = (before and after == "了") or (before in ("不", "得") and _before(words, i - 1))
    return "zhao2" if attained else None


def _turn(words: Sequence[str], i: int) -> str | None:
    """转: turn round and round, in 转了一圈 and 绕着太阳转."""
    rounds = any(word.endswith("圈") and word != "朋友圈" for word in words[i + 1 : i + 4])
    around = not known.AROUND.isdisjoint(words[max(0, i - _NEAR) : i])
    return "zhuan4" if rounds or around else None


def _sleep(words: Sequence[str], i: int) -> str | None:
    """觉: sleep, behind 睡: 睡个好觉."""
    return "jiao4" if any(word[:1] in known.SLEPT for word in words[max(0, i - 4) : i]) else None


def _fall(words: Sequence[str], i: int) -> str | None:
    """倒: fall over, and behind what makes fall: 打 倒."""
    return "dao3" if _before(words, i) in known.FELLED else _FALLS(words, i)


def _wait(words: Sequence[str], i: int) -> str | None:
    """待: stay somewhere or some time; 待 as wait stands before neither."""
    return "dai1" if _after(words, i) in known.STAYED else None


def _owe(words: Sequence[str], i: int) -> bool:
    """Whether 还 at word `i` cannot give back: 还 不 清, 还 不 起."""
    what = words[i + 2] if i + 2 < len(words) else ""
    behind = words[i + 3] if i + 3 < len(words) else ""
    return _after(words, i) == "不" and what in known.UNPAID and behind in known.SENTENCE_ENDS


def _how_heavy(words: Sequence[str], i: int) -> str | None:
    """多重 that asks for a weight, 有多重; manifold before anything else."""
    return "duo1 zhong4" if _before(words, i) == "有" and _after(words, i) in known.SENTENCE_ENDS else None


def _able(words: Sequence[str], i: int) -> str | None:
    """得了 that is possible: 解决得了, but not 他得了."""
    return "de5 liao3" if _before(words, i) in known.VERBS and not _after(words, i) else None


def _give_too(words: Sequence[str], i: int) -> str | None:
    """还给 that also gives: 还给我买了花, but 把书还给我, 还给他了."""
    gives = known.TREATED.isdisjoint(words[max(0, i - _NEAR) : i]) and _after(words, i) in known.PRONOUNS
    behind = words[i + 2] if i + 2 < len(words) else ""
    return "hai2 gei3" if gives and behind not in known.SENTENCE_ENDS else None


def _finish(words: Sequence[str], i: int) -> str | None:
    """了 that is possible or not: 办 不 了, 解决 得 了."""
    able = _before(words, i) == "得" and not _after(words, i) and _before(words, i - 1) in known.VERBS
    return "liao3" if able or _before(words, i) == "不" else None


def _leave(words: Sequence[str], i: int) -> str | None:
    """落: leave behind, in 把…落在."""
    left = _after(words, i) in ("在", "下", "了") and not known.TREATED.isdisjoint(
        words[max(0, i - _NEAR) : i]
    )
    return "la4" if left else None


def _de_land(words: Sequence[str], i: int) -> str | None:
    """地: ground at a phrase's begin, behind a measure word and before 上; else the particle."""
    before, after = _before(words, i), _after(words, i)
    land = not before or before in known.LAND_AHEAD or _counts(before) or after in ("上", "里", "面")
    return "di4" if land else None


def _line(words: Sequence[str], i: int) -> str | None:
    if not _counts(_before(words, i)):
        return None
    return "hang2" if _before(words, i) != "一" or _after(words, i) in known.LINES else None


def _grow(words: Sequence[str], i: int) -> str | None:
    after = _after(words, i)
    years = (words[i + 2] if i + 2 < len(words) else "") if after == "了" else after
    older = years[:1] in known.NUMERALS and years.endswith("岁")
    return "zhang3" if (after in known.GROWN or older) and _before(words, i) not in known.VERY else None


def _become(words: Sequence[str], i: int) -> str | None:
    """为: be, behind 选 or 气温, before a number, or in 以…为…; else for."""
    before, after = _before(words, i), _after(words, i)
    if before in known.BECOMING_AHEAD or (
        before and after[:1] in known.NUMERALS and before not in known.PRONOUNS
    ):
        return "wei2"
    return None if known.BECOMING_FROM.isdisjoint(words[max(0, i - _NEAR) : i]) else "wei2"


def _submerge(words: Sequence[str], i: int) -> str | None:
    """没: rise above, in 水没过膝盖."""
    above = words[i + 2] if i + 2 < len(words) else ""
    return "mo4" if _after(words, i) == "过" and above in known.SUBMERGED else None


def _bushel(words: Sequence[str], i: int) -> str | None:
    """石 of grain."""
    return "dan4" if _counts(_before(words, i)) and _after(words, i) in known.GRAIN else None


def _mix(words: Sequence[str], i: int) -> str | None:
    """和 that is done: to win at tiles, to knead."""
    if _after(words, i) not in ("了", "过", "起"):
        return None
    what = words[i + 1 : i + _NEAR]
    wins = any(word.endswith(("牌", "把")) for word in what)
    return "hu2" if wins else "huo2" if not known.KNEADED.isdisjoint(what) else None


def _tune(words: Sequence[str], i: int) -> str | None:
    """调: set to a measure, in 调到26度 and 调高; moved in 调到北京."""
    measure = words[i + 2] if i + 2 < len(words) else ""
    set_to = _after(words, i) in ("到", "至", "为") and measure[:1] in known.NUMERALS
    return "tiao2" if set_to or _after(words, i) in known.TUNED else None


def _suffer(words: Sequence[str], i: int) -> str | None:
    """挨: suffer a blow; next to in 挨着."""
    return "ai2" if _after(words, i) in known.SUFFERED else None


def _glad(words: Sequence[str], i: int) -> str | None:
    """乐得 is glad to in 乐得清闲; so merry that it shows before anything else."""
    return None if _after(words, i) in known.IDLE else "le4 de5"


def _party(words: Sequence[str], i: int) -> str | None:
    """一行 of people: 一行五人, 一行抵达."""
    after = _after(words, i)
    people = (
        after[:1] in known.NUMERALS and not after.startswith("一") and "人" in "".join(words[i + 1 : i + 4])
    )
    return "yi1 xing2" if after and (people or after in known.TRAVEL) else None


def _break(words: Sequence[str], i: int) -> str | None:
    """折 of what has broken: 树枝折了."""
    return "she2" if _after(words, i) == "了" and _before(words, i) in known.BROKEN else None


def _taxi(words: Sequence[str], i: int) -> str | None:
    """的 of 打的去."""
    return "di1" if _before(words, i) == "打" and _after(words, i) in known.WAYS else None


def _suffix_er(words: Sequence[str], i: int) -> str | None:
    """儿 behind another word: 公园儿, 门口儿; but 我儿."""
    before, after = _before(words, i), _after(words, i)
    if (
        not before
        or before.isascii()
        or before in known.PRONOUNS
        or before in known.PARENTS
        or after in ("子", "时")
    ):
        return None
    return "er5"


def _dry(words: Sequence[str], i: int) -> str | None:
    if _before(words, i) in ("的", "杯") and _after(words, i) == "了" and _treat(words, i):
        return "gan1"  # 把杯里的干了
    return (
        "gan1"
        if _before(words, i) in known.DRIED and _after(words, i) in ("", "了", "的", "吗", "透", "得")
        else None
    )


def _treat(words: Sequence[str], i: int) -> str | None:
    return "dang4" if not known.TREATED.isdisjoint(words[max(0, i - _NEAR) : i]) else None


def _suffix(words: Sequence[str], i: int) -> str | None:
    return (
        "guo5"
        if _before(words, i) in known.EXPERIENCED and _after(words, i) not in known.NOT_SUFFIX
        else None
    )


def _inside(words: Sequence[str], i: int) -> str | None:
    before = _before(words, i)
    return "li5" if before and not _counts(before) and before not in ("公", "英", "海") else None


def _upon(words: Sequence[str], i: int) -> str | None:
    before = _before(words, i)
    noun = len(before) > 1 and not _counts(before) and before not in known.NOT_PLACES
    return "shang5" if noun and _after(words, i) not in ("了", "过", "一", "下", "学", "班", "课") else None


def _in(after: frozenset[str], said: str) -> Rule:
    """`said` before one of `after`, but not behind a numeral."""

    def rule(words: Sequence[str], i: int) -> str | None:
        if i > 1 and words[i - 2] == words[i] and words[i - 1] in ("一", "了"):  # 数了数
            return said
        return said if _after(words, i) in after and not _counts(_before(words, i)) else None

    return rule


_RETURNS: Final = _in(known.RETURNED, "huan2")
_FALLS: Final = _in(frozenset("下 在 了 闭 塌".split()), "dao3")


def _return(words: Sequence[str], i: int) -> str | None:
    """还: give back before what is owed, and behind 再."""
    return "huan2" if _before(words, i) == "再" or _owe(words, i) else _RETURNS(words, i)


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
_LONG_RULES: Final[dict[str, Rule]] = {
    "得了": _able,
    "还给": _give_too,
    "乐得": _glad,
    "一行": _party,
    "多重": _how_heavy,
}
_RULES: Final[dict[str, Rule]] = {
    "得": _de_get,
    "地": _de_land,
    "行": _line,
    "长": _grow,
    "为": _become,
    "干": _dry,
    "当": _treat,
    "落": _leave,
    "过": _suffix,
    "里": _inside,
    "上": _upon,
    "只": lambda words, i: "zhi1" if _counts(_before(words, i)) else None,
    "了": _finish,
    "没": _submerge,
    "石": _bushel,
    "调": _tune,
    "挨": _suffer,
    "和": _mix,
    "折": _break,
    "的": _taxi,
    "儿": _suffix_er,
    "还": _return,
    "着": _attain,
    "转": _turn,
    "觉": _sleep,
    "倒": _fall,
    "卷": lambda words, i: "juan4" if _before(words, i).startswith("第") else None,
    "待": _wait,
    "切": lambda words, i: "qie4" if _after(words, i)[:2] in ("不可", "莫", "勿") else None,
    **{character: _in(after, said) for character, (said, after) in _BEFORE.items()},
}
