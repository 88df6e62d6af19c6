"""Amounts with a sign or a unit: percentages, degrees, measures, rates."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import cardinal, number
from speechmesh.frontend.mandarin.rule import DIGIT, NUMBER, RANGE, after, before, rule
from speechmesh.frontend.mandarin.units import TOUCHING, UNIT_NAMES, UNITS

_OF: Final = {"%": "百分之", "‰": "千分之"}
_SCALE: Final = r"([百千万亿]{0,3}+)"
_DEGREES: Final = r"(?:℃|°C|摄氏度|度)"
_CODE_AHEAD: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{1,12}([- ]?)$")
# Units that are no part of a code's name, even behind letters: ALT 56U/L, sin30°.
_PLAIN_UNIT: Final = re.compile(r"[°℃℉μ²³/]|BP|[A-Za-z]{3}")
_HEMISPHERES: Final = {"N": "北纬", "S": "南纬", "E": "东经", "W": "西经"}
_CURRENCY: Final = "人民币|美元|欧元|日元|英镑|港元|港币|澳元|加元|瑞郎|卢布|韩元|泰铢"
_PER: Final = re.compile(
    r"(?:[元块币镑圆钱角分次克升米字里万亿转卡焦步时钟件个片粒支包瓶%‰]|\d[wWkK]|\d ?(?:m[lL]|L|g|kg)"
    rf"|{_CURRENCY}|[¥$€£]|[元分次\d]/(?:年|月|天|日|次|㎡|m²|平))$"
)
_PRICED: Final = re.compile(r"[¥$€£₩₽₹฿][\d.]{1,14}[kKwWM]?$")
_SOLD_BY: Final = """
    年 月 天 日 人 次 个 件 斤 公斤 小时 分钟 分 秒 晚 周 米 平 平方米 吨 升 公里 节 份 瓶 盒 套 张 桶
    盎司 克拉 克 度 股 手 间 头 只 亩 户 辆 台 部 单 例 组 集 期 季 趟 课时 千瓦时 码 磅 英里 立方米 平方公里 千克 公顷
    点 位 桌 杯 袋 箱 支 条 颗 本 首
    篇 字 词 百 千 万
""".split()
# Names that a dash joins to a number: 歼-10.
_NAMED: Final = re.compile(
    r"(?:歼|运|轰|直|武直|长征|东风|神舟|嫦娥|天宫|天舟|巨浪|红旗|米格|苏|图|安|卡|第|系列|型号|[A-Za-z])$"
)


@rule(DIGIT, rf"({NUMBER}) ?([%‰])|({NUMBER})(?=(?:{RANGE}){NUMBER} ?([%‰]))")
def _percentage(match: re.Match[str]) -> str | None:
    text, sign = (match[1], match[2]) if match[1] else (match[3], match[4])
    return _OF[sign] + ("百" if (text, sign) == ("100", "%") else number(text))


@rule("-", rf"-(?={NUMBER} ?(?:(?:{RANGE}|[到至])-?{NUMBER})? ?{_DEGREES})")
def _below_zero(match: re.Match[str]) -> str | None:
    return None if _NAMED.search(before(match, 3)) else "零下"


@rule("-", rf"-(?=[¥$€£]?({NUMBER}))")
def _negative(match: re.Match[str]) -> str | None:
    ahead = before(match, 3)
    if ahead[-1:].isdigit() or ahead[-1:] in ("-", ")", "）"):
        return None
    is_year = re.fullmatch(r"(?:19|20)\d\d", match[1]) and ahead[-1:] not in tuple("为是于约达 ：:")
    return None if is_year or _NAMED.search(ahead) else "负"


@rule(
    DIGIT,
    rf"({NUMBER})( ?){_SCALE}({UNIT_NAMES})(?![A-Za-z²³])"
    rf"(?:/({UNIT_NAMES}|[天日月年人次分秒片粒颗支瓶袋包盒台件户亩只头份])(?![A-Za-z]))?",
)
def _measure(match: re.Match[str]) -> str | None:
    text, gap, scale, unit, per = match.groups()
    if unit in ("v", "V") and after(match, 1).isdigit():  # 3V3
        return None
    code = _CODE_AHEAD.search(before(match, 14))
    if (gap and unit in TOUCHING) or (
        code and unit[0] not in "°℃" and not (code[1] and (per or _PLAIN_UNIT.search(unit)))
    ):
        return None
    said = "两" if text == "2" and unit != "°" else number(text)
    return said + scale + UNITS[unit] + (f"每{UNITS.get(per, per)}" if per else "")


_ANGLE: Final = r"\d{1,3}+(?:\.\d{1,6}+)?"


@rule(
    DIGIT + "NSEW",
    rf"([NSEW])? ?({_ANGLE})°(?:({_ANGLE})[′'](?:({_ANGLE})(?:[″\"]|''))?)?([NSEW](?![A-Za-z]))?",
)
def _arc(match: re.Match[str]) -> str | None:
    ahead, degrees, minutes, seconds, behind = match.groups()
    letter = ahead or behind
    if not (letter or minutes) or (ahead and before(match, 1).isascii() and before(match, 1).isalpha()):
        return None
    said = _HEMISPHERES.get(letter, "") + number(degrees) + "度"
    return said + (f"{number(minutes)}分" if minutes else "") + (f"{number(seconds)}秒" if seconds else "")


@rule(DIGIT, r"(\d{1,3}+)[′'](\d{1,2}+(?:\.\d{1,2}+)?)(?:[″\"]|'')")
def _minutes_or_feet(match: re.Match[str]) -> str | None:
    units = "英尺 英寸" if "高" in before(match, 4) else "分 秒"
    greater, lesser = units.split()
    return f"{number(match[1])}{greater}{number(match[2])}{lesser}"


@rule("(（", rf"[(（]({UNIT_NAMES})(/(?:{UNIT_NAMES}))?[)）]")
def _unit_of(match: re.Match[str]) -> str | None:
    if len(match[1]) == 1 or not "\u4e00" <= before(match, 1).replace("²", "一") <= "\u9fff":
        return None
    return f"（{UNITS[match[1]]}{'每' + UNITS[match[2][1:]] if match[2] else ''}）"


@rule("/", rf"/ ?({UNIT_NAMES})(?![A-Za-z0-9])")
def _each_unit(match: re.Match[str]) -> str | None:
    ahead = before(match, 1)
    if _PRICED.search(before(match, 16)):
        return f"每{UNITS[match[1]]}"
    return f"每{UNITS[match[1]]}" if ahead and ahead in "元万亿块币镑圆角分次克升米度位⁴⁵⁶⁷⁸⁹¹²" else None


@rule("/", rf"/(?={_CURRENCY})")
def _against(match: re.Match[str]) -> str | None:
    return "兑" if re.search(rf"(?:{_CURRENCY})$", before(match, 3)) else None


@rule("/", rf"/(?={'|'.join(_SOLD_BY)})")
def _each(match: re.Match[str]) -> str | None:
    return "每" if before(match, 1).isdigit() or _PER.search(before(match, 5)) else None


@rule("(（", r"(?<=第)[(（]([一二三四五六七八九十百]{1,5}|\d{1,3})[)）](?=[款项条目节类种章编])")
def _clause(match: re.Match[str]) -> str | None:
    return cardinal(match[1]) if match[1].isdigit() else match[1]


@rule("/", r"/(?=\d)")
def _beside(match: re.Match[str]) -> str | None:
    """A pause, as in 3.8/4.0 and 20000mAh/74Wh, but for 元/500g and mg/100mL."""
    each = re.search(r"[元块币镑圆角分]$|[¥$€£][\d.]{1,14}$", before(match, 16))
    of_round = re.match(r"10{0,3}(?!\d) ?[A-Za-z]", after(match, 6)) and before(match, 1).isalpha()
    return "每" if each or of_round else "，"


RULES: Final = (
    *(_percentage, _below_zero, _negative, _arc, _minutes_or_feet, _measure, _unit_of),
    *(_each_unit, _against, _each, _clause, _beside),
)
