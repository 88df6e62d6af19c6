"""Reads a number that has neither unit nor currency by its context: an amount, a year, a code, a house number."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.places import STATES
from speechmesh.frontend.english.reading import Context
from speechmesh.frontend.english.word_lists import HAVE_NUMBERS

_COUNTED = re.compile(
    r"[ \n]{1,3}(?:people|men|women|children|percent|feet|dollars|euros|more|other|different|new|of|"
    r"(?!(?:was|is|has|his|its|this|does|as|us|yes|thus|always|was|towards|across|versus|plus|census|"
    r"sales|prices|news|was|series|congress|business|success|focus|status|perhaps|unless|besides|ours)(?![a-z]))"
    r"[a-z]{2,30}s)(?![A-Za-z])"
)
_COUNTED_AFTER_PREPOSITION = re.compile(
    r"[ \n]{1,3}(?:people|men|women|children|percent|feet|dollars|euros|pounds|meters|miles|kilometers|words|"
    r"years|days|hours|minutes|seconds|times|members|employees|students|countries|cities|points|votes|users|"
    r"customers|pages|copies|units|square|cubic|different|other|more|of)(?![A-Za-z])"
)
_YEAR_CUES = frozenset(
    str.split(
        """
    in since by from until till of during before after around circa early late mid spring summer fall
    autumn winter year january february march april may june july august september october november
    december between to through class
    """
    )
)
_DIGIT_CUES = re.compile(
    r"(?:^|\ )(?:code|chmod|pin|P\ I\ N|c\ v\ [vc]|cvc|otp|o\ t\ p|passcode|password|extension|zip|serial|tracking|"
    r"confirmation|reference|(?:account|card|phone|order|case|ticket|policy|member|routing|booking|invoice|customer|"
    r"confirmation|reference|serial|tracking|employee|license)\ number|ending\ in|ends\ in|ending\ with|"
    r"ends\ with|i\ d|text\ \w+\ to)(?:\ (?:number|code|is|was|to|and|enter|dial))*$"
)
_DIGITS_OF = re.compile(
    r"(?:^|\ )digits(?:\ [a-z']+){0,7}\ (?:is|are|were)$"
    r"|(?:^|\ )(?:last|first)\ (?:three|four|five|six)\ (?:digits\ )?of\ (?:[a-z']+\ ){0,4}"
    r"(?:card|n|account|number|phone|social)$"
)
_IDENTIFIER_CUES = frozenset(
    str.split(
        """
        boeing's
        airbus apartment appendix apt area article bay boeing box bus channel chapter dock equation error exhibit
        exit figure flat flight floor form freeway gate highway highways hwy interstate item level line locker
        lot page part pier platform question room route routes row rt rule runway seat section step studio suite table
        unit zone
        """
    )
)
_EMERGENCY = frozenset({"911", "411", "211", "311", "988"})
_BILLS = frozenset({"S.B.", "H.B.", "A.B.", "H.R.", "SB", "HB", "AB", "S.", "K."})
_STATE_NAMES = frozenset(name.lower() for name in STATES.values())
_AIRLINES = frozenset(str.split("UA AA DL BA LH AF WN NK EK QR SQ QF JL NH CX KL LX IB VS TK AC"))
_HALF_DAY = re.compile(r"\ (?:AM|PM|FM)(?![A-Za-z])")
_STREET = re.compile(
    r"\ (?:[NSEW]\.?\ |[NS][EW]\ )?(?:[A-Z][A-Za-z']{1,20}\.?\ |\d{1,3}(?:st|nd|rd|th)\ ){1,4}?"
    r"(?:St|Ave|Avenue|Blvd|Rd|Ln|Dr|Ct|Pl|Hwy|Pkwy|Street|Road|Lane|Drive|Boulevard|Court|Place|Way|"
    r"Terrace|Ter|Circle|Cir|Highway|Parkway|Square|Sq|Trail|Trl|Alley|Aly|Plaza|Plz|Crossing|Xing|"
    r"Expressway|Expy|Freeway|Fwy|Loop|Crescent|Close|Gardens|Grove|Mews)(?![A-Za-z])|\ (?:Broadway|Main)(?![A-Za-z])"
)


def plain_words(context: Context, literal: str, end: int) -> str:
    """Read a number without unit by its context: an amount, a year, a house number, a code."""
    if not literal.isdigit():
        return numbers.number(literal)
    text = context.text
    if len(literal) >= 3 and wants_digits(context):
        return numbers.digits(literal)
    if len(literal) == 5 and _follows_state(context) and not counts_something(text, end):
        return numbers.digits(literal)
    if _is_called(context, literal, end):
        return numbers.digits(literal)
    if literal in _EMERGENCY and (
        context.previous in {"call", "dial", "called", "dialed", "calling"}
        or context.next_word(end) in {"call", "operator", "dispatcher", "calls"}
    ):
        return numbers.digits(literal)
    if 3 <= len(literal) <= 4 and (context.adjacent_source in _AIRLINES or _is_on_air(context, end)):
        return numbers.identifier(literal)
    if context.adjacent_source in _BILLS or (
        literal in {"1040", "1099"} and context.previous in {"a", "form", "the", "your"}
    ):
        return numbers.identifier(literal)
    if literal == "404" and context.previous in {"a", "error", "status", "p", "returns", "returned"}:
        return numbers.identifier(literal)
    if 3 <= len(literal) <= 5 and names_something(context, end):
        return numbers.identifier(literal)
    if (
        len(literal) in {3, 4}
        and literal[0] != "0"
        and context.recent(2) == "a d"
        and context.adjacent_source
    ):
        return numbers.year(int(literal)) if len(literal) == 4 else numbers.integer(literal)  # AD 1066
    if len(literal) == 4 and literal[:2] == "10" and literal[2] != "0" and _is_early_year(context, end):
        return numbers.year(int(literal))
    if len(literal) == 4 and 1100 <= int(literal) <= 2099 and _is_year(context, end, text):
        return numbers.year(int(literal))
    return numbers.integer(literal)


def _is_on_air(context: Context, end: int) -> bool:
    """Whether a number is a station's, as in "AM 1010" and "1010 AM", or an hour without a colon."""
    return context.adjacent_source in {"AM", "FM"} or bool(_HALF_DAY.match(context.text, end))


def _follows_state(context: Context) -> bool:
    """Whether a state's name stands just before, so that five digits are a ZIP code: "Boise, Idaho 83702"."""
    if not context.adjacent_source[:1].isupper():
        return False
    recent = context.recent(2)
    return recent in _STATE_NAMES or context.previous in _STATE_NAMES


def _is_called(context: Context, literal: str, end: int) -> bool:
    """Whether a number without commas names something or is dialled: "#7004512", "account 55779911", "text 741741"."""
    if len(literal) < 5 or counts_something(context.text, end):
        return False
    if context.previous_source == "#" and context.previous == "number":
        return True
    if context.previous in {"text", "dial", "call"}:
        return True
    return len(literal) > 6 and context.previous in HAVE_NUMBERS | {"account", "card", "routing"}


def wants_digits(context: Context) -> bool:
    """Whether a number that begins here is typed or dictated: "your code is", "the last four digits are"."""
    return bool(_DIGIT_CUES.search(context.recent(5)) or _DIGITS_OF.search(context.recent(9)))


def names_something(context: Context, end: int) -> bool:
    """Whether a number ending at ``end`` is a name (Flight 370, 742 Evergreen Terrace), not an amount."""
    flight = context.adjacent_source.isupper() and "flight" in context.recent(3).split()  # flight UA 328
    if context.previous == "x" and context.recent(3) in {"g t x", "r t x"}:
        return True
    return flight or context.previous in _IDENTIFIER_CUES or bool(_STREET.match(context.text, end))


def counts_something(text: str, end: int) -> bool:
    """Whether a number ending at ``end`` counts what follows, so that it is no year: "1500 people"."""
    return bool(_COUNTED.match(text, end))


def _is_early_year(context: Context, end: int) -> bool:
    """Whether a number from 1010 to 1099 is a year, which needs a sign of it: "in 1066", "(1066)"."""
    text = context.text
    if text[end - 5 : end - 4] == "(" and text[end : end + 1] == ")":
        return True
    return context.previous in _YEAR_CUES - {"to", "between"} and not _COUNTED.match(text, end)


def stands_before_street(text: str, end: int) -> bool:
    """Whether a street's name follows, so that what ends here is a house number."""
    return bool(_STREET.match(text, end))


def _is_year(context: Context, end: int, text: str) -> bool:
    if context.previous in _YEAR_CUES:
        return not _COUNTED_AFTER_PREPOSITION.match(text, end)
    return not _COUNTED.match(text, end)
