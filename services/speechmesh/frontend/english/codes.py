"""Reads what mixes letters and digits or is read digit by digit: B2B, MP3, v2.1.3, telephone numbers."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.bare_numbers import wants_digits
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole
from speechmesh.frontend.english.word_lists import COMMON_WORDS
from speechmesh.frontend.english.words import read_word, spell

_ALPHANUMERIC = re.compile(r"(?:[A-Za-z]++\d|\d++[A-Za-z])[A-Za-z0-9]*+", re.ASCII)
_GROUPED_CODE = re.compile(
    r"(?=\d)(?:(?=[A-Z]{0,5}\d)[A-Z0-9]{1,6}[ -]){1,8}(?=[A-Z]{0,5}\d)[A-Z0-9]{1,6}(?![A-Za-z0-9]|[-.,]\d)",
    re.ASCII,
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?:\ ?[A-Z0-9]{4}){2,7}(?:\ ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", re.ASCII)
_GROUP = re.compile(r"[A-Z0-9]++", re.ASCII)
_AIRLINER = re.compile(
    r"(?P<model>7[0-8]7)(?:-(?P<variant>[1-9]00|8|9|10)(?:ER|LR)?(?![\dA-Za-z])"
    r"|(?=\ (?:MAX|Max|jets?|aircraft|planes?|jetliners?|Dreamliners?|freighters?)(?![a-z])))",
    re.ASCII,
)
_BEFORE_AIRLINERS = frozenset(
    str.split("a an the boeing boeing's new old of its their this that another two three")
)
_HTTP_ERRORS = re.compile(r"(?P<status>4(?:0[0134]|29)|50[0-4])s(?![A-Za-z0-9])", re.ASCII)
_SERVES = frozenset(str.split("error errors server status returned returning throwing responses requests"))
_JOINED = re.compile(r"[A-Za-z]-\d{1,6}(?:\.\d{1,4})?-$", re.ASCII)
_MODELS = re.compile(r"(?P<model>\d{2,3})'?s(?![A-Za-z0-9])", re.ASCII)
_DIMENSIONS = re.compile(
    r"(?P<count>[23])d(?=[ -](?:animations?|arrays?|coordinates|effects?|games?|geometry|glasses|graphics|images?|"
    r"maps?|model(?:s|ing|ling)?|movies?|objects?|plots?|print(?:s|ed|er|ers|ing)?|render(?:ing|s)?|scan(?:s|ner)?|shapes?|"
    r"space|vectors?|views?)(?![a-z]))",
    re.ASCII,
)  # 3d printer
_BEFORE_MODELS = frozenset(str.split("the boeing airbus these those of two new under over"))
_CLAUSE = re.compile(
    r"(?P<number>\d{1,4}(?:\.\d{1,4})?)(?P<letter>[A-Za-z]?)(?P<parts>(?:\((?:[A-Za-z]|\d{1,2}|[ivx]{2,4})\)){1,5})(?![A-Za-z0-9(^])",
    re.ASCII,
)
_SMALL_ROMAN = {
    "ii": "two",
    "iii": "three",
    "iv": "four",
    "vi": "six",
    "vii": "seven",
    "viii": "eight",
    "ix": "nine",
}
_TEXTED = {
    "gr8": "great", "l8r": "later", "l8": "late", "2nite": "tonight", "2night": "tonight", "2day": "today",
    "2moro": "tomorrow", "2morrow": "tomorrow", "str8": "straight", "h8": "hate", "w8": "wait", "sk8": "skate",
}  # fmt: skip
"""What is written in chats with a figure for its sound."""
_MAX_NAME = 64
_RUN = re.compile(r"\d++|[A-Za-z]++", re.ASCII)
_VERSION = re.compile(
    r"(?P<v>[vV]?)(?P<parts>\d++(?:\.\d++)*+)(?P<tail>(?:[a-z]{1,5}\d{0,4})?)(?![A-Za-z0-9])", re.ASCII
)
_PLURAL_NUMBER = re.compile(r"(?P<number>\d{0,2}[1-9])s(?![A-Za-z0-9'])", re.ASCII)
_HYPHENATED = re.compile(r"(?:\d{5}-\d{4}(?!\d|-\d)|\d{1,12}(?:-\d{1,12}){2,}+)(?![A-Za-z0-9])", re.ASCII)
_ORDINAL = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3}){1,9}+|\d{1,15})"
    r"(?:st|nd|rd|th|ST|ND|RD|TH|"
    r"(?<=[23])d(?=\ (?:(?:[Ff]l|Cir|Dist|Dept|Div|inst|ult)\.|(?:day|Regiment|Infantry|Cavalry)(?![a-z]))))"
    r"(?![A-Za-z0-9])",
    re.ASCII,
)
_SCREEN = re.compile(r"\d{3,5}×\d{3,5}(?!\d|\ ?=)", re.ASCII)  # 3840×2160
_OIL = re.compile(r"(?P<cold>\d{1,2})[Ww]-(?P<hot>\d{2})(?![\dA-Za-z-])", re.ASCII)  # 10W-40
_POUNDS = re.compile(r"\.?\ ?\d{1,2}\ ?lbs?(?![a-z])", re.ASCII)  # 13st 4lb
_PROCESSOR = re.compile(r"i(?P<tier>[3579])-(?P<model>\d{3,5})(?P<kind>[A-Z]{0,2})(?![A-Za-z0-9])", re.ASCII)
_EPISODE = re.compile(r"[Ss](?P<season>\d{1,2})\ ?[Ee](?P<episode>\d{1,3})(?![A-Za-z0-9])", re.ASCII)
_PRODUCT = re.compile(
    r"(?P<a>\d{1,6}(?:\.\d{1,4})?)(?P<sign>[x×])(?=\d{1,6}(?:[x×.\s,;)]|-(?:inch|foot|in|ft|cm|mm|m)(?![a-z])|[a-z]{1,3}(?![a-z])|$))",
    re.ASCII,
)
_TIMES = re.compile(
    r"(?P<factor>\d{1,4}(?:\.\d{1,2})?)[x×](?=\ (?:more|less|as|the|worse|"
    r"(?!(?:per|over|under|after|other|later)(?![a-z]))[a-z]{2,10}er)(?![a-z]))",
    re.ASCII,
)  # 3x faster
_HONOURED = re.compile(
    r"(?P<factor>\d{1,2})x(?=\ (?:MVP|champ(?:ion)?s?|winners?|All-Stars?|All-Pro|Olympians?|medalists?)(?![a-z]))",
    re.ASCII,
)  # a 2x MVP
_RELAY = re.compile(r"\d{2,4}\ ?m(?:\ (?:medley\ |freestyle\ |mixed\ )?relay)(?![a-z])", re.ASCII)
_VERSES = re.compile(r"[-–]\d{1,3}(?![\d:])", re.ASCII)
_BOOKS = frozenset(
    str.split(
        """
        qur'an quran koran
        genesis gen exodus psalm psalms proverbs isaiah matthew matt mark luke john acts romans corinthians galatians
        ephesians philippians samuel kings chronicles thessalonians timothy peter job joshua judges
        hebrews revelation verse surah leviticus deuteronomy ecclesiastes jeremiah ezekiel daniel hosea zechariah
        malachi colossians
        """
    )
)
_RATIO = re.compile(
    r"(?P<a>\d{1,6}(?:\.\d{1,3})?):(?P<b>\d{1,3}(?:,\d{3}){1,3}(?!,?\d)|\d{1,6}(?:\.\d{1,3})?)(?![\d:])",
    re.ASCII,
)
_TOLL_FREE = re.compile(r"\+?1-(?P<code>8\d\d)-(?=[A-Z])", re.ASCII)
_LOCAL = re.compile(r"[2-9]\d\d-\d{4}(?!\d|-\d)", re.ASCII)
_BEFORE_PHONES = frozenset(str.split("phone telephone call tel mobile cell fax dial number"))
_CARD = re.compile(
    r"\d{4}(?P<separator>[ -])\d{4}(?P=separator)\d{4}(?:(?P=separator)\d{4})?(?![\d-])", re.ASCII
)
_PHONES = tuple(
    re.compile(expression + r"(?![\d]|-\d)", re.ASCII)
    for expression in (
        r"(?:\+?\d{1,3}[ .-]?)?\(\d{2,4}\)[ .-]?\d{3,4}[ .-]\d{3,4}",
        r"\+\d{1,3}(?:[ .-]\d{1,8}){1,6}+",
        r"\+\d{8,15}",
        r"(?:1[ .-])?\d{3}[.-]\d{3}[.-]\d{4}",
        r"(?:1\ )?[2-9]\d\d\ \d{3}\ \d{4}",
        r"0\d{2,4}[ -]\d{3,4}[ -]\d{3,4}",
        r"[2-9]\d\d-(?!\d\d00)\d{4}",
        r"0\d{4}[ -]\d{6}",
    )
)
_DIGITS = re.compile(r"\d++", re.ASCII)


def read_alphanumeric(token: str) -> str:
    """Read a token of letters and digits: "A380" is "A three eighty", "covid19" "covid nineteen"."""
    runs = _RUN.findall(token)
    if len(runs) >= 5 or (len(runs) >= 4 and len(token) >= 7):  # a key or a hash
        return " ".join(numbers.digits(run) if run.isdigit() else spell(run) for run in runs)
    return " ".join(numbers.identifier(run) if run.isdigit() else _code_letters(run) for run in runs)


def _code_letters(run: str) -> str:
    if len(run) == 1:
        return run.upper()
    if run in {"ish", "ers", "neo"}:
        return run
    if len(run) <= 3 and (run.isupper() or run.lower() not in COMMON_WORDS):
        return read_word(run) if run[:-1].isupper() and run[-1] == "s" else spell(run)
    return read_word(run)


def recognise_alphanumeric(context: Context, position: int) -> Reading | None:
    """Read a mixed token such as B2B, MP3, 4K or 1080p."""
    match = _ALPHANUMERIC.match(context.text, position)
    if match is None:
        return None
    token = match[0]
    episode = _EPISODE.match(context.text, position)
    processor = _PROCESSOR.match(context.text, position)
    if processor:
        names = (numbers.cardinal(int(processor["tier"])), numbers.identifier(processor["model"]))
        return whole(" ".join(["I", *names, *processor["kind"]]), position, processor.end())
    if episode:
        season, number = (numbers.cardinal(int(episode[name])) for name in ("season", "episode"))
        return whole(f"season {season} episode {number}", position, episode.end())
    if token in _TEXTED:
        return whole(_TEXTED[token], position, match.end())
    if len(token) > _MAX_NAME:  # nothing to be read as a name; each run stands for itself
        runs = (numbers.digits(run) if run.isdigit() else read_word(run) for run in _RUN.findall(token))
        return whole(" ".join(runs), position, match.end())
    end = match.end()
    if token[-1] == "s" and token[:-1].isdigit():
        return whole(numbers.plural(numbers.identifier(token[:-1])), position, end)  # the 747s
    return whole(read_alphanumeric(token), position, end)


def recognise_clause(context: Context, position: int) -> Reading | None:
    """Read "401(k)" and "501(c)(3)"."""
    match = _CLAUSE.match(context.text, position)
    if match is None:
        return None
    if match["parts"] == "(s)" or context.text.startswith(" =", match.end()):
        return None  # plural or product
    number, letter = match["number"], match["letter"]
    words = numbers.identifier(number) if number.isdigit() else numbers.number(number)
    parts = [_clause_part(part) for part in _RUN.findall(match["parts"])]
    if "." in number:
        parts.insert(0, ",")  # not to be taken for a decimal
    return whole(" ".join(" ".join((words, letter.upper(), *parts)).split()), position, match.end())


def _clause_part(part: str) -> str:
    if part.isdigit():
        return numbers.integer(part)
    return part.upper() if len(part) == 1 else _SMALL_ROMAN.get(part, spell(part))


def recognise_models(context: Context, position: int) -> Reading | None:
    """Read "the 747s", which are not seconds."""
    airliner = _AIRLINER.match(context.text, position)
    if airliner and context.previous in _BEFORE_AIRLINERS:
        variant = f" {numbers.integer(airliner['variant'])}" if airliner["variant"] else ""
        return whole(f"{numbers.identifier(airliner['model'])}{variant}", position, airliner.end())
    solid = _DIMENSIONS.match(context.text, position)
    if solid:
        return whole(f"{numbers.integer(solid['count'])} D", position, solid.end())
    errors = _HTTP_ERRORS.match(context.text, position)
    if errors and _is_served(context.recent(9)):
        return whole(numbers.plural(numbers.identifier(errors["status"])), position, errors.end())
    match = _MODELS.match(context.text, position)
    if match is None or context.previous not in _BEFORE_MODELS:
        return None
    return whole(numbers.plural(numbers.identifier(match["model"])), position, match.end())


def _is_served(recent: str) -> bool:
    return "h t t p" in recent or not _SERVES.isdisjoint(recent.split())


def recognise_code(context: Context, position: int) -> Reading | None:
    """Read a code in groups, sign by sign, where one is announced: "your code is 604 318"."""
    oil = _OIL.match(context.text, position)
    if oil:
        return whole(f"{numbers.integer(oil['cold'])} W {numbers.integer(oil['hot'])}", position, oil.end())
    match = _IBAN.match(context.text, position)
    if match is None or " " not in match[0]:
        match = _GROUPED_CODE.match(context.text, position)
        if match is None or not wants_digits(context):
            return None
    pieces: list[Piece] = []
    for group in _GROUP.finditer(context.text, position, match.end()):
        if pieces:
            pieces.append(Piece(",", group.start() - 1, group.start()))
        signs = (numbers.digits(sign) if sign.isdigit() else sign for sign in group[0])
        pieces.append(Piece(" ".join(signs), *group.span()))
    return Reading(tuple(pieces), match.end())


def recognise_version(context: Context, position: int) -> Reading | None:
    """Read "v2.1.3", "3.11.4" and IP addresses."""
    match = _VERSION.match(context.text, position)
    if match is None:
        return None
    parts = match["parts"].split(".")
    if not match["v"] and len(parts) < 3:
        return None
    if (match["v"] and len(parts) > 1) or match["v"] == "v":
        words = [] if context.previous == "version" else ["version"]
    elif match["v"]:
        return None
    else:
        words = []
    words.append(" point ".join(numbers.integer(part) for part in parts))
    if match["tail"]:
        words.append(
            read_alphanumeric(match["tail"]) if match["tail"][-1:].isdigit() else read_word(match["tail"])
        )
    return whole(" ".join(words), position, match.end())


def recognise_phone(context: Context, position: int) -> Reading | None:
    """Read telephone and card numbers digit by digit, with a comma's pause between the groups."""
    text = context.text
    if position and text[position - 1] in "-+.,/:$€£" and text[position - 1 : position] != ":":
        return None
    toll_free = _TOLL_FREE.match(text, position)
    if toll_free:
        plus = "plus " if text[position] == "+" else ""
        return whole(f"{plus}one {numbers.identifier(toll_free['code'])}", position, toll_free.end())
    match = _CARD.match(text, position)
    if match is None and context.previous in _BEFORE_PHONES:
        match = _LOCAL.match(text, position)
    for compiled in _PHONES:
        match = match or compiled.match(text, position)
    if match is None or sum(character.isdigit() for character in match[0]) < 7:
        return None
    pieces: list[Piece] = []
    if match[0][0] == "+":
        pieces.append(Piece("plus", position, position + 1))
    for group in _DIGITS.finditer(text, position, match.end()):
        if len(pieces) > (match[0][0] == "+"):
            pieces.append(Piece(",", group.start() - 1, group.start()))
        pieces.append(Piece(numbers.digits(group[0]), *group.span()))
    return Reading(tuple(pieces), match.end())


def recognise_hyphenated_numbers(context: Context, position: int) -> Reading | None:
    """Read "123-45-6789" by groups, and short groups such as a "10-5-2" record as numbers."""
    match = _HYPHENATED.match(context.text, position)
    if match is None:
        return None
    groups = match[0].split("-")
    if any(len(group) > 2 for group in groups):
        return whole(" , ".join(numbers.digits(group) for group in groups), position, match.end())
    return whole(" ".join(numbers.integer(group) for group in groups), position, match.end())


def recognise_ordinal(context: Context, position: int) -> Reading | None:
    """Read "1st", "22nd", "1,000th"."""
    match = _ORDINAL.match(context.text, position)
    if match is None:
        return None
    number = int(match["number"].replace(",", ""))
    if (
        match[0].endswith("st")
        and number < 100
        and (_POUNDS.match(context.text, match.end()) or not _ends_in_one(number))
    ):
        return whole(f"{numbers.cardinal(number)} stone", position, match.end())
    return whole(numbers.ordinal(int(match["number"].replace(",", ""))), position, match.end())


def _ends_in_one(number: int) -> bool:
    return number % 10 == 1 and number % 100 != 11


def recognise_product(context: Context, position: int) -> Reading | None:
    """Read the first factor of "1920x1080" or "3×4" with its sign, and the "3x" of "3x faster"."""
    compared = _TIMES.match(context.text, position)
    if compared:
        return whole(f"{numbers.number(compared['factor'])} times", position, compared.end())
    honoured = _HONOURED.match(context.text, position)
    if honoured:
        return whole(f"{numbers.number(honoured['factor'])} time", position, honoured.end())
    match = _PRODUCT.match(context.text, position)
    if match is None or match["a"][0] == "0":
        return None
    factor = match["a"]
    words = numbers.identifier(factor) if factor.isdigit() and len(factor) > 2 else numbers.number(factor)
    relay = _RELAY.match(context.text, match.end())
    sign = "by" if match["sign"] == "x" or relay or _SCREEN.match(context.text, position) else "times"
    return Reading((Piece(words, *match.span("a")), Piece(sign, *match.span("sign"))), match.end())


def recognise_after_product(context: Context, position: int) -> Reading | None:
    """Read the last factor of "1920x1080" the way the first was read."""
    if context.text[position - 1 : position] not in {"x", "×"} or context.previous != "by":
        return None
    match = _DIGITS.match(context.text, position)
    if match is None or len(match[0]) < 3 or context.text[match.end() : match.end() + 1].isalnum():
        return None
    return whole(numbers.identifier(match[0]), position, match.end())


def _is_lap(context: Context, match: re.Match[str]) -> bool:
    """Whether "41:32" is minutes and seconds: too many for hours, and no ratio."""
    minutes, seconds = match["a"], match["b"]
    if len(minutes) != 2 or len(seconds) != 2 or minutes <= "24" or seconds >= "60":
        return False
    following = context.next_word(match.end())
    return (
        int(minutes) + int(seconds) != 100
        and following not in {"ratio", "odds", "split"}
        and context.previous != "ratio"
    )


def _lap_words(minutes: int, seconds: int) -> str:
    return f"{numbers.cardinal(minutes)} {numbers.pair(seconds) if seconds else 'minutes'}"


_TRIPLE = re.compile(r"(?!24/7/365)(?P<a>\d{1,3})/(?P<b>\d{1,3})/(?P<c>\d{1,3})(?![\d/]|[.,]\d)", re.ASCII)


def recognise_triple(context: Context, position: int) -> Reading | None:
    """Read "32/11/9" as three numbers, no date and no fraction."""
    match = _TRIPLE.match(context.text, position)
    if match is None or context.text[position - 1 : position] == "/":
        return None
    return whole(" , ".join(numbers.cardinal(int(match[name])) for name in "abc"), position, match.end())


def recognise_ratio(context: Context, position: int) -> Reading | None:
    """Read "16:9" as "sixteen to nine"."""
    match = _RATIO.match(context.text, position)
    if match is None:
        return None
    if _is_lap(context, match):
        return whole(_lap_words(int(match["a"]), int(match["b"])), position, match.end())
    verse = context.previous in _BOOKS or _VERSES.match(context.text, match.end())
    joint = " " if verse else " to "
    return whole(f"{numbers.number(match['a'])}{joint}{numbers.number(match['b'])}", position, match.end())


def recognise_hyphen_number(context: Context, position: int) -> Reading | None:
    """Read the number of a hyphenated code, as in F-16 or MH-370, in pairs."""
    text = context.text
    if position < 2 or text[position - 1] != "-":
        return None
    joined = _JOINED.search(text, max(0, position - 14), position)  # CVE-2021-44228, Llama-3.1-70B
    if not text[position - 2].isalpha() and not joined:
        return None
    match = _DIGITS.match(text, position)
    if match is None or (
        text[match.end() : match.end() + 1] in {".", ",", "%", "/", "°"}
        and (text[match.end() + 1 : match.end() + 2].isdigit() or text[match.end()] in "%°")
    ):
        return None
    if text[match.end() : match.end() + 1].isalnum():
        plural = _PLURAL_NUMBER.match(text, position)
        if plural and context.previous != "sub":
            return whole(
                numbers.plural(numbers.identifier(plural["number"])), position, plural.end()
            )  # omega-3s
        token = _ALPHANUMERIC.match(text, position)
        if token is None or not (text[position - 2].isupper() or joined) or len(token[0]) > _MAX_NAME:
            return None
        if token[0][-1] == "s" and token[0][:-1].isdigit():
            return whole(numbers.plural(numbers.identifier(token[0][:-1])), position, token.end())  # F-35s
        return whole(read_alphanumeric(token[0]), position, token.end())  # F-35B
    return whole(numbers.identifier(match[0]), position, match.end())
