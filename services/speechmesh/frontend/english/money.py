"""Reads amounts of money: "$1,299.50", "€3 billion", "5 USD", "CHF 20", "$5-$10", "$20/month"."""

from __future__ import annotations

import re
from typing import NamedTuple

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.quantities import NUMBER, is_at_token_start
from speechmesh.frontend.english.reading import Context, Reading, whole


class Currency(NamedTuple):
    """What one and many of a currency's units are called, and of its hundredths ("" if it has none)."""

    one: str
    many: str
    minor_one: str = ""
    minor_many: str = ""


def _dollar(country: str = "") -> Currency:
    name = f"{country} dollar".strip()
    return Currency(name, name + "s", "cent", "cents")


_POUND = Currency("pound", "pounds", "penny", "pence")
_EURO = Currency("euro", "euros", "cent", "cents")
_YEN, _YUAN, _WON = Currency("yen", "yen"), Currency("yuan", "yuan", "fen", "fen"), Currency("won", "won")
_RUPEE = Currency("rupee", "rupees", "paisa", "paise")
_FRANC = Currency("swiss franc", "swiss francs", "centime", "centimes")
_BITCOIN = Currency("bitcoin", "bitcoin")
_KRONA = Currency("krona", "kronor")

BY_SYMBOL = {
    "US$": Currency("U S dollar", "U S dollars", "cent", "cents"), "C$": _dollar("canadian"),
    "CA$": _dollar("canadian"), "CAD$": _dollar("canadian"), "A$": _dollar("australian"),
    "AU$": _dollar("australian"), "NZ$": _dollar("new zealand"), "HK$": _dollar("hong kong"),
    "S$": _dollar("singapore"), "R$": Currency("real", "reais", "centavo", "centavos"),
    "MX$": Currency("mexican peso", "mexican pesos"), "CN¥": _YUAN, "JP¥": _YEN, "$": _dollar(), "€": _EURO,
    "£": _POUND, "¥": _YEN, "₹": _RUPEE, "₩": _WON, "₽": Currency("ruble", "rubles", "kopeck", "kopecks"),
    "₺": Currency("lira", "lira"), "₫": Currency("dong", "dong"), "₱": Currency("peso", "pesos"),
    "฿": Currency("baht", "baht"), "₪": Currency("shekel", "shekels"), "₦": Currency("naira", "naira"),
    "₿": _BITCOIN, "₴": Currency("hryvnia", "hryvnias"),
}  # fmt: skip
BY_CODE = {
    "USD": Currency("U S dollar", "U S dollars", "cent", "cents"), "EUR": _EURO, "GBP": _POUND, "JPY": _YEN,
    "CNY": _YUAN, "RMB": Currency("R M B", "R M B"), "KRW": _WON, "INR": _RUPEE, "CHF": _FRANC,
    "CAD": _dollar("canadian"), "AUD": _dollar("australian"), "NZD": _dollar("new zealand"),
    "HKD": _dollar("hong kong"), "SGD": _dollar("singapore"), "SEK": Currency("swedish krona", "swedish kronor"),
    "NOK": Currency("norwegian krone", "norwegian kroner"), "DKK": Currency("danish krone", "danish kroner"),
    "PLN": Currency("zloty", "zlotys"), "BRL": Currency("brazilian real", "brazilian reais"),
    "MXN": Currency("mexican peso", "mexican pesos"), "ZAR": Currency("rand", "rand"),
    "BTC": _BITCOIN, "ETH": Currency("ether", "ether"), "Rs": _RUPEE, "Rs.": _RUPEE, "Fr.": _FRANC,
}  # fmt: skip
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(BY_SYMBOL, key=len, reverse=True))
_CODE = "|".join(re.escape(code) for code in sorted(BY_CODE, key=len, reverse=True))
_MAGNITUDE = (
    r"(?:[ -]?(?P<magnitude>thousand|million|billion|trillion|quadrillion|crore|lakh|mn|bn|tn|mm)(?![A-Za-z])"
    r"|\ ?(?P<letter>[kKmMbBtT])(?![A-Za-z0-9']))?"
)
_MAGNITUDES = {
    "k": "thousand", "m": "million", "mn": "million", "mm": "million", "b": "billion", "bn": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_AMOUNT = rf"(?P<sign>[-−+]?)(?P<number>{NUMBER}|\d++,\d\d(?!\d))"
_BEFORE = re.compile(
    rf"(?P<before>[-−+±~]?)(?P<currency>(?:{_SYMBOL})\ ?|(?:{_CODE})\ ?){_AMOUNT}{_MAGNITUDE}", re.ASCII
)
_AFTER = re.compile(
    rf"{_AMOUNT}{_MAGNITUDE}\ ?(?P<currency>[€£¥₹₩₽₺₫₱฿₪₦₿₴]|\$(?!\d)|(?:{_CODE})(?![A-Za-z]))", re.ASCII
)
_CENTS = re.compile(rf"(?P<number>{NUMBER})\ ?¢", re.ASCII)
_UPPER = re.compile(rf"\ ?[-–—]\ ?(?:{_SYMBOL})?(?P<number>{NUMBER}){_MAGNITUDE}(?![A-Za-z0-9])", re.ASCII)
_EUROPEAN_DECIMALS = re.compile(r",\d\d(?!\d|,)")
_US_REPEATED = re.compile(r"\ USD(?![A-Za-z])")
_SIGNS = {"-": "minus ", "−": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about ", "": ""}


def recognise_money(context: Context, position: int) -> Reading | None:
    """Read an amount whose currency stands before it."""
    text = context.text
    match = _BEFORE.match(text, position)
    if match is None or (match["before"] in {"-", "+"} and not is_at_token_start(text, position)):
        return None
    symbol = match["currency"].strip()
    currency = BY_SYMBOL.get(symbol) or BY_CODE[symbol]
    sign = _SIGNS[match["before"] or match["sign"]]
    literal, end = match["number"], match.end()
    if symbol == "€" and "." not in literal and _EUROPEAN_DECIMALS.match(text, match.end("number")):
        literal, end = f"{literal}.{text[end + 1 : end + 3]}", end + 3
    magnitude = _magnitude(match)
    upper = _UPPER.match(text, end)
    if upper:
        return _money_range(context, position, sign, literal, magnitude, upper, currency)
    if text[end : end + 1].isalnum():
        return None
    end += 4 if symbol == "$" and _US_REPEATED.match(text, end) else 0
    return whole(sign + _words(context, literal, magnitude, currency, end), position, end)


def recognise_money_after(context: Context, position: int) -> Reading | None:
    """Read an amount whose currency stands after it: "5 USD", "20 €", "99¢"."""
    text = context.text
    cents = _CENTS.match(text, position)
    if cents:
        words = numbers.number(cents["number"]) + (" cent" if cents["number"] == "1" else " cents")
        return whole(words, position, cents.end())
    match = _AFTER.match(text, position)
    if match is None or (match["sign"] in {"-", "+"} and not is_at_token_start(text, position)):
        return None
    symbol = match["currency"]
    currency = BY_SYMBOL.get(symbol) or BY_CODE[symbol]
    literal = match["number"]
    if re.fullmatch(r"\d{1,12},\d\d", literal):
        literal = literal.replace(",", ".")
    words = _words(context, literal, _magnitude(match), currency, match.end())
    return whole(_SIGNS[match["sign"]] + words, position, match.end())


def _magnitude(match: re.Match[str]) -> str:
    found = match["magnitude"] or (match["letter"] or "").lower()
    return _MAGNITUDES.get(found, found)


def _words(context: Context, literal: str, magnitude: str, currency: Currency, end: int) -> str:
    """Read one amount: "two dollars and fifty cents", "one point five million dollars"."""
    amount, point, decimals = literal.partition(".")
    if context.previous in {"a", "an"} and not point:
        noun = context.next_word(end)
        if noun.islower() and noun not in {"and", "or", "of", "in", "for", "to", "on", "per", "a"}:
            return f"{_number(literal, magnitude)} {currency.one}"  # a $5 bill
    if len(decimals) == 1 and decimals != "0" and currency.minor_one and not magnitude:
        decimals += "0"  # $12.5
    if magnitude or len(decimals) not in {0, 2} or (decimals != "00" and decimals and not currency.minor_one):
        return f"{_number(literal, magnitude)} {currency.many}"
    major = f"{numbers.integer(amount)} {currency.one if amount == '1' else currency.many}" if amount else ""
    if not point or decimals == "00":
        return major or f"zero {currency.many}"
    minor = (
        f"{numbers.cardinal(int(decimals))} {currency.minor_one if decimals == '01' else currency.minor_many}"
    )
    return minor if not amount or not amount.strip("0") else f"{major} and {minor}"


def _number(literal: str, magnitude: str) -> str:
    return f"{numbers.number(literal)} {magnitude}".strip()


def _money_range(
    context: Context,
    start: int,
    sign: str,
    low: str,
    magnitude: str,
    upper: re.Match[str],
    currency: Currency,
) -> Reading:
    """Read "$5-$10" as "five to ten dollars"; cents are read on both sides."""
    high, high_magnitude = upper["number"], _magnitude(upper)
    if "." in low + high and not (magnitude or high_magnitude):
        low_words = _words(context, low, "", currency, upper.end())
        words = f"{low_words} to {_words(context, high, '', currency, upper.end())}"
    else:
        low_words = _number(low, magnitude if magnitude != high_magnitude else "")
        words = f"{low_words} to {_number(high, high_magnitude)} {currency.many}"
    return whole(sign + words, start, upper.end())
