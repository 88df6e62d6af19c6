"""Scores and ratios: 3:2, 11-8, 3:2:1."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts
from speechmesh.frontend.mandarin.numerals import cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, after, before, rule

# Games and sets stand in a list: 各局比分11-8、9-11.
_GAMES: Final = r"(?:\d{1,3}[-–:：]\d{1,3}[、，,和 ]{1,2})"
_SCORE_AHEAD: Final = re.compile(
    rf"(?:比分|比例|比率|大比分|第[一二三四五1-5][局盘节场]|射门|射正|角球|犯规|助攻|局分别|点球大?战?|战成|打成|扳成|改写为|锁定为)[^，。！？\n\d]{{0,4}}{_GAMES}{{0,8}}$"
)
_LONGEST_SCORES: Final = 80
# Of these alone 决赛19:30 is a time, and 决赛3-5天 a range.
_CONTEST_AHEAD: Final = re.compile(r"(?:决赛|系列赛|季后赛|淘汰赛|抢七|主场|客场)[^，。！？\n\d]{0,4}$")
_SCORE_BEHIND: Final = re.compile(
    r"(?:[、，,和 ]{1,2}\d{1,3}[-–:：]\d{1,3}){0,8}[的之]?(?:大比分|比分|总分|优势)?"
    r"(?:战胜|击败|获胜|领先|战平|落后|大胜|险胜|不敌|逆转|取胜|负于|胜出|完胜|淘汰|打败|力克|惜败|横扫|轻取|力挫|逼平|告负|夺冠|"
    r"夺魁|晋级|拿下|取下|险些|复仇|登顶|小胜|取得胜利|负|胜)"
)


def follows_score(match: re.Match[str]) -> bool:
    """Whether what stands ahead says that scores follow: 比分, 第三局."""
    return bool(_SCORE_AHEAD.search(before(match, _LONGEST_SCORES)))


# Of a list of scores, one that can be no time of day tells what all of them are: 11:8、9:11.
_SCORES_BESIDE: Final = re.compile(r"\d{1,2}[:：]\d(?!\d)")
_LIST_AHEAD: Final = re.compile(r"(?:\d{1,2}[:：]\d{1,2}[、和 ]{1,2}){1,6}$")
_LIST_BEHIND: Final = re.compile(r"(?:[、和 ]{1,2}\d{1,2}[:：]\d{1,2}(?![\d:：])){1,6}")


# A longer time, of which this is the end; but 比例：3:2.
_GOES_ON: Final = re.compile(r"\d[:：.]$")


def _is_score(match: re.Match[str]) -> bool:
    ahead = _LIST_AHEAD.search(before(match, _LONGEST_SCORES))
    behind = _LIST_BEHIND.match(match.string, match.end())
    listed = any(found and _SCORES_BESIDE.search(found[0]) for found in (ahead, behind))
    return listed or follows_score(match) or bool(_SCORE_BEHIND.match(match.string, match.end()))


@rule(DIGIT, r"\d{1,3}+(?:[:：]\d{1,3}+){2,5}+(?![\d:：.])")
def ratios(match: re.Match[str]) -> str | None:
    """3:2:1; but 12:30:45 is a time."""
    parts = re.split("[:：]", match[0])
    if _GOES_ON.search(before(match, 2)) or any(len(part) == len("00") for part in parts[1:]):
        return None
    return "比".join(cardinal(part) for part in parts)


@rule(DIGIT, r"(\d{1,4}+)(?:\.(\d{1,2}+))?[:：比](\d{1,5}+)(?:\.(\d{1,2}+))?(?![\d:：])")
def ratio(match: re.Match[str]) -> str | None:
    """3:2, 1.5:1; but 15:30 is a time, unless a score is spoken of."""
    if _GOES_ON.search(before(match, 2)):
        return None
    left = match[1] + (f".{match[2]}" if match[2] else "")
    right = match[3] + (f".{match[4]}" if match[4] else "")
    is_time = (
        len(match[3]) == 2 and int(match[1]) <= 24 and int(match[3]) < 60 and not match[2] and not match[4]
    )
    if not is_time or "比" in match[0] or _is_score(match):
        return f"{number(left)}比{number(right)}"
    return None


def _falls(match: re.Match[str]) -> bool:
    """Whether this can be no range: 葡萄牙2-1克罗地亚, 508-2室."""
    falls = int(match[1]) > int(match[2]) and re.match(r"[\u4e00-\u9fff]", before(match, 1))
    behind = after(match, 1)
    return bool(
        falls
        and before(match, 1) not in tuple("第满月年日图表式按码围")
        and (behind in tuple("号室幢栋座楼户") or not counts(match.string, match.end()))
        and re.match(r"[\u4e00-\u9fff]", behind)
    )


@rule(DIGIT, r"(\d{1,4}+)[-–](\d{1,3}+)(?![\d.%‰])")
def score(match: re.Match[str]) -> str | None:
    """比分11-8; but 3-5天 is a range."""
    if _falls(match):
        numbered = re.match("[号室幢栋座楼户]|单元", after(match, 2))
        return f"{cardinal(match[1])}{'杠' if numbered else '比'}{cardinal(match[2])}"
    contest = _CONTEST_AHEAD.search(before(match, 10)) and not counts(match.string, match.end())
    return f"{cardinal(match[1])}比{cardinal(match[2])}" if contest or _is_score(match) else None
