"""Formulas in LaTeX: what its commands mean, so that their names are not said."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import cardinal, number
from speechmesh.frontend.mandarin.rule import NUMBER, SILENCE, rule

_COMMANDS: Final = {
    **{
        "times": "乘",
        "cdot": "乘",
        "div": "除以",
        "pm": "正负",
        "sqrt": "根号",
        "infty": "无穷大",
        "to": "趋向于",
    },
    **{
        "leq": "小于等于",
        "le": "小于等于",
        "geq": "大于等于",
        "ge": "大于等于",
        "neq": "不等于",
        "ne": "不等于",
    },
    **{"approx": "约等于", "equiv": "恒等于", "in": "属于", "sum": "求和", "int": "积分", "lim": "极限"},
    **{"rightarrow": "趋向于", "alpha": "阿尔法", "beta": "贝塔", "gamma": "伽马", "delta": "德尔塔"},
    **{"Delta": "德尔塔", "theta": "西塔", "lambda": "兰姆达", "mu": "缪", "pi": "派", "sigma": "西格玛"},
    **{"phi": "斐", "omega": "欧米伽", "cdots": "点点点", "ldots": "点点点", "%": "百分号", "frac": "分子"},
    **{"dfrac": "分子", "tfrac": "分子"},
}
_UNHEARD: Final = "text mathrm mathbf mathbb mathcal left right quad qquad displaystyle , ; ! ( ) [ ]".split()
_NAMES: Final = "|".join(re.escape(name) for name in sorted([*_COMMANDS, *_UNHEARD], key=len, reverse=True))
# What a simple numerator, denominator or bound is.
_TERM: Final = rf"({NUMBER}|[A-Za-z]|\\infty)"
_FORMULA: Final = re.compile(r"[\\^_=<>]")


def _term(text: str) -> str:
    return _COMMANDS["infty"] if text.startswith("\\") else number(text) if text[0].isdigit() else text


@rule("$", r"\$\$?(?=([^$\n]{1,200}+)\$)")
def _formula_begins(match: re.Match[str]) -> str | None:
    return SILENCE if match[1].isascii() and _FORMULA.search(match[1]) else None


@rule("\\", rf"\\[dt]?frac\{{{_TERM}\}}\{{{_TERM}\}}")
def _fraction(match: re.Match[str]) -> str | None:
    return f"{_term(match[2])}分之{_term(match[1])}"


@rule("}", r"\}\{")
def _denominator(match: re.Match[str]) -> str | None:
    return "，分母" if "frac{" in match.string[max(0, match.start() - 80) : match.start()] else None


@rule("\\", rf"\\int_\{{?{_TERM}\}}?\^\{{?{_TERM}\}}?")
def _integral(match: re.Match[str]) -> str | None:
    return f"从{_term(match[1])}到{_term(match[2])}的积分"


@rule("\\", rf"\\sum_\{{([A-Za-z])=(\d{{1,6}}+)\}}\^\{{?{_TERM}\}}?")
def _sum(match: re.Match[str]) -> str | None:
    return f"对{match[1]}从{cardinal(match[2])}到{_term(match[3])}求和"


@rule("\\", r"\\(?:begin|end)\{[A-Za-z*]{1,20}+\}")
def _environment(match: re.Match[str]) -> str | None:
    return SILENCE


@rule("\\", rf"\\({_NAMES})(?![A-Za-z])")
def _command(match: re.Match[str]) -> str | None:
    return _COMMANDS.get(match[1], SILENCE)


@rule("^", r"\^\{(-?)(\d{1,6}+|[A-Za-z])\}|\^()([A-Za-z])(?![A-Za-z])")
def _power(match: re.Match[str]) -> str | None:
    minus, exponent = (match[1], match[2]) if match[2] else ("", match[4])
    return power(exponent, minus=bool(minus))


def power(exponent: str, *, minus: bool = False) -> str:
    """How what stands behind a `^` is read."""
    if exponent in ("2", "3") and not minus:
        return "的平方" if exponent == "2" else "的立方"
    return f"的{'负' if minus else ''}{cardinal(exponent) if exponent.isdigit() else exponent}次方"


RULES: Final = (_formula_begins, _fraction, _denominator, _integral, _sum, _environment, _command, _power)
