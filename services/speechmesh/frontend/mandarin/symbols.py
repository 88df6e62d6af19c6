"""Signs of arithmetic and others that are read by name."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.latin import ABBREVIATIONS
from speechmesh.frontend.mandarin.numerals import by_digit, cardinal
from speechmesh.frontend.mandarin.rule import LATIN, NUMBER, after, before, rule
from speechmesh.frontend.mandarin.units import UNIT_NAMES, UNITS

_NAMES: Final = {
    **{
        "≥": "大于等于",
        "≤": "小于等于",
        "≠": "不等于",
        "≈": "约等于",
        "±": "正负",
        "√": "根号",
        "∞": "无穷大",
    },
    **{
        "×": "乘",
        "÷": "除以",
        "∵": "因为",
        "∴": "所以",
        "α": "阿尔法",
        "β": "贝塔",
        "γ": "伽马",
        "δ": "德尔塔",
    },
    **{
        "Δ": "德尔塔",
        "θ": "西塔",
        "λ": "兰姆达",
        "μ": "缪",
        "π": "派",
        "σ": "西格玛",
        "Σ": "西格玛",
        "φ": "斐",
    },
    **{
        "ω": "欧米伽",
        "Ω": "欧姆",
        "℃": "摄氏度",
        "℉": "华氏度",
        "‰": "千分号",
        "∑": "求和",
        "∈": "属于",
        "↑": "上升",
        "↓": "下降",
    },
    **{"²": "的平方", "³": "的立方"},
}
_COMPARED: Final = {">": "大于", "<": "小于", ">=": "大于等于", "<=": "小于等于", "!=": "不等于"}
_OPERAND: Final = re.compile(r"[A-Za-z0-9\u3400-\u9fff)）²³]")
_HANZI: Final = re.compile(r"[\u3400-\u9fff]")


@rule("".join(_NAMES), "[" + "".join(_NAMES) + "]")
def _name(match: re.Match[str]) -> str | None:
    return _NAMES[match[0]]


@rule("<>!", r" ?(?:>=|<=|!=|[<>]) ?(?=[-A-Za-z0-9])")
def _comparison(match: re.Match[str]) -> str | None:
    compared = _operand_before(match) or (match[0].startswith("<") and after(match, 1).isdigit())
    return _COMPARED[match[0].strip()] if compared and before(match, 1) not in ("-", "=") else None


@rule("=", r"==?")
def _equals(match: re.Match[str]) -> str | None:
    if after(match, 1) in (">", "="):
        return None
    return "等于" if _operand_before(match) else None


@rule("+", r"\+\+(?![A-Za-z0-9])|\+")
def _plus(match: re.Match[str]) -> str | None:
    return "加" * len(match[0]) if _operand_before(match) or _OPERAND.match(after(match, 1)) else None


@rule("*", r"\* ?(?=\d)")
def _times(match: re.Match[str]) -> str | None:
    return "乘" if before(match, 2).strip()[-1:].isdigit() else None


@rule("xX", r"[xX] ?(?=\d)")
def _by(match: re.Match[str]) -> str | None:
    return "乘" if before(match, 2).strip()[-1:].isdigit() else None


@rule("-", rf"- ?(?={NUMBER} ?=)")
def _minus(match: re.Match[str]) -> str | None:
    return "减" if before(match, 2).strip()[-1:].isdigit() else None


@rule("^", rf"\^(-?)(\d{{1,6}}+)(?: ?({UNIT_NAMES})(?![A-Za-z]))?")
def _power(match: re.Match[str]) -> str | None:
    return f"的{'负' if match[1] else ''}{cardinal(match[2])}次方{UNITS.get(match[3], '')}"


@rule("&", r"&")
def _and(match: re.Match[str]) -> str | None:
    ahead, behind = before(match, 2).strip()[-1:], after(match, 2).strip()[:1]
    if not (_OPERAND.match(ahead) and _OPERAND.match(behind)):
        return None
    return "和" if _HANZI.match(ahead) or _HANZI.match(behind) else " and "


@rule(LATIN, r"[CFcf]#(?![A-Za-z0-9])")
def _sharp(match: re.Match[str]) -> str | None:
    return f"{match[0][0].upper()} sharp"


@rule("~～", r"[~～](?=\d)")
def _about(match: re.Match[str]) -> str | None:
    return None if _OPERAND.match(before(match, 1)) else "约"


@rule(LATIN, r"[vV](?=\d)(?:er)?\.?(\d{1,6}+(?:\.\d{1,6}+){1,5}+)")
def _version(match: re.Match[str]) -> str | None:
    return "V" + by_digit(match[1].replace(".", "点"))


@rule("DMPNv", r"(Dr|Mr|Mrs|Ms|Prof|No|vs)\. ?(?=[A-Za-z0-9\u3400-\u9fff])")
def _abbreviation(match: re.Match[str]) -> str | None:
    if match[1] == "No" and not after(match, 1).isdigit():
        return None
    return f"{ABBREVIATIONS[match[1]]} "


@rule("BCOPG", r"([BCOPG])2([BCOPG])(?![A-Za-z0-9])")
def _to(match: re.Match[str]) -> str | None:
    return f"{match[1]} to {match[2]}"


@rule("aA", r"([aA])-([zZ])(?![A-Za-z])")
def _alphabet(match: re.Match[str]) -> str | None:
    return f"{match[1]}到{match[2]}"


def _operand_before(match: re.Match[str]) -> bool:
    return bool(_OPERAND.match(before(match, 2).strip()[-1:]))


RULES: Final = (
    *(_comparison, _equals, _plus, _times, _by, _minus, _power, _and, _sharp, _about, _version, _name),
    *(_abbreviation, _to, _alphabet),
)
