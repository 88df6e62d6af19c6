"""Dates and years, and what is tried in which order: they, times of day, and scores and ratios look alike."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin import clock, scores
from speechmesh.frontend.mandarin.clock import hour
from speechmesh.frontend.mandarin.counters import counts, takes_liang
from speechmesh.frontend.mandarin.numerals import by_digit, cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, RANGE, after, before, rule

_BEIJING: Final = "08"
# 2000 years, not the year 2000.
_SPAN_OF_YEARS: Final = re.compile(r"年(?:之?前|以前|以来|来|的?历史|左右|之久|以上|后的今天|间隔)")
_YEAR_AHEAD: Final = re.compile(r"(?:©|截至|截止|到|在|自|从|于|至|年|[A-Za-z]+ ?)$")
_YEAR_BEHIND: Final = re.compile(
    r"[QH][1-4]|届|级|款|版|赛季|财年|春|夏|秋|冬|奥运|世界杯|新年|跨年|全年|上半年|下半年|全国|中国|年度|第[一二三四]季"
)
_BLOOD_PRESSURE: Final = re.compile(r"血压[为是：: 约]{0,3}$")
_DATED_AHEAD: Final = re.compile(r"(?:时间|日期|放假|假期|营业|展期|档期|报名|活动)[为是：: ]{0,3}$")
_WEEKDAY_AHEAD: Final = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天] ?[(（]$")  # 周三（12/3）
_DONE_BY: Final = re.compile(
    "(?:之?[前后])?(?:送达|发货|到货|截止|出发|抵达|上线|生效|到期|开售|开票|发售|上映|入住|退房)"
)
_MONTHS, _LONGEST_MONTH = 12, 31
_COUNTED_AHEAD: Final = re.compile(r"[近过了用满约达有共第历经隔]$")


def _date(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{by_digit(year)}年{cardinal(month)}月{cardinal(day)}日"


@rule(
    DIGIT,
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9}+)?(?:(Z)(?![A-Za-z0-9])|([+-])(\d\d):?\d\d(?!\d))?",
)
def _timestamp(match: re.Match[str]) -> str | None:
    date, time = _full_date.pattern.match(match[1]), clock.time.pattern.match(match[2])
    said = [part.read(found) for part, found in ((_full_date, date), (clock.time, time)) if found]
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


@rule(DIGIT, r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?= \d{1,2}:\d\d)")
def _month_and_day(match: re.Match[str]) -> str | None:
    """06-18 09:30."""
    return None if before(match, 1) in ("-", "/", ".") else f"{cardinal(match[1])}月{cardinal(match[2])}日"


@rule(DIGIT, r"((?:19|20)\d\d)[-/](0[1-9]|1[0-2])(?![\d/-])")
def _year_and_month(match: re.Match[str]) -> str | None:
    return f"{by_digit(match[1])}年{cardinal(match[2])}月"


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
    # A fraction is followed by a greater one: 1/3-1/2; days of a month too, but 6/18-6/20 falls as fractions.
    runs = month == last_month and int(day) < int(last_day) and int(day) > _MONTHS
    if not dated and (sign == "." or (all(m < d for m, d in days) and not runs)):
        return None
    return "到".join(f"{cardinal(str(m))}月{cardinal(str(d))}日" for m, d in days)


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
    return hour(match[1]) if match.string[match.end()] in "时点" else cardinal(match[1])


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
    return hour(match[1]) + cardinal(match[2])


@rule("(（〔[", r"([(（〔\[])((?:19|20)\d\d)([)）〕\]])")
def _year_in_brackets(match: re.Match[str]) -> str | None:
    return None if match[2].endswith("00") else f"（{by_digit(match[2])}）"


@rule("(（〔", r"[(（〔]((?:1[5-9]|20)\d\d)年?[ ]?[-~～—–]{1,2}[ ]?[)）〕]")
def _since_in_brackets(match: re.Match[str]) -> str | None:
    return f"（{by_digit(match[1])}年至今）"  # of who lives, and what goes on: 刘慈欣（1963—）


@rule(DIGIT, r"((?:20)?\d\d)[-/](\d\d)(?=赛季|财年|学年|年度|雪季|跨年)")
def _season(match: re.Match[str]) -> str | None:
    return f"{by_digit(match[1])}到{by_digit(match[2])}"


@rule(DIGIT, r"(\d{1,2})/(\d{1,2})(?=月)")
def _months(match: re.Match[str]) -> str | None:
    return f"{cardinal(match[1])}、{cardinal(match[2])}"


@rule(DIGIT, r"(\d{1,3}+)h ?(\d{1,2}+)m(?![A-Za-z²³])")
def _hours_and_minutes(match: re.Match[str]) -> str | None:
    return f"{hour(match[1])}小时{cardinal(match[2])}分钟"


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
    if before(match, 1) == "第":
        return f"{cardinal(match[1])}、{cardinal(match[2])}"  # 第3/4车厢
    month, day = int(match[1]), int(match[2])
    due = before(match, 1) in tuple("在于") and re.match("[之以]?[前后]", after(match, 2))
    dated = due or _WEEKDAY_AHEAD.search(before(match, 6)) or _DONE_BY.match(match.string, match.end())
    if dated and 1 <= month <= _MONTHS and 1 <= day <= _LONGEST_MONTH:
        return f"{cardinal(match[1])}月{cardinal(match[2])}日"
    if match.string.startswith(("系列", "型号", "两款", "机型"), match.end()):
        return f"{number(match[1])}、{number(match[2])}"  # HP 1200/1500系列
    if match[3] or _BLOOD_PRESSURE.search(before(match, 6)):
        return f"{cardinal(match[1])}比{cardinal(match[2])}{'毫米汞柱' if match[3] else ''}"
    return f"{cardinal(match[2])}分之{cardinal(match[1])}"


@rule(DIGIT, r"(\d{1,2}+\.\d{1,2}+)/(5|10|100)(?![\d/]|\.\d)")
def _marked(match: re.Match[str]) -> str | None:
    return f"{cardinal(match[2])}分之{number(match[1])}"  # 评分8.7/10


RULES: Final = (
    *(
        scores.ratios,
        _days,
        _timestamp,
        _year_last,
        _month_and_day,
        _full_date,
        _compact_date,
        _year_and_month,
        clock.lasted,
        scores.ratio,
        scores.score,
        clock.time,
    ),
    *(
        clock.hour_alone,
        _years,
        _year,
        _padded,
        _generation,
        _weekdays,
        _quarter,
        _about,
        _year_in_brackets,
        _since_in_brackets,
        _season,
        _months,
        _hours_and_minutes,
        _always,
        _short_year,
        _decade,
    ),
    *(_festival, _bare_year, _marked, _fraction),
)
