"""Reads the postal abbreviations of US states, and the ZIP code after one."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.abbreviations import ends_sentence
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole
from speechmesh.frontend.spoken import Pause, PauseMark

STATES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "FL": "florida", "GA": "georgia", "HI": "hawaii", "ID": "idaho",
    "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky", "LA": "louisiana",
    "ME": "maine", "MD": "maryland", "MA": "massachusetts", "MI": "michigan", "MN": "minnesota", "MS": "mississippi",
    "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new hampshire", "NJ": "new jersey",
    "NM": "new mexico", "NY": "new york", "NC": "north carolina", "ND": "north dakota", "OH": "ohio",
    "OK": "oklahoma", "OR": "oregon", "PA": "pennsylvania", "RI": "rhode island", "SC": "south carolina",
    "SD": "south dakota", "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia",
    "WA": "washington", "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming", "DC": "D C",
}  # fmt: skip
_ALSO_WORDS = frozenset({"HI", "ID", "IN", "LA", "MA", "ME", "OH", "OK", "OR", "PA"})
_PARTY = re.compile(r"(?:^|[ (])[DRI][-–]$")
_TITLE = re.compile(r",\ (?:Ph\.?D|M\.?P\.?H|MBA|M\.?Sc?|FAC[SP]|FAAP|JD|RN)(?![A-Za-z])")
_STATE = re.compile(
    r"(?P<state>[A-Z]{2})(?:,?[ ]{1,2}(?P<zip>\d{5})(?:-(?P<more>\d{4}))?(?![\d-]))?(?![A-Za-z0-9'&-])",
    re.ASCII,
)


PROVINCES = {
    "AB": "alberta", "BC": "british columbia", "MB": "manitoba", "NB": "new brunswick", "NL": "newfoundland",
    "NS": "nova scotia", "ON": "ontario", "PE": "prince edward island", "QC": "quebec", "SK": "saskatchewan",
}  # fmt: skip
_PROVINCE = re.compile(r"(?P<name>[A-Z]{2}),?(?=\ {1,2}[A-Z]\d[A-Z]\ ?\d[A-Z]\d(?![A-Za-z0-9]))", re.ASCII)


def recognise_province(context: Context, position: int) -> Reading | None:
    """Read "ON" before a Canadian postal code."""
    match = _PROVINCE.match(context.text, position)
    if match is None or match["name"] not in PROVINCES:
        return None
    return whole(PROVINCES[match["name"]], position, match.end("name"))


def _is_doctor(context: Context, end: int) -> bool:
    """Whether "MD" is the title of who is named before it."""
    recent = context.recent(4).split()
    return (
        "doctor" in recent
        or any(len(word) == 1 for word in recent[-3:])
        or bool(_TITLE.match(context.text, end))
    )


def recognise_state(context: Context, position: int) -> Reading | None:
    """Read "IL" after a town and a comma, and "IL 62704" anywhere; the ZIP code digit by digit."""
    match = _STATE.match(context.text, position)
    if match is None or match["state"] not in STATES:
        return None
    state = match["state"]
    if match["zip"]:
        pieces = [
            Piece(STATES[state], *match.span("state")),
            Piece(numbers.digits(match["zip"]), *match.span("zip")),
        ]
        if match["more"]:
            pieces += [Piece(f", {numbers.digits(match['more'])}", *match.span("more"))]
        return Reading(tuple(pieces), match.end())
    last = context.items[-1] if context.items else None
    after_town = (
        isinstance(last, Pause) and last.mark is PauseMark.COMMA and context.previous_source[:1].isupper()
    )
    if state == "MD" and _is_doctor(context, match.end()):
        return None
    if not after_town or state in _ALSO_WORDS or context.shouting(position):
        return None
    return Reading((Piece(STATES[state], *match.span("state")),), match.end())


_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_DIRECTION = re.compile(r"(?P<name>[NSEW])\.?(?=\ (?:[A-Z][a-z]|\d{1,3}(?:st|nd|rd|th)))")
_QUARTER = re.compile(r"(?P<name>[NS][EW])(?=\ (?:[A-Z][a-z]|\d{1,3}(?:st|nd|rd|th)))")
_QUARTER_OF_TOWN = re.compile(r"(?P<name>[NS][EW])(?![A-Za-z0-9'-])")
_WAYS = frozenset({"avenue", "street", "road", "drive", "boulevard", "place", "court", "lane", "way"})
_DISTANCE = re.compile(r"\d\ ?(?:mi|km|m|ft|yds?|miles?|kilometers?|blocks?|blks?|feet)\.?\ $", re.ASCII)
_AFTER_DISTANCE = re.compile(r"(?P<name>[NS]?[NSEW]?[NSEW])(?P<dot>\.?)(?=[ ,;)\n]|$)")
_NUMBERED_STREET = re.compile(
    r"(?P<name>[NSEW])\.?(?=\ \d{1,3}(?:st|nd|rd|th)"
    r"\ (?:St|Ave|Street|Avenue|Pl|Place|Rd|Road|Ter|Terrace|Ct|Court)(?![A-Za-z]))"
)
_NAMED_STREET = re.compile(
    r"(?P<name>[NSEW])\.?(?=\ [A-Z][a-z]{2,20}\ "
    r"(?:St|Ave|Blvd|Rd|Dr|Ln|Hwy|Street|Avenue|Boulevard|Road|Drive|Lane)(?![A-Za-z]))"
)
_HEADING = re.compile(r"(?P<name>[NS][EW])(?![A-Za-z0-9'&/-])")
_HEADS = frozenset(
    str.split(
        """
        blowing bound continue drive drove facing flows flying go going head headed heading heads move moves moving
        run runs sail sailed tracking travel traveling turn walk walked wind winds
        """
    )
)
_BOUND = re.compile(r"(?P<name>[NSEW])(?P<dot>\.?)(?![A-Za-z0-9'&/-])")
_ROAD = re.compile(r"(?:[A-Z]{1,3}-|(?:Hwy\.?|Highway|Route|Rte\.?)\ )\d{1,4}\ $", re.ASCII)
_WINDS = frozenset({"wind", "winds", "gusts", "breeze", "swell"})
_FROM_WHERE = re.compile(r"(?P<name>[NS]?[NSEW]?[NSEW])(?=\ (?:\d|at\ |to\ |and\ ))")
_WIND_FROM = re.compile(
    r"(?P<name>[NS][NSEW]?[EW])(?=\ (?:winds?|breezes?|gusts?|swell|gales?)(?![a-z]))"
)  # NW winds
_COMPASS = re.compile(r"(?P<name>[NS]?[NSEW]?[NS][EW])(?=\ of\ )")
_TRADITIONAL = {
    "Ala": "alabama", "Ariz": "arizona", "Ark": "arkansas", "Calif": "california", "Colo": "colorado",
    "Conn": "connecticut", "Del": "delaware", "Fla": "florida", "Ga": "georgia", "Ill": "illinois", "Ind": "indiana",
    "Ont": "ontario", "Alta": "alberta", "Sask": "saskatchewan",
    "Kan": "kansas", "Ky": "kentucky", "La": "louisiana", "Md": "maryland", "Mass": "massachusetts", "Mich": "michigan",
    "Minn": "minnesota", "Miss": "mississippi", "Mo": "missouri", "Mont": "montana", "Neb": "nebraska", "Nev": "nevada",
    "Okla": "oklahoma", "Ore": "oregon", "Pa": "pennsylvania", "Tenn": "tennessee", "Tex": "texas", "Vt": "vermont",
    "Va": "virginia", "Wash": "washington", "Wis": "wisconsin", "Wyo": "wyoming",
}  # fmt: skip
_ALWAYS_STATES = frozenset({"Ont", "Alta", "Sask", "Ariz", "Calif", "Conn", "Fla", "Minn", "Okla", "Tenn"})
_TRADITIONAL_STATE = re.compile(r"(?P<name>[A-Z][a-z]{1,4})\.(?P<inside>(?=[,)]|[ \n][a-z]))?")


def _compass(name: str) -> list[str]:
    """North-northwest is two words, northwest one."""
    words = [_DIRECTIONS[letter] for letter in name]
    if len(words) == 1:
        return words
    return [*words[:-2], words[-2] + words[-1]]


def recognise_direction(context: Context, position: int) -> Reading | None:
    """Read the "N." of "12 N. Main St." and the "Pa." of "Scranton, Pa., on"."""
    text = context.text
    direction = _DIRECTION.match(text, position)
    if direction and context.adjacent_source.isdigit():
        if direction[0][-1] == "." and ends_sentence(context, direction.end()):
            stop = Piece(".", direction.end() - 1, direction.end())
            return Reading((Piece(_DIRECTIONS[direction["name"]], *direction.span()), stop), direction.end())
        return Reading((Piece(_DIRECTIONS[direction["name"]], *direction.span()),), direction.end())
    quarter = _QUARTER.match(text, position) if context.adjacent_source.isdigit() else None
    if quarter is None and context.previous in _WAYS and context.adjacent_source:
        quarter = _QUARTER_OF_TOWN.match(text, position)
    if quarter:
        return whole("".join(_DIRECTIONS[letter] for letter in quarter["name"]), position, quarter.end())
    distant = _AFTER_DISTANCE.match(text, position)
    if distant and _DISTANCE.search(text, max(0, position - 14), position):
        end = (
            distant.end("name") if distant["dot"] and ends_sentence(context, distant.end()) else distant.end()
        )
        return whole(" ".join(_compass(distant["name"])), position, end)
    compass = (
        _COMPASS.match(text, position)
        or _WIND_FROM.match(text, position)
        or (context.previous in _WINDS and _FROM_WHERE.match(text, position))
    )
    if compass:
        return whole(" ".join(_compass(compass["name"])), position, compass.end())
    heading = _HEADING.match(text, position) if context.previous in _HEADS else None
    if heading:
        return whole(_compass(heading["name"])[0], position, heading.end())
    street = _NUMBERED_STREET.match(text, position) or _NAMED_STREET.match(text, position)
    if street:
        return whole(_DIRECTIONS[street["name"]], position, street.end())
    bound = _BOUND.match(text, position)
    if bound and _ROAD.search(text, max(0, position - 16), position):  # I-405 S
        if bound["dot"] and ends_sentence(context, bound.end()):
            return whole(_DIRECTIONS[bound["name"]], position, bound.end("name"))
        return whole(_DIRECTIONS[bound["name"]], position, bound.end())
    state = _TRADITIONAL_STATE.match(text, position)
    if state is None or state["name"] not in _TRADITIONAL:
        return None
    name = Piece(_TRADITIONAL[state["name"]], *state.span())
    end = state.end()
    after_town = text[max(0, position - 2) : position].endswith((", ", "-"))
    if state["inside"] is not None and (after_town or state["name"] in _ALWAYS_STATES):
        return Reading((name,), end)
    if state["name"] in _ALWAYS_STATES or _PARTY.search(text, max(0, position - 3), position):
        if ends_sentence(context, end):
            return Reading((name, Piece(".", end - 1, end)), end)
        return Reading((name,), end)
    return None
