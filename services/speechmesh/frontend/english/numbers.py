"""Numbers in words, American style: "one hundred one", without "and"."""

from __future__ import annotations

_SMALL = str.split(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
    """
)
_TENS = str.split(
    """
    _ ten twenty thirty forty fifty sixty seventy eighty ninety
    """
)
_SCALES = str.split(
    """
    _ thousand million billion trillion quadrillion quintillion sextillion septillion octillion
    nonillion decillion
    """
)
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
MAX_DIGITS = 3 * len(_SCALES)
"""Numbers up to the decillions have a name; longer ones are read digit by digit."""
_MAX_BARE_DIGITS = 15  # longer without separators is an identifier, not an amount


def cardinal(number: int) -> str:
    """Read a whole number below 10**MAX_DIGITS: 1299 is "one thousand two hundred ninety nine"."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        return _join(_TENS[number // 10], number % 10)
    if number < 1000:
        return _join(f"{_SMALL[number // 100]} hundred", number % 100)
    scale = (len(str(number)) - 1) // 3
    head, rest = divmod(number, 1000**scale)
    return _join(f"{cardinal(head)} {_SCALES[scale]}", rest)


def _join(head: str, rest: int) -> str:
    return f"{head} {cardinal(rest)}" if rest else head


def ordinal(number: int) -> str:
    """Read a whole number as a rank: 21 is "twenty first"."""
    *head, last = cardinal(number).split()
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return " ".join([*head, last])


def digits(text: str) -> str:
    """Read every digit by its name: "05" is "zero five"."""
    return " ".join(_SMALL[int(digit)] for digit in text if digit.isdigit())


def integer(text: str, *, grouped: bool = False) -> str:
    """Read a string of digits as an amount; with leading zeros or very long, digit by digit.

    Args:
        text: ASCII digits, with or without thousands separators.
        grouped: the writer used separators, so that it is an amount however long.
    """
    plain = text.replace(",", "")
    limit = MAX_DIGITS if grouped or "," in text else _MAX_BARE_DIGITS
    if len(plain) > limit or (len(plain) > 1 and plain[0] == "0"):
        return digits(plain)
    return cardinal(int(plain))


def number(literal: str) -> str:
    """Read an unsigned literal such as "1,250", "3.14" or ".5"."""
    whole, point, decimals = literal.partition(".")
    words = [integer(whole)] if whole else []
    if point and decimals:
        words += ["point", digits(decimals)]
    return " ".join(words)


def year(value: int) -> str:
    """Read a year: 1999 is "nineteen ninety nine", 2005 "two thousand five"."""
    century, rest = divmod(value, 100)
    if not 1010 <= value <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(value)
    return f"{cardinal(century)} {pair(rest)}"


def pair(value: int) -> str:
    """Read the last two digits of a year or an identifier: 0 is "hundred", 5 is "oh five"."""
    if value == 0:
        return "hundred"
    return f"oh {_SMALL[value]}" if value < 10 else cardinal(value)


def identifier(text: str) -> str:
    """Read the digits of a name, as in A380, Flight 370 or 1080p: in pairs, not as an amount."""
    if len(text) == 5 and text[0] != "0" and text.endswith("00"):
        thousands = cardinal(int(text[:2]))  # 13700: thirteen seven hundred
        return f"{thousands} {cardinal(int(text[2:]))}" if text[2] != "0" else f"{thousands} thousand"
    if text[0] == "0" or len(text) > 4:
        return digits(text)
    value = int(text)
    if len(text) == 3 and value % 100:
        return f"{_SMALL[value // 100]} {pair(value % 100)}"
    if len(text) == 4 and value % 1000:
        century, rest = divmod(value, 100)
        return year(value) if 1100 <= value <= 2099 else f"{cardinal(century)} {pair(rest)}"
    return cardinal(value)


def decade(value: int) -> str:
    """Read a span of ten years: 1980 is "nineteen eighties", 80 "eighties", 1900 "nineteen hundreds"."""
    return plural(year(value) if value >= 1000 else cardinal(value))


def plural(words: str) -> str:
    """Make the last number word a plural: "eighty" becomes "eighties"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")


def fraction(numerator: int, denominator: int) -> str:
    """Read a fraction: 3/4 is "three quarters", 120/80 "one hundred twenty over eighty"."""
    if denominator < 2 or denominator > 100 or numerator > 10 * denominator:
        return f"{cardinal(numerator)} over {cardinal(denominator)}"
    special = {2: ("half", "halves"), 4: ("quarter", "quarters")}
    name = ordinal(denominator)
    one, many = special.get(denominator, (name, plural(name)))
    return f"{cardinal(numerator)} {one if numerator == 1 else many}"
