"""Characters that are particles or more: 得, 地, 着, 了, 过, 的, 里, 上, 儿."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from speechmesh.frontend.mandarin import polyphone_words as known
from speechmesh.frontend.mandarin.lexicon import syllables_of
from speechmesh.frontend.mandarin.neighbours import Rule, after, before, counts


def _de_get(words: Sequence[str], i: int) -> str | None:
    """得: gained before what is gained, must behind who must, else the particle."""
    ahead, behind = before(words, i), after(words, i)
    if ahead in known.VERBS:
        return None
    if behind == "的" and (ahead in known.PRONOUNS or ahead == "所"):
        return "de2"  # 他得的是感冒
    if behind in ("了", "过") and (ahead or after(words, i + 1)):
        return "de2"
    who_must = not ahead or ahead in known.MUST_AHEAD
    if who_must and behind[:1] in known.NUMERALS and _lasts(words, i + 1):
        return "dei3"  # 得三天才能好
    if who_must and (behind in ("到", "奖", "病") or behind[:1] in known.NUMERALS | {"第"}):
        return "de2"
    return "dei3" if who_must and (ahead in known.PRONOUNS or behind not in known.DEGREES) else None


def _lasts(words: Sequence[str], i: int) -> bool:
    """Whether an amount of time or money begins at word `i`, rather than a prize or points."""
    return "".join(words[i : i + 3]).lstrip(known.FIGURES).startswith(known.SPENT)


def attained(words: Sequence[str], i: int) -> str | None:
    """着 of a verb that has come off, before 了: 点着了, 饿着了."""
    word = words[i]
    if len(word) != len("点着") or word[1] != "着" or after(words, i) != "了":
        return None
    return f"{syllables_of(word)[0]} zhao2"


def _attain(words: Sequence[str], i: int) -> str | None:
    """着 behind a verb and before 了, or behind what says whether one can: 见着了, 睡得着."""
    ahead, behind = before(words, i), after(words, i)
    attained = (ahead and behind == "了") or (ahead in ("不", "得") and before(words, i - 1))
    return "zhao2" if attained else None


def _able(words: Sequence[str], i: int) -> str | None:
    """得了 that is possible: 解决得了, but not 他得了."""
    return "de5 liao3" if before(words, i) in known.VERBS and not after(words, i) else None


def _finish(words: Sequence[str], i: int) -> str | None:
    """了 that is possible or not: 办 不 了, 解决 得 了."""
    able = before(words, i) == "得" and not after(words, i) and before(words, i - 1) in known.VERBS
    return "liao3" if able or before(words, i) == "不" else None


def _de_land(words: Sequence[str], i: int) -> str | None:
    """地: ground at a phrase's begin, behind a measure word and before 上; else the particle."""
    ahead, behind = before(words, i), after(words, i)
    land = not ahead or ahead in known.LAND_AHEAD or counts(ahead) or behind in ("上", "里", "面")
    return "di4" if land else None


def _taxi(words: Sequence[str], i: int) -> str | None:
    """的 of 打的去."""
    return "di1" if before(words, i) == "打" and after(words, i) in known.WAYS else None


def _suffix_er(words: Sequence[str], i: int) -> str | None:
    """儿 behind another word: 公园儿, 门口儿; but 我儿."""
    ahead, behind = before(words, i), after(words, i)
    if (
        not ahead
        or ahead.isascii()
        or ahead in known.PRONOUNS
        or ahead in known.PARENTS
        or behind in ("子", "时")
    ):
        return None
    return "er5"


def _suffix_zi(words: Sequence[str], i: int) -> str | None:
    """子 behind another word, but not a master or a son, or what is lesser: 子曰, 子公司."""
    ahead, behind = before(words, i), after(words, i)
    alone = not ahead or ahead in known.SONS_AHEAD or behind in known.OF_A_SON or behind.startswith("公司")
    return None if alone else "zi5"


def _suffix(words: Sequence[str], i: int) -> str | None:
    return (
        "guo5" if before(words, i) in known.EXPERIENCED and after(words, i) not in known.NOT_SUFFIX else None
    )


def _inside(words: Sequence[str], i: int) -> str | None:
    ahead = before(words, i)
    return "li5" if ahead and not counts(ahead) and ahead not in ("公", "英", "海") else None


def _upon(words: Sequence[str], i: int) -> str | None:
    ahead = before(words, i)
    noun = len(ahead) > 1 and not counts(ahead) and ahead not in known.NOT_PLACES
    return "shang5" if noun and after(words, i) not in ("了", "过", "一", "下", "学", "班", "课") else None


def _glad(words: Sequence[str], i: int) -> str | None:
    """乐得 is glad to in 乐得清闲; so merry that it shows before anything else."""
    return None if after(words, i) in known.IDLE else "le4 de5"


RULES: Final[dict[str, Rule]] = {
    "得": _de_get,
    "地": _de_land,
    "着": _attain,
    "了": _finish,
    "过": _suffix,
    "的": _taxi,
    "里": _inside,
    "上": _upon,
    "儿": _suffix_er,
    "子": _suffix_zi,
    "得了": _able,
    "乐得": _glad,
}
"""By word."""
