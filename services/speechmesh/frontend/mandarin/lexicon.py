"""How Chinese words are said by themselves: words of our own, then pypinyin's."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from typing import Final

CACHE_WORDS: Final = 16_384

# Words of one character that pypinyin reads by their commoner use in compounds.
_ALONE: Final = {
    **{"地": "de5", "得": "de5", "长": "chang2", "只": "zhi3", "觉": "jue2", "倒": "dao4", "儿": "er2"},
    **{"教": "jiao1", "干": "gan4", "当": "dang1", "谁": "shei2", "朝": "chao2", "还": "hai2", "弹": "tan2"},
    **{"盛": "cheng2", "血": "xue4", "薄": "bao2", "挑": "tiao1", "系": "xi4", "藏": "cang2", "给": "gei3"},
    **{"卡": "ka3", "露": "lu4", "剥": "bao1", "闷": "men4", "空": "kong1", "粘": "zhan1", "扎": "zha1"},
    **{"缝": "feng2", "幢": "zhuang4", "翟": "zhai2", "阚": "kan4", "缪": "miu4", "嚼": "jiao2"},
    **{"切": "qie1", "曲": "qu3", "尽": "jin4", "肖": "xiao1", "削": "xiao1", "子": "zi3", "佛": "fo2"},
    **{"脏": "zang1", "囤": "tun2", "铺": "pu1", "帖": "tie3", "卜": "bu3", "炔": "que1", "肋": "lei4"},
    **{"钉": "ding4", "晃": "huang4", "曝": "bao4", "椎": "zhui1", "贠": "yun4"},
}
# What a character says behind a word that it makes another one of: 委员长, 基督教, 主题曲, 牛肉干.
SUFFIXES: Final = {
    **{"长": "zhang3", "教": "jiao4", "曲": "qu3", "弹": "dan4", "差": "cha1", "干": "gan1", "传": "zhuan4"},
    **{"相": "xiang4", "将": "jiang4", "觉": "jiao4", "假": "jia4", "为": "wei2", "都": "du1", "钻": "zuan4"},
    **{"缝": "feng4", "帖": "tie3", "冠": "guan4", "圈": "quan1", "脯": "fu3", "铺": "pu4"},
}
# What grows, and who is senior, in words that begin with 长; it is long in all others.
_GROWN: Final = frozenset("满大史出成势高胖肥肉老子辈者官兄孙女幼房嫂媳姊相得智个痘毛见胡")
# Behind 得 in a word that says what one is able to do, or how: 看得见, 好得很.
_ABLE: Final = frozenset(
    "见出起到住通上下开动了着来去过懂清完惯及回好高远多少慌很赢消走准稳透够狠转落巧坏香帅俊美快大"
)
# 儿 is a suffix, but not in these.
_SONS: Final = tuple(
    "女儿 婴儿 幼儿 孤儿 少儿 健儿 宠儿 胎儿 患儿 侄儿 孙儿 男儿 弃儿 产儿 育儿 妻儿 乳儿".split()
)
_WHOLE_SONS: Final = frozenset("孩儿 托儿 小儿 新生儿 混血儿 低能儿 幸运儿 弄潮儿 畸形儿".split())
NUMERALS: Final = frozenset("一二两三四五六七八九十百千几数多每万亿余第")
# Measure words whose reading as words of their own is another one.
COUNTED: Final = {
    **{"行": "hang2", "只": "zhi1", "重": "chong2", "载": "zai3", "卷": "juan4", "担": "dan4"},
    **{"宿": "xiu3", "撇": "pie3", "石": "dan4"},
}
# What 过 is a suffix of.
_EXPERIENCED: Final = frozenset(
    "去来吃看说听做想到见用学读写住买卖走坐玩问爱有当干试打提讲谈去上下开受犯生养"
)

# What is done a little when it is said twice: 走走, 洗洗手.
_TWICE: Final = frozenset(
    "走坐写想笑学读玩摸闻动练洗找逛睡喝吃躺跳敲拍擦晒扫改查算比讲唱跑骂挤催放抱哄逗吹停推翻理修补背教劝求见陪约养泡"
    "烤搓揉按抖摇刷帮握照看试等聊歇尝转瞧猜谈问听量种说刮揍挪换剪掐捏捶烫浇挖夸拆装贴涂描记抄歇凑伸踢踩举抬"
    "扶拽扯拔收嗅喘吐舔瞅"
)
# Said twice in another way too: 各种各样 is 种种.
_TWICE_BEFORE: Final = "种说"

# Syllables of 噷 and 𥦷 that no table of Standard Mandarin has, as the nearest that are.
_NO_TOKENS: Final = {"hm5": "hen5", "wong4": "weng4"}
# What 得 is a particle of.
_DONE: Final = frozenset("说做跑听写唱跳走来住想打讲用吃笑哭急热冷累忙变过写穿活")


@cache
def own_words() -> dict[str, tuple[str, ...]]:
    """The words of the package's pronunciations, each with its syllables."""
    data = (
        resources.files("speechmesh.frontend.mandarin")
        .joinpath("data", "pronunciations.tsv")
        .read_text("utf-8")
    )
    rows = (line.split("\t") for line in data.splitlines() if line and not line.startswith("#"))
    return {word: tuple(said.split()) for word, said in rows}


@lru_cache(maxsize=CACHE_WORDS)
def syllables_of(word: str) -> tuple[str, ...]:
    """The syllables of a word of Chinese characters in numbered pinyin, one a character, as it is said by itself."""
    if word in _ALONE:
        return (_ALONE[word],)
    own = own_words()
    if word in own:
        return own[word]
    if is_pairs(word) and not is_known(word):
        return tuple(syllables_of(character)[0] for character in word)
    if len(word) <= len("洗洗手") and is_twice(word):
        rest = ("er5",) if word.endswith("儿") else tuple(s for rest in word[2:] for s in syllables_of(rest))
        return twice(syllables_of(word[0])[0]) + rest
    said = _known(word)
    if len(said) != len(word):  # a character that pypinyin does not know
        return () if len(word) == 1 else tuple(s for character in word for s in syllables_of(character))
    if not is_known(word):
        for i in range(len(word)):
            said[i] = _in_compound(word, i) or said[i]
    if len(word) > 2 and word[1:] in own:  # 女朋友
        said[1:] = own[word[1:]]
    elif len(word) > 2 and word[:-1] in own:  # 薄荷糖
        said[:-1] = own[word[:-1]]
    elif word.endswith("儿") and len(word) > 1 and not (word.endswith(_SONS) or word in _WHOLE_SONS):
        said[-1] = "er5"
    elif len(word) > 1 and word[-1] in COUNTED and NUMERALS.issuperset(word[:-1]):
        said[-1] = COUNTED[word[-1]]
    elif len(word) > 1 and word[1] == "得" and word[0] in _DONE:
        said[1] = "de5"
    elif len(word) == 2 and word[1] == "过" and word[0] in _EXPERIENCED:
        said[1] = "guo5"
    return tuple(said)


def _in_compound(word: str, i: int) -> str | None:
    """What character `i` says in a word that no table has, where it has a reading for compounds.

    pypinyin takes the commonest reading of a character by itself.
    """
    before, after = word[:i], word[i + 1 : i + 2]
    match word[i]:
        case "长" if not before:
            return "chang2" if after not in _GROWN else None
        case "都" if before and after not in ("是", "不", "在", "会", "有", "没", "还"):
            return "du1"  # 昌都, 加德满都
        case "为" if before and not before.endswith(("因", "专", "特", "只")):
            return "wei2" if not after or after not in "民国己你我他她谁何了此食什" else None
        case "尽" if before or after not in ("快", "量", "早", "管", "可", "速", "先"):
            return "jin4"
        case "什" if after != "么":
            return "shi2"  # 布什
        case "似" if after not in ("的", "地"):
            return "si4"
        case "泊" if not before.endswith(("布", "镜", "山", "湖", "血", "水")):
            return "bo2"
        case "切" if not before and after not in tuple("尔斯诺夫萨实身不莫勿"):
            return "qie1"
        case "肖" if not before:
            return "xiao1"
        case "子" if not before and len(word) > 1:
            return "zi3"
        case "勒" if len(word) > 1 and after not in tuple("紧住死着脖"):
            return "le4"  # 库尔勒
        case "钻" if before and not after and not before.endswith(tuple("猛乱直往爱会")):
            return "zuan4"  # 水钻
        case "帖" if before and not before.endswith(tuple("妥服伏熨宁")):
            return "tie3"
        case "脯" if before and not before.endswith("胸"):
            return "fu3"
        case "肚" if not after and before.endswith(tuple("毛牛羊猪爆")):
            return "du3"
        case "圈" if not after and before.endswith(tuple("猪羊牛马鸡鸭")):
            return "juan4"
        case "舍" if after in tuple("友管弟妹间下监") or (
            not after and before.endswith(tuple("猪牛羊兔客田"))
        ):
            return "she4"
        case "劲" if not before and after in tuple("歌舞升走射吹敌旅松草秀健"):
            return "jing4"
        case "晕" if not before and after in tuple("机血车船针高染开圈池轮"):
            return "yun4"
        case "挑" if not before and after in tuple("眉事唆染高檐明动逗"):
            return "tiao3"
        case "拓" if not before and after in tuple("本片碑印"):
            return "ta4"
        case "炸" if not before and after in tuple("鸡鱼虾糕串薯肉蛋豆熟酥脆茄藕"):
            return "zha2"
        case "垛" if not after and before.endswith(tuple("草麦柴砖")):
            return "duo4"
        case "得" if i == 1 and says_ability(word):
            return "de5"
        case "着" if i > 1 and says_ability(word[: i + 1]):
            return "zhao2"  # 够不着
    return None


def is_twice(word: str) -> bool:
    """Whether a word begins with a verb that is said twice, as 走走 and 洗洗手 do."""
    return word[:1] in _TWICE and word[0] == word[1:2] and (len(word) > 2 or word[0] not in _TWICE_BEFORE)


def is_pairs(word: str) -> bool:
    """Whether a word is as 走走停停 is, which has no light syllable."""
    return (
        len(word) == len("走走停停")
        and word[0] == word[1] != word[2] == word[3]
        and not _TWICE.isdisjoint((word[0], word[2]))
    )


def twice(verb: str) -> tuple[str, str]:
    """The syllables of a verb that is said twice: the second is light, and a third tone rises before it."""
    return (f"{verb[:-1]}2" if verb.endswith("3") else verb, f"{verb[:-1]}5")


def says_ability(word: str) -> bool:
    """Whether a word of three characters says what one can do, or not, or how well: 看得见, 够不着, 好得很."""
    return len(word) == len("看得见") and (
        (word[1] == "得" and word[2] in _ABLE) or (word[1] == "不" and word[2] == "着")
    )


def is_known(word: str) -> bool:
    """Whether our words or pypinyin's have an entry for a word, rather than for its characters."""
    from pypinyin.constants import PHRASES_DICT  # noqa: PLC0415

    return word in own_words() or word in PHRASES_DICT


def _known(word: str) -> list[str]:
    """What pypinyin says."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its tables are for Mandarin alone

    said: list[str] = lazy_pinyin(
        word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False, errors="ignore"
    )
    return [_NO_TOKENS.get(syllable, syllable) for syllable in said]
