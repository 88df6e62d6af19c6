"""Dates, years, times of day, and the scores and ratios that look like them."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts, takes_liang
from speechmesh.frontend.mandarin.numerals import by_digit, cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, RANGE, after, before, rule

# Games and sets stand in a list: 各局比分11-8、9-11.
_GAMES: Final = r"(?:\d{1,3}[-–:：]\d{1,3}[、，,和 ]{1,2})"
_SCORE_AHEAD: Final = re.compile(
    rf"(?:比分|比例|比率|大比分|第[一二三四五1-5][局盘节场]|点球大?战?|战成|打成|扳成|改写为|锁定为)[^，。！？\n\d]{{0,4}}{_GAMES}{{0,8}}$"
)
_LONGEST_SCORES: Final = 80
_SCORE_BEHIND: Final = re.compile(
    r"(?:[、，,和 ]{1,2}\d{1,3}[-–:：]\d{1,3}){0,8}[的之]?(?:大比分|比分|总分|优势)?"
    r"(?:战胜|击败|获胜|领先|战平|落后|大胜|险胜|不敌|逆转|取胜|负于|胜出|完胜|淘汰|打败|力克|惜败|横扫|轻取|力挫|逼平|告负|夺冠|"
    r"夺魁|晋级|拿下|取下|险些|复仇|登顶|小胜|取得胜利|负|胜)"
)
# What takes time rather than happens at one.
_LASTING: Final = re.compile(
    r"(?:纪录|成绩|用时|耗时|历时|时长|配速|片长|计时|总长|全长|游出|跑出|刷出|圈速)[为是了：:约仅只在到 ]{0,3}$"
)
_BEIJING: Final = "08"
_MORNING_ENDS, _EVENING_BEGINS, _NOON = 12, 6, 12
# 2000 years, not the year 2000.
_SPAN_OF_YEARS: Final = re.compile(r"年(?:之?前|以前|以来|来|的?历史|左右|之久|以上|后的今天|间隔)")
_YEAR_AHEAD: Final = re.compile(r"(?:©|截至|截止|到|在|自|从|于|至|年|[A-Za-z]+ ?)$")
_YEAR_BEHIND: Final = re.compile(
    r"[QH][1-4]|届|级|款|版|赛季|财年|春|夏|秋|冬|奥运|世界杯|新年|跨年|全年|上半年|下半年|全国|中国|年度|第[一二三四]季"
)
_BLOOD_PRESSURE: Final = re.compile(r"血压[为是：: 约]{0,3}$")
_DATED_AHEAD: Final = re.compile(r"(?:时间|日期|放假|假期|营业|展期|档期|报名|活动)[为是：: ]{0,3}$")
_MONTHS, _LONGEST_MONTH = 12, 31
_COUNTED_AHEAD: Final = re.compile(r"[近过了用满约达有共第历经隔]$")


def _hour(text: str) -> str:
    hour = cardinal(text)
    return "两" if hour == "二" else hour


def _minute(text: str) -> str:
    return by_digit(text) if text.startswith("0") else cardinal(text)


def _date(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{by_digit(year)}年{cardinal(month)}月{cardinal(day)}日"


@rule(
    DIGIT,
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9}+)?(?:(Z)(?![A-Za-z0-9])|([+-])(\d\d):?\d\d(?!\d))?",
)
def _timestamp(match: re.Match[str]) -> str | None:
    date, time = _full_date.pattern.match(match[1]), _time.pattern.match(match[2])
    said = [part.read(found) for part, found in ((_full_date, date), (_time, time)) if found]
    if len(said) != 2 or None in said:
        return None
    zone = "UTC" if match[3] else ""
    if match[5] and match[5] != _BEIJING:
        zone = f"UTC{'加' if match[4] == '+' else '减'}{cardinal(match[5])}"
    return "".join(part or "" for part in said) + zone


@rule(DIGIT, r"(\d{1,2}+)/(\d{1,2}+)/((?:19|20)\d\d)(?![\d/]|\.\d)")
def _year_last(match: re.Match[str]) -> str | None:
    """As Americans write it, unless the first number is no month."""
    return _date(match[3], match[1], match[2]) or _date(match[3], match[2], match[1])


@rule(DIGIT, r"(\d{4})([-/.])(\d{1,2}+)\2(\d{1,2}+)(?![\d])(日|号)?[ ]*")
def _full_date(match: re.Match[str]) -> str | None:
    return _date(match[1], match[3], match[4])


@rule(DIGIT, r"((?:19|20)\d\d)(\d\d)(\d\d)(?!\d|\.\d)")
def _compact_date(match: re.Match[str]) -> str | None:
    return _date(match[1], match[2], match[3])


@rule(DIGIT, r"((?:19|20)\d\d)[-/](0[1-9]|1[0-2])(?![\d/-])")
def _year_and_month(match: re.Match[str]) -> str | None:
    return f"{by_digit(match[1])}年{cardinal(match[2])}月"


@rule(DIGIT, r"(\d{1,3}+):(\d\d)(?::(\d\d))?(?:\.(\d{1,3}+))?(?![\d:])")
def _lasted(match: re.Match[str]) -> str | None:
    first, second, third, hundredths = match.groups()
    if not (_LASTING.search(before(match, 8)) or (hundredths and second < "60")):
        return None
    if _SCORE_AHEAD.search(before(match, _LONGEST_SCORES)):
        return None
    hours = f"{_hour(first)}小时" if third else ""
    minutes, seconds = (second, third) if third else (first, second)
    said = (
        f"{hours}{_minute(minutes)}分{_minute(seconds)}秒"
        if hours
        else f"{_hour(minutes)}分{_minute(seconds)}秒"
    )
    return said.replace("零零分", "零分") + (by_digit(hundredths) if hundredths else "")


@rule(DIGIT, r"\d{1,3}+(?:[:：]\d{1,3}+){2,5}+(?![\d:：.])")
def _ratios(match: re.Match[str]) -> str | None:
    """3:2:1; but 12:30:45 is a time."""
    parts = re.split("[:：]", match[0])
    if before(match, 1) in (":", "：", ".") or any(len(part) == len("00") for part in parts[1:]):
        return None
    return "比".join(cardinal(part) for part in parts)


@rule(DIGIT, r"(\d{1,2}+)([/.])(\d{1,2}+)[ ]?[-~～—–至到][ ]?(\d{1,2}+)\2(\d{1,2}+)(?![\d/.%℃])")
def _days(match: re.Match[str]) -> str | None:
    """5/1-5/5 and 活动时间5.1-5.7; but 1/3-1/2 are fractions."""
    month, sign, day, last_month, last_day = match.groups()
    days = [(int(month), int(day)), (int(last_month), int(last_day))]
    possible = all(1 <= m <= _MONTHS and 1 <= d <= _LONGEST_MONTH for m, d in days)
    if not possible or before(match, 1) in ("/", "."):
        return None
    if counts(match.string, match.end()):  # 时间1.5-2.5小时
        return None
    dated = _DATED_AHEAD.search(before(match, 8))
    if not dated and (sign == "." or all(m < d for m, d in days)):
        return None
    return "到".join(f"{cardinal(str(m))}月{cardinal(str(d))}日" for m, d in days)


@rule(DIGIT, r"(\d{1,4}+)(?:\.(\d{1,2}+))?[:：比](\d{1,5}+)(?:\.(\d{1,2}+))?(?![\d:：])")
def _ratio(match: re.Match[str]) -> str | None:
    if before(match, 1) in (":", "：", "."):
        return None
    left = match[1] + (f".{match[2]}" if match[2] else "")
    right = match[3] + (f".{match[4]}" if match[4] else "")
    is_time = (
        len(match[3]) == 2 and int(match[1]) <= 24 and int(match[3]) < 60 and not match[2] and not match[4]
    )
    if (
        not is_time
        or "比" in match[0]
        or _SCORE_AHEAD.search(before(match, _LONGEST_SCORES))
        or _SCORE_BEHIND.match(match.string, match.end())
    ):
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
def _score(match: re.Match[str]) -> str | None:
    if _falls(match):
        numbered = re.match("[号室幢栋座楼户]|单元", after(match, 2))
        return f"{cardinal(match[1])}{'杠' if numbered else '比'}{cardinal(match[2])}"
    if not (
        _SCORE_AHEAD.search(before(match, _LONGEST_SCORES)) or _SCORE_BEHIND.match(match.string, match.end())
    ):
        return None
    return f"{cardinal(match[1])}比{cardinal(match[2])}"


@rule(DIGIT, r"(\d{1,2}+)[:：](\d{2})(?:[:：](\d{2}))?(?!\d)(?: ?([AaPp])\.?[Mm](?![A-Za-z])\.?)?[分秒]?")
def _time(match: re.Match[str]) -> str | None:
    hours, minutes, seconds, half = match.groups()
    if int(hours) > 24 or int(minutes) > 59 or int(seconds or 0) > 59:
        return None
    said = f"{_part_of_day(int(hours), half)}{_hour(hours)}点"
    if int(seconds or 0):
        return f"{said}{_minute(minutes)}分{_minute(seconds)}秒"
    return said if minutes == "00" else f"{said}{_minute(minutes)}分"


@rule(DIGIT, r"(\d{1,2}+) ?([AaPp])\.?[Mm](?![A-Za-z])\.?")
def _hour_alone(match: re.Match[str]) -> str | None:
    return f"{_part_of_day(int(match[1]), match[2])}{_hour(match[1])}点" if int(match[1]) <= _NOON else None


def _part_of_day(hour: int, half: str | None) -> str:
    if half is None:
        return ""
    if half in "Aa":
        return "上午"
    return "晚上" if _EVENING_BEGINS <= hour < _NOON else "中午" if hour == _NOON else "下午"


@rule(DIGIT, rf"((?:1[5-9]|20)\d\d)(?:{RANGE})((?:1[5-9]|20)\d\d)(?!\d|\.\d)")
def _years(match: re.Match[str]) -> str | None:
    if counts(match.string, match.end()) and after(match, 1) != "年":
        return None
    return f"{by_digit(match[1])}到{by_digit(match[2])}"


@rule(DIGIT, rf"(\d{{4}})(?!\d|\.\d)(?=年|{RANGE}\d{{4}}年)")
def _year(match: re.Match[str]) -> str | None:
    if (
        match[1] > "2999"
        or match[1] == "1000"
        or (_COUNTED_AHEAD.search(before(match, 1)) and match[1].endswith("00"))
    ):
        return None
    return (
        None
        if match[1].endswith("00") and _SPAN_OF_YEARS.match(match.string, match.end())
        else by_digit(match[1])
    )


@rule(DIGIT, r"0([1-9])(?=[月日时点])")
def _padded(match: re.Match[str]) -> str | None:
    """05月03日; but 零三日 of anything else."""
    if match.string[match.end()] == "日" and before(match, 1) != "月":
        return None
    return _hour(match[1]) if match.string[match.end()] in "时点" else cardinal(match[1])


@rule(DIGIT, r"(\d0)(?=[、/和]\d[05]后(?![来面天]))")
def _generation(match: re.Match[str]) -> str | None:
    return by_digit(match[1])  # 70、80后


@rule("-~～—–", rf"(?<=[周期拜][一二三四五六日天]){RANGE}(?=周[一二三四五六日]|星期|礼拜)")
def _weekdays(match: re.Match[str]) -> str | None:
    return "到"


@rule(DIGIT, r"(?<![\dA-Za-z.])\d\d(?=[QH][1-4](?![A-Za-z\d]))")
def _quarter(match: re.Match[str]) -> str | None:
    return by_digit(match[0])  # 24Q3


@rule(DIGIT, r"(\d)、(\d)(?!\d|\.\d)")
def _about(match: re.Match[str]) -> str | None:
    """2、3个 is 两三个; but 第2、3名 are two."""
    follows = (int(match[2]) - int(match[1]) == 1 and int(match[1]) > 0) or match[0] == "3、5"
    listed = before(match, 1) in tuple("第、和前图表题") or (
        before(match, 1).isascii() and before(match, 1).isalnum()
    )
    if listed or not follows or not takes_liang(match.string, match.end()):
        return None
    return _hour(match[1]) + cardinal(match[2])


@rule("(（〔[", r"([(（〔\[])((?:19|20)\d\d)([)）〕\]])")
def _year_in_brackets(match: re.Match[str]) -> str | None:
    return None if match[2].endswith("00") else f"（{by_digit(match[2])}）"


@rule(DIGIT, r"((?:20)?\d\d)[-/](\d\d)(?=赛季|财年|学年|年度|雪季|跨年)")
def _season(match: re.Match[str]) -> str | None:
    return f"{by_digit(match[1])}到{by_digit(match[2])}"


@rule(DIGIT, r"(\d{1,2})/(\d{1,2})(?=月)")
def _months(match: re.Match[str]) -> str | None:
    return f"{cardinal(match[1])}、{cardinal(match[2])}"


@rule(DIGIT, r"(\d{1,3}+)h ?(\d{1,2}+)m(?![A-Za-z²³])")
def _hours_and_minutes(match: re.Match[str]) -> str | None:
    return f"{_hour(match[1])}小时{cardinal(match[2])}分钟"


@rule(DIGIT, r"24[/x×]7(?!\d)")
def _always(match: re.Match[str]) -> str | None:
    return "七乘二十四"


@rule(DIGIT, r"(\d{2})(?=年(?:代)?|后)(?!后[来面天])")
def _short_year(match: re.Match[str]) -> str | None:
    following = after(match, 4)
    if following.startswith("后"):  # 90后
        born = match[1] in ("00", "05", "10") or match[1] >= "50"
        return by_digit(match[1]) if born and before(match, 1) not in tuple("第过") else None
    if following.startswith("年代"):
        return None
    is_year = (
        match[1] >= "80"
        and not _COUNTED_AHEAD.search(before(match, 1))
        and following[1:2] not in tuple("前来以的后之")
    )
    return by_digit(match[1]) if is_year or re.match(r"年\d{1,2}月", following) else None


@rule(DIGIT + "'’", r"((?:19|20)\d0)s(?![A-Za-z])|['’](\d0)s(?![A-Za-z])")
def _decade(match: re.Match[str]) -> str | None:
    return f"{by_digit(match[1]) if match[1] else cardinal(match[2])}年代"


@rule(DIGIT, r"(\d{1,2}+)\.(\d{1,2}+)(?=黄金周|大促|购物节|小长假|假期|劳动节|狂欢节|那天|当天|表白|告白)")
def _festival(match: re.Match[str]) -> str | None:
    return by_digit(match[1] + match[2])


@rule(DIGIT, r"(?:19|20)\d\d(?![\d.])")
def _bare_year(match: re.Match[str]) -> str | None:
    behind = after(match, 1)
    if _YEAR_BEHIND.match(match.string, match.end()):
        return by_digit(match[0])
    return (
        by_digit(match[0])
        if _YEAR_AHEAD.search(before(match, 8)) and behind in ("", *"，。、,.!！?？ )）\n")
        else None
    )


@rule(DIGIT, r"(\d{1,4}+)/(\d{1,4}+)(?![\d/]|\.\d)( ?mmHg)?")
def _fraction(match: re.Match[str]) -> str | None:
    if before(match, 1) in ("/", "."):
        return None
    if match[3] or _BLOOD_PRESSURE.search(before(match, 6)):
        return f"{cardinal(match[1])}比{cardinal(match[2])}{'毫米汞柱' if match[3] else ''}"
    return f"{cardinal(match[2])}分之{cardinal(match[1])}"


RULES: Final = (
    *(
        _ratios,
        _days,
        _timestamp,
        _year_last,
        _full_date,
        _compact_date,
        _year_and_month,
        _lasted,
        _ratio,
        _score,
        _time,
    ),
    *(
        _hour_alone,
        _years,
        _year,
        _padded,
        _generation,
        _weekdays,
        _quarter,
        _about,
        _year_in_brackets,
        _season,
        _months,
        _hours_and_minutes,
        _always,
        _short_year,
        _decade,
    ),
    *(_festival, _bare_year, _fraction),
)
