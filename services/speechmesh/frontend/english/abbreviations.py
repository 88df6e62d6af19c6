"""Reads abbreviations by their context, and decides whether their full stop ends the sentence."""

from __future__ import annotations

import re

from speechmesh.frontend.english.abbreviation_table import (
    ABBREVIATIONS,
    BARE_AFTER_NAME,
    Abbreviation,
    Follows,
)
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole
from speechmesh.frontend.english.units import UNITS, per_name
from speechmesh.frontend.english.word_lists import SENTENCE_STARTERS
from speechmesh.frontend.english.words import spell

_NEVER_NAMES = frozenset({"He", "She", "It", "They", "We", "I", "The", "But", "And", "So", "When", "If"})
_SAINTS = frozenset(
    str.split(
        """
    Agnes Andrew Anne Anthony Augustine Barts Bernard Catherine Charles Clair Claire Cloud Elmo Francis
    George Helena Helens Ives James John Johns Joseph Jude Kitts Lawrence Louis Lucia Luke Mark Martin
    Mary Matthew Michael Moritz Nicholas Nick Patrick Patricks Paul Pauls Peter Peters Petersburg Pete
    Stephen Thomas Tropez Valentine Vincent
    """
    )
)
_AFTER_PER = frozenset({"A", "K", "in", "pt", "ac"})  # other words, or not what is meant
_MEASURED_BY_WORDS = frozenset("hr hrs yr yrs wk wks mos mins secs lb lbs".split())
_COUNTING_ONE = frozenset("one a an another each every".split())
_COUNTING = _COUNTING_ONE | frozenset(
    str.split(
        """
        two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty ninety
        hundred few several many some of couple
        """
    )
)
_AND_SPOUSE = re.compile(r"\ (?:&|and)\ (?:Mr|Mrs|Ms|Dr|Prof)(?![A-Za-z])")
_RANKED = re.compile(r"\d{1,3}(?:st|nd|rd|th)$", re.ASCII)  # 5th Ave
_TOKEN = re.compile(r"(?P<name>[A-Za-z]{1,8}(?:\.[A-Za-z])?)(?![A-Za-z'])(?P<dot>\.?)")
_LETTERS = re.compile(
    r"(?:[A-Za-z]\.){2,}+(?P<last>(?!s(?![A-Za-z]))[A-Za-z](?![A-Za-z.']))?|(?:[A-Za-z]\.)(?P<only>[A-Za-z](?![A-Za-z.']))"
)
_DEGREE = re.compile(r"(?:Ph\.\ ?D|[BM]\.Sc|Ed\.D|Psy\.D|LL\.[BMD]|Pharm\.D)(?![A-Za-z])\.?")
_POSSESSIVE = re.compile(r"'?s(?![A-Za-z])")
_INITIAL = re.compile(r"[A-Z]\.(?=\ ?[A-Z]|\ \()")
_CATALOGUED = re.compile(
    r"[KS]\.(?=\ \d{1,4}(?![\d%]|[.,:]\d))", re.ASCII
)  # Mozart's K. 550, a Senate bill's S. 47
_BEFORE_SPECIES = frozenset(
    {"and", "or", "of", "with", "by", "for", "from", "the", "in", "to", "like", "as", "that"}
)
_SPECIES = re.compile(r"[A-Z]\.(?=\ [a-z]{3})")  # E. coli
_PRONOUN = re.compile(r"\ I(?:'[a-z]|\ [a-z])")
_DIGIT = re.compile(
    r"[ \n]?[#(]?\d|[ \n](?:[IVXLC]{2,6}|[VX]|(?=[ivx]{2})x{0,3}(?:ix|iv|v?i{0,3}))(?![A-Za-z'])"
    r"|\ (?:A\.D\.|AD)\ \d",
    re.ASCII,
)
_FIRST = re.compile(r"\ I(?=[,;:)]|\ [(§&])")  # Art. I, § 8
_LETTERED = frozenset({"building", "apartment", "suite", "room", "appendix", "figure", "exhibit"})
_ALSO_WORDS = frozenset({"appendix", "article", "category", "population", "paragraph"})
_NEXT_ITEM = re.compile(r"\ \d{1,2}[.)]\ [A-Z]", re.ASCII)
_LETTERED_NUMBER = re.compile(
    r"\ [B-HJ-Z](?![A-Za-z0-9'])|\ A(?=[,.;)]|\ (?:at|to|and|is|was|shows)(?![a-z])|$)"
)
_YEAR = re.compile(r"\ [12]\d{3}(?![\d.,]\d|\d)", re.ASCII)
_NO_CAPITAL = re.compile(r"[,:;)]|[ \n-][\"'(]?[a-z0-9$€£~]")
_DOTTED_WORDS = {
    "e.g.": "for example", "i.e.": "that is", "n.b.": "N B", "w.r.t.": "with respect to", "c.f.": "compare",
    "a.k.a.": "A K A", "f.k.a.": "F K A",
}  # fmt: skip
_HALVES_OF_DAY = frozenset({"a.m.", "p.m.", "a.m", "p.m"})


def ends_sentence(context: Context, end: int, *, any_capital: bool = False) -> bool:
    """Whether an abbreviation's full stop before ``end`` ends the sentence too.

    Args:
        context: the text.
        end: just after the full stop.
        any_capital: whether every capital after it begins a sentence, not just a word that usually does.
    """
    text = context.text
    while end < len(text) and text[end] in "\"')]":
        end += 1
    if text[end : end + 1] not in {"", " ", "\n"}:
        return False
    rest = text[end : end + 4]
    if (not rest.strip() and (end + 4 >= len(text) or "\n\n" in rest)) or rest.startswith("\n\n"):
        return True
    following = context.next_word(end)
    if not following[:1].isupper():
        return False
    return any_capital or following.lower() in SENTENCE_STARTERS or context.text[end] == "\n"


def recognise_abbreviation(context: Context, position: int) -> Reading | None:
    """Read "Dr.", "No. 5", "approx.", "Inc." and their like."""
    match = _TOKEN.match(context.text, position)
    if match is None or context.text[position - 1 : position] == "&":  # M&Ms
        return None
    name, end = match["name"], match.end()
    if name in {"St", "Dr"}:
        return _saint_or_street(context, match)
    unit = _unit_by_word(context, name)
    if unit:
        return _expanded(context, unit, match, True)
    for candidate in ABBREVIATIONS.get(name, ()):
        if (match["dot"] or candidate.bare) and _is_followed_as_wanted(context, candidate, end):
            return _expanded(context, candidate.words, match, candidate.may_end, any_capital=name == "etc")
    if (
        not match["dot"]
        and name in BARE_AFTER_NAME
        and (context.previous_is_name() or _RANKED.match(context.adjacent_source))
    ):
        return whole(BARE_AFTER_NAME[name], position, end)
    return None


def _unit_by_word(context: Context, name: str) -> str | None:
    """The unit behind a word that counts: "per mo", "a few hrs", "one yr"."""
    if context.previous == "per":
        return None if name in _AFTER_PER else per_name(name)
    counted = context.previous in _COUNTING and context.adjacent_source.isalpha()
    unit = UNITS.get(name) if counted and name in _MEASURED_BY_WORDS else None
    return unit and (unit.one if context.previous in _COUNTING_ONE else unit.many)


def _is_followed_as_wanted(context: Context, candidate: Abbreviation, end: int) -> bool:
    text = context.text
    if candidate.follows is Follows.NAME:
        following = context.next_word(end)
        return following[:1].isupper() and following not in _NEVER_NAMES
    if candidate.follows is Follows.NUMBER:
        if candidate.words in _ALSO_WORDS and _NEXT_ITEM.match(text, end):
            return False  # "1. Open the app. 2. Tap it."
        if candidate.words in _LETTERED and _LETTERED_NUMBER.match(text, end):
            return True  # Bldg. C
        return bool(_DIGIT.match(text, end)) or (
            candidate.words != "number" and bool(_FIRST.match(text, end))
        )
    if candidate.follows is Follows.COLON:
        return text[end : end + 1] == ":"
    if candidate.follows is Follows.YEAR:
        return bool(_YEAR.match(text, end))
    if candidate.follows is Follows.PREPOSITION:
        return context.next_word(end) in {"in", "by", "since"}
    if candidate.follows is Follows.NO_CAPITAL:
        return bool(_NO_CAPITAL.match(text, end))
    return True


def _expanded(
    context: Context, words: str, match: re.Match[str], may_end: bool, *, any_capital: bool = False
) -> Reading:
    position, end = match.span()
    pieces = [Piece(words, position, end)]
    possessive = _POSSESSIVE.match(context.text, end)
    if possessive:
        end = possessive.end()
        pieces = [Piece(words + "'s", position, end)]
    elif may_end and match["dot"] and ends_sentence(context, end, any_capital=any_capital):
        pieces.append(Piece(".", end - 1, end))
    return Reading(tuple(pieces), end)


def _saint_or_street(context: Context, match: re.Match[str]) -> Reading | None:
    """Tell doctor from drive and saint from street by the names around."""
    before, after = ("saint", "street") if match["name"] == "St" else ("doctor", "drive")
    following = context.next_word(match.end())
    source = context.adjacent_source
    named_before = context.previous_is_name() or source[:1].isdigit()
    named_after = following[:1].isupper() and following.lower() not in SENTENCE_STARTERS
    if before == "doctor" and _AND_SPOUSE.match(context.text, match.end()):
        return _expanded(context, before, match, False)  # Dr. & Mrs. Lee
    if (before == "saint" and following in _SAINTS) or (before == "doctor" and named_after):
        return _expanded(context, before, match, False)
    if named_after and not named_before:
        return _expanded(context, before, match, False)
    if named_before or source[:1].isupper():
        return _expanded(context, after, match, True)
    if match["dot"] and following[:1].isupper():
        return _expanded(context, before, match, False)
    return None


def recognise_dotted_letters(context: Context, position: int) -> Reading | None:
    """Read "U.S.", "a.m.", "e.g.": letters with full stops."""
    text = context.text
    if text[position - 1 : position].isalnum() and position:
        return None
    match = _DEGREE.match(text, position) or _LETTERS.match(text, position)
    if match is None:
        return None
    token, end = match[0], match.end()
    lower = token.lower()
    if (
        match.re is _LETTERS
        and (match["last"] or match["only"])
        and not (token.isupper() or lower in _HALVES_OF_DAY or len(token) > 4)
    ):
        return None
    words = _DOTTED_WORDS.get(lower) or spell("".join(filter(str.isalpha, token)))
    possessive = _POSSESSIVE.match(text, end)
    if possessive:
        return whole(words + "'s", position, possessive.end())
    pieces = [Piece(words, position, end)]
    any_capital = lower in _HALVES_OF_DAY
    if (
        token[-1] == "."
        and lower not in _DOTTED_WORDS
        and ends_sentence(context, end, any_capital=any_capital)
    ):
        pieces.append(Piece(".", end - 1, end))
    return Reading(tuple(pieces), end)


_PLAN_WORDS = frozenset(
    str.split(
        """
    plan vitamin grade option part type class group section hepatitis exhibit team column
    """
    )
)


def _is_species(context: Context, position: int) -> bool:
    """Whether a capital's full stop only shortens it, for the sentence goes on in lower case: "E. coli"."""
    match = _SPECIES.match(context.text, position)
    if match is None or context.previous in _PLAN_WORDS:
        return False
    if context.next_word(match.end()) in SENTENCE_STARTERS:
        return False
    return not context.adjacent_source[:1].islower() or context.previous in _BEFORE_SPECIES


def recognise_initial(context: Context, position: int) -> Reading | None:
    """Read the initial of a name: the full stop of "J. Smith" is no pause."""
    if _is_species(context, position):
        return whole(context.text[position], position, position + 2)
    match = _CATALOGUED.match(context.text, position)
    if match and context.previous not in _PLAN_WORDS and context.adjacent_source not in {"size", "Size"}:
        return whole(match[0][0], position, match.end())
    match = _INITIAL.match(context.text, position)
    if match is None or context.previous in _PLAN_WORDS | {"a", "an"}:
        return None
    if context.text[match.end() : match.end() + 2] == " (" and context.text[position - 2 : position] != ", ":
        return None  # only "Lee, M. (2019)" has an initial there
    if _PRONOUN.match(context.text, match.end()):
        return None  # Plan C. I want it.
    following = context.next_word(match.end())
    if following.lower() in SENTENCE_STARTERS and len(following) > 1:
        return None
    if match[0] == "I." and not context.previous_is_name() and len(following) > 1 and context.previous:
        return None
    return whole(match[0][0], position, match.end())
