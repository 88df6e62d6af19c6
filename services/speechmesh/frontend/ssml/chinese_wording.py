"""Chinese, for `<say-as>`."""

from __future__ import annotations

from typing import Final

from speechmesh.frontend.ssml.wording import Clock, Date, Span, Wording

_DIGITS = tuple("零一二三四五六七八九")
_SYMBOLS: Final = {
    "-": "杠", ".": "点", "_": "下划线", "@": "艾特", "/": "斜杠", "\\": "反斜杠", "+": "加", "#": "井号", "*": "星号",
    "&": "和", "%": "百分号", "$": "美元符号", ":": "冒号", ",": "逗号", ";": "分号", "?": "问号", "!": "感叹号",
    "(": "左括号", ")": "右括号", "=": "等号", "'": "撇号", '"': "引号", "<": "小于号", ">": "大于号", "|": "竖线",
    "~": "波浪号", "[": "左方括号", "]": "右方括号",
    "。": "句号", "，": "逗号", "、": "顿号", "：": "冒号", "；": "分号",
    "？": "问号", "！": "感叹号", "（": "左括号", "）": "右括号", "–": "杠", "—": "破折号",
    "￥": "人民币符号", "¥": "人民币符号",
}  # fmt: skip
_CURRENCIES: Final = {
    "cny": "元", "rmb": "元", "usd": "美元", "eur": "欧元", "gbp": "英镑", "jpy": "日元", "hkd": "港元",
    "twd": "新台币",
    "krw": "韩元", "sgd": "新加坡元", "aud": "澳元", "cad": "加元", "chf": "瑞士法郎", "rub": "卢布", "inr": "卢比",
}  # fmt: skip
_RANK_SIGN: Final = "第"
_TWO: Final = "两"  # not 二, before what is counted


def _date(date: Date) -> str | None:
    if date.year is not None and date.month is None and date.day is not None:
        return None
    # Digits by name: as an amount, the grammars would read a year of three digits.
    year = "" if date.year is None else "".join(_DIGITS[int(digit)] for digit in str(date.year)) + "年"
    month = "" if date.month is None else f"{date.month}月"
    return year + month + ("" if date.day is None else f"{date.day}日")


def _clock(clock: Clock) -> str:
    halves = {"am": "凌晨", "pm": "中午"} if clock.hour == 12 else {"am": "上午", "pm": "下午"}
    half = halves.get(clock.half, "")
    said = f"{half}{_TWO if clock.hour == 2 else clock.hour}点"
    if clock.minute:
        said += f"{'零' if clock.minute < 10 else ''}{clock.minute}分"
    return said + (f"{clock.second}秒" if clock.second else "")


def _span(span: Span) -> str:
    parts = ((span.hours, "小时"), (span.minutes, "分钟"), (span.seconds, "秒"))
    return "".join(f"{_TWO if count == 2 else count}{unit}" for count, unit in parts if count) or "零秒"


def _money(amount: str, code: str) -> str | None:
    name = _CURRENCIES.get(code)
    return None if name is None else amount + name


CHINESE: Final = Wording(
    digits=_DIGITS,
    phone_digits=tuple("零幺二三四五六七八九"),
    symbols=_SYMBOLS,
    letters=lambda written: [letter.upper() for letter in written],
    gap=" ",
    group_gap="，",
    group_lengths={7: (3, 4), 8: (4, 4), 11: (3, 4, 4), 12: (4, 4, 4)},
    extension="转",
    number=lambda digits: digits,
    ordinal=lambda rank: f"{_RANK_SIGN}{rank}",
    rank_sign=_RANK_SIGN,
    fraction=lambda whole, numerator, denominator: (
        f"{'' if whole is None else f'{whole}又'}{numerator}/{denominator}"
    ),
    unit=lambda _written, _one: None,
    address=lambda written: written,
    name=lambda written: written,
    date=_date,
    clock=_clock,
    span=_span,
    money=_money,
    minus="负",
    bleep="哔",
)
