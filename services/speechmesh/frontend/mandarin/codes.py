"""Telephone numbers, rooms, trains, identity and serial numbers: digit by digit, with 幺 for one."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts
from speechmesh.frontend.mandarin.numerals import by_digit, by_digit_clearly, cardinal
from speechmesh.frontend.mandarin.rule import DIGIT, LATIN, before, rule

_NO_DIGIT_BEFORE: Final = r"(?<![\d.])"
_NAMED: Final = re.compile(
    r"(?:验证码|校验码|取件码|提货码|邀请码|兑换码|门牌|编码|邮编|邮政编码|编号|单号|账号|帐号|卡号|学号|工号|证号|号码|证号码|密码|尾号|代码|流水号|序列号|"
    r"身份证号?|QQ号?|微信号?|房号|房间号|门牌号|航班号?|车次|股票|ID|PIN|SN|身份证号码|"
    r"错误码|返回码|响应码|状态码|端口号?|返回)[是为：:# 号]{0,3}$"
)
_CALLED: Final = re.compile(
    r"(?:电话|手机|手机号|拨打|拨|致电|热线|客服|传真|总机|座机|分机|呼叫|短信|火警|匪警|报警|急救|\d转)"
    r"[是为：:号 ]{0,3}(?:\d{3,12}[、或和及,， ]{1,2}){0,6}$"
)
_DIALLED: Final = re.compile(r"1[12]\d|1[0-9]{4}|9\d{4}|911")
_SERVED: Final = re.compile(r"(?:客服|服务|投诉|举报|报警)?(?:热线|电话|短信|专线)")
_HELP: Final = re.compile("报警|急救|求救")
_EMERGENCY: Final = 3
_LONGEST_SERVICE: Final = 6
_LONGEST_CALLED: Final = 60
_AIRLINES: Final = (
    "CA|MU|CZ|HU|ZH|FM|MF|SC|3U|HO|9C|KN|GS|JD|8L|TV|BK|PN|QW|EU|DR|"
    "CX|KA|BR|CI|SQ|NH|JL|KE|OZ|UA|AA|DL|BA|LH|AF|EK|QR"
)
_BUILDING: Final = re.compile(r"(?:座|栋|幢|单元|号楼|\d[层楼])$")
_APART: Final = ("", *"，。！!~～\n")
_SHORTEST_ROOM: Final = 3
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _code(text: str) -> str:
    """Digits clearly, letters by name, signs silent."""
    return by_digit_clearly(re.sub(r"[^0-9A-Z]", "", text.upper()))


@rule("+(" + DIGIT, r"(?:\+?86[- ]?)?(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d|\.\d)")
def _mobile(match: re.Match[str]) -> str | None:
    if before(match, 1).isdigit():
        return None
    return ("加" if match[0].startswith("+") else "") + _code(match[0])


@rule(
    "+",
    r"\+\d{1,3}+[- ]?(?:\(\d{1,4}+\)[- ]?)?\d{2,11}+(?:[- ]\d{2,11}+){1,4}+|\+\d{1,3}+(?:[- ]\d{2,11}+){1,4}+",
)
def _international(match: re.Match[str]) -> str | None:
    return "加" + _code(match[0])


@rule(
    DIGIT,
    _NO_DIGIT_BEFORE + r"(?:0\d{2,3}[- ]\d{3,4}[- ]?\d{4}|[48]00[- ]?\d{3}[- ]?\d{4})(?:-\d{1,4}+)?(?!\d)",
)
def _landline(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule("(（", r"[(（](0\d{1,3}+)[)）] ?(\d{3,4}[- ]?\d{4})(?!\d)")
def _landline_in_brackets(match: re.Match[str]) -> str | None:
    return f"（{_code(match[1])}）{_code(match[2])}"


@rule(DIGIT, r"\d[\d-]{2,30}+")
def _called(match: re.Match[str]) -> str | None:
    ahead = before(match, _LONGEST_CALLED)
    served = _SERVED.match(match.string, match.end()) and len(match[0]) <= _LONGEST_SERVICE
    if (served or _CALLED.search(ahead)) and not counts(match.string, match.end()):
        return _code(match[0])
    if (
        (
            ahead.endswith(("打", "拨", "按"))
            or (len(match[0]) == _EMERGENCY and _HELP.match(match.string, match.end()))
        )
        and _DIALLED.fullmatch(match[0])
        and not counts(match.string, match.end())
    ):
        return _code(match[0])
    return None


@rule(
    DIGIT + LATIN,
    r"(?=[A-Za-z]{0,20}+\d)[A-Za-z0-9]{1,40}+(?:-[A-Za-z0-9]{1,20}+){0,6}+(?: \d{4}(?![\d年月元])){0,5}+",
)
def _named(match: re.Match[str]) -> str | None:
    room = "-" not in match[0] and len(match[0]) >= _SHORTEST_ROOM and _BUILDING.search(before(match, 2))
    named = _NAMED.search(before(match, 12)) or room
    return _code(match[0]) if named and not counts(match.string, match.end()) else None


@rule(DIGIT, r"\d{3,4}+(?=号?(?:室|房|教室|会议室|病房|包厢|包间|宿舍|寝室)|号楼?房间|房间)")
def _room(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT, r"\d{3}(?=国道|省道|县道|路|医院|厂|高地|师|团|(?:错误|状态码|报错|页面|响应码))")
def _numbered(match: re.Match[str]) -> str | None:
    if match[0].endswith("00") and not match.string.startswith(("错误", "状态码"), match.end()):
        return None
    return _code(match[0])


@rule(DIGIT, r"\d{4}(?=次列车|次火车|次旅客列车)|(?<=[\"“「])\d{3}(?=[\"”」](?![人元个]))")
def _train_or_byword(match: re.Match[str]) -> str | None:
    return None if match[0].endswith("00") or before(match, 1) == "第" else _code(match[0])


@rule(DIGIT, r"\d{4}(?: \d{4}){2,5}+(?: \d{1,4}+)?+(?!\d|\.\d)")
def _card(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT + "ABCDEFabcdef", r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])")
def _hardware_address(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(
    DIGIT,
    r"(?<=京|津|沪|渝|冀|豫|云|辽|黑|湘|皖|鲁|新|苏|浙|赣|鄂|桂|甘|晋|蒙|陕|吉|闽|贵|粤|青|藏|川|宁|琼|法)\d{2,4}(?=[民刑行执知破赔][初终再申特辖监更保字])|(?<=[民刑行执知破赔][初终再申特辖监更保字])第?\d{1,6}+(?=号)",
)
def _lawsuit(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(
    "GIJHDSA",
    r"((?:GB|GBT|ISO|IEC|JGJ|JJG|HJ|DB|IEEE|ASTM|DIN)(?:/[A-Z]{1,3}|\d\d)?[- ]?)"
    r"(\d{1,6}+(?:\.\d{1,3}+)?+)[-—:：]((?:19|20)\d\d)(?!\d)",
)
def _standard(match: re.Match[str]) -> str | None:
    if before(match, 1).isascii() and before(match, 1).isalpha():
        return None
    name = re.sub(r"[^A-Z\d]", "", match[1])
    joint = "杠" if match[0][-5] in "-—" else "，"
    return f"{by_digit(name)} {by_digit(match[2].replace('.', '点'))}{joint}{by_digit(match[3])}"


@rule("8", r"802\.\d{1,2}(?![\d.])")
def _network_standard(match: re.Match[str]) -> str | None:
    return by_digit(match[0].replace(".", "点"))


@rule("6512138", r"(?:6{3,6}|52[01]|1314|886|233{1,3})(?![\d.])")
def _slang(match: re.Match[str]) -> str | None:
    """666 that is all that is said."""
    ahead, behind = before(match, 1), match.string[match.end() : match.end() + 1]
    return by_digit(match[0]) if (ahead in _APART and behind in _APART and (ahead or behind)) else None


@rule(DIGIT, r"(?<=[图表式])\d{1,3}+(?:-\d{1,3}+){1,2}+(?![\d.])")
def _figure(match: re.Match[str]) -> str | None:
    return "杠".join(cardinal(part) for part in match[0].split("-"))


@rule(
    DIGIT,
    r"(?:985|211|996|007|315|618|911|798)(?=高校|大学|院校|工程|工作制|晚会|大促|购物节|事件|福报|艺术区)",
)
def _byword(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT, r"(?:12306|12315|12333|12348|955\d\d|10086|10010)(?!\d|\.\d)")
def _service(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) else _code(match[0])


@rule(
    DIGIT,
    r"(?:110|119|120|122)(?=[、/和及](?:110|119|120|122)(?!\d))|(?<=1[12]\d[、/和及])(?:110|119|120|122)(?!\d)",
)
def _emergency(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) else _code(match[0])


@rule(DIGIT + "*", r"(\d{0,6}+)\*{3,12}+(\d{2,4}+)(?![\d*]|\.\d)")
def _masked(match: re.Match[str]) -> str | None:
    """138****5678; the stars are a pause."""
    return f"{_code(match[1])}，{_code(match[2])}"


@rule(DIGIT, r"\d{4,6}\.(?:SH|SZ|BJ|HK|OF|US)(?![A-Za-z0-9])")
def _listed(match: re.Match[str]) -> str | None:
    return by_digit_clearly(match[0].replace(".", "点"))


@rule(DIGIT, r"\d{3,6}+(?=开头|打头|号段)")
def _prefix(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(DIGIT, r"(?:211|985)(?=[、/和](?:211|985)(?!\d))|(?<=(?:211|985)[、/和])(?:211|985)(?!\d)|996(?![\d.])")
def _byword_alone(match: re.Match[str]) -> str | None:
    return None if counts(match.string, match.end()) else _code(match[0])


@rule(DIGIT, r"7-11(?=便利店|超市|门店)")
def _seven_eleven(match: re.Match[str]) -> str | None:
    return "seven eleven"


@rule(
    DIGIT,
    r"\d{1,2}[·./]\d{1,2}(?=[\"”]?(?:特?大?地震|事变|惨案|恐怖袭击))|9/11(?=事件|袭击|恐)|\d{1,2}·\d{1,2}(?!\d)",
)
def _day_of(match: re.Match[str]) -> str | None:
    return _code(match[0])  # 9·11, 3·15, 5.12地震


@rule(
    LATIN,
    r"[GDCZTKSYL]\d{1,4}+(?=次|号?列车|高铁|动车|国道|高速|沪|京)|[A-Z]{2}\d{3,4}+(?=次?航班|号航班|次)",
)
def _journey(match: re.Match[str]) -> str | None:
    return _code(match[0])


@rule(LATIN + DIGIT, rf"(?:{_AIRLINES})\d{{3,4}}+(?![\dA-Za-z.])")
def _flight(match: re.Match[str]) -> str | None:
    ahead = before(match, 1)
    return None if ahead.isascii() and ahead.isalnum() else _code(match[0])


@rule(LATIN, r"[A-Z][·.]? ?(?=[A-Z]{0,6}+\d)[A-Z0-9]{5,6}+(?![A-Za-z0-9])")
def _plate(match: re.Match[str]) -> str | None:
    return _code(match[0]) if before(match, 1) in tuple(_PROVINCES) else None


RULES: Final = (
    *(_masked, _mobile, _international, _landline, _landline_in_brackets, _called, _plate, _card, _named),
    *(_room, _numbered, _train_or_byword, _hardware_address, _lawsuit, _standard, _figure, _byword),
    *(_service, _day_of, _journey, _flight),
    *(_network_standard, _slang),
    *(_emergency, _listed, _prefix, _byword_alone, _seven_eleven),
)
