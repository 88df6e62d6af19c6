"""Reads abbreviations that only their neighbours explain: "9th Cir.", "Fla. Stat. §", "order no. is", "lat. 51.5°"."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.abbreviations import ends_sentence
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole
from speechmesh.frontend.english.units import unit_after
from speechmesh.frontend.english.word_lists import HAVE_NUMBERS

_PHRASES = {
    "Fed. R. Civ. P.": "federal rule of civil procedure",
    "Fed. R. Crim. P.": "federal rule of criminal procedure",
    "Fed. R. App. P.": "federal rule of appellate procedure",
    "Fed. R. Evid.": "federal rule of evidence",
    "Rt. Hon.": "right honorable",
    "Rt Hon.": "right honorable",
    "Rt Hon": "right honorable",
    "S. Ct.": "supreme court",
    "Gen Z": "gen Z",
    "Gen. Z": "gen Z",
    "Gen X": "gen X",
    "Gen. X": "gen X",
    "F. Supp.": "F supp",
    "cert. denied": "cert denied",
    "cert. granted": "cert granted",
    "op. cit.": "op cit",
    "loc. cit.": "loc cit",
    "Sec. of State": "secretary of state",
    "Sec. of Defense": "secretary of defense",
    "Sec. of the": "secretary of the",
    "Co. Rd.": "county road",
    "Co. Rte.": "county route",
}
_PHRASE = re.compile(
    "(?:"
    + "|".join(re.escape(phrase) for phrase in sorted(_PHRASES, key=len, reverse=True))
    + r")(?![A-Za-z])"
)
_REPORTER = re.compile(r"F\.(?:\ ?)(?P<series>2d|3d|4th)(?![A-Za-z0-9])")
_SERIES = {"2d": "second", "3d": "third", "4th": "fourth"}
_IDEM = re.compile(r"[Ii]d\.(?=\ (?:at\ \d|§))", re.ASCII)
_PUBLIC_LAW = re.compile(
    r"Pub\.\ ?L\.\ (?:Nos?\.\ )?(?P<congress>\d{2,3})[-–](?P<number>\d{1,4})(?![A-Za-z0-9-])", re.ASCII
)
_SCRIPTURE = re.compile(
    r"(?P<name>Gen|Ex|Exod|Lev|Deut|Josh|Judg|Prov|Eccl|Isa|Jer|Ezek|Zech|Mal|Rom|Gal|Eph|Phil|Col|Heb|Jas|Rev)\.?"
    r"(?=\ \d{1,3}:\d{1,3}(?!\ ?[aApP]\.?[mM]))",
    re.ASCII,
)
_SCRIPTURES = {
    "Gen": "genesis", "Ex": "exodus", "Exod": "exodus", "Lev": "leviticus", "Deut": "deuteronomy", "Josh": "joshua",
    "Judg": "judges", "Prov": "proverbs", "Eccl": "ecclesiastes", "Isa": "isaiah", "Jer": "jeremiah",
    "Ezek": "ezekiel", "Zech": "zechariah", "Mal": "malachi", "Rom": "romans", "Gal": "galatians",
    "Eph": "ephesians", "Phil": "philippians", "Col": "colossians", "Heb": "hebrews", "Jas": "james",
    "Rev": "revelation",
}  # fmt: skip
_FIRST_NAMES = frozenset({"Josh", "Jas", "Phil", "Mal"})
_STATUTES = re.compile(r"Stat\.(?=\ (?:§|Ann\.))")
_AFTER_RANK = re.compile(r"(?P<name>Cir|Fl|fl|c|cent|Lt|Sgt)\.")
_EXPIRES = re.compile(r"[Ee]xp(?=\ (?:0[1-9]|1[0-2])/\d\d)", re.ASCII)
_PILLS = re.compile(r"(?P<name>tab|cap)(?P<many>s?)\.(?=\ [a-z0-9(])")
_BUSINESS = re.compile(r"bus\.(?=\ (?:days?|hrs?|hours|card|school))")
_NUMBER_OF = re.compile(r"[Nn]o\.(?=\ of\ (?!course))")
_VERSE = re.compile(r"vv?\.(?=\ \d)")
_BOOK = re.compile(
    r"(?P<rank>[123])\ (?P<name>Cor|Sam|Kings|Kgs|Chr|Chron|Thess|Tim|Pet|Jn|John|Corinthians|Samuel|Chronicles|"
    r"Thessalonians|Timothy|Peter)\.?(?=\ \d)",
    re.ASCII,
)
_BOOK_NAMES = {
    "Cor": "corinthians", "Sam": "samuel", "Kgs": "kings", "Chr": "chronicles", "Chron": "chronicles",
    "Thess": "thessalonians", "Tim": "timothy", "Pet": "peter", "Jn": "john",
}  # fmt: skip
_RANKED = {
    "Cir": "circuit",
    "Fl": "floor",
    "fl": "floor",
    "Lt": "lieutenant",
    "Sgt": "sergeant",
    "c": "century",
    "cent": "century",
    "min": "minimum",
    "max": "maximum",
}
_LIMIT = re.compile(r"(?P<name>min|max)\.")
_LIMITED = re.compile(r"\d-[a-z]{2,12}\ $", re.ASCII)  # a 2-night min.
_UNIT = re.compile(r"(?:kg|km|mg|cm|mm|ml|mL)(?![A-Za-z0-9'])")
_RANK = re.compile(r"\d(?:st|nd|rd|th|d)$", re.ASCII)
_COORDINATE = re.compile(
    r"(?P<name>[Ll]at|[Ll]on|[Ll]ong)\.?(?=:?\ [-−]?\d{1,3}(?:(?:\.\d{1,9})?°|\.\d{3,9}))", re.ASCII
)
_COORDINATES = {"lat": "latitude", "lon": "longitude", "long": "longitude"}
_SEXAGESIMAL = re.compile(
    r"(?P<degrees>\d{1,3})°\ ?(?P<minutes>[0-5]?\d(?:\.\d{1,6})?)'"
    r"(?:\ ?(?P<seconds>[0-5]?\d(?:\.\d{1,6})?)(?:\"|''))?(?:\ ?(?P<side>[NSEW])(?![A-Za-z0-9]))?",
    re.ASCII,
)  # 40°42'46"N
_SIDE_FIRST = re.compile(r"[NSEW](?=\ ?\d{1,3}(?:\.\d{1,9})?°\ ?\d)", re.ASCII)
_REVENUE = re.compile(r"rev\.(?=\ (?:[$€£]|(?:up|down|of|growth|rose|fell|grew|guidance)(?![a-z])))")
_SIDES = {"N": "north", "S": "south", "E": "east", "W": "west"}
_NUMBER = re.compile(
    r"[Nn]o\.(?=[:,]|\ (?=[A-Z0-9-]{0,12}\d)[A-Z]|\ \(|\ (?:is|are|was|were|on|and|or|in|for|to|from|with)\ )"
)


_DOSES = re.compile(
    r"[qQ]\.?\ ?(?P<low>\d{1,2})(?:[-–](?P<high>\d{1,2}))?\ ?(?:h|hr|hrs|hours)(?![A-Za-z0-9])", re.ASCII
)


def recognise_citation(context: Context, position: int) -> Reading | None:
    """Read an abbreviation of lawyers and clerks by what stands around it."""
    text = context.text
    phrase = _PHRASE.match(text, position)
    if phrase:
        return whole(_PHRASES[phrase[0]], position, phrase.end())
    law = _PUBLIC_LAW.match(text, position)
    if law:
        both = f"{numbers.identifier(law['congress'])} {numbers.identifier(law['number'])}"
        return whole(f"public law {both}", position, law.end())
    scripture = _SCRIPTURE.match(text, position)
    if scripture and (scripture[0][-1] == "." or scripture["name"] not in _FIRST_NAMES):
        return whole(_SCRIPTURES[scripture["name"]], position, scripture.end())
    reporter = _REPORTER.match(text, position)
    if reporter and reporter["series"] and context.adjacent_source.isdigit():
        return whole(f"F {_SERIES[reporter['series']]}", position, reporter.end())
    idem = _IDEM.match(text, position)
    if idem:
        return whole("id", position, idem.end())
    statutes = _STATUTES.match(text, position)
    if statutes:
        return whole("statutes", position, statutes.end())
    coordinate = _COORDINATE.match(text, position)
    if coordinate:
        return whole(_COORDINATES[coordinate["name"].lower()], position, coordinate.end())
    number = _NUMBER.match(text, position)
    if number and context.previous in HAVE_NUMBERS and context.adjacent_source:
        return whole("number", position, number.end())
    side = _SIDE_FIRST.match(text, position)
    if side and not text[position - 1 : position].isalnum():
        return whole(_SIDES[side[0]], position, side.end())
    if _REVENUE.match(text, position):
        return whole("revenue", position, position + 4)
    doses = _DOSES.match(text, position)
    if doses:
        hours = numbers.integer(doses["low"]) + (
            f" to {numbers.integer(doses['high'])}" if doses["high"] else ""
        )
        return whole(f"every {hours} hours", position, doses.end())
    if _BUSINESS.match(text, position):
        return whole("business", position, position + 4)
    number_of = _NUMBER_OF.match(text, position)
    if number_of:
        return whole("number", position, number_of.end())
    verse = _VERSE.match(text, position)
    if verse and "chapter" in context.recent(4).split():
        return whole("verse" if verse[0] == "v." else "verses", position, verse.end())
    if _EXPIRES.match(text, position):
        return whole("expires", position, position + 3)
    pills = _PILLS.match(text, position)
    if pills and context.adjacent_source[-1:].isdigit():
        name = "tablet" if pills["name"] == "tab" else "capsule"
        many = pills["many"] or context.adjacent_source != "1"
        return whole(name + ("s" if many else ""), position, pills.end())
    unit = _UNIT.match(text, position)
    if unit and not text[position - 1 : position].isalnum():
        return _bare_unit(context, unit)
    return _ranked(context, position)


def recognise_coordinate(context: Context, position: int) -> Reading | None:
    """Read the degrees, minutes and seconds of an angle or a place, whose signs are also those of feet and inches."""
    match = _SEXAGESIMAL.match(context.text, position)
    if match is None:
        return None
    words = [
        f"{numbers.number(match[name])} {name.removesuffix('s') if match[name] == '1' else name}"
        for name in ("degrees", "minutes", "seconds")
        if match[name]
    ]
    end = match.end()
    if match["side"] and context.adjacent_source in _SIDES:
        end = match.start("side")  # N 37° 46' W 122° 25': the next one's
    elif match["side"]:
        words.append(_SIDES[match["side"]])
    return whole(" ".join(words), position, end)


def recognise_book(context: Context, position: int) -> Reading | None:
    """Read the "1 Cor." of "1 Cor. 13" as first corinthians."""
    match = _BOOK.match(context.text, position)
    if match is None:
        return None
    name = _BOOK_NAMES.get(match["name"], match["name"].lower())
    return whole(f"{numbers.ordinal(int(match['rank']))} {name}", position, match.end())


def _bare_unit(context: Context, match: re.Match[str]) -> Reading | None:
    """Read a unit without a number: "by the kg", "weights in kg", "kg/m²"."""
    unit = unit_after(context.text, match.start())
    if unit is None:
        return None
    if context.text.startswith("/", match.end()) or context.previous in {"in", "of"}:
        return whole(unit.many, match.start(), unit.end)
    if context.previous in {"the", "a", "per", "each", "every"}:
        return whole(unit.one, match.start(), unit.end)
    return None


def _ranked(context: Context, position: int) -> Reading | None:
    """Read the "Cir." of "9th Cir." as circuit, the "Fl." of "34th Fl." as floor."""
    text = context.text
    match = _AFTER_RANK.match(text, position)
    if match is None or not _RANK.search(context.adjacent_source):
        match = _LIMIT.match(text, position)
        if match is None or not _LIMITED.search(text, max(0, position - 15), position):
            return None
    pieces = [Piece(_RANKED[match["name"]], position, match.end())]
    if ends_sentence(context, match.end()):
        pieces.append(Piece(".", match.end() - 1, match.end()))
    return Reading(tuple(pieces), match.end())
