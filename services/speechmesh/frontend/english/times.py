"""Reads times of day and durations: "3:45 PM", "15:30", "7:00", "9-5 p.m.", "1h30m"."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole

_HALF_OF_DAY = re.compile(r"\ ?(?P<half>[aApP])(?:\.\ ?[mM](?:\.)?|[mM])(?![A-Za-z0-9])")
_SHORT_HALF = re.compile(r"(?P<half>[ap])(?![A-Za-z0-9'-])")  # 11:55p
_FRENCH = re.compile(r"(?P<hour>2[0-3]|[01]?\d)h(?P<minute>[0-5]\d)(?![A-Za-z0-9])", re.ASCII)
_ZERO_HOUR = re.compile(r"(?P<hour>0\d)(?P<minute>[0-5]\d)(?![\dA-Za-z]|[.,:/-]\d)", re.ASCII)
_ZULU_HOUR = re.compile(r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)Z(?![A-Za-z0-9])", re.ASCII)
_LETTERED_HOUR = re.compile(r"(?P<hour>1[0-2]|[1-9])(?P<half>[ap])(?![A-Za-z0-9'-])", re.ASCII)
_SERVICE = re.compile(r"\ (?:to|from|train|bus|flight|ferry|service)(?![a-z])")
_CLOCK = re.compile(
    r"(?P<hour>2[0-4]|[01]?\d):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9}+)?)?(?![\d:]|,\d{3}(?!\d))",
    re.ASCII,
)
_HALF = r"\ ?(?:[ap]\.?\ ?m|[AP]\.?\ ?M)(?![A-Za-z0-9])"
_POINTED = re.compile(
    rf"(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5]\d)(?P<second>)"
    rf"(?={_HALF}|\ ?[-–—]\ ?(?:1[0-2]|0?[1-9])(?:\.[0-5]\d)?{_HALF})",
    re.ASCII,
)  # the British 3.30pm
_BARE_HOUR = re.compile(r"(?P<hour>1[0-2]|0?[1-9])(?=\ ?[aApP]\.?\ ?[mM](?![A-Za-z0-9]))", re.ASCII)
_MILITARY = re.compile(
    r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)"
    r"(?=\ (?:hours|hrs)(?!\ of)(?![A-Za-z])"
    r"|(?P<zoned>\ (?:GMT|UTC|EST|EDT|PST|PDT|CET|BST|Zulu)(?![A-Za-z])))",
    re.ASCII,
)
_PLAIN_HOUR = re.compile(r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?![\dA-Za-z%°]|[.,:/-]\d)", re.ASCII)
_SERVED = frozenset(
    f"{verb} at"
    for verb in (
        "departs",
        "departing",
        "departed",
        "arrives",
        "arriving",
        "arrived",
        "leaves",
        "lands",
        "landed",
    )
)
_BEFORE_TIMES = frozenset({"at", "by", "until", "till", "from", "since", "before", "after", "around"})
_HOUR_RANGE = re.compile(
    r"(?P<hour>1[0-2]|0?[1-9])\ ?[-–—]\ ?"
    r"(?P<until>(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?\ ?[aApP]\.?\ ?[mM](?![A-Za-z0-9]))",
    re.ASCII,
)
_TO = re.compile(r"\ ?[-–—]\ ?(?=\d{1,2}(?::\d\d|(?:\.\d\d)?\ ?[aApP]\.?[mM]))", re.ASCII)
_ZULU = re.compile(r"Z(?![A-Za-z0-9])")
_OFFSET = re.compile(r"[+-](?P<hour>\d\d):?(?P<minute>\d\d)(?!\d)", re.ASCII)
_SPACED_OFFSET = re.compile(r"\ (?=[+-]\d\d:?\d\d(?![\d:]))", re.ASCII)
_BARE_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hour>0\d|1[0-4]):(?P<minute>[0-5]\d)(?![\d:])", re.ASCII)
_ZONE_OFFSET = re.compile(r"[+−-](?P<hour>1[0-4]|0?\d):(?P<minute>[0-5]\d)(?![\d:])", re.ASCII)
_ZONES = frozenset({"UTC", "GMT"})
_DATED = re.compile(r"(?:^(?:19|20)\d\d|\d[-/.]\d{1,2})$", re.ASCII)
_DETERMINERS = frozenset(
    {"a", "an", "the", "my", "your", "our", "their", "his", "her", "this", "that", "every", "each"}
)
_DURATION = re.compile(
    r"(?:(?P<h>\d{1,4})\ ?(?:h|hr|hrs)\.?\ ?(?P<m>\d{1,2})\ ?(?:m|min|mins)(?:\ ?(?P<s>\d{1,2})\ ?(?:s|sec))?"
    r"|(?P<m2>\d{1,4})\ ?(?:m|min)\ ?(?P<s2>\d{1,2}(?:\.\d{1,6})?)\ ?(?:s|sec))(?![A-Za-z0-9])",
    re.ASCII,
)
_MINUTES = re.compile(r"(?P<m>\d{1,3})m(?![A-Za-z0-9²³'/-])", re.ASCII)
_COOKS = frozenset(
    str.split(
        "bake baking boil chill cook cooking duration fry marinate nap prep rest roast runtime simmer sleep steam"
    )
)
_INCHES_PER_FOOT, _SECONDS_PER_MINUTE = 12, 60
_FEET_INCHES = re.compile(
    r"(?P<feet>\d{1,3})'\ ?(?P<inches>\d{1,2}(?:\.\d)?)(?:\"|'')?(?![A-Za-z0-9])", re.ASCII
)
_INCHES = re.compile(
    r"(?P<inches>\d{1,4}(?:\.\d{1,3})?|(?:(?P<full>\d{1,3})[ -])?(?P<n>\d{1,2})/(?P<d>\d{1,2}))\""
    r"(?=[ \n](?:[a-zA-Z]|\d{1,2}K)|\ ?[x×]|(?P<end>[.,;)]|$))",
    re.ASCII,
)
_FEET = re.compile(
    r"(?P<feet>\d{1,3}(?:,\d{3})*)'"
    r"(?=\ (?:of|high|tall|wide|deep|long|above|below|peak|drop|over|elevation|apart|away|x)(?![a-z])|\ \(\d)",
    re.ASCII,
)
_OPEN_QUOTE = re.compile(r"(?:^|[ (\n])'[A-Za-z][^'\n]*$")  # 'Top 100' of all
_INCH_SPREAD = re.compile(r"(?P<low>\d{1,3})[-–](?P<high>\d{1,3})\"(?=[ \n][a-z]|[,.;)])", re.ASCII)
_FEET_BY = re.compile(r"(?P<feet>\d{1,3})'(?:(?P<by>\ ?[x×]\ ?)(?=\d{1,3}')|(?=[ ,.;)]|$))", re.ASCII)
_NO_NOUNS = frozenset(
    str.split(
        """
        today tomorrow tonight now
        above across and apart are at away below by deep diagonally from high in is long of off on or out over per tall
        than thick to was were wide x
        """
    )
)


def recognise_time(context: Context, position: int) -> Reading | None:
    """Read a time of day, or the first of two."""
    text = context.text
    if position and (text[position - 1] == ":" or text[position - 1].isalnum()) and text[position - 1] != "T":
        return None
    military = _MILITARY.match(text, position)
    begins = context.previous in _BEFORE_TIMES - {"from", "around"} or text[position - 2 : position] == "@ "
    if begins or (context.previous == "the" and _SERVICE.match(text, position + 4)):
        military = military or _ZERO_HOUR.match(text, position)
    if military is None and context.recent(2) in _SERVED:
        military = _PLAIN_HOUR.match(text, position)
        if military:
            return whole(_military_words(military["hour"], military["minute"]), position, military.end())
    if military and (
        military["hour"][0] == "0" or military.groupdict().get("zoned") or context.previous in _BEFORE_TIMES
    ):
        words = _military_words(military["hour"], military["minute"])
        return whole(words, position, military.end())
    zulu = _ZULU_HOUR.match(text, position)
    if zulu:
        words = _military_words(zulu["hour"], zulu["minute"])
        return Reading(
            (Piece(words, position, zulu.end() - 1), Piece("U T C", zulu.end() - 1, zulu.end())), zulu.end()
        )
    french = _FRENCH.match(text, position)
    if french:
        hour = int(french["hour"])
        timed = hour > 12 or context.previous in _BEFORE_TIMES
        hours = (
            numbers.cardinal(hour)
            if timed
            else f"{numbers.cardinal(hour)} {'hour' if hour == 1 else 'hours'}"
        )
        if timed:
            return whole(_clock_words(hour, french["minute"], None, False), position, french.end())
        return whole(f"{hours} {numbers.integer(str(int(french['minute'])))}", position, french.end())
    clock = _CLOCK.match(text, position) or _POINTED.match(text, position)
    nightly = _LETTERED_HOUR.match(text, position)
    if nightly and context.previous in _BEFORE_TIMES | {"to"}:
        words = f"{numbers.cardinal(int(nightly['hour']))} {nightly['half'].upper()} M"  # from 9p to 5a
        return whole(words, position, nightly.end())
    match = clock or _BARE_HOUR.match(text, position) or _HOUR_RANGE.match(text, position)
    if match is None:
        return None
    hour, end = int(match["hour"]), match.end()
    if match.re is _HOUR_RANGE:
        return whole(f"{numbers.cardinal(hour)} to", position, match.start("until"))
    half = _HALF_OF_DAY.match(text, end) or (_SHORT_HALF.match(text, end) if clock else None)
    words = numbers.cardinal(hour)
    if clock:
        words = _clock_words(hour, match["minute"], match["second"], half is not None)
    pieces = [Piece(words, position, end)]
    if clock and text[position - 1 : position] == " " and _DATED.search(context.adjacent_source):
        pieces.insert(0, Piece(",", position - 1, position))  # 2023-11-05 01:59
    if half:
        pieces.append(Piece(f"{half['half'].upper()} M", *half.span()))
        end = half.end()
        if text[end - 1] == "." and _ends_sentence(context, end):
            pieces.append(Piece(".", end - 1, end))
    elif clock and (
        zone := _ZULU.match(text, end)
        or (text[position - 1] == "T" and _OFFSET.match(text, end))
        or ((spaced := _SPACED_OFFSET.match(text, end)) and _OFFSET.match(text, spaced.end()))
    ):
        pieces.append(Piece(_zone_words(zone), *zone.span()))
        end = zone.end()
    until = _TO.match(text, end)
    if until:
        pieces.append(Piece("to", *until.span()))
        end = until.end()
    return Reading(tuple(pieces), end)


def _clock_words(hour: int, minute: str, second: str | None, has_half: bool) -> str:
    if second and int(second):
        seconds = "second" if int(second) == 1 else "seconds"
        base = _clock_words(hour, minute, None, True)
        return f"{base} and {numbers.cardinal(int(second))} {seconds}"
    if minute == "00":
        if has_half:
            return numbers.cardinal(hour)
        if 1 <= hour <= 12:
            return f"{numbers.cardinal(hour)} o'clock"
        return f"{numbers.cardinal(hour)} hundred"
    return f"{numbers.cardinal(hour)} {numbers.pair(int(minute))}"


def _military_words(hour: str, minute: str) -> str:
    """Read "0630" as "zero six thirty", "1400" as "fourteen hundred"."""
    hours = numbers.integer(hour)
    return f"{hours} {numbers.pair(int(minute))}"


def _zone_words(match: re.Match[str]) -> str:
    if match[0] == "Z":
        return "U T C"
    sign = "plus" if match[0][0] == "+" else "minus"
    minutes = int(match["minute"])
    if not minutes and not int(match["hour"]):
        return "U T C"
    rest = f" {numbers.cardinal(minutes)}" if minutes else ""
    return f"U T C {sign} {numbers.cardinal(int(match['hour']))}{rest}"


_NO_END = frozenset(
    str.split(
        """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs Fri Sat Sun
    January February March April May June July August September October November December Jan Feb Mar
    Apr Jun Jul Aug Sep Sept Oct Nov Dec EST EDT PST PDT CST CDT MST MDT ET PT CT MT GMT UTC BST CET
    CEST IST JST Eastern Pacific Central Mountain
    """
    )
)


def _ends_sentence(context: Context, end: int) -> bool:
    """Whether the full stop of "p.m." also ends the sentence."""
    text = context.text
    rest = text[end : end + 3]
    if not rest.strip(" \n\"')") or rest.startswith("\n\n"):
        return True
    if context.previous in _DETERMINERS and context.adjacent_source:
        return False  # the 7:04 a.m. Acela
    following = context.next_word(end)
    return rest[0] in " \n\"')" and following[:1].isupper() and following not in _NO_END


def recognise_offset(context: Context, position: int) -> Reading | None:
    """Read the "+05:30" that a zone is away from UTC, also where UTC is named: "UTC-5:00"."""
    zoned = _ZONE_OFFSET.match(context.text, position)
    if zoned and context.adjacent_source in _ZONES and (int(zoned["hour"]) or int(zoned["minute"])):
        return whole(_zone_words(zoned).removeprefix("U T C "), position, zoned.end())
    match = _BARE_OFFSET.match(context.text, position)
    if match is None or context.text[position - 1 : position].isalnum():
        return None
    return whole(_zone_words(match).removeprefix("U T C "), position, match.end())


def recognise_duration(context: Context, position: int) -> Reading | None:
    """Read "1h30m" and "5m 30s"."""
    match = _DURATION.match(context.text, position)
    if match is None:
        return None
    counts = (match["h"], match["m"] or match["m2"], match["s"] or match["s2"])
    names = ("hour", "minute", "second")
    words = [
        f"{numbers.number(count.lstrip('0') or '0')} {name if count.lstrip('0') == '1' else name + 's'}"
        for count, name in zip(counts, names, strict=True)
        if count
    ]
    return whole(" ".join(words), position, match.end())


def recognise_cooking(context: Context, position: int) -> Reading | None:
    """Read the "20m" of "Prep: 20m" and "bake for 20m", which are minutes."""
    match = _MINUTES.match(context.text, position)
    if match is None:
        return None
    lasts = context.previous == "for" and not _COOKS.isdisjoint(context.recent(12).split())
    if context.previous not in _COOKS and not lasts:
        return None
    return whole(
        f"{numbers.integer(match['m'])} {'minute' if match['m'] == '1' else 'minutes'}", position, match.end()
    )


def recognise_height(context: Context, position: int) -> Reading | None:
    """Read feet and inches: 5'11'' is "five feet eleven inches", 19'42'' a time; 27'' before a noun is in inches."""
    match = _FEET_INCHES.match(context.text, position)
    if match:
        inches = match["inches"]
        if "." not in inches and _INCHES_PER_FOOT <= int(inches) < _SECONDS_PER_MINUTE:  # ran it in 19'42"
            words = f"{numbers.cardinal(int(match['feet']))} minutes {numbers.cardinal(int(inches))} seconds"
            return whole(words, position, match.end())
        feet_name = "foot" if match["feet"] == "1" else "feet"
        name = "inch" if inches == "1" else "inches"
        words = f"{numbers.cardinal(int(match['feet']))} {feet_name} {numbers.number(inches)} {name}"
        return whole(words, position, match.end())
    side = _FEET_BY.match(context.text, position)
    quoted = context.in_quotes or context.text[position - 1 : position] == "'"
    if side and not quoted and (side["by"] or context.previous in {"by", "a", "an"}):
        return _side(context, side)
    spread = _INCH_SPREAD.match(context.text, position)
    if spread and not context.in_quotes:
        low, high = numbers.number(spread["low"]), numbers.number(spread["high"])
        return whole(f"{low} to {high} inches", position, spread.end())
    feet = _FEET.match(context.text, position)
    if feet and not (context.in_quotes or _OPEN_QUOTE.search(context.text, max(0, position - 40), position)):
        return whole(f"{numbers.integer(feet['feet'])} feet", position, feet.end())
    match = _INCHES.match(context.text, position)
    if match is None or context.in_quotes or (match["end"] is not None and context.previous != "by"):
        return None
    noun = context.next_word(match.end())
    attributive = context.previous in {"a", "an"} or (noun and noun not in _NO_NOUNS)
    if match["d"]:
        words = numbers.fraction(int(match["n"]), int(match["d"]))
        if match["full"]:
            words = f"{numbers.cardinal(int(match['full']))} and {words.replace('one half', 'a half')}"
        name = "inches" if match["full"] and not attributive else "inch"
        return whole(f"{words} {name}", position, match.end())
    name = "inch" if match["inches"] == "1" or attributive else "inches"
    return whole(f"{numbers.number(match['inches'])} {name}", position, match.end())


def _side(context: Context, match: re.Match[str]) -> Reading:
    """Read one side of "10' x 12'", in feet; before a noun it is "a twelve foot wall"."""
    end = match.end("feet") + 1
    noun = context.next_word(end)
    name = "foot" if not match["by"] and noun.islower() and noun not in _NO_NOUNS else "feet"
    pieces = [Piece(f"{numbers.integer(match['feet'])} {name}", match.start(), end)]
    if match["by"]:
        pieces.append(Piece("by", *match.span("by")))
        end = match.end("by")
    return Reading(tuple(pieces), end)
