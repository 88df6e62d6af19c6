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
from speechmesh.frontend.mandarin.lexicon import syllables_of
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
    if word.endswith("场") and counts(word[:-1]):
        return _event(words, i)
    if word.endswith("卷") and known.ROLLED.intersection(words[i + 1 : i + 3]):
        return " ".join((*syllables_of(word)[:-1], "juan3"))  # 两卷胶带
    return particles.attained(words, i)


def _event(words: Sequence[str], i: int) -> str | None:
    """一场, 两场: chang3 of what is watched or taken part in, chang2 of what comes over one."""
    count = syllables_of(words[i])[:-1]
    for word in words[i + 1 : i + 1 + NEAR]:
        if word.endswith(known.BEFALLEN):
            return " ".join((*count, "chang2"))
        if word.endswith(known.SHOWN) or word in known.SHOWN_ALONE:
            return " ".join((*count, "chang3"))
    return " ".join((*count, "chang3")) if before(words, i) in known.WATCHED else None


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
    again = before(words, i) in ("一", "了") and before(words, i - 1) == "转"
    if again or after(words, i, 2)[:1] == "转" or before(words, i) in known.SPINNERS:  # 转了转
        return "zhuan4"
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


def _pour(words: Sequence[str], i: int) -> str | None:
    """倒 that is poured: 倒了杯水, 水倒了一地, 把垃圾倒在."""
    ahead, behind = before(words, i), after(words, i)
    if behind in ("了", "在", "进", "入", "掉"):
        what = words[i + 2 : i + 5]
        vessel = behind == "了" and any(word.endswith(known.VESSELS) for word in what)
        treated = not known.TREATED.isdisjoint(words[max(0, i - NEAR) : i])
        poured = treated and not known.POURED.isdisjoint(words[max(0, i - NEAR) : i])
        if vessel or poured or (ahead in known.POURED and behind != "在"):
            return "dao4"
    return None


def _punish(words: Sequence[str], i: int) -> str | None:
    """处 that a law does: 处三年以下, 处罚金; or that is in: 处在."""
    ahead, behind = before(words, i), after(words, i)
    if counts(ahead):
        return None
    sentence = behind[:1] in known.NUMERALS and ahead in (
        "",
        "的",
        "可",
        "并",
        "应",
        "应当",
        "或",
        "将",
        "各",
    )
    if sentence or behind.startswith(known.PUNISHED) or behind in ("对象", "得来", "不来", "于"):
        return "chu3"
    return None


def _shop(words: Sequence[str], i: int) -> str | None:
    """铺 that one buys in or sleeps on: 小吃 铺."""
    ahead = before(words, i)
    named = len(ahead) > 1 and not counts(ahead) and after(words, i) in ("", "里", "老板", "门口", "的")
    return "pu4" if named or ahead in ("上", "中", "下") else None


def _be_in(words: Sequence[str], i: int) -> str | None:
    return "chu4 zai4" if before(words, i) in known.OFFICES else None


def _holiday(words: Sequence[str], i: int) -> str | None:
    """假 that one takes: 三天假, 请了个假."""
    asked = any(word[-1] in known.ON_HOLIDAY for word in words[max(0, i - 4) : i])
    return "jia4" if asked or before(words, i).endswith(known.HOLIDAYS) else None


def _fan(words: Sequence[str], i: int) -> str | None:
    """扇 as a verb; 一扇门."""
    return "shan1" if after(words, i) in known.FANNED and not counts(before(words, i)) else None


def _tie(words: Sequence[str], i: int) -> str | None:
    """扎 with a string."""
    ahead = words[max(0, i - 3) : i]
    up = after(words, i) in ("起", "起来", "成", "好", "着", "了") and not known.TIED.isdisjoint(ahead)
    return "za1" if up or not known.TIED.isdisjoint(words[i + 1 : i + 5]) else None


def _vomit(words: Sequence[str], i: int) -> str | None:
    """吐 against one's will: 吐了一地, 想吐."""
    ahead, behind, what = before(words, i), after(words, i), after(words, i, 2)
    if behind == "得":
        return "tu4" if what in known.SICKENED else None
    if behind == "了":
        over = "".join(words[i + 2 : i + 4]).startswith(("一地", "一身", "一床"))
        return "tu4" if over or what in known.SENTENCE_ENDS or what in known.VOMITED else None
    return "tu4" if not behind and ahead in ("想", "要", "快", "又", "恶心") else None


def _towards(words: Sequence[str], i: int) -> str | None:
    """冲 at somebody, and of what is strong: 冲我喊, 太冲."""
    at = after(words, i) in known.PRONOUNS or after(words, i) in ("这", "那", "这个", "那个", "人群")
    strong = before(words, i) in known.VERY and after(words, i) in known.SENTENCE_ENDS
    return "chong4" if at or strong else None


def _rather(words: Sequence[str], i: int) -> str | None:
    return "ning4" if after(words, i) in known.RATHER else None


def _answer(words: Sequence[str], i: int) -> str | None:
    """应 as an answer: 应了一声, 应客户要求; what ought to be before anything else."""
    if after(words, i) in known.ANSWERED:
        return "ying4"
    behind = words[i + 1 : i + NEAR + 2]
    asked = next((n for n, word in enumerate(behind) if word in known.INVITED), 0)
    due = any(word.startswith(known.OBEYED) for word in behind[:asked])
    return "ying4" if asked and not due and "的" not in behind[asked + 1 : asked + 2] else None


def _volume(words: Sequence[str], i: int) -> str | None:
    """卷 of a set, and the papers of an examination: 第三卷, A卷, 卷一."""
    ahead, behind = before(words, i), after(words, i)
    if known.ROLLED.intersection(words[i + 1 : i + 3]):
        return "juan3"
    first = not ahead and behind in tuple("一二三四五六七八九十首末上下") and not after(words, i, 2)
    lettered = len(ahead) == 1 and ahead.isascii()
    return "juan4" if first or lettered or counts(ahead) or ahead.startswith("第") else None


def _scratch(words: Sequence[str], i: int) -> str | None:
    return None if known.LIT.isdisjoint(words[i + 1 : i + 4]) else "hua2"


def _bear(words: Sequence[str], i: int) -> str | None:
    """结 fruit."""
    bears = after(words, i) in ("了", "着", "出", "满") or after(words, i) in known.FRUITS
    return "jie1" if bears and not known.FRUITS.isdisjoint(words[i + 1 : i + 6]) else None


def _daze(words: Sequence[str], i: int) -> str | None:
    """蒙 that one is, 打蒙了, or that one only guesses."""
    dazed = before(words, i) in known.DAZED and after(words, i) in known.SENTENCE_ENDS
    return "meng1" if dazed or after(words, i) in ("对", "人", "题", "圈") else None


def _fry(words: Sequence[str], i: int) -> str | None:
    """炸 in oil."""
    behind, what = after(words, i), after(words, i, 2)
    done = behind in ("成", "至", "到", "得", "一下", "了", "完") and (
        what in known.FRIED or not known.FRYING.isdisjoint(words[max(0, i - 3) : i])
    )
    made = behind in ("了", "的", "着", "过", "个") and not known.FOODS.isdisjoint(words[i + 2 : i + 7])
    return "zha2" if behind in known.FRIED or done or made or before(words, i) == "油" else None


def _recite(words: Sequence[str], i: int) -> bool:
    """Whether a text is what 背 says by heart: 背了一首诗."""
    return not known.RECITED.isdisjoint(words[i + 1 : i + 6])


def _carry(words: Sequence[str], i: int) -> str | None:
    """背 on one's back, but a text by heart."""
    behind = after(words, i)
    if counts(before(words, i)) or _recite(words, i):
        return None
    treated = behind == "在" and not known.TREATED.isdisjoint(words[max(0, i - NEAR) : i])
    return "bei1" if behind in known.LOADS or treated or (behind == "了" and after(words, i, 2)) else None


def _guard(words: Sequence[str], i: int) -> str | None:
    return "kan1" if after(words, i) in known.GUARDED else None


def _hold(words: Sequence[str], i: int) -> str | None:
    return "bing3" if after(words, i) in known.HELD else None


def _mouldy(words: Sequence[str], i: int) -> str | None:
    """长毛 that has gone mouldy: 面包长毛了."""
    return (
        "zhang3 mao2"
        if after(words, i) in ("了", "的") and not after(words, i, 2) and before(words, i)
        else None
    )


def _member(words: Sequence[str], i: int) -> str | None:
    """分子 of a group, rather than of a gas or a fraction."""
    return "fen4 zi3" if before(words, i) in known.OF_GROUPS else None


def _worship(words: Sequence[str], i: int) -> str | None:
    """供 to a god: 供着神像."""
    gods = ("神", "佛", "菩萨", "牌位", "祖", "观音", "财神", "灵位")
    return "gong4" if any(word.startswith(gods) for word in words[i + 1 : i + 4]) else None


def _line(words: Sequence[str], i: int) -> str | None:
    if not counts(before(words, i)):
        return None
    return "hang2" if before(words, i) != "一" or after(words, i) in known.LINES else None


def _grow(words: Sequence[str], i: int) -> str | None:
    behind = after(words, i)
    years = after(words, i, 2) if behind == "了" else behind
    older = years[:1] in known.NUMERALS and years.endswith("岁")
    sprouts = behind in ("了", "着", "满", "出") and not known.SPROUTED.isdisjoint(words[i + 2 : i + 6])
    grown = behind in known.GROWN or behind in known.SPROUTED or older or sprouts
    return "zhang3" if grown and before(words, i) not in known.VERY else None


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
    """和 that is done: to win at tiles, to knead; and to go along with a tune."""
    if after(words, i) == "着":
        return None if known.TUNEFUL.isdisjoint(words[i + 2 : i + 4]) else "he4"
    if before(words, i) in known.KNEADED and after(words, i) in known.WORKED:
        return "huo2"
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
_FALLS: Final = _in(frozenset("下 在 了 闭 塌 地 伏".split()), "dao3")


def _return(words: Sequence[str], i: int) -> str | None:
    """还: give back before what is owed, and behind 再."""
    return "huan2" if before(words, i) == "再" or _owe(words, i) else _RETURNS(words, i)


def _fall(words: Sequence[str], i: int) -> str | None:
    """倒: fall over, and behind what makes fall: 打 倒."""
    if before(words, i) in known.FELLED or after(words, i, 2) in known.FALLEN_UPON:
        return "dao3"
    return _pour(words, i) or _FALLS(words, i)


_BEFORE: Final = {
    "重": ("chong2", known.AGAIN),
    "种": ("zhong4", known.PLANTED),
    "量": ("liang2", known.MEASURED),
    "系": ("ji4", known.TIED_ON),
    "数": ("shu3", frozenset("一 了 着 出 到 清 清楚 完".split())),
    "中": ("zhong4", frozenset("奖 了 毒 弹 枪 标 计 彩票 暑 风 靶 头奖 大奖 签".split())),
    "好": ("hao4", frozenset("学 客 胜 色 斗 奇 战".split())),
    "降": ("xiang2", frozenset("伏 服".split())),
    "空": ("kong4", frozenset("着 出 出来 下 格 位 地".split())),
    "率": ("shuai4", frozenset("军 队 众 部 团 兵 师 先 代表团 大军 主力 众人 全队 队员 弟子".split())),
    "撒": ("sa3", known.SPRINKLED),
    "奔": ("ben4", frozenset("着 向".split())),
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
    "只": lambda words, i: "zhi1" if counts(before(words, i)) or before(words, i) in known.SEVERAL else None,
    "宿": lambda words, i: "xiu3" if counts(before(words, i)) else None,
    "担": lambda words, i: "dan4" if counts(before(words, i)) else None,
    "撇": lambda words, i: "pie3" if counts(before(words, i)) else None,
    "钉": lambda words, i: "ding1" if counts(before(words, i)) else None,
    "处": _punish,
    "铺": _shop,
    "处在": _be_in,
    "假": _holiday,
    "扇": _fan,
    "扎": _tie,
    "吐": _vomit,
    "冲": _towards,
    "宁": _rather,
    "应": _answer,
    "划": _scratch,
    "结": _bear,
    "蒙": _daze,
    "炸": _fry,
    "背": _carry,
    "看": _guard,
    "屏": _hold,
    "供": _worship,
    "长毛": _mouldy,
    "分子": _member,
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
    "卷": _volume,
    "待": _wait,
    "切": lambda words, i: "qie4" if after(words, i)[:2] in ("不可", "莫", "勿") else None,
    **{character: _in(followers, said) for character, (said, followers) in _BEFORE.items()},
}
