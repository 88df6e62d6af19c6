"""Reads punctuation: pauses, dashes, full stops, and quotes, which are silent."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.symbols import is_blood_type
from speechmesh.frontend.english.word_lists import RESPELLED, VOWELLESS_WORDS

_SENTENCE_END = re.compile(r"[!?](?:[!?.]++)?")
_FACTORIAL = re.compile(r"(?<![A-Za-z0-9])(?:[a-z]|\d{1,2})$|\)$", re.ASCII)
_EQUALS = re.compile(r"\ ?(?:=|/)\ ?[0-9a-z(]")
_DOTS = re.compile(r"\.(?:\.++|(?:\ \.){2,}+)")
_HYPHENS = re.compile(r"-{2,}+")
_ARROW = re.compile(r"[-=]{1,3}>(?=[ \nA-Za-z0-9(\"'])")
_SILENT_BRACKETS = re.compile(r"\(\)|\[\]|\{\}")
_NOON = re.compile(r"(?:\b(?:noon|midnight)|\d\ ?[ap]\.?m\.?|\d)\ ?$", re.ASCII)
_HOUR = re.compile(
    r"\ ?(?:noon|midnight)(?![a-z])|(?<=noon.)\ ?\d|(?<=midnight.)\ ?\d|(?<=noon\ .)\ ?\d", re.ASCII
)
_MARK = re.compile(r"[A-DFO]-(?=[ ,.;:)\n]|$)(?!\ -)")
_BEFORE_MARKS = re.compile(r"(?:^|\ )(?:an?|or|and|to|from|of|grade|got|rated|earned|at)\ [a-df]$")
_AIRPORTS = re.compile(r"[A-Z]{3}–[A-Z]{3}(?![A-Za-z0-9])")
_SERIES = re.compile(r"[A-Z][-–][A-Z](?![A-Za-z0-9])")
_OF_SERIES = re.compile(
    r"(?:^|\ )(?:seats|rows|sections|groups|items|exhibits|columns|gates|terminals|parts|lanes|blocks|buildings|doors|"
    r"zones|grades|levels|steps|options|questions|appendices|figures|letters|tables|units|wings)\ [a-z]$"
)
_OPTION = re.compile(r"[A-Za-z]\d{0,3}(?![A-Za-z0-9])", re.ASCII)
_SHORT_YEARS = re.compile(r"'\d\d[-–]'\d\d(?![\d'A-Za-z])", re.ASCII)
_FIRST_OF_SERIES = re.compile(r"(?<![A-Za-z0-9])(?P<letter>[A-Z])\d{1,3}$", re.ASCII)
_LAST_OF_SERIES = re.compile(r"[-–](?P<letter>[A-Z])\d{1,3}(?![A-Za-z0-9])", re.ASCII)
_GOES_ON = re.compile(r"\ [\"'(]?[a-z0-9]")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_OF_NUMBER = re.compile(r"'s(?![A-Za-z0-9])")
_EXTENSION = re.compile(
    r"(?:JPE?G|PNG|GIF|PDF|DOCX?|XLSX?|PPTX?|TXT|CSV|ZIP|EXE|HTML?|XML|JSON|MP[34]|MOV|WAV|NET|COM|ORG)(?![A-Za-z0-9])"
)
_SHARE_CLASS = re.compile(r"[A-Z]{3}\.[AB](?![A-Za-z0-9.])")  # BRK.B
_METHOD = re.compile(r"[A-Z][A-Za-z0-9_]{0,40}\(")
_CLIPPED_AND = re.compile(r"'[nN]'?(?![A-Za-z'])")
_PAUSES = {",": ",", ";": ";", "(": "(", ")": "(", "—": "—", "|": ",", "•": ","}


def recognise_pause(context: Context, position: int) -> Reading | None:
    """Read the marks whose pause does not depend on what is around."""
    text = context.text
    found = _SENTENCE_END.match(text, position)
    if found:
        if text[found.end() : found.end() + 1] == "=" and found[0] == "!":
            return None
        if (
            found[0] == "!"
            and _FACTORIAL.search(text, max(0, position - 2), position)
            and (position < context.math_end or _EQUALS.match(text, found.end()))
        ):
            return whole("factorial", position, found.end())
        return whole("?" if "?" in found[0] else "!", position, found.end())
    if _SILENT_BRACKETS.match(text, position):
        return Reading((), position + 2)
    mark = _PAUSES.get(text[position])
    return whole(mark, position, position + 1) if mark else None


def recognise_full_stop(context: Context, position: int) -> Reading | None:
    """Read dots: a sentence's end, an ellipsis, or "dot" within a name."""
    text = context.text
    if text[position] != ".":
        return None
    dots = _DOTS.match(text, position)
    if dots:
        return whole("…", position, dots.end())
    before, after = text[position - 1 : position] if position else "", text[position + 1 : position + 2]
    if (before.isalnum() or before == "_") and (after.islower() or after.isdecimal()):
        return whole("dot", position, position + 1)
    if before in {"", " ", "\n", "/"} and after.isalpha():
        return whole("dot", position, position + 1)
    if _SHARE_CLASS.match(text, position - 3):
        return whole("dot", position, position + 1)
    if before.isalnum() and (_METHOD.match(text, position + 1) or _EXTENSION.match(text, position + 1)):
        return whole("dot", position, position + 1)
    if before.isalnum() and after and (after in ",;:" or _shortens(context, position)):
        return Reading((), position + 1)  # J. Ling., 12; an unknown "blvs. of"
    return whole(".", position, position + 1)


def _shortens(context: Context, position: int) -> bool:
    """Whether this is the full stop of an abbreviation: of letters without a vowel, and the sentence goes on."""
    if not _GOES_ON.match(context.text, position + 1):
        return False
    word = context.adjacent_source
    lower = word.lower()
    return bool(
        2 <= len(word) <= 5
        and word.isalpha()
        and not (word.isupper() or _VOWEL.search(word))
        and lower not in VOWELLESS_WORDS
        and lower not in RESPELLED
        and word == context.text[position - len(word) : position]
    )


def recognise_colon(context: Context, position: int) -> Reading | None:
    """Read a colon; "::" and a colon before a closing sign are silent."""
    text = context.text
    if text.startswith("::", position):
        return Reading((), position + 2)
    return whole(":", position, position + 1) if text[position] == ":" else None


def recognise_dash(context: Context, position: int) -> Reading | None:
    """Read hyphens and dashes: silent within a word, a pause between words, "minus" between numbers."""
    text = context.text
    before = text[position - 1 : position] if position else ""
    arrow = _ARROW.match(text, position)
    if arrow and text[position] == "-":
        return whole("to", position, arrow.end())
    hyphens = _HYPHENS.match(text, position)
    if hyphens:
        end = hyphens.end()
        if before in {"", " ", "\n", "'", "`", "("} and text[end : end + 1].isalpha() and end - position == 2:
            return whole("dash dash", position, end)
        return whole("—", position, end)
    character, after = text[position], text[position + 1 : position + 2]
    if character not in "-–−":
        return None
    if (
        character == "–"
        and _AIRPORTS.match(text, position - 3)
        and not text[max(0, position - 4) : position - 3].isalnum()
    ):
        return whole("to", position, position + 1)  # SFO–EWR
    if _SERIES.match(text, position - 1) and _OF_SERIES.search(context.recent(2)):
        return whole("to", position, position + 1)  # seats A-C
    if _NOON.search(text, max(0, position - 11), position) and _HOUR.match(text, position + 1):
        return whole("to", position, position + 1)  # 10am–noon, noon–1
    if _MARK.match(text, position - 1) and (
        text[max(0, position - 2) : position] == "AB"
        or not text[max(0, position - 2) : position - 1].isalnum()
    ):
        if is_blood_type(context):
            return whole("negative", position, position + 1)
        if context.previous_source[:1].isupper() and _BEFORE_MARKS.search(context.recent(3)):
            return whole("minus", position, position + 1)  # a B- in art
    if before.isdigit() and after.isdigit() and character == "−":
        return whole("minus", position, position + 1)
    if _SHORT_YEARS.match(text, position - 3):
        return whole("to", position, position + 1)  # '09–'12
    if _is_series(text, position):
        return whole("to", position, position + 1)  # Q1-Q3
    source = context.adjacent_source
    if position < context.math_end and after.isalnum() and before and before in "{(=, ^":
        return whole("minus", position, position + 1)
    if (
        after.isdigit()
        and source[:1].isdigit()
        and not source.isdigit()
        and not _is_in_name(context, position, source)
    ):
        return whole("to", position, position + 1)  # 5%-10%, 3rd-5th
    if source in {"UTC", "GMT"} and after.isdigit():
        return whole("minus", position, position + 1)
    if (before.isalnum() or (before in "%°" and before)) and (
        after.isalnum() or (after == "'" and text[position + 2 : position + 3].isalnum())
    ):
        return Reading((), position + 1)
    if before == " " and after == " " and _is_operand(text, position - 2) and _is_operand(text, position + 2):
        digit_before, digit_after = text[position - 2].isdigit(), text[position + 2].isdigit()
        if (digit_before and digit_after) or (
            "=" in text[position : position + 16] and (digit_before or digit_after)
        ):
            return whole("minus", position, position + 1)
    if character == "-" and before.isalnum() and context.next_word(position + 1) in {"and", "or", "to"}:
        return Reading((), position + 1)  # pre- and post-war
    if (
        character == "-"
        and before in {"", " ", "'", "`"}
        and after.isalpha()
        and _OPTION.match(text, position + 1)
    ):
        return whole("dash", position, position + 1)
    if character == "−" and after.isalnum():
        return whole("minus", position, position + 1)
    silent = before in {"", "*", "_", "(", '"', "."} or after in {"", "*", "_", ")"} or after == ">"
    return Reading((), position + 1) if silent else whole("—", position, position + 1)


def _is_series(text: str, dash: int) -> bool:
    """Whether a dash stands between the first and the last of a series: Q1-Q3, gates C1–C23."""
    first = _FIRST_OF_SERIES.search(text, max(0, dash - len("C123")), dash)
    last = _LAST_OF_SERIES.match(text, dash)
    return first is not None and last is not None and first["letter"] == last["letter"]


def _is_in_name(context: Context, position: int, source: str) -> bool:
    """Whether the number before a hyphen is part of a name: Llama-3.1-70B, Rule 10b-5."""
    text, start = context.text, position - len(source)
    if source[-1:] in {"a", "b"} and "rule" in context.recent(4).split():
        return True
    return start > 1 and text[start - 1] == "-" and text[start - 2].isalpha()


def _is_operand(text: str, position: int) -> bool:
    return 0 <= position < len(text) and (text[position].isalnum() or text[position] in "()$")


def recognise_quote(context: Context, position: int) -> Reading | None:
    """Follow double quotes, which are silent, to tell them from the sign of inches."""
    before = context.text[position - 1 : position]
    coded = (
        before.isupper() and len(context.previous) == 1 and any(c.isdigit() for c in context.adjacent_source)
    )
    if (
        _OF_NUMBER.match(context.text, position)
        and (before.isdigit() or coded)
        and context.possess_last_word(position, position + 2)
    ):
        return Reading((), position + 2)
    clipped_and = _CLIPPED_AND.match(context.text, position)
    if clipped_and:
        return whole("and", position, clipped_and.end())
    if context.text[position] == '"':
        context.in_quotes = not context.in_quotes
    return Reading((), position + 1)


def recognise_silent(context: Context, position: int) -> Reading:
    """Skip one character, the last resort; a stray letter or digit is named."""
    character = context.text[position]
    if not (character.isascii() and character.isalnum()):
        return Reading((), position + 1)
    words = numbers.digits(character) if character.isdigit() else character.upper()
    return whole(words, position, position + 1)
