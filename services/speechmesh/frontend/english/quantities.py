"""Reads amounts: numbers with signs, magnitudes, units, currencies, and ranges of them."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.bare_numbers import (
    counts_something,
    names_something,
    plain_words,
    stands_before_street,
)
from speechmesh.frontend.english.chemistry import FORMULA
from speechmesh.frontend.english.folding import FRACTIONS
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.units import UnitMatch, name_after, unit_after
from speechmesh.frontend.english.words import spell

# At most 12 groups: a decillion has 11, and an endless run of groups must not be scanned again and again.
NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,12}+(?!,?\d)|\d{1,2}(?:,\d\d){1,5},\d{3}(?!,?\d)|\d++)(?:\.\d++)?|\.\d++"
_AMOUNT = re.compile(rf"(?P<sign>[-−+±~]?)(?P<number>{NUMBER})", re.ASCII)
_SECOND = re.compile(rf"(?P<dash>\ ?[–—]\ ?|-|\ -\ )(?P<sign>−?)(?P<number>{NUMBER})(?![-/]\d)", re.ASCII)
_MIXED = re.compile(r"(?:[ -]?(?P<sign>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])|[ -](?P<n>[1-9]\d?)/(?P<d>[1-9]\d?)(?![\d/]))")
_SLASHED = re.compile(
    r"(?P<n>\d{1,4})/(?P<d>\d{1,4})(?![\d/]|-\d)(?:(?:rds?|ths?)(?![A-Za-z0-9]))?", re.ASCII
)
_FRACTION = r"[1-9]\d?/(?:[2-9]|1[0-6]|32|64)(?![\d/])"
_FRACTIONS = re.compile(
    rf"(?P<low>{_FRACTION})\ ?[-–]\ ?"
    rf"(?:(?P<whole>[1-9]\d?)(?:[ -](?={_FRACTION})|(?![\d/.,:%-])))?(?P<high>{_FRACTION})?"
    r"(?P<inch>\"?)(?!-\d)",
    re.ASCII,
)  # 1/2-3/4 cup, 1/2-1 inch
_ALWAYS_OPEN = re.compile(r"24/7/365(?![\d/])", re.ASCII)
_SCORED = frozenset(
    str.split("won win wins lost lose loses led lead leads beat trailed trailing score by up down")
)
_SCORE = re.compile(r"(?P<n>\d{1,3}\.\d{1,2})/(?P<d>[45]\.0|5|10|20|100)(?![\d/]|\.\d)", re.ASCII)
_MAGNITUDE = re.compile(
    r"[ \n-]?(?P<word>thousand|million|billion|trillion|quadrillion|hundred|lakh|crore|mn|bn|tn)(?![A-Za-z])"
    r"|\ ?(?P<letter>[MB])(?![A-Za-z0-9']|\.[A-Za-z]|(?<=\ [MB])\))|(?P<counted>[kKT])\+?(?=[ ])"
    r"|(?P<per>[kK])(?=/(?:[μum][A-Za-z]{1,5}|yr|year|wk|week|day|hr)(?![a-z]))"
    r"|(?P<few>m)\+?(?=\ (?:new\ |active\ |more\ )?(?:people|users|customers|subscribers|viewers|homes|households|jobs|"
    r"workers|children|barrels|tonnes|shares|deaths|cases|votes|voters|followers|downloads|visitors|passengers|vehicles|"
    r"cars|members|patients|students|refugees|records|copies|times|adults|women|men|residents|accounts|listeners)(?![a-z]))"
)
_MAGNITUDES = {
    "mn": "million", "bn": "billion", "tn": "trillion", "M": "million", "B": "billion", "k": "thousand",
    "K": "thousand", "T": "trillion", "m": "million",
}  # fmt: skip
_MOLAR = re.compile(rf"\ M(?=\ (?:{FORMULA}(?![A-Za-z0-9'])|(?:aqueous|solutions?)(?![a-z])))", re.ASCII)
_LENGTH = re.compile(r"\ (?:mi|km|sq|lbs?|ft|gal)(?![A-Za-z])")  # 120k mi
_NAMES_IN_K = re.compile(r"(?<![\d.,])[2458]K$")  # a 4K display, a 5K race
_OF_BITS = re.compile(r"modem|serial|link|connection|line|baud")
_SIGNS = {"-": "minus", "−": "minus", "+": "plus", "±": "plus or minus", "~": "about", "": ""}
_STEPS = frozenset(
    str.split(
        "grade step page part day lesson question slide episode level round week stage task item attempt try tweet"
    )
)
_TIME = re.compile(
    r"[ -](?:time|meter|metre)(?![a-z])(?!\ (?:job|position|work|staff|pay|role|salary|student))"
)
_DWELT = frozenset(str.split("live lives lived living reside resides resided residing"))
_OF_3M = re.compile(
    r"M(?=\ (?:Company|Corp|Corporation|Co|Inc|Scotch|Post-it|makes|made|said|says|announced|announces|reports|"
    r"reported|agreed|agrees|plans|tapes?|adhesives?|filters?|masks?|respirators?|stock)(?![A-Za-z]))"
)
_INNINGS = re.compile(
    r"\ (?:in|after|off|from)\ \d{1,2}(?:\.\d)?\ overs|\ (?:dec|declared)(?![a-z])|\ \(\d{1,2}(?:\.\d)?\ ov"
)
_LABELLED = frozenset(
    str.split("table figure equation exhibit form schedule appendix exercise problem listing example")
)
_SCIENTIFIC = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,15})?)[eE](?P<sign>[-+]?)(?P<exponent>\d{1,3})(?![A-Za-z0-9]|\.\d)",
    re.ASCII,
)
_NO_NOUNS = frozenset(
    str.split(
        """
        after and as at because before behind but by deep during for from high if in is of on or over per since tall
        than that then thick to until was when where which while wide with long
        """
    )
)
_SUFFIX = re.compile(r"[A-Za-z]{1,2}(?![A-Za-z0-9])")
_BOUNDARY = re.compile(r"(?![A-Za-z0-9_])")


def is_at_token_start(text: str, position: int) -> bool:
    """Whether a sign here belongs to the number after it rather than joining two things."""
    return position == 0 or text[position - 1] in " \n\t([{\"'=<>*×÷/,:~$€£¥→"


def recognise_quantity(context: Context, position: int) -> Reading | None:
    """Read an amount without a currency: "-5", "3 1/2", "10-20 kg", "1.5 million", "1999"."""
    text = context.text
    match = _AMOUNT.match(text, position)
    if match is None or (match["sign"] in {"-", "+"} and not is_at_token_start(text, position)):
        return None
    if match["sign"] == "~" and position and text[position - 1].isalnum():
        return whole("to" if text[position - 1].isdigit() else "tilde", position, position + 1)  # 2~3, HEAD~3
    fraction = None if match["sign"] == "~" else _recognise_fraction(context, match.start("number"))
    sign = _SIGNS[match["sign"]]
    if fraction:
        words = f"{sign} {fraction.pieces[0].words}"
        return whole(words.strip(), position, fraction.end)
    end = match.end()
    second = _SECOND.match(text, end)
    if second and _is_range(second):
        both = _range(context, match, second)
        if both:
            return whole(f"{sign} {both.pieces[0].words}".strip(), position, both.end)
    literal = match["number"]
    mixed = _MIXED.match(text, end) if "." not in literal else None
    if mixed:
        words, end = f"{numbers.number(literal)} and {_mixed_words(mixed)}", mixed.end()
        return _finish(context, f"{sign} {words}".strip(), position, end, one=False)
    return _single(context, literal, sign, position, end)


def _single(context: Context, literal: str, sign: str, position: int, end: int) -> Reading | None:
    """Read one number with what may follow it."""
    text = context.text
    lettered = text[end : end + 1].isalpha()
    named = (
        literal.isdigit() and not sign and (names_something(context, end) or _is_name(context, literal, end))
    )
    if named and lettered:
        return None  # Seat 12A
    if (named and text[end : end + 1] not in {"%", "°"}) or (
        magnitude_at(context.text, end) is None and unit_after(context.text, end) is None
    ):
        if not _BOUNDARY.match(text, end):
            suffix = _SUFFIX.match(text, end) if "." in literal or sign else None
            if suffix is None:
                return None  # a code such as 4K
            return whole(
                f"{sign} {numbers.number(literal)} {spell(suffix[0])}".strip(), position, suffix.end()
            )
        words = sign or plain_words(context, literal, end)
        if sign:
            words = f"{sign} {numbers.number(literal)}"
        return whole(words, position, end)
    return _finish(context, f"{sign} {numbers.number(literal)}".strip(), position, end, one=literal == "1")


def _finish(context: Context, words: str, position: int, end: int, *, one: bool) -> Reading | None:
    """Add magnitude and unit to a number's words."""
    text = context.text
    magnitude = magnitude_at(text, end)
    if magnitude:
        words, end, one = f"{words} {magnitude[0]}", magnitude[1], False
    unit = unit_after(text, end)
    if unit:
        if text.startswith("bps", end + (text[end : end + 1] == " ")) and _is_interest(
            context, words, unit.end
        ):
            unit = unit._replace(one="basis point", many="basis points")
        words, end = f"{words} {_unit_words(context, unit, one)}", unit.end
    if not _BOUNDARY.match(text, end) and text[end - 1] not in "%°":
        return None
    return whole(words, position, end)


def _is_name(context: Context, literal: str, end: int) -> bool:
    """Whether a number and a capital name a flat, "I live in 42B", or the company 3M, and are no millions."""
    if context.previous in {"at", "in"}:
        return len(literal) <= 3 and not _DWELT.isdisjoint(context.recent(2).split())
    return literal == "3" and _OF_3M.match(context.text, end) is not None


def _is_interest(context: Context, words: str, end: int) -> bool:
    """Whether so many bps are basis points: a line carries thousands of bits in a second, if not more."""
    few = "thousand" not in words and "million" not in words
    told = context.previous != "" or words.startswith(("plus", "minus"))
    return (
        few and told and not _OF_BITS.search(context.text, end, end + 24) and "modem" not in context.recent(6)
    )


def _unit_words(context: Context, unit: UnitMatch, one: bool) -> str:
    """Choose the unit's form: "a 5 km run" is a five kilometer run."""
    noun_follows = context.text[unit.end : unit.end + 1] in {" ", "-"} and context.next_word(unit.end + 0)
    as_adjective = context.previous in {"a", "an", "by"} and noun_follows and noun_follows.islower()
    return unit.one if one or (as_adjective and noun_follows not in _NO_NOUNS) else unit.many


def magnitude_at(text: str, end: int) -> tuple[str, int] | None:
    """The magnitude after a number ("million", "M") and where it ends."""
    molar = _MOLAR.match(text, end)
    if molar:
        return "molar", molar.end()
    match = _MAGNITUDE.match(text, end)
    if match is None:
        return None
    found = match["word"] or match["letter"] or match["counted"] or match["per"] or match["few"]
    if match["few"]:
        return _MAGNITUDES[found], match.end("few")
    if match["counted"]:
        end = match.end("counted")
        counted = counts_something(text, match.end()) or _LENGTH.match(text, match.end())
        if not counted or _NAMES_IN_K.search(text, max(0, end - 3), end):
            return None
        return _MAGNITUDES[found], end
    if match["letter"] and stands_before_street(text, match.end()):
        return None  # 221B Baker Street
    return _MAGNITUDES.get(found, found), match.end()


def recognise_scientific(context: Context, position: int) -> Reading | None:
    """Read "3.2e-5" as "three point two times ten to the minus five"."""
    match = _SCIENTIFIC.match(context.text, position)
    if match is None:
        return None
    sign, exponent = match["sign"], int(match["exponent"])
    rank = f"minus {numbers.cardinal(exponent)}" if sign == "-" else numbers.ordinal(exponent)
    words = f"{numbers.number(match['number'])} times ten to the {rank}"
    unit = unit_after(context.text, match.end())
    if unit:
        return whole(f"{words} {unit.many}", position, unit.end)
    return whole(words, position, match.end())


def _is_range(second: re.Match[str]) -> bool:
    return not second["number"].startswith(".") or second["dash"] != "-"


def _range(context: Context, first: re.Match[str], second: re.Match[str]) -> Reading | None:
    """Read "10-20 kg"; a spaced hyphen is a range only if the second number is larger."""
    text, end = context.text, second.end()
    low, high = first["number"], second["number"]
    if context.previous in {"boeing", "airbus", "boeing's"}:
        return None  # a 737-800
    start = first.start()
    if start > 1 and text[start - 1] == "-" and text[start - 2].isalpha() and "." in low:
        return None  # Llama-3.1-70B
    if second["dash"] == " - " and (
        text[end : end + 3].strip().startswith("=") or _value(low) >= _value(high)
    ):
        return None
    unit = unit_after(text, end)
    magnitude = magnitude_at(text, end)
    if unit is None and magnitude is None and not _BOUNDARY.match(text, end):
        return None
    if context.previous in _LABELLED and low.isdigit() and high.isdigit():
        words = f"{numbers.integer(low)} dash {numbers.integer(high)}"  # table 2-1
    elif (low, high) == ("24", "7"):
        words = "twenty four seven"
    elif _are_shares(low, high) and unit is None and context.previous not in _SCORED:
        words = f"{numbers.cardinal(int(low))} {numbers.cardinal(int(high))}"  # fifty-fifty, 80-20
    elif low.isdigit() and high.isdigit() and len(low) == 4 and unit is None and magnitude is None:
        words = _year_range(context, low, high, end)
    else:
        words = f"{numbers.number(low)} to {numbers.number(high)}"
        mixed = _MIXED.match(text, end) if "." not in high else None
        if mixed:
            words, end = f"{words} and {_mixed_words(mixed)}", mixed.end()
    return _finish(context, words, first.start("number"), end, one=False)


def _are_shares(low: str, high: str) -> bool:
    """Whether two numbers share a hundred, the larger one first, or are alike."""
    if not (low.isdigit() and high.isdigit() and len(low) == len(high) == 2):
        return False
    return low == high or (int(low) + int(high) == 100 and int(low) > int(high))


def _year_range(context: Context, low: str, high: str, end: int) -> str:
    if 1100 <= int(low) <= 2099 and not counts_something(context.text, end):
        if len(high) == 4 and 1100 <= int(high) <= 2099:
            return f"{numbers.year(int(low))} to {numbers.year(int(high))}"
        if len(high) == 2:
            return f"{numbers.year(int(low))} to {numbers.pair(int(high))}"
    return f"{numbers.number(low)} to {numbers.number(high)}"


def _value(literal: str) -> tuple[int, str]:
    """Order literals by size without parsing numbers of any length."""
    whole_part = literal.replace(",", "").partition(".")[0].lstrip("0")
    return len(whole_part), whole_part


def _mixed_words(match: re.Match[str]) -> str:
    if match["sign"]:
        numerator, denominator = FRACTIONS[match["sign"]]
    else:
        numerator, denominator = int(match["n"]), int(match["d"])
    words = numbers.fraction(numerator, denominator)
    return "a half" if words == "one half" else "a quarter" if words == "one quarter" else words


def _recognise_fraction(context: Context, position: int) -> Reading | None:
    always = _ALWAYS_OPEN.match(context.text, position)
    if always:
        return whole("twenty four seven three sixty five", position, always.end())
    score = _SCORE.match(context.text, position)
    if score:
        both = numbers.number(score["n"]), numbers.number(score["d"])
        return whole(" out of ".join(both), position, score.end())
    between = _FRACTIONS.match(context.text, position)
    if between and (words_between := _fraction_range(between)):
        one = between["whole"] is None or (between["whole"] == "1" and not between["high"])
        if between["inch"] and not context.in_quotes:
            return whole(f"{words_between} {'inch' if one else 'inches'}", position, between.end())
        return _finish(context, words_between, position, between.start("inch"), one=one)
    match = _SLASHED.match(context.text, position)
    if match is None:
        return None
    if len(match["n"]) == 4 and len(match["d"]) == 2 and (int(match["n"]) + 1) % 100 == int(match["d"]):
        season = f"{numbers.year(int(match['n']))} {numbers.pair(int(match['d']))}"  # 2023/24
        return whole(season, position, match.end())
    numerator, denominator = int(match["n"]), int(match["d"])
    pair = (numerator, denominator)
    words = {
        (24, 7): "twenty four seven",
        (9, 11): "nine eleven",
        (50, 50): "fifty fifty",
        (20, 20): "twenty twenty",
    }.get(pair)
    if words is None and numerator + denominator == 100 and min(pair) >= 10:
        words = f"{numbers.cardinal(numerator)} {numbers.cardinal(denominator)}"  # an 80/20 split
    if words is None and context.previous in _STEPS and numerator <= denominator:
        words = f"{numbers.cardinal(numerator)} of {numbers.cardinal(denominator)}"  # step 3/5
    if (
        words is None
        and denominator <= 10
        and numerator > denominator
        and _INNINGS.match(context.text, match.end())
    ):
        words = f"{numbers.cardinal(numerator)} for {numbers.cardinal(denominator)}"
    if words is None and _is_metre(context, pair, match.end()):
        words = f"{numbers.cardinal(numerator)} {numbers.cardinal(denominator)}"
    starred = denominator == 5 and context.next_word(match.end()) in {"star", "stars"}
    scored = starred or (denominator == 10 and numerator > 1 and context.next_word(match.end()) != "of")
    if words is None and (scored or (numerator == denominator and denominator > 1)):
        words = f"{numbers.cardinal(numerator)} out of {numbers.cardinal(denominator)}"
    if words is None and denominator > 20:
        words = f"{numbers.number(match['n'])} over {numbers.number(match['d'])}"
    if words is None:
        words = numbers.fraction(numerator, denominator)
    attached = name_after(context.text, match.end())
    if attached:
        return whole(f"{words} {attached}", position, match.end() + len(attached))
    return _finish(context, words, position, match.end(), one=numerator < denominator)


def _fraction_range(match: re.Match[str]) -> str:
    """Words of "1/2-3/4" and "1/2-1 1/2"; empty where there is no second or one of them is no part of a whole."""
    if not (match["whole"] or match["high"]):
        return ""
    parts = []
    for fraction in (match["low"], match["high"]):
        numerator, _, denominator = (fraction or "1/2").partition("/")
        if int(numerator) >= int(denominator):
            return ""
        parts.append(numbers.fraction(int(numerator), int(denominator)))
    low, high = parts
    if match["whole"]:
        full = numbers.cardinal(int(match["whole"]))
        high = full if not match["high"] else f"{full} and {high}".replace("one half", "a half")
    return f"{low} to {high}"


def _is_metre(context: Context, pair: tuple[int, int], end: int) -> bool:
    """Whether beats and their note are written, as in "a waltz in 3/4 time"."""
    beats, note = pair
    written = beats > 1 and note in {2, 4, 8, 16} and context.previous in {"in", "a", "into", "to"}
    return written and bool(_TIME.match(context.text, end))


def recognise_vulgar_fraction(context: Context, position: int) -> Reading | None:
    """Read a fraction written as one character: "½ mile"."""
    found = FRACTIONS.get(context.text[position])
    if found is None:
        return None
    words = numbers.fraction(*found)
    inch = _INCH_SIGN.match(context.text, position + 1)
    if inch and not context.in_quotes:
        return whole(f"{words} inch", position, inch.end())
    upper = _UPPER_FRACTION.match(context.text, position + 1)
    if upper:
        words = f"{words} to {numbers.fraction(*FRACTIONS[upper[1]])}"
        return _finish(context, words, position, upper.end(), one=True) or whole(words, position, upper.end())
    return _finish(context, words, position, position + 1, one=True) or whole(words, position, position + 1)


_INCH_SIGN = re.compile(r"\"(?=\ ?[x×]|\ [a-z])")
_UPPER_FRACTION = re.compile("\\ ?[-–]\\ ?([" + "".join(FRACTIONS) + "])")
_DIGITS = re.compile(r"\d++", re.ASCII)


def recognise_plain(context: Context, position: int) -> Reading | None:
    """Read the digits that nothing else wanted, so that no number is skipped."""
    match = _DIGITS.match(context.text, position)
    return whole(numbers.integer(match[0]), position, match.end()) if match else None
