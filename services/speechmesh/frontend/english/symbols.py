"""Names signs and symbols: operators between numbers, "per", "&", "#5", superscripts."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.codes import read_alphanumeric
from speechmesh.frontend.english.folding import CURRENCY_SYMBOLS, GREEK, SUPERSCRIPTS
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole
from speechmesh.frontend.english.units import per_name, unit_after
from speechmesh.frontend.english.word_lists import HAVE_NUMBERS

_ARROW = re.compile(r"[-=]{1,3}>(?=[ \nA-Za-z0-9(\"'])")
_PER = re.compile(r"\ ?/\ ?(?P<unit>[A-Za-zμ]{1,8})(?![A-Za-z0-9])")
_PER_POWER = re.compile(r"/(?P<unit>[kcmμn]?m)(?P<power>[²³23])(?![A-Za-z0-9])")
_RATE = re.compile(r"\d\ ?[A-Za-z]{2,12}$", re.ASCII)
_SHORTENED = re.compile(r"\.(?=[,;:)]|\ [a-z0-9=&+])")  # $5/mo. for
_PLURAL_BEFORE = re.compile(r"(?<![A-Za-z])[a-z]{2,12}s$")
_WORD_BEFORE = re.compile(r"(?<![A-Za-z])[a-z]{3,12}$")  # of downtime/yr
_COUNTED_PER = re.compile(
    r"/(?P<unit>mL|ml|L|dL|μL|kg|cm|km|h|hr|sec|min|day|week|month|year)(?![A-Za-z0-9/])"
)  # cells/mL
_QUOTIENT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]/[A-Za-z](?![A-Za-z0-9/])")  # v = d/t
_VARIABLE = re.compile(r"[xynzkN](?![A-Za-z0-9])")
_SHORT_PER = {
    "mo": "month",
    "yr": "year",
    "hr": "hour",
    "wk": "week",
    "person": "person",
    "night": "night",
    "ea": "each",
    "nt": "night",
    "bbl": "barrel",
}
_WITH = re.compile(r"w/(?:(?P<o>o(?:ut)?)(?![A-Za-z])|\ ?(?=[A-Za-z0-9$€£\"'-]))")
_SHORT_SLASHED = re.compile(
    r"(?P<name>c/o|n/a|N/A|a/c|A/C|b/c|b/w|I/O|i/o|y/o|h/o|s/p|f/u|q/q|y/y|m/m)(?![A-Za-z0-9/])"
)
_TEXTED = re.compile(r"(?P<words>r\ u|c\ u|u\ r)(?![A-Za-z0-9'/=+*^(-])")
_TEXTED_WORDS = {"r u": "are you", "c u": "see you", "u r": "you are"}
_SLASHED_WORDS = {
    "c/o": "care of", "n/a": "N A", "a/c": "A C", "b/c": "because", "b/w": "between", "i/o": "I O",
    "y/o": "year old", "h/o": "history of", "s/p": "status post", "f/u": "follow up",
    "q/q": "quarter over quarter", "y/y": "year over year", "m/m": "month over month",
}  # fmt: skip
_EXPONENT = re.compile(r"\^\{?(?P<value>[-−]?\d{1,6})\}?|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6})", re.ASCII)
_DIALS = frozenset({"press", "dial", "hit", "push", "pressing", "dialing"})
_LABEL = re.compile(r":|\ (?:is|are|was)(?![a-z])")
_ANOTHER_KEY = re.compile(r"[,;]\ [*#]\ (?:to|for)\ [a-z]")
_AFTER_KEY = re.compile(r"(?:\d{2,3}#?)?(?=[ ,.;:)]|$)(?!\*)", re.ASCII)
_DIALLED_CODE = re.compile(r"\d{2,3}(?![\d*])", re.ASCII)
_HOURS = re.compile(
    r"\d{1,3}\ ?(?:s|sec|min|hrs?|h|d|days?|wks?|weeks?|mo|years?|yr)(?![A-Za-z0-9])", re.ASCII
)
_DOSE = re.compile(r"\ ?\d{1,4}(?:\.\d{1,2})?\ ?(?:mL|ml|L|dL|kg)(?![A-Za-z0-9])", re.ASCII)
_NUMBER_SIGN = re.compile(r"(?:#|№\ ?)(?=\d)")
_LETTERED_NUMBER = re.compile(r"#(?P<name>\d{1,5}[A-Za-z])(?![A-Za-z0-9-])", re.ASCII)  # apartment #3B
_MEASURED = re.compile(
    r"[x×]\ (?:\d{1,6}(?:\.\d{1,4})?\ [x×]\ ){0,2}\d{1,6}(?:\.\d{1,4})?[ -]?"
    r"(?:ft|feet|foot|in|inch|inches|[cmk]?m|yd|px|pixels|meters)(?![A-Za-z])",
    re.ASCII,
)
_COMPARISONS = re.compile(r"(?:<=|>=|!=|==|≤|≥|≠|<|>|=)=?")
_VARIABLE_BEFORE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\ ?$")  # x < y
_VARIABLE_AFTER = re.compile(r"\ ?[A-Za-z](?![A-Za-z0-9])")
_BLOOD = re.compile(r"(?:^|\ )(?:(?:blood|rh)\ (?:[a-z']+\ ){0,10}[abo]|type\ (?:a|b|o|a\ b))$")
_LIMIT = re.compile(r"\ ?[$€£-]?\d")
_CHARGE = re.compile(r"(?<=[A-Za-z0-9₀-₉])(?P<count>[²³⁴])(?P<sign>[+⁻])(?![0-9A-Za-z⁰¹²³⁴⁵⁶⁷⁸⁹])")  # Ca²⁺
_MENU = re.compile(r"[a-z]\ >\ [A-Z][a-z]")
_COMPARISON_WORDS = {
    "<": "is less than", ">": "is greater than", "<=": "is less than or equal to", ">=": "is greater than or equal to",
    "≤": "is less than or equal to", "≥": "is greater than or equal to",
    "!=": "is not equal to", "≠": "is not equal to",
    "=": "equals", "==": "equals", "===": "equals", "!==": "is not equal to",
}  # fmt: skip
_NAMED = {
    "&": "and", "@": "at", "%": "percent", "‰": "per mille", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee",
    "₩": "won", "₿": "bitcoin", "¢": "cent", "°": "degrees", "§": "section", "¶": "paragraph", "©": "copyright",
    "№": "number", "♯": "sharp", "♭": "flat",
    "→": "to", "∞": "infinity", "≈": "approximately", "±": "plus or minus", "÷": "divided by", "√": "square root of",
    "×": "times", "−": "minus", "$": "dollar", "₽": "ruble", "₺": "lira", "₫": "dong", "₱": "peso",
    "฿": "baht", "₪": "shekel",
    "₦": "naira", "₴": "hryvnia", "∈": "in", "∉": "not in", "∪": "union", "∩": "intersection", "⊂": "subset of",
    "∀": "for all", "∃": "there exists", "∑": "sum of", "∫": "integral of", "∂": "partial", **GREEK,
}  # fmt: skip


def is_blood_type(context: Context) -> bool:
    """Whether blood is spoken of, whose types are positive or negative."""
    return bool(_BLOOD.search(context.recent(12)))


def recognise_operator(context: Context, position: int) -> Reading | None:
    """Read "=", "<", "+", "*", "^" and superscripts where they stand between what can be reckoned with."""
    text = context.text
    if (
        text.startswith(("+/-", "+-"), position)
        and text[position + 2 : position + 5].strip("- $€£.")[:1].isdigit()
    ):
        return whole("plus or minus", position, text.index("-", position) + 1)
    exponent = _EXPONENT.match(text, position)
    before = text[position - 1 : position] if position else ""
    if exponent:
        return (
            _power(context, exponent)
            if before.isalnum() or (before in ")" and before)
            else Reading((), exponent.end() if exponent["raised"] else position + 1)
        )
    arrow = _ARROW.match(text, position)
    if arrow:
        return whole("to", position, arrow.end())
    comparison = _COMPARISONS.match(text, position)
    if comparison:
        end = comparison.end()
        words = _COMPARISON_WORDS.get(comparison[0], "")
        strong = len(comparison[0]) > 1 or comparison[0] in "=≤≥≠"
        fits = _between_operands(text, position, end, numeric=not strong)
        if (
            not fits
            and comparison[0][0] in "<>≤≥"
            and _LIMIT.match(text, end)
            and before in {"", " ", "(", "\n", "|"}
        ):
            return whole(words.removeprefix("is "), position, end)  # (≥ 18 years)
        if comparison[0] == ">" and _MENU.match(text, position - 2):
            return whole(",", position, end)  # Settings > Privacy
        if context.previous.endswith("'s") or context.previous in {"is", "was", "are", "be"}:
            words = words.removeprefix("is ")
        if text[max(0, position - 3) : position] in {" | ", "\n| ", "| "}:
            words = words.removeprefix("is ")  # at the beginning of a cell
        if before == " " and text[end : end + 1].isdigit() and context.adjacent_source[1:].isalpha():
            words = words.removeprefix("is ")  # fell to <2%
        return Reading((Piece(words if fits else "", position, end),), end)
    character, after = text[position], text[position + 1 : position + 2]
    if character == "+" and before in {"A", "B", "O"} and is_blood_type(context):
        return whole("positive", position, position + 1)
    if character == "+":
        adjacent = (
            before.isalnum()
            or after.isalnum()
            or before == "+"
            or _between_operands(text, position, position + 1)
        )
        return whole("plus" if adjacent else "", position, position + 1)
    if character == "*" and _is_dialled(context, position):
        code = _DIALLED_CODE.match(text, position + 1)
        end = code.end() if code else position + 1
        return whole(f"star {numbers.digits(code[0]) if code else ''}".strip(), position, end)
    if character == "*":
        emphasis = (before == " ") != (after == " ")  # *1* is one in italics
        spoken = not emphasis and _between_operands(text, position, position + 1, numeric=True)
        return whole("times" if spoken else "", position, position + 1)
    if character in "x×" and _MEASURED.match(text, position):
        return whole("by", position, position + 1)  # 10 x 12 ft
    if text[position - 1 : position + 2] == " x " and text[position - 2] in "\"'":
        return whole("by", position, position + 1)
    if (
        character == "x"
        and before == " "
        and after == " "
        and _between_operands(text, position, position + 1, numeric=True)
    ):
        return whole("times", position, position + 1)
    if character == "^" and before.isalnum() and (after.isalnum() or after in {"(", "{"}):
        return whole("to the power of", position, position + 1)
    return None


def _between_operands(text: str, start: int, end: int, *, numeric: bool = False) -> bool:
    """Whether numbers (or words, unless ``numeric``) stand on both sides, one space away at most."""
    left = text[start - 2 : start].strip()[-1:] if start >= 2 else text[:start]
    right = text[end : end + 4].lstrip(" -$(." if numeric else " -$(./\\{[~\"'")[:1]
    if numeric and not (left.isdigit() or right.isdigit()):
        return bool(
            _VARIABLE_BEFORE.search(text, max(0, start - 3), start) and _VARIABLE_AFTER.match(text, end)
        )
    return (left.isalnum() or left in {")", "]", "%", "²", "!", "|"}) and (
        right.isalnum() or right in {"±", "√", "π"}
    )


def _power(context: Context, match: re.Match[str]) -> Reading:
    charge = _CHARGE.match(context.text, match.start())
    if charge:
        sign = "plus" if charge["sign"] == "+" else "minus"
        return whole(f"{numbers.integer(SUPERSCRIPTS[charge['count']])} {sign}", match.start(), charge.end())
    raw = match["value"] or "".join(SUPERSCRIPTS[character] for character in match["raised"])
    value = raw.lstrip("-−")
    after_word = context.text[max(0, match.start() - 2) : match.start()].isalpha() and match.start() >= 2
    if match["raised"] and after_word and raw not in {"2", "3"}:
        return Reading((), match.end())  # a footnote's mark
    if raw in {"2", "3"}:
        words = "squared" if raw == "2" else "cubed"
    elif raw != value:
        words = f"to the minus {numbers.integer(value)}"
    else:
        words = f"to the {numbers.ordinal(int(value))}"
    end = match.end()
    unit = unit_after(context.text, end) if context.text[match.start() - 1].isdigit() else None
    if unit:
        return whole(f"{words} {unit.many}", match.start(), unit.end)  # 3 × 10^8 m/s
    return whole(words, match.start(), end)


def recognise_slash(context: Context, position: int) -> Reading | None:
    """Read "/": "per" after an amount, "divided by" between spaced numbers, otherwise silent."""
    text = context.text
    if text[position] == "\\":
        return Reading((), position + 1)
    if text[position] != "/":
        return None
    source = context.previous_source
    counted = (
        _COUNTED_PER.match(text, position)
        if _PLURAL_BEFORE.search(text, max(0, position - 16), position)
        else None
    )
    if counted:
        return whole(f"per {per_name(counted['unit'])}", position, counted.end())
    raised = _PER_POWER.match(text, position)
    if raised:
        power = "square" if raised["power"] in "²2" else "cubic"
        return whole(f"per {power} {per_name(raised['unit'])}", position, raised.end())
    if (
        text[position + 1 : position + 2].isdigit()
        and context.recent(2).startswith("per ")
        and source.endswith("/min")
    ):
        return whole("per", position, position + 1)  # mL/min/1.73 m²
    before, after = text[position - 1 : position] if position else "", text[position + 1 : position + 2]
    if (before.isdigit() and _VARIABLE.match(text, position + 1)) or (
        before == ")" and _FUNCTION.match(text, position + 1)
    ):
        return whole("over", position, position + 1)  # 1/x
    if context.recent(2).startswith("equals ") and _QUOTIENT.match(text, position - 1):
        return whole("over", position, position + 1)
    if after.isdigit() and source[:1] in CURRENCY_SYMBOLS and before.isalnum():
        return whole("per", position, position + 1)  # $0.002/1K tokens
    measured = source[:1].isdigit() or _PLURAL_BEFORE.search(text, max(0, position - 16), position)
    if measured and before.isalpha() and _HOURS.match(text, position + 1):
        return whole("per", position, position + 1)  # 4 g/24h
    if source[:1].isdigit() and before.isalpha() and _DOSE.match(text, position + 1):
        return whole("per", position, position + 1)  # 250mg/5mL
    if source.isdigit() and after in CURRENCY_SYMBOLS and after:
        return whole("for", position, position + 1)  # 3/$5
    per = _PER.match(text, position)
    if (
        per
        and per["unit"] in {"s", "sec", "min", "hr", "h"}
        and _RATE.search(text, max(0, position - 18), position)
    ):
        return whole(f"per {per_name(per['unit'])}", position, per.end())  # 100 req/s
    rated = context.recent(2).startswith("per ") and source.startswith("/")  # $10/user/month
    worded = (
        per
        and per["unit"] in {"yr", "mo", "wk"}
        and _WORD_BEFORE.search(text, max(0, position - 16), position)
    )
    if per and (rated or worded or any(character.isdigit() for character in source)):
        name = _SHORT_PER.get(per["unit"]) or per_name(per["unit"])
        if name:
            words = name if name == "each" else f"per {name}"
            shortened = _SHORTENED.match(text, per.end())
            return whole(words, position, shortened.end() if shortened else per.end())
    if text[position - 1 : position + 2] == " / " and position:
        numeric = text[position - 2 : position - 1].isdigit() and text[position + 2 : position + 3].isdigit()
        return whole("divided by" if numeric else ",", position, position + 1)
    return Reading((), position + 1)


_ORDER = re.compile(r"O\((?=[A-Za-z0-9\\])", re.ASCII)  # O(n log n)
_TRIGONOMETRIC = re.compile(r"(?P<name>sin|cos|tan)(?=[²³^(θαβφ]|⁻¹|\ [xyθαβφ](?![A-Za-z]))")
_SINES = {"sin": "sine", "cos": "cosine", "tan": "tangent"}
_FUNCTION = re.compile(
    r"(?P<name>[fghFGHP])\((?P<argument>[A-Za-z]|\d{1,4})(?:\|(?P<given>[A-Za-z]))?\)(?![A-Za-z0-9](?!\())",
    re.ASCII,
)


def recognise_function(context: Context, position: int) -> Reading | None:
    """Read "f(x)" as "F of X"."""
    order = _ORDER.match(context.text, position)
    if order and not context.text[position - 1 : position].isalnum():
        return whole("O of", position, order.end())
    sine = _TRIGONOMETRIC.match(context.text, position)
    if sine:
        return whole(_SINES[sine["name"]], position, sine.end())
    match = _FUNCTION.match(context.text, position)
    if match is None or context.text[position - 1 : position].isalnum():
        return None
    argument = match["argument"]
    words = numbers.integer(argument) if argument.isdigit() else argument.upper()
    if match["given"]:
        words += f" given {match['given'].upper()}"  # P(A|B)
    return whole(f"{match['name'].upper()} of {words}", position, match.end())


def recognise_shorthand(context: Context, position: int) -> Reading | None:
    """Read "w/", "w/o", "c/o", "n/a"."""
    text = context.text
    match = _WITH.match(text, position)
    if match:
        words = "without" if match["o"] else "with"
        return whole(words, position, match.start() + 2 + len(match["o"] or ""))
    texted = _TEXTED.match(text, position)
    if texted and not text[position - 1 : position].isalnum():
        return whole(_TEXTED_WORDS[texted["words"]], position, texted.end())
    match = _SHORT_SLASHED.match(text, position)
    return whole(_SLASHED_WORDS[match["name"].lower()], position, match.end()) if match else None


def recognise_number_sign(context: Context, position: int) -> Reading | None:
    """Read "#5" as "number five"; a lone "#" is silent."""
    lettered = _LETTERED_NUMBER.match(context.text, position)
    if lettered:
        name = Piece(read_alphanumeric(lettered["name"]), *lettered.span("name"))
        return Reading((Piece("number", position, position + 1), name), lettered.end())
    match = _NUMBER_SIGN.match(context.text, position)
    if match:
        return whole("number", position, match.end())
    if context.text[position] != "#":
        return None
    if (
        context.previous in HAVE_NUMBERS
        and context.adjacent_source
        and _LABEL.match(context.text, position + 1)
    ):
        return whole("number", position, position + 1)  # phone #: 555-0100
    return whole("pound" if _is_dialled(context, position) else "", position, position + 1)


def _is_dialled(context: Context, position: int) -> bool:
    """Whether "*" or "#" is a key of a telephone: "press #", "the * key", "dial *67"."""
    text = context.text
    if context.next_word(position + 1) in {"key", "sign", "button"} and text[position - 1 : position] in {
        "",
        " ",
    }:
        return True
    if _ANOTHER_KEY.match(text, position - 2) and not _DIALS.isdisjoint(context.recent(10).split()):
        return True  # press 1 to go on, * to go back
    if not _AFTER_KEY.match(text, position + 1):
        return False
    if text[position] == "#" and (
        context.recent(2) == "followed by" or text[position - 1 : position].isdigit()
    ):
        return True  # your PIN followed by #; 1234#
    return context.previous in _DIALS


def recognise_symbol(context: Context, position: int) -> Reading | None:
    """Name a symbol that nothing else has read; "~" is "about" before an amount."""
    text = context.text
    character = text[position]
    if character == "~":
        before, after = text[position - 1 : position] if position else " ", text[position + 1 : position + 2]
        return whole(
            "about" if (after.isdigit() or (after in "$€£" and after)) and not before.isalnum() else "",
            position,
            position + 1,
        )
    if character == "$" and not (
        text[position + 1 : position + 2].isalpha() or context.previous in {"the", "us", "a"}
    ):
        return whole("dollars", position, position + 1)
    if text.startswith(("§§", "¶¶"), position):
        return whole(f"{_NAMED[character]}s", position, position + 2)
    if text.startswith("& sign", position):
        return whole("ampersand", position, position + 1)
    if text.startswith("&&", position):
        return Reading((), position + 1)
    if character == "©" and context.previous == "copyright":
        return Reading((), position + 1)
    if character == "★":
        return whole("star" if context.previous == "one" else "stars", position, position + 1)
    if character == "¶" and not text[position + 1 : position + 3].strip()[:1].isdigit():
        return Reading((), position + 1)  # a paragraph's end
    name = _NAMED.get(character)
    return whole(name, position, position + 1) if name else None
