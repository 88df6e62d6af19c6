"""Signs of arithmetic and others that are read by name."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.counters import counts
from speechmesh.frontend.mandarin.latex import power
from speechmesh.frontend.mandarin.latin import ABBREVIATIONS
from speechmesh.frontend.mandarin.numerals import by_digit, by_digit_clearly, cardinal
from speechmesh.frontend.mandarin.rule import DIGIT, LATIN, NUMBER, SILENCE, after, before, rule
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
    **{
        "∠": "角",
        "⊥": "垂直于",
        "∥": "平行于",
        "∪": "并",
        "∩": "交",
        "∫": "积分",
        "∂": "偏",
        "∛": "三次根号",
    },
}
_COMPARED: Final = {">": "大于", "<": "小于", ">=": "大于等于", "<=": "小于等于", "!=": "不等于"}
_OPERAND: Final = re.compile(r"[A-Za-z0-9Α-Ωα-ω\u3400-\u9fff)）⁰¹²³⁴-⁹°℃%|\]}]")
_EXPONENTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_INDICES: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_NUMBERED: Final = re.compile(
    r"(?:^|[^A-Za-z])(?:Lv|LV|lv|Vol|vol|Chap|Ch|P|p|pp|Fig|fig|Sec|Art|No|no|Eq|Tab)$"
)
_SQUARED: Final = "[^\u3400-\u9fff，。、；：]|[高长宽径边度米里数差值]"
_LATIN_WORDS: Final = {"eg": "例如", "ie": "即"}
_HANZI: Final = re.compile(r"[\u3400-\u9fff]")


@rule("".join(_NAMES), "[" + "".join(_NAMES) + "]")
def _name(match: re.Match[str]) -> str | None:
    return _NAMES[match[0]]


@rule("<>!", r" ?(?:>=|<=|!=|[<>]) ?(?=[-A-Za-z0-9])")
def _comparison(match: re.Match[str]) -> str | None:
    leads = match[0].strip().startswith("<") or before(match, 2).strip(" ")[-1:] not in ("", "\n", ">")
    compared = _operand_before(match) or (leads and after(match, 1).isdigit())
    return _COMPARED[match[0].strip()] if compared and before(match, 1) not in ("-", "=") else None


@rule("=", r"==?")
def _equals(match: re.Match[str]) -> str | None:
    if after(match, 1) in (">", "="):
        return None
    return "等于" if _operand_before(match) else None


@rule("+", r"\+\+(?![A-Za-z0-9])|\+")
def _plus(match: re.Match[str]) -> str | None:
    if before(match, 1) == "0" and len(match[0]) == 1 and counts(match.string, match.end()):
        return "多"  # 300+人
    return "加" * len(match[0]) if _operand_before(match) or _OPERAND.match(after(match, 1)) else None


_KEYS: Final = {"#": "井号", "*": "星号"}  # a telephone's


@rule("#*", r"(?<=[按拨入打下])([#*])(\d{1,8}+)([#*]?)")
def _dialled(match: re.Match[str]) -> str | None:
    return f"{_KEYS[match[1]]}{by_digit_clearly(match[2])}{_KEYS.get(match[3], '')}"  # 拨打*67#


@rule("#*", r"([#*])号?键|(?<=[按拨入打下])([#*])(?![#*A-Za-z0-9])")
def _key(match: re.Match[str]) -> str | None:
    return f"{_KEYS[match[1] or match[2]]}键"  # 按#键返回, 按*重听


@rule("*", r"\* ?(?=\d)")
def _times(match: re.Match[str]) -> str | None:
    return "乘" if before(match, 2).strip()[-1:].isdigit() else None


_ITEMS: Final = re.compile(r"\d{1,5}(?=[，。！、；,.!;)） \n]|$)")


@rule("xX", r"[xX] ?(?=\d)")
def _by(match: re.Match[str]) -> str | None:
    counted = match[0] == "x" and _ITEMS.match(match.string, match.end())
    if counted and re.fullmatch(r"[\u4e00-\u9fff]", before(match, 1)):
        return "乘"  # 金币x300; but 宝马X3
    return "乘" if before(match, 2).strip()[-1:].isdigit() else None


@rule(
    "-",
    rf"- ?(?={NUMBER} ?=|\(-?\d|\d{{1,3}}(?:BP|bp|个基点)|[\d.]{{1,12}} ?[÷×*/+][\d.+\-×÷*/() ]{{1,20}}=)",
)
def _minus(match: re.Match[str]) -> str | None:
    return "减" if before(match, 1).isupper() or before(match, 2).strip()[-1:].isdigit() else None


@rule("-", r" ?- ?(?=[0-9A-Za-z(])")
def _minus_in_formula(match: re.Match[str]) -> str | None:
    if re.search(r"[A-Za-z0-9)）][²³]$", before(match, 2)):
        return "减"
    if re.search(r"(?:^|[^A-Za-z])(?!e)[a-z]$", before(match, 2)) and re.match(r"\d", after(match, 1)):
        return "减"  # x-1, 2n-1
    if before(match, 1).isupper() and re.match(rf"{NUMBER} ?%", after(match, 8)):
        return "减"  # CD-10%
    difference = re.search(r"(?:^|[^A-Za-z])[a-z]$", before(match, 2)) and re.match(
        r"[a-z](?![A-Za-z])", after(match, 2)
    )
    return "减" if difference and match[0] == "-" else None


@rule("^", rf"\^(-?)(\d{{1,6}}+)(?: ?({UNIT_NAMES})(?![A-Za-z]))?(?:/({UNIT_NAMES})(?![A-Za-z0-9]))?")
def _power(match: re.Match[str]) -> str | None:
    unit, per = UNITS.get(match[3], ""), UNITS.get(match[4], "")
    return power(match[2], minus=bool(match[1])) + unit + (f"每{per}" if per else "")


@rule(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁻",
    rf"(?<=10)(⁻)?([⁰¹²³⁴-⁹]{{1,6}}+) ?({UNIT_NAMES})(?![A-Za-z])(?:/({UNIT_NAMES})(?![A-Za-z]))?",
)
def _raised_ten(match: re.Match[str]) -> str | None:
    minus, digits = "负" if match[1] else "", cardinal(match[2].translate(_EXPONENTS))
    per = f"每{UNITS[match[4]]}" if match[4] else ""
    return f"的{minus}{digits}次方{UNITS[match[3]]}{per}"


@rule("-", r"(?<=\d\.\d)-(?=\d{1,3}[A-Z])")
def _of_size(match: re.Match[str]) -> str | None:
    return "，"  # Llama-3.1-405B


@rule("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", r"(⁻)?([⁰¹²³⁴-⁹]{1,6}+)?([⁺⁻])?")
def _raised(match: re.Match[str]) -> str | None:
    digits = (match[2] or "").translate(_EXPONENTS)
    if match[3] or not digits:  # a charge: Fe³⁺
        return (cardinal(digits) if digits else "") + ("加" if "⁺" in match[0] else "减")
    if not re.match(_SQUARED if digits in ("2", "3") else "[A-Za-z0-9)）℃]", before(match, 1)):
        return SILENCE  # the number of a note
    if before(match, 2) == "10":
        return f"的{'负' if match[1] else ''}{cardinal(digits)}次方"
    return power(digits, minus=bool(match[1]))


@rule("₀₁₂₃₄₅₆₇₈₉", r"[₀-₉]{1,6}+")
def _lowered(match: re.Match[str]) -> str | None:
    said = cardinal(match[0].translate(_INDICES))
    return f"以{said}为底" if before(match, 3) == "log" else said


@rule(".", r"(?<![\dA-Za-z)\]）\u3400-\u9fff])\.(\d{1,6}+)(?![\d.])")
def _no_whole(match: re.Match[str]) -> str | None:
    return f"零点{by_digit(match[1])}"


@rule(".", r"\.(?=[A-Za-z0-9])")
def _point(match: re.Match[str]) -> str | None:
    """A dot inside a name is no sentence's end: beta.4, torch.nn, .NET, Vol.3."""
    ahead, behind = before(match, 6), after(match, 1)
    if behind.isdigit() and _NUMBERED.search(ahead):
        return SILENCE
    if ahead[-1:].isascii() and ahead[-1:].isalpha():
        return "点" if behind.isdigit() or behind.islower() else None
    if ahead[-1:].isdigit():
        return "点" if behind in "xX" else None
    if match.string.startswith("NET", match.end()):
        return "点"
    return "点" if behind.isalpha() and (not ahead or ahead[-1] in " 、，,（(《“\"'`：:/\n") else None


@rule(LATIN, r"(?:[A-Za-z]\.){2,6}(?![A-Za-z0-9])|Ph\. ?D\.?")
def _dotted(match: re.Match[str]) -> str | None:
    if before(match, 1).isascii() and before(match, 1).isalnum():
        return None
    letters = re.sub("[. ]", "", match[0])
    return _LATIN_WORDS.get(letters, letters.upper())


@rule(LATIN, r"([A-Z])\. ?(?=[A-Z](?:\.|[a-z]))")
def _initial(match: re.Match[str]) -> str | None:
    ahead = before(match, 1)
    lists = (not ahead or ahead == "\n") and after(match, 2)[1:] != "."  # A. Apple
    return None if lists or (ahead.isascii() and ahead.isalnum()) else f"{match[1]} "


@rule(" ", r" (?=\d|[一二三四五六七八九十]{1,3}、)")
def _between_numbers(match: re.Match[str]) -> str | None:
    """RTX 4090 24GB, 一、总则 二、分则."""
    return "，" if before(match, 1).isdigit() or not after(match, 1).isascii() else None


@rule("vV" + DIGIT, r"(\d{1,2}+)[vV](\d{1,2}+)(?![\d.])")
def _versus(match: re.Match[str]) -> str | None:
    return f"{cardinal(match[1])}V{cardinal(match[2])}"


@rule("Ωω", r"[Ωω]-?(?=[369](?!\d))")
def _omega(match: re.Match[str]) -> str | None:
    return "欧米伽"  # Ω-3, an acid


@rule("/", r"/(?=[A-Za-z](?![A-Za-z]))")
def _divided(match: re.Match[str]) -> str | None:
    return "除以" if re.search(r"[=(（][A-Za-z]$", before(match, 2)) else None  # v=s/t


@rule("(（", r"[(（]([a-z]|\d{1,3})[)）](?=[=+ ]|的?[值图是])")
def _applied(match: re.Match[str]) -> str | None:
    """f(x)=, f(3)=."""
    function = re.search(r"(?:^|[^A-Za-z])[fghFGP]$", before(match, 2))
    return (cardinal(match[1]) if match[1].isdigit() else match[1].upper()) if function else None


_TESTED: Final = re.compile(
    r"(?:[A-Z][A-Za-z0-9-]{1,7}|抗[体原]|试验|蛋白|征|隐血|潜血|检测|核酸|反应|酮体|尿糖)$"
)


@rule("(（", r"[(（](?:(\+)|-)[)）]")
def _result(match: re.Match[str]) -> str | None:
    """HIV（+）, HBsAg(-)."""
    if not _TESTED.search(before(match, 9)):
        return None
    return "，阳性" if match[1] else "，阴性"


# Elements that are met outside a laboratory.
_ELEMENT: Final = (
    "He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Sc|Ti|Cr|Mn|Fe|Co|Ni|Cu|Zn|Ga|Ge|As|Se|Br|Kr|Ag|Cd|Sn|Sb|Cs|Ba|Pt|Au|Hg|Pb|Bi"
    "|[HBCNOFPSKVIWU]"
)


@rule(
    LATIN,
    rf"(?:(?:{_ELEMENT})\d{{0,2}}|\((?:(?:{_ELEMENT})\d{{0,2}}){{1,4}}\)\d{{0,2}}){{2,12}}+(?![A-Za-z0-9])",
)
def _compound(match: re.Match[str]) -> str | None:
    """NaCl, CaCO3, Fe2(SO4)3: letter by letter."""
    ahead, letters = before(match, 1), re.sub(r"[^A-Za-z]", "", match[0])
    if (
        (ahead.isascii() and ahead.isalpha())
        or letters.isupper()
        or letters.istitle()
        or letters in _NO_COMPOUNDS
    ):
        return None
    parts = re.findall(r"\d+|[A-Za-z]", match[0])
    # Blanks, or letters in a row would be a word where they are many.
    return " ".join(cardinal(part) if part.isdigit() else part.upper() for part in parts)


# A chain of shops.
_NO_COMPOUNDS: Final = ("CoCo",)


@rule("wW", r"[Ww]i-[Ff]i(?![A-Za-z])")
def _wireless(match: re.Match[str]) -> str | None:
    return "wifi"


@rule("I", r"IPv(?=\d)")
def _protocol(match: re.Match[str]) -> str | None:
    return "IPV"


@rule("△", r"△(?=[A-Z]{3}(?![A-Za-z]))")
def _triangle(match: re.Match[str]) -> str | None:
    return "三角形"


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


@rule("DMPv", r"(Dr|Mr|Mrs|Ms|Prof|vs)\. ?(?=[A-Za-z0-9\u3400-\u9fff])")
def _abbreviation(match: re.Match[str]) -> str | None:
    return f"{ABBREVIATIONS[match[1]]} "


_RANKED: Final = ("排名", "排", "名列", "位列", "位居")
_LONGEST_ORDINAL: Final = 4


@rule("N", r"N[oO]\. ?(\d{1,20}+)(?![\d.])(?:[-–~](?:N[oO]\. ?)?(\d{1,4}+)(?![\d.]))?(号)?")
def _number_sign(match: re.Match[str]) -> str | None:
    if match[2]:
        return f"{cardinal(match[1])}到{cardinal(match[2])}号"  # No.1-3
    if match[1] == "1" and not match[3]:
        return "number one"
    if before(match, 2).endswith(_RANKED):
        return f"第{cardinal(match[1])}"
    if len(match[1]) > _LONGEST_ORDINAL or match[1].startswith("0"):
        return by_digit_clearly(match[1]) + ("号" if match[3] else "")
    return f"{cardinal(match[1])}号"  # No.7仓库


@rule("pP", r"(?<![A-Za-z])[pP]{1,2}\. ?(\d{1,5}+)(?:[-–~](\d{1,5}+))?(?![\d.])")
def _page(match: re.Match[str]) -> str | None:
    return f"第{cardinal(match[1])}{f'到{cardinal(match[2])}' if match[2] else ''}页"


@rule("(（", r"(?<=[一二三四五六])[(（](\d{1,2}+)[)）](?=班)")
def _class(match: re.Match[str]) -> str | None:
    return cardinal(match[1])  # 高一(3)班


@rule("#", r"(?<=\d)#(?=[楼栋幢座线门机炉井地])")
def _numbered(match: re.Match[str]) -> str | None:
    return "号"  # 5#楼


@rule("BCOPG", r"([BCOPG])2([BCOPG])(?![A-Za-z0-9])")
def _to(match: re.Match[str]) -> str | None:
    return f"{match[1]} to {match[2]}"


@rule("aA", r"([aA])-([zZ])(?![A-Za-z])")
def _alphabet(match: re.Match[str]) -> str | None:
    return f"{match[1]}到{match[2]}"


def _operand_before(match: re.Match[str]) -> bool:
    return bool(_OPERAND.match(before(match, 2).strip()[-1:]))


RULES: Final = (
    *(_omega, _compound, _result),
    *(
        _comparison,
        _equals,
        _plus,
        _dialled,
        _key,
        _times,
        _by,
        _minus,
        _minus_in_formula,
        _power,
        _raised_ten,
        _of_size,
        _raised,
        _lowered,
        _and,
    ),
    *(
        _sharp,
        _about,
        _version,
        _name,
        _no_whole,
        _point,
        _dotted,
        _initial,
        _between_numbers,
        _versus,
        _triangle,
    ),
    *(
        _abbreviation,
        _number_sign,
        _page,
        _class,
        _numbered,
        _to,
        _alphabet,
        _divided,
        _applied,
        _wireless,
        _protocol,
    ),
)
