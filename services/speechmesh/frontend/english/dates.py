"""Reads dates: "March 3rd, 2024", "3 Mar 2024", "03/04/2024" (US order), ISO dates, decades, weekdays."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole

MONTHS = str.split(
    """
    january february march april may june july august september october november december
    """
)
_SHORT_MONTHS = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sept": "september", "sep": "september", "oct": "october", "nov": "november",
    "dec": "december",
}  # fmt: skip
WEEKDAYS = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip
_MONTH = (
    r"(?P<month>(?i:january|february|march|april|may|june|july|august|september|october|november|december)"
    + (r"|(?i:jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)(?P<dot>\.?))")
)
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?P<year>[12]\d{3})(?![\d,]\d|\d|[-/]\d|\.\d|%)"
_MONTH_FIRST = re.compile(
    rf"{_MONTH}\ {_DAY}(?P<rank>st|nd|rd|th)?(?![\d:/%A-Za-z]|[.,]\d)"
    rf"(?:(?P<until>\ ?[-–—]\ ?)(?P<last>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\d:/A-Za-z]))?"
    rf"(?:(?P<comma>,?)[ \n]{_YEAR})?",
    re.ASCII,
)
_MONTH_YEAR = re.compile(rf"{_MONTH},?[ \n](?:of\ )?{_YEAR}", re.ASCII)
_DAY_FIRST = re.compile(
    rf"{_DAY}(?:(?P<until>\ ?[-–]\ ?)(?P<last>3[01]|[12]\d))?(?P<rank>st|nd|rd|th)?[ -](?P<of>of\ )?{_MONTH}"
    rf"(?![A-Za-z])(?:(?P<comma>,?)[ \n-]{_YEAR})?",
    re.ASCII,
)
_UNTIL = re.compile(rf"\ ?[-–—]\ ?(?={_MONTH}\.?\ \d)", re.ASCII)
_ISO = re.compile(
    r"(?P<year>[12]\d{3})(?P<separator>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=separator)(?P<day>3[01]|[12]\d|0?[1-9])"
    r"(?:T(?=\d\d:)|(?![\d]|[-/.]\d))",
    re.ASCII,
)
_NUMERIC = re.compile(
    r"(?P<a>\d{1,2})(?P<separator>[-/.])(?P<b>\d{1,2})(?P=separator)(?P<year>[12]\d{3}|\d\d)(?!\d|(?P=separator)\d)",
    re.ASCII,
)
_MONTH_DAY = re.compile(r"(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?![\d/]|-\d)", re.ASCII)
_IN_BRACKETS = re.compile(r"\ \((?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.?\)")  # 11/28 (Thu)
_AT_TIME = re.compile(r",?\ (?:at|@)\ \d{1,2}(?::\d\d|\ ?[aApP]\.?[mM])", re.ASCII)
_DATE_SPAN = re.compile(
    r"(?P<month1>1[0-2]|0?[1-9])/(?P<day1>3[01]|[12]\d|0?[1-9])\ ?[-–]\ ?"
    r"(?P<month2>1[0-2]|0?[1-9])/(?P<day2>3[01]|[12]\d|0?[1-9])(?![\d/%\"]|-\d)",
    re.ASCII,
)
_MONTH_YEAR_DIGITS = re.compile(r"(?P<month>0[1-9]|1[0-2])/(?P<year>20\d\d|\d\d)(?![\d/]|-\d)", re.ASCII)
_EXPIRY_CUES = frozenset({"expires", "expiry", "expiration", "exp", "expire", "expired", "thru"})
_MEASURED = frozenset(
    str.split(
        "of cup cups mile miles inch inches full way hour hours teaspoon tablespoon pound price off point mi in"
    )
)
_DECADE = re.compile(r"'?(?P<start>(?:1[1-9]|20)?\d0)'?s(?![A-Za-z0-9])", re.ASCII)
_SHORT_YEAR = re.compile(r"'(?P<year>\d\d)(?![\d'\"A-Za-z])", re.ASCII)
_WEEKDAY = re.compile(
    r"(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?P<dot>\.?)(?=(?P<after>,?[ \n]?))(?![A-Za-z])"
)
_PART_OF_DAY = re.compile(r"\.?\ (?:(?:morning|afternoon|evening|night)s?|[AP]M)(?![A-Za-z])")
_HOUR_FOLLOWS = re.compile(r"\.?\ (?:at|@)\ (?:\d|noon)", re.ASCII)
_RANK = re.compile(r"\d(?:st|nd|rd|th)$", re.ASCII)  # the 3rd Sun.
_ANOTHER_DAY = re.compile(r"(?:\ (?:&|and|or)\ |/|,\ )(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?![A-Za-z])")
_SPAN = re.compile(
    r"(?P<first>[A-Z][a-z]{2,8})\.?\ ?[-–]\ ?(?P<last>[A-Z][a-z]{2,8})(?:\.(?=,|\ [a-z\d]))?(?![A-Za-z'-])"
)
_WORKING_DAYS = re.compile(r"M\ ?[-–]\ ?F(?=:|,?\ \(?\d)")
_NAMES = {name.title(): full for name, full in (_SHORT_MONTHS | WEEKDAYS).items()}
_NAMES |= {name.title(): name for name in (*MONTHS, *WEEKDAYS.values())}
_DATE_FOLLOWS = re.compile(r"\.?,?[ \n](?:[A-Z][a-z]{2,8}\.?\ \d|\d{1,2}\b)", re.ASCII)
_DATE_CUES = frozenset(
    str.split(
        """
    on by until since before after from due dated cleared posted expires starts begins ends ships arrives delivered
    closes opens thru payable effective scheduled rescheduled postponed
    """
    )
)
_BEFORE_SECONDS = frozenset(
    str.split(
        """
        about after another approximately at by delay equals every exceeds first for in interval last lasted lasts
        least most next only per sleep than timeout took takes ttl under wait waited within minute minutes
        """
    )
)
_LAST_SECONDS = frozenset(
    str.split(
        """
        ad break buffer cap clip countdown delay exposure interval intro limit pause penalty plank rest spot sprint
        timeout timer video wait window
        """
    )
)
_DAYS = frozenset(WEEKDAYS.values())
_WEEKDAY_CUES = _DATE_CUES | {"every", "each", "and", "or", "open", "closed", "to", *WEEKDAYS.values()}


def recognise_month(context: Context, position: int) -> Reading | None:
    """Read a date that begins with a month's name, or the abbreviation of one."""
    match = _MONTH_FIRST.match(context.text, position) or _MONTH_YEAR.match(context.text, position)
    if match is None or not match["month"][0].isupper():
        return _short_month(context, position)
    month = _month(match["month"])
    until = _until(context, match.end())
    end = until[-1].end if until else match.end()
    if "day" not in match.re.groupindex:
        year = Piece(_year(match), *match.span("year"))
        return Reading((Piece(month, position, match.end("month")), year, *until), end)
    end_of_day = match.start("comma") if match["year"] else match.end()
    words = f"{month} {numbers.ordinal(int(match['day']))}"
    if match["until"]:
        words += f" to {numbers.ordinal(int(match['last']))}"
    return Reading((Piece(words, position, end_of_day), *_year_pieces(match), *until), end)


def _until(context: Context, end: int) -> tuple[Piece, ...]:
    """The dash after a date that another date follows."""
    dash = _UNTIL.match(context.text, end)
    return (Piece("to", *dash.span()),) if dash else ()


def _year_pieces(match: re.Match[str]) -> tuple[Piece, ...]:
    if not match["year"]:
        return ()
    year = Piece(_year(match), *match.span("year"))
    return (Piece(",", *match.span("comma")), year) if match["comma"] else (year,)


def _year(match: re.Match[str]) -> str:
    return numbers.year(int(match["year"]))


def _month(written: str) -> str:
    lower = written.lower().rstrip(".")
    return _SHORT_MONTHS.get(lower, lower)


_SHORT_MONTH = re.compile(
    r"(?P<month>Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?=\ [a-z\d]|\ '\d\d|,|\ ?[-–])"
)


_LISTED_MONTH = re.compile(
    r"(?P<month>Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?![A-Za-z.'])"
    r"(?P<next>\ '\d\d(?!\d)"
    r"|(?:,\ |\ (?:&|and|or)\ |/)(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?![A-Za-z]))?"
)
_MONTHS_SAID = frozenset(MONTHS) - {"march", "may"}


def _short_month(context: Context, position: int) -> Reading | None:
    listed = _LISTED_MONTH.match(context.text, position)
    if listed and (listed["next"] or not _MONTHS_SAID.isdisjoint(context.recent(2).split())):
        return whole(_month(listed["month"]), position, listed.end("month"))
    match = _SHORT_MONTH.match(context.text, position)
    return whole(_month(match["month"]), position, match.end()) if match else None


def recognise_day_first(context: Context, position: int) -> Reading | None:
    """Read "3 March 2024" and "3rd of March" as "the third of march"."""
    match = _DAY_FIRST.match(context.text, position)
    if match is None or not match["month"][0].isupper():
        return None
    article = "" if context.previous in {"the", "every", "each", "this", "next", "last"} else "the "
    if match["rank"] and not match["of"]:
        article = ""
    words = f"{article}{numbers.ordinal(int(match['day']))}"
    if match["until"]:
        words += f" to {numbers.ordinal(int(match['last']))}"
    words += f" of {_month(match['month'])}"
    end_of_month = match.start("comma") if match["year"] else match.end()
    return Reading((Piece(words, position, end_of_month), *_year_pieces(match)), match.end())


def recognise_numeric_date(context: Context, position: int) -> Reading | None:
    """Read a date of digits alone: ISO, US month/day/year, European day.month.year."""
    text = context.text
    iso = _ISO.match(text, position)
    if iso:
        return _date(position, iso, iso["month"], iso["day"], iso["year"])
    numeric = _NUMERIC.match(text, position)
    if numeric:
        first, second = numeric["a"], numeric["b"]
        if numeric["separator"] == "-" and len(numeric["year"]) == 2:
            return None  # a score or a part number
        if numeric["separator"] == "." and len(numeric["year"]) == 2:
            return None  # a version
        day_first = numeric["separator"] == "." or int(first) > 12
        month, day = (second, first) if day_first and int(second) <= 12 else (first, second)
        year = numeric["year"]
        if len(year) == 2:
            year = ("20" if int(year) < 50 else "19") + year
        return _date(position, numeric, month, day, year)
    expiry = _MONTH_YEAR_DIGITS.match(text, position)
    if expiry and not _EXPIRY_CUES.isdisjoint(context.recent(3).split()):
        short_year = expiry["year"]
        year_words = numbers.year(int(short_year) + 2000 if len(short_year) == 2 else int(short_year))
        return whole(f"{MONTHS[int(expiry['month']) - 1]} {year_words}", position, expiry.end())
    short = _MONTH_DAY.match(text, position)
    span = _DATE_SPAN.match(text, position)
    if span and context.next_word(span.end()) not in _MEASURED and _are_dates(context, span):
        first, last = (
            f"{MONTHS[int(span[f'month{side}']) - 1]} {numbers.ordinal(int(span[f'day{side}']))}"
            for side in "12"
        )
        return whole(f"{first} to {last}", position, span.end())
    if short and (text[short.end() : short.end() + 1] == '"' or context.next_word(short.end()) in _MEASURED):
        return None  # by 1/2 inch
    if short and (
        context.previous in _DATE_CUES | set(WEEKDAYS.values())
        or context.recent(2) == "as of"
        or context.recent(3) in {"c o b", "e o d", "e t a", "d o b"}
        or _AT_TIME.match(text, short.end())
        or _IN_BRACKETS.match(text, short.end())
    ):
        words = f"{MONTHS[int(short['month']) - 1]} {numbers.ordinal(int(short['day']))}"
        return whole(words, position, short.end())
    return None


def _are_dates(context: Context, span: re.Match[str]) -> bool:
    """Whether "7/1-7/5" is a time away, where "1/2-3/4" may be a part of a cup."""
    if context.previous in _DATE_CUES or (span["month1"] == span["month2"] and span["day1"] != span["day2"]):
        return True
    return any(
        int(span[f"month{side}"]) > int(span[f"day{side}"]) or int(span[f"day{side}"]) > 16 for side in "12"
    )


def _date(position: int, match: re.Match[str], month: str, day: str, year: str) -> Reading | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    words = f"{MONTHS[int(month) - 1]} {numbers.ordinal(int(day))} , {numbers.year(int(year))}"
    if match[0].endswith("T"):
        words += " ,"
    return whole(words, position, match.end())


def recognise_decade(context: Context, position: int) -> Reading | None:
    """Read "1980s", "'80s", "the 20s" and the year "'99"."""
    text = context.text
    before = text[position - 1 : position]
    if before.isalnum():
        return None
    match = _DECADE.match(text, position)
    if match:
        start = int(match["start"])
        if start == 0:
            return whole("two thousands", position, match.end())
        if (start == 10 and text[position] != "'") or (start < 100 and _are_seconds(context, match)):
            return None
        return whole(numbers.decade(start), position, match.end())
    short = _SHORT_YEAR.match(text, position)
    if short and not context.in_quotes:
        return whole(numbers.pair(int(short["year"])), position, short.end())
    return None


def _are_seconds(context: Context, match: re.Match[str]) -> bool:
    """Whether "30s" is a time, as in "timeout 30s" and "for 30s", rather than a decade."""
    if "'" in match[0]:
        return False
    if context.previous in {"a", "an"}:
        return context.next_word(match.end()) in _LAST_SECONDS
    return context.previous in _BEFORE_SECONDS or context.text[match.start() - 1 : match.start()] in {
        "=",
        "~",
    }


def recognise_span(context: Context, position: int) -> Reading | None:
    """Read "Mon.-Fri." and "Jan-Mar" as one to the other."""
    working_days = _WORKING_DAYS.match(context.text, position)
    if working_days:
        return whole("monday to friday", position, working_days.end())
    match = _SPAN.match(context.text, position)
    if match is None or match["first"] not in _NAMES or match["last"] not in _NAMES:
        return None
    first, last = _NAMES[match["first"]], _NAMES[match["last"]]
    if (first in MONTHS) != (last in MONTHS):
        return None
    return whole(f"{first} to {last}", position, match.end())


def recognise_weekday(context: Context, position: int) -> Reading | None:
    """Read an abbreviated weekday: "Mon.", and "Sat, Mar 3" where a date follows."""
    match = _WEEKDAY.match(context.text, position)
    if match is None:
        return None
    follows = _DATE_FOLLOWS.match(context.text, match.end("day"))
    recent = context.recent(2).split()
    listed = _ANOTHER_DAY.match(context.text, match.end()) or not _DAYS.isdisjoint(recent)
    if match["day"] == "Sun":
        listed = "saturday" in recent
    cued = (
        context.previous in _WEEKDAY_CUES
        or bool(_RANK.search(context.adjacent_source))
        or (match["day"] == "Sat" and bool(context.previous))
    )
    if match["day"] in {"Tues", "Thur", "Thurs", "Fri"} and not match["dot"]:
        return whole(WEEKDAYS[match["day"].lower()], position, match.end())  # never another word
    if _IN_BRACKETS.match(context.text, position - 2) and context.text[position - 3 : position - 2].isalnum():
        return whole(WEEKDAYS[match["day"].lower()], position, match.end())
    if _PART_OF_DAY.match(context.text, match.end("day")) or (
        match["day"] != "Sat" and _HOUR_FOLLOWS.match(context.text, match.end("day"))
    ):
        return whole(WEEKDAYS[match["day"].lower()], position, match.end())
    if not follows and not listed and (not match["dot"] or (match["day"] in {"Sat", "Sun"} and not cued)):
        return None
    end = match.end()
    if match["dot"] and not follows and not match["after"].strip() and context.next_word(end).istitle():
        end -= 1  # the full stop ends a sentence, too
    return whole(WEEKDAYS[match["day"].lower()], position, end)
