"""Addresses and names in capitals, as registers have them, in the case in which the reader knows them."""

from __future__ import annotations

import re

from speechmesh.frontend.english.places import PROVINCES, STATES

_WORD = re.compile(r"(?<![A-Za-z0-9'])(?:[A-Z]+(?:'[A-Z]+)*|\d+(?:ST|ND|RD|TH))(?![A-Za-z0-9'])", re.ASCII)
_RANK = re.compile(r"(?<=\d)(?:st|nd|rd|th)", re.ASCII)
_LOWER = re.compile(r"[a-z]")
_POSTAL_CODE = re.compile(r",?\s{1,2}(?:\d{5}(?!\d)|[A-Z]\d[A-Z])", re.ASCII)
_LINE_END = re.compile(r"\s?(?:,|\n|$)")
_AFTER_COMMA = re.compile(r",\s?$")
_ABBREVIATED = frozenset(
    str.split(
        "ALY APT AVE BLDG BLVD CIR CT DR EXPY FT FWY HWY JR LN MT PKWY PL PLZ RD RM RTE SQ SR ST STE TER TRL XING"
    )
)
"""What is abbreviated in addresses, and is not said letter by letter."""
_LETTERS = frozenset(str.split("NE SE PO US USA UK UAE"))
_BEHIND_NAMES = frozenset(str.split("II III IV VI VII VIII IX MBA EDD"))
_WITHOUT_VOWELS = frozenset(str.split("DR FR JR MR MRS MS NG SR ST"))


def address_in_title_case(address: str) -> str:
    """An address of as many characters, with "123 ELM ST" as "123 Elm St"; states and directions stay in capitals.

    In one that is not in capitals throughout, only what is abbreviated changes: "150th CT NE, Redmond".
    """
    is_shouted = not _LOWER.search(_RANK.sub("", address))
    return _WORD.sub(lambda match: _in_address(match, is_shouted), address)


def _in_address(match: re.Match[str], is_shouted: bool) -> str:
    word = match[0]
    if word[0].isdigit():
        return word.lower()
    if word in _LETTERS or _is_state(match):
        return word
    return _title(word) if word in _ABBREVIATED or (is_shouted and _may_be_word(word)) else word


def _is_state(match: re.Match[str]) -> bool:
    """Whether a state's or province's letters mean it: "Hartford, CT" and "CT 06103", not "12 Elm CT"."""
    text, word = match.string, match[0]
    if word not in STATES and word not in PROVINCES:
        return False
    if _POSTAL_CODE.match(text, match.end()):
        return True
    after_comma = _AFTER_COMMA.search(text, max(0, match.start() - 2), match.start())
    return bool(_LINE_END.match(text, match.end()) and (after_comma or word not in _ABBREVIATED))


def name_in_title_case(name: str) -> str:
    """A person's name of as many characters, with "JOHN Q. SMITH JR" as "John Q. Smith Jr"; "III" stays."""
    return _WORD.sub(lambda match: _in_name(match[0]), name)


def _in_name(word: str) -> str:
    if word in _BEHIND_NAMES:
        return word
    return _title(word) if word in _WITHOUT_VOWELS or _may_be_word(word) else word


def _may_be_word(word: str) -> bool:
    """Whether a word in capitals may be more than letters: it has a vowel, where "MLK" has none."""
    return len(word) > 1 and any(letter in "AEIOUY" for letter in word)


def _title(word: str) -> str:
    """A word with its first letter in capitals, and what stands behind an apostrophe, unless it is a mere letter."""
    first, *rest = word.split("'")
    return "'".join([first.capitalize(), *(part.capitalize() if part[1:] else part.lower() for part in rest)])
