"""Sums of money, their currency before or behind them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from speechmesh.frontend.mandarin.numerals import number
from speechmesh.frontend.mandarin.rule import DIGIT, NUMBER, RANGE, after, before, rule

_SIGNS: Final = {
    **{"¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "₩": "韩元", "₽": "卢布", "₹": "卢比", "฿": "泰铢"},
    **{
        "₫": "越南盾",
        "US$": "美元",
        "HK$": "港元",
        "NT$": "新台币",
        "A$": "澳元",
        "AU$": "澳元",
        "C$": "加元",
    },
    **{
        "CA$": "加元",
        "S$": "新加坡元",
        "NZ$": "新西兰元",
        "JP¥": "日元",
        "CN¥": "元",
        "R$": "巴西雷亚尔",
        "Rs.": "卢比",
    },
}
_CODES: Final = {
    **{"RMB": "元人民币", "CNY": "元人民币", "USD": "美元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元"},
    **{"HKD": "港元", "KRW": "韩元", "CAD": "加元", "AUD": "澳元", "CHF": "瑞士法郎", "SGD": "新加坡元"},
    **{
        "TWD": "新台币",
        "NZD": "新西兰元",
        "RUB": "卢布",
        "INR": "卢比",
        "THB": "泰铢",
        "VND": "越南盾",
        "MOP": "澳门元",
    },
}
_CURRENCIES: Final = _SIGNS | _CODES
_SCALES: Final = {
    **{
        "k": 1_000,
        "K": 1_000,
        "thousand": 1_000,
        "w": 10_000,
        "M": 1_000_000,
        "m": 1_000_000,
        "mn": 1_000_000,
    },
    **{"million": 1_000_000, "B": 1_000_000_000, "b": 1_000_000_000, "bn": 1_000_000_000},
    **{"billion": 1_000_000_000, "T": 1_000_000_000_000, "trillion": 1_000_000_000_000},
}
_SCALE: Final = r"(?: ?(thousand|million|billion|trillion|bn|mn|[kKwMmBbT])(?![A-Za-z]))?"
_CHINESE_SCALE: Final = r"([百千万亿]{0,3}+)"
_WATTS: Final = re.compile(r"功率|充|电|灯|瓦|耗|音箱|马达|适配")
_HUNDRED_MILLION, _TEN_THOUSAND = 100_000_000, 10_000


def _alternatives(names: dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def amount(text: str, scale: str | None = None) -> str:
    """`3.5` and `M` as 三百五十万; cents of 00 are not said."""
    if scale is None:
        whole, _, cents = text.partition(".")
        text = whole if cents and not cents.strip("0") else text
        return "两" if text == "2" else number(text)
    value = Decimal(text) * _SCALES[scale]
    for unit, name in ((_HUNDRED_MILLION, "亿"), (_TEN_THOUSAND, "万")):
        if value >= unit and value % unit and value * 100 % unit == 0:
            return number(f"{value / unit:f}") + name  # 三点五亿 rather than 三亿五千万
    return number(f"{value:f}".rstrip("0").rstrip(".") if value % 1 else str(int(value)))


def _sum(text: str, scale: str | None, chinese_scale: str | None) -> str:
    return amount(text, scale) + (chinese_scale or "")


@rule(
    "".join({name[0] for name in _CURRENCIES}),
    rf"({_alternatives(_CURRENCIES)}) ?(-)?({NUMBER}){_SCALE}{_CHINESE_SCALE}"
    rf"(?:(?:{RANGE})({NUMBER}){_SCALE}{_CHINESE_SCALE})?(元|美元|日元|日圆|港元|港币|人民币|澳元|加元)?",
)
def _currency_first(match: re.Match[str]) -> str | None:
    if before(match, 1).isascii() and before(match, 1).isalpha():
        return None
    sign, minus, text, scale, chinese_scale, upper, upper_scale, upper_chinese, name = match.groups()
    said = _sum(text, scale, chinese_scale)
    if upper:
        said += "到" + _sum(upper, upper_scale, upper_chinese)
    if minus:
        said = f"负{said}"
    if name is None or name == "元":
        name = _CURRENCIES[sign]
    return f"人民币{said}元" if name == "元人民币" else said + name


_PAIR: Final = "|".join(_CODES)


@rule("".join({name[0] for name in _CODES}), rf"({_PAIR})/({_PAIR})(?![A-Za-z])")
def _pair(match: re.Match[str]) -> str | None:
    """USD/CNY."""
    names = ["人民币" if code in ("CNY", "RMB") else _CODES[code] for code in match.groups()]
    return None if before(match, 1).isascii() and before(match, 1).isalpha() else "兑".join(names)


@rule(DIGIT, rf"({NUMBER}){_SCALE}{_CHINESE_SCALE} ?({_alternatives(_CODES)}|[¥€£₩₽฿])(?![A-Za-z\d])")
def _currency_last(match: re.Match[str]) -> str | None:
    return _sum(match[1], match[2], match[3]) + _CURRENCIES[match[4]]


@rule(DIGIT, r"(\d++)\.0{1,2}+(?=[千万亿]{0,2}(?:元|美元|欧元|英镑|日元|港元|港币|韩元|块))")
def _whole_yuan(match: re.Match[str]) -> str | None:
    return amount(match[1])


@rule(DIGIT, rf"({NUMBER})([kKwW])(?:{RANGE})({NUMBER})\2(?![A-Za-z])")
def _thousands(match: re.Match[str]) -> str | None:
    scale = "万" if match[2] in "wW" else "K"
    return f"{number(match[1])}{scale}到{number(match[3])}{scale}"


@rule(DIGIT, r"(?<=满)(\d{1,6}+)-(\d{1,6}+)(?!\d|[天人岁年级个])")
def _discount(match: re.Match[str]) -> str | None:
    return f"{number(match[1])}减{number(match[2])}"


@rule(DIGIT, rf"({NUMBER})w(?![A-Za-z0-9]|/[A-Za-z0-9])(\+)?")
def _ten_thousands(match: re.Match[str]) -> str | None:
    """100w人; but 65w快充 is of watts."""
    if _WATTS.search(before(match, 6)) or _WATTS.search(after(match, 5)):
        return None
    return f"{amount(match[1])}万{'加' if match[2] else ''}"


@rule(DIGIT, rf"({NUMBER}){_SCALE}{_CHINESE_SCALE} ?\$(?![A-Za-z\d])")
def _dollars_last(match: re.Match[str]) -> str | None:
    """3$; but $x=3$ is a formula."""
    return None if "$" in before(match, 200) else _sum(match[1], match[2], match[3]) + "美元"


RULES: Final = (
    _pair,
    _dollars_last,
    _thousands,
    _ten_thousands,
    _discount,
    _currency_first,
    _currency_last,
    _whole_yuan,
)
