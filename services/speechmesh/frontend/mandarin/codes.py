"""Telephone numbers, rooms, trains, identity and serial numbers: digit by digit, with 幺 for one."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts
from speechmesh.frontend.mandarin.numerals import by_digit_clearly
from speechmesh.frontend.mandarin.rule import DIGIT, LATIN, before, rule

_NO_DIGIT_BEFORE: Final = r"(?<![\d.])"
_NAMED: Final = re.compile(
    r"(?:验证码|校验码|取件码|提货码|邀请码|兑换码|门牌|编码|邮编|邮政编码|编号|单号|账号|帐号|卡号|学号|工号|证号|号码|证号码|密码|尾号|代码|流水号|序列号|"
    r"身份证号?|QQ号?|微信号?|房号|房间号|门牌号|航班号?|车次|股票|ID|PIN|SN|身份证号码)[是为：:# 号]{0,3}$"
)
_CALLED: Final = re.compile(
    r"(?:电话|手机|手机号|拨打|拨|致电|热线|客服|传真|总机|座机|分机|呼叫|短信|\d转)[是为：:号 ]{0,3}$"
)
_DIALLED: Final = re.compile(r"1[12]\d|1[0-9]{4}|9\d{4}|911")
_SERVED: Final = re.compile(r"(?:客服|服务|投诉|举报|报警)?(?:热线|电话|短信|专线)")
_LONGEST_SERVICE: Final = 6
_BUILDING: Final = re.compile(r"(?:座|栋|幢|单元|号楼)$")
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _code(text: str) -> str:
    """Digits clearly, letters by name, signs silent."""
    return by_digit_clearly(re.sub(r"[^0-9A-Z]", "", text.upper()))


@rule("+(" + DIGIT, r"(?:\+?86[- ]?)?(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d|\.\d)")
def _mobile(match: re.Match[str]) -> str | None:
    if before(match, 1).isdigit():
        return None
    return ("加" if match[0].startswith("+") else "") + _code(match[0])


@rule("+", r"\+\d{1,3}+(?:[- ]\d{2,11}+){1,4}+")
def _international(match: re.Match[str]) -> str | None:
    return "加" + _code(match[0])


@rule(
    DIGIT,
    _NO_DIGIT_BEFORE + r"(?:0\d{2,3}[- ]\d{3,4}[- ]?\d{4}|[48]00[- ]?\d{3}[- ]?\d{4})(?:-\d{1,4}+)?(?!\d)",
)
def _landline(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule("(（", r"[(（](0\d{2,3}+)[)）] ?(\d{3,4}[- ]?\d{4})(?!\d)")
def _landline_in_brackets(match: re.Match[str]) -> str | None:
    return f"（{_code(match[1])}）{_code(match[2])}"


@rule(DIGIT, r"\d[\d-]{2,30}+")
def _called(match: re.Match[str]) -> str | None:
    ahead = before(match, 8)
    served = _SERVED.match(match.string, match.end()) and len(match[0]) <= _LONGEST_SERVICE
    if (served or _CALLED.search(ahead)) and not counts(match.string, match.end()):
        return _code(match[0])
    if (
        ahead.endswith(("打", "拨", "按"))
        and _DIALLED.fullmatch(match[0])
        and not counts(match.string, match.end())
    ):
        return _code(match[0])
    return None


@rule(DIGIT + LATIN, r"(?=[A-Za-z]{0,20}+\d)[A-Za-z0-9]{1,40}+(?:-[A-Za-z0-9]{1,20}+){0,6}+")
def _named(match: re.Match[str]) -> str | None:
    named = _NAMED.search(before(match, 12)) or _BUILDING.search(before(match, 2))
    return _code(match[0]) if named and not counts(match.string, match.end()) else None


@rule(DIGIT, r"\d{3,4}+(?=号?(?:室|房|教室|会议室|病房|包厢|包间|宿舍|寝室)|号楼?房间|房间)")
def _room(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT, r"\d{3}(?=国道|省道|县道|路公交|路公共|路电车|路车|路汽车|医院|厂|高地|师|团)")
def _numbered(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) and match[0].endswith("00") else _code(match[0])


@rule(
    DIGIT,
    r"(?:985|211|996|007|315|618|911|798)(?=高校|大学|院校|工程|工作制|晚会|大促|购物节|事件|福报|艺术区)",
)
def _byword(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT, r"(?:12306|12315|12333|12348|955\d\d|10086|10010)(?!\d|\.\d)")
def _service(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) else _code(match[0])


@rule(DIGIT, r"\d{1,2}·\d{1,2}(?!\d)")
def _day_of(match: re.Match[str]) -> str | None:
    return _code(match[0])  # 9·11, 3·15


@rule(
    LATIN,
    r"[GDCZTKSYL]\d{1,4}+(?=次|号?列车|高铁|动车|国道|高速|沪|京)|[A-Z]{2}\d{3,4}+(?=次?航班|号航班|次)",
)
def _journey(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(LATIN, r"[A-Z][·.]?(?=[A-Z]{0,6}+\d)[A-Z0-9]{5,6}+(?![A-Za-z0-9])")
def _plate(match: re.Match[str]) -> str | None:
    return _code(match[0]) if before(match, 1) in tuple(_PROVINCES) else None


RULES: Final = (
    *(_mobile, _international, _landline, _landline_in_brackets, _called, _plate, _named),
    *(_room, _numbered, _byword, _service, _day_of, _journey),
)
