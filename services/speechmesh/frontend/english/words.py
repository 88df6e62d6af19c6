"""Reads runs of letters: plain words, initialisms, shouting, camel case."""

from __future__ import annotations

import re

from speechmesh.frontend.english.abbreviation_table import ABBREVIATIONS
from speechmesh.frontend.english.folding import CURRENCY_SYMBOLS, SUPERSCRIPTS, UNSPEAKABLE
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.word_lists import (
    ACRONYMS,
    CITED,
    COMMON_WORDS,
    INITIALISMS,
    NAME_PREFIXES,
    NUMERALS,
    RESPELLED,
    VOWELLESS_WORDS,
)

WORD = re.compile(r"[A-Za-z]++(?:'[A-Za-z]++)*+")
_PLURALS_NOT_RESPELLED = frozenset({"PCs", "HRs"})
_RESPELLED_NOUNS = frozenset({"jpeg", "jpg", "mpeg", "gui"})
_PARTS_OF_NAMES = frozenset(
    str.split("arg bin buf cap dir env ext lib max mem min obj opt pin pix seg sub tar web")
)
_LETTER_PLURAL = re.compile(r"[B-HJ-Z]s")
_CAMEL_PARTS = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z']++|[A-Z]")
_PLURAL_OF_CAPITALS = re.compile(r"([A-Z]{2,6})('?s)")
_COMPOUNDS = {
    "wi-fi": "why fie", "hi-fi": "high fie", "sci-fi": "sigh fie", "lo-fi": "low fie", "c#": "C sharp", "f#": "F sharp",
    "co-op": "co op", "dall-e": "dolly", "tl;dr": "T L D R",
}  # fmt: skip
_COMPOUND = re.compile(
    "(?:" + "|".join(re.escape(compound) for compound in _COMPOUNDS) + ")(?![A-Za-z0-9])", re.IGNORECASE
)
_ON_AIR = re.compile(
    r"AM(?:\ \d{3,4}(?!\d)|\ (?:radio|station|band|dial|broadcast|transmitter)|(?:/|\ (?:and|or)\ )FM)",
    re.ASCII,
)
_STATION = re.compile(r"(?:(?<!\d)\d{3,4}\ |FM(?:/|\ or\ |\ and\ ))$", re.ASCII)
_LISTED_LETTER = re.compile(r",\ (?:and\ |or\ )?[b-hj-z](?![A-Za-z0-9'.])")
_OPTIONAL_PLURAL = re.compile(r"\((?:e?s)\)")
_PLAIN_WORD = re.compile(r"[a-z]{2,40}+(?=[ ,;:!?\n]|\.?(?:[ \n]|$))(?!,? ?/|::|:\d)")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_HARD_CLUSTER = re.compile(r"[^aeiouy']{5}", re.IGNORECASE)
_CONTRACTIONS_IN_S = frozenset(
    str.split(
        """
    he's here's how's it's let's she's that's there's what's when's where's who's why's
    """
    )
)
_LETTER_CUES = frozenset(
    str.split(
        """
    appendix apartment apt block building category class column exhibit figure gate grade group
    hepatitis influenza item letter level model note option part plan point schedule seat section side
    studio suite team terminal tier type unit version vitamin zone drive string
    """
    )
)


def spell(letters: str, ending: str = "") -> str:
    """Name every letter: "cpu" with ending "'s" is "C P U's"."""
    return " ".join(letters.upper()) + ending


def read_word(raw: str, *, shouting: bool = False) -> str:
    """Read one run of letters (inner apostrophes allowed), in the tokens of a Piece.

    Args:
        raw: as written.
        shouting: whether everything around is in capitals, so that capitals mean nothing.
    """
    lower = raw.lower()
    if lower in RESPELLED and raw not in _PLURALS_NOT_RESPELLED:
        return RESPELLED[lower]
    if raw[-1:] == "s" and raw[:-1].isupper() and lower[:-1] in _RESPELLED_NOUNS:
        return f"{RESPELLED[lower[:-1]]}s"  # JPEGs
    base, apostrophe, ending = lower.partition("'")
    if ending == "s" and base in RESPELLED:
        return RESPELLED[base] + "'s"
    if len(base) == 1 and ending == "s":
        return base.upper() + "'s"  # the A's
    if len(raw) == 1:
        return lower if lower in "ai" else raw.upper()
    if _LETTER_PLURAL.fullmatch(raw):
        return f"{raw[0]}'s"  # Ps and Qs
    if raw.islower():
        return lower if _VOWEL.search(base) or lower in VOWELLESS_WORDS or apostrophe else _vowelless(raw)
    if lower in VOWELLESS_WORDS and not (raw.isupper() and lower in INITIALISMS):
        return lower
    if raw.isupper():
        return _capitals(raw, shouting)
    plural = _PLURAL_OF_CAPITALS.fullmatch(raw)
    if plural:
        return _plural_capitals(plural[1], plural[2])
    if raw[1:].islower():
        return lower if _VOWEL.search(lower) else _vowelless(raw)
    return _camel(raw)


def _vowelless(raw: str) -> str:
    return spell(raw) if len(raw) <= 4 and "'" not in raw else raw.lower()


def _plural_capitals(base: str, ending: str) -> str:
    words = _capitals(base, shouting=False)
    return words + ("'s" if words[0].isupper() else ending)


def _capitals(raw: str, shouting: bool) -> str:
    lower = raw.lower()
    base, apostrophe, ending = lower.partition("'")
    if apostrophe and (ending != "s" or lower in _CONTRACTIONS_IN_S):
        return lower
    if base in ACRONYMS or (base in COMMON_WORDS and (shouting or base not in INITIALISMS)):
        return lower
    if base in INITIALISMS or not _pronounceable(base) or (len(base) <= 4 and not shouting):
        return spell(base, "'s" if apostrophe else "")
    return lower


def _pronounceable(lower: str) -> bool:
    return bool(_VOWEL.search(lower)) and not _HARD_CLUSTER.search(lower)


def _camel(raw: str) -> str:
    if len(raw) == 3 and raw[0] == raw[2]:
        return spell(raw)  # YoY
    parts = _CAMEL_PARTS.findall(raw.replace("'", ""))
    capital_then_word = len(parts) == 2 and parts[0].istitle() and parts[1].istitle()
    if "'" in raw or (capital_then_word and parts[0] in NAME_PREFIXES):
        return raw.lower()  # O'Brien, McDonald
    # A capital run ends where a capitalised word begins: HTMLParser is HTML and Parser.
    parts = re.sub(r"([A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", r"\1 ", raw).split()
    return " ".join(part.upper() if len(part) == 1 else read_word(part) for part in parts)


def recognise_plain_word(context: Context, position: int) -> Reading | None:
    """Read the commonest case at once: a word in lower case that has no other meaning."""
    match = _PLAIN_WORD.match(context.text, position)
    if match is None or match[0] in ABBREVIATIONS or match[0] in RESPELLED or not _VOWEL.search(match[0]):
        return None
    if match[0] in NUMERALS or (match[0] in CITED and context.text.startswith(".", match.end())):
        return None
    return whole(match[0], position, match.end())


def recognise_word(context: Context, position: int) -> Reading | None:
    """Read the run of letters at ``position``, whatever it is."""
    match = WORD.match(context.text, position)
    if match is None:
        return None
    raw, end = match[0], match.end()
    if raw.islower() and len(raw) > 3 and raw not in RESPELLED and "(" not in context.text[end : end + 1]:
        return whole(read_word(raw), position, end)
    compound = _COMPOUND.match(context.text, position)
    if compound:
        return whole(_COMPOUNDS[compound[0].lower()], position, compound.end())
    if len(raw) == 1:
        return whole(_single_letter(context, raw, position), position, end)
    plural = _OPTIONAL_PLURAL.match(context.text, end)
    words = _in_context(context, raw, position)
    if plural and words.islower():  # file(s)
        return whole(words + plural[0][1:-1], position, plural.end())
    return whole(words, position, end)


def _in_context(context: Context, raw: str, position: int) -> str:
    if (
        len(raw) <= 3
        and raw.isalpha()
        and raw.isupper()
        and context.text[position + len(raw) : position + len(raw) + 1] == "&"
    ):
        return spell(raw)  # AT&T
    if len(raw) == 2 and raw[0].isupper() and raw[1] == "s" and context.text[position - 1 : position] == "&":
        return spell(raw[0], "'s")  # M&Ms
    if raw == "OH" and context.text[position - 1 : position] == "-" and position:
        return spell(raw)  # 25-OH
    if raw == "MPH" and not context.previous_source[-1:].isdigit():
        return spell(raw)  # a degree
    if raw == "WHO" and context.previous == "the":
        return spell(raw)
    if raw in {"US", "IT", "AM", "PM", "ER", "OR"} and not context.shouting(position):
        if raw == "AM" and (context.previous.endswith("day") or _is_on_air(context, position)):
            return spell(raw)
        if raw in {"AM", "OR"} or (raw == "IT" and context.previous in _BEFORE_PRONOUN):
            return raw.lower()
        return spell(raw)
    named = context.text[position - 1 : position] == "_" or context.text.startswith("_", position + len(raw))
    shouting = context.shouting(position) or (named and (len(raw) > 3 or raw.lower() in _PARTS_OF_NAMES))
    return read_word(raw, shouting=raw.isupper() and shouting)


def _is_on_air(context: Context, position: int) -> bool:
    """Whether AM is amplitude modulation: "AM 1010", "1010 AM", "AM radio", "AM/FM"."""
    text = context.text
    return bool(_ON_AIR.match(text, position) or _STATION.search(text, max(0, position - 6), position))


_OPERATORS = frozenset("=<>≥≤≠+×÷^|∈∉∪∩⊂")
_AFTER_LETTER_A = frozenset({"to", "or", "and", "is", "was"})
_BEFORE_LETTER_A = frozenset({"a", "an", "the", "straight"})
_AFTER_YOU = frozenset(" .,;!?\n") | {""}
_BEFORE_YOU = frozenset(
    str.split("thank thanks love miss see do did are can could will would told tell meet call text")
)
_BEFORE_PRONOUN = frozenset(
    str.split(
        """
    did do does is made make was want do love hate get got
    """
    )
)


def _single_letter(context: Context, raw: str, position: int) -> str:
    """The article "a" and the pronoun "I" are words; every other lone letter is a name."""
    text = context.text
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    if raw.lower() == "i" and not (before == "-" or after == "-"):
        return "I" if context.previous in _LETTER_CUES else "i"
    if raw == "u" and before == " " and after in _AFTER_YOU and context.adjacent_source in _BEFORE_YOU:
        return "you"  # thank u
    if raw == "a" and before == after == "-":
        return "a"  # five-a-side
    if raw == "a" and (context.previous == "letter" or _LISTED_LETTER.match(text, position + 1)):
        return "A"  # let a, b and c
    if raw == "a" and (before not in {"-", "/"} and after not in {"-", "/"}):
        reckoned = after in SUPERSCRIPTS or text[position + 1 : position + 3].strip(" ")[:1] in _OPERATORS
        return "A" if after == ")" or reckoned else "a"
    if raw == "A" and after not in {"-", "/", "&", "+", "*"}:
        adjacent = context.previous if context.adjacent_source else ""
        named = (
            adjacent in _LETTER_CUES | _BEFORE_LETTER_A
            or before in {"-", "/", "&"}
            or text[max(0, position - 2) : position].strip(" ")[-1:] in _OPERATORS
        )
        following = text[position + 2 : position + 3]
        if (
            not named
            and after in {" ", "\n"}
            and (following.isalnum() or following in CURRENCY_SYMBOLS + "\"'(*_#@½¼¾~." + UNSPEAKABLE)
        ):
            return "A" if context.next_word(position + 1) in _AFTER_LETTER_A else "a"
        return "A"
    return raw.upper()
