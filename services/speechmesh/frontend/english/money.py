"""Reads amounts of money: "$1,299.50", "€3 billion", "5 USD", "CHF 20", "$5-$10", "$20/month"."""

from __future__ import annotations

import re
from typing import NamedTuple

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.abbreviations import ends_sentence
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


def _shillings(country: str) -> Currency:
    return Currency(f"{country} shilling", f"{country} shillings")


_POUND = Currency("pound", "pounds", "penny", "pence")
_EURO = Currency("euro", "euros", "cent", "cents")
_YEN, _YUAN, _WON = Currency("yen", "yen"), Currency("yuan", "yuan", "fen", "fen"), Currency("won", "won")
_RUPEE = Currency("rupee", "rupees", "paisa", "paise")
_FRANC = Currency("swiss franc", "swiss francs", "centime", "centimes")
_BITCOIN = Currency("bitcoin", "bitcoin")

BY_SYMBOL = {
    "US$": Currency("U S dollar", "U S dollars", "cent", "cents"), "C$": _dollar("canadian"),
    "CA$": _dollar("canadian"), "CAD$": _dollar("canadian"), "A$": _dollar("australian"),
    "AU$": _dollar("australian"), "NZ$": _dollar("new zealand"), "HK$": _dollar("hong kong"),
    "NT$": _dollar("new taiwan"), "TW$": _dollar("new taiwan"),
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
    "AED": Currency("dirham", "dirhams"), "SAR": Currency("riyal", "riyals"), "THB": Currency("baht", "baht"),
    "IDR": Currency("rupiah", "rupiah"), "MYR": Currency("ringgit", "ringgit"), "ILS": Currency("shekel", "shekels"),
    "CZK": Currency("koruna", "korunas"), "HUF": Currency("forint", "forints"), "RUB": Currency("ruble", "rubles"),
    "UAH": Currency("hryvnia", "hryvnias"), "NGN": Currency("naira", "naira"), "KES": _shillings("kenyan"),
    "TWD": _dollar("new taiwan"), "VND": Currency("dong", "dong"),
    "PKR": Currency("pakistani rupee", "pakistani rupees"),
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
    rf"(?P<before>[-–−+±~]?)(?P<currency>(?:{_SYMBOL})\ ?|(?:{_CODE})\ ?){_AMOUNT}{_MAGNITUDE}", re.ASCII
)
_AFTER = re.compile(
    rf"{_AMOUNT}{_MAGNITUDE}\ ?(?P<currency>[€£¥₹₩₽₺₫₱฿₪₦₿₴]|\$(?!\d)|(?:{_CODE})(?![A-Za-z]))", re.ASCII
)
_NOTES = re.compile(r"[$€£](?P<value>1|2|5|[125]0|100)s(?![A-Za-z0-9])", re.ASCII)  # two $50s
_NEGATIVE = re.compile(rf"(?P<currency>{_SYMBOL})\((?P<number>{NUMBER})\){_MAGNITUDE}", re.ASCII)
_CENTS = re.compile(
    rf"(?P<number>{NUMBER})(?:\ ?¢|c(?=(?:/|\ (?:a|per)\ )(?:share|litre|liter|unit)(?![a-z])))", re.ASCII
)
_BASIS_NAMES = r"(?:pppn|pp|pcm|pw|pa|p\.(?:a|p|w)\.)(?![A-Za-z0-9])"
_UPPER = re.compile(
    rf"\ ?[-–—]\ ?(?:{_SYMBOL})?(?P<number>{NUMBER}){_MAGNITUDE}(?=(?![A-Za-z0-9])|{_BASIS_NAMES})", re.ASCII
)
_EUROPEAN_DECIMALS = re.compile(r",\d\d(?!\d|,)")
_US_REPEATED = re.compile(r"\ USD(?![A-Za-z])")
_BASIS = re.compile(rf"\ ?(?P<basis>{_BASIS_NAMES})")
_BASES = {
    "pppn": "per person per night", "pp": "per person", "p.p.": "per person", "pcm": "per calendar month",
    "pw": "per week", "p.w.": "per week", "pa": "per annum", "p.a.": "per annum",
}  # fmt: skip
_DETERMINERS = frozenset(
    {"a", "an", "the", "this", "that", "its", "his", "her", "their", "our", "your", "my", "another"}
)
_PRICED = frozenset(
    str.split(
        "bill bills note notes coin coins deal contract grant lawsuit settlement mansion bonus voucher coupon"
    )
)
_NO_NOUNS = frozenset(
    str.split(
        """
    a after an and are as at before but by can cost costs for from had has have he her his i if in into is it its made
    my of off on or our over owed paid per plus she should so spent than that the their them they this through to under
    until was we were when which while who will with won worth would you your
    """
    )
)
_SIGNS = {
    "-": "minus ",
    "–": "minus ",
    "−": "minus ",
    "+": "plus ",
    "±": "plus or minus ",
    "~": "about ",
    "": "",
}


def recognise_money(context: Context, position: int) -> Reading | None:
    """Read an amount whose currency stands before it."""
    text = context.text
    match = _BEFORE.match(text, position)
    notes = _NOTES.match(text, position)
    if notes:
        words = numbers.plural(numbers.cardinal(int(notes["value"]))).removeprefix("one ")
        return whole(words, position, notes.end())
    if match is None or (match["before"] in {"-", "+", "–"} and not is_at_token_start(text, position)):
        return _negative(context, position)
    symbol = match["currency"].strip()
    if symbol in BY_CODE and text[position - 1 : position] == "/":
        return None  # GBP/USD 1.27 is a rate
    currency = BY_SYMBOL.get(symbol) or BY_CODE[symbol]
    sign = _SIGNS[match["before"] or match["sign"]]
    if match["before"] == "~" and text[position - 1 : position].isdigit():
        sign = "to "  # ¥500~¥800
    literal, end = match["number"], match.end()
    if symbol == "€" and "." not in literal and _EUROPEAN_DECIMALS.match(text, match.end("number")):
        literal, end = f"{literal}.{text[end + 1 : end + 3]}", end + 3
    magnitude = _magnitude(match)
    upper = _UPPER.match(text, end)
    if upper:
        said, end = sign + _range_words(context, literal, magnitude, upper, currency), upper.end()
    else:
        said = sign + _words(context, literal, magnitude, currency, end)
    basis = _BASIS.match(text, end)
    if basis:
        basis_end = basis.end() - bool(basis[0].endswith(".") and ends_sentence(context, basis.end()))
        return whole(f"{said} {_BASES[basis['basis']]}", position, basis_end)
    if text[end : end + 1].isalnum():
        return None
    end += 4 if symbol == "$" and _US_REPEATED.match(text, end) else 0
    return whole(said, position, end)


def _negative(context: Context, position: int) -> Reading | None:
    """Read the "$(3.2) million" of accountants, which is a loss."""
    match = _NEGATIVE.match(context.text, position)
    if match is None:
        return None
    words = _words(context, match["number"], _magnitude(match), BY_SYMBOL[match["currency"]], match.end())
    return whole(f"minus {words}", position, match.end())


def recognise_money_after(context: Context, position: int) -> Reading | None:
    """Read an amount whose currency stands after it: "5 USD", "20 €", "99¢"."""
    text = context.text
    cents = _CENTS.match(text, position)
    if cents:
        one = cents["number"] == "1" or _is_before_noun(context, cents.end())
        words = numbers.number(cents["number"]) + (" cent" if one else " cents")
        return whole(words, position, cents.end())
    match = _AFTER.match(text, position)
    if match is None or (match["sign"] in {"-", "+"} and not is_at_token_start(text, position)):
        return None
    symbol = match["currency"]
    if symbol == "$" and position < context.math_end:
        return None  # the sign that closes mathematics
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
    if (magnitude or len(decimals) not in {1, 2}) and _is_before_noun(context, end):
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


def _is_before_noun(context: Context, end: int) -> bool:
    """Whether an amount that ends here stands before what it measures: "a $5 bill", "the $100M mark"."""
    determined = context.previous in _DETERMINERS and context.adjacent_source
    if not determined and context.next_word(end) not in _PRICED:
        return False
    if context.text[end : end + 1] == "-":
        return context.text[end + 1 : end + 2].isalpha()  # a $15-an-hour job
    if context.text[end : end + 1] != " ":
        return False
    noun = context.next_word(end)
    if not noun.islower() or noun in _NO_NOUNS:
        return False
    return not determined or context.previous in {"a", "an"} or not noun.endswith(("ed", "ly", "ing"))


def _number(literal: str, magnitude: str) -> str:
    return f"{numbers.number(literal)} {magnitude}".strip()


def _range_words(context: Context, low: str, magnitude: str, upper: re.Match[str], currency: Currency) -> str:
    """Read "$5-$10" as "five to ten dollars"; cents are read on both sides."""
    high, high_magnitude = upper["number"], _magnitude(upper)
    if "." in low + high and not (magnitude or high_magnitude):
        low_words = _words(context, low, "", currency, upper.end())
        return f"{low_words} to {_words(context, high, '', currency, upper.end())}"
    low_words = _number(low, magnitude if magnitude != high_magnitude else "")
    name = currency.one if _is_before_noun(context, upper.end()) else currency.many
    return f"{low_words} to {_number(high, high_magnitude)} {name}"
