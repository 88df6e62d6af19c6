"""Reads white space and line openings: paragraphs, list items, headings, tables, Markdown rules."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Piece, Reading
from speechmesh.frontend.spoken import Pause

_SPACE = re.compile(r"[ \n]++")
_RULE = re.compile(
    r"[ ]{0,8}(?:[-*_=][ ]?){3,400}+(?=\n|$)|[ ]{0,8}\|?[ ]{0,3}:?-{2,100}:?[ ]{0,3}(?:\|[ :-]{0,100}){1,50}+(?=\n|$)"
)
_FENCE = re.compile(r"[ ]{0,8}(?:```|''')(?P<language>[A-Za-z0-9+#-]{0,20})[ ]{0,4}(?=\n|$)")
_QUOTE = re.compile(r"[ ]{0,8}(?:>[ ]?){1,8}+")
_ITEM = re.compile(r"[ ]{0,40}(?:[-*+•–—][ ]{1,8}|•|#{1,6}[ ]{1,8}|\|)(?:\[(?P<check>[ xX])\][ ])?")
_NUMBERED = re.compile(
    r"[ ]{0,40}(?:\((?P<a>\d{1,2}|[A-Za-z])\)|(?P<b>\d{1,3}|[a-zA-Z])[.)])[ ]{1,8}(?=[\"'*_(\[]{0,3}[A-Za-z0-9])"
)
_WRAP_COLUMN = 50
"""A line shorter than this before a capital was ended on purpose; a longer one was wrapped."""


def open_line(context: Context, position: int) -> int:
    """Read what opens a line (bullet, heading sign, "1."), and answer where its text begins."""
    text = context.text
    context.line_start = position
    context.line_is_item = False
    for compiled in (_RULE, _FENCE):
        match = compiled.match(text, position)
        if match:
            context.add(Reading((Piece("", position, match.end()),), match.end()))
            return match.end()
    quote = _QUOTE.match(text, position)
    if quote:
        position = quote.end()
    item = _ITEM.match(text, position)
    if item:
        context.line_is_item = True
        if item["check"] and item["check"] != " ":
            context.drop(*item.span("check"))
        position = item.end()
    numbered = _NUMBERED.match(text, position)
    if numbered and _is_enumerator(context, numbered):
        context.line_is_item = True
        group = "a" if numbered["a"] else "b"
        written = numbered[group]
        words = numbers.integer(written) if written.isdigit() else written.upper()
        context.add(Reading((Piece(f"{words} ,", *numbered.span(group)),), numbered.end()))
        position = numbered.end()
    return position


def _is_enumerator(context: Context, match: re.Match[str]) -> bool:
    """Whether "A." opens a list item rather than being an initial: the line before or after agrees."""
    if match["a"] or match["b"].isdigit() or match[0].rstrip().endswith(")"):
        return True
    letter = match["b"]
    following = chr(ord(letter) + 1)
    text, end = context.text, match.end()
    return (
        f"\n{following}." in text[end : end + 400]
        or f"\n{chr(ord(letter) - 1)}." in text[max(0, match.start() - 400) : end]
    )


def recognise_space(context: Context, position: int) -> Reading | None:
    """Read white space: silent within a line, a pause where a line was ended on purpose."""
    match = _SPACE.match(context.text, position)
    if match is None:
        return None
    breaks = match[0].count("\n")
    if not breaks:
        return Reading((), match.end())
    end = match.end()
    line_begin = context.text.rfind("\n", position, end) + 1
    mark = "¶" if breaks > 1 else _line_end(context, position, line_begin)
    if breaks > 1 and context.line_is_item and context.items and not isinstance(context.items[-1], Pause):
        mark = ". ¶"
    if mark and end < len(context.text):
        context.add(Reading((Piece(mark, position, end),), end))
    return Reading((), open_line(context, line_begin))


def _line_end(context: Context, position: int, line_begin: int) -> str:
    """The pause at a single line break."""
    text = context.text
    said_pause = not context.items or isinstance(context.items[-1], Pause)
    last = context.items[-1] if context.items else None
    weak = isinstance(last, Pause) and not last.mark.ends_sentence and text[position - 1] == ")"
    if said_pause and text[position - 1] != "|" and not weak:
        return ""
    if context.line_is_item or _ITEM.match(text, line_begin) or _NUMBERED.match(text, line_begin):
        # The next line of a list item that was wrapped goes on in lower case.
        return "" if _continues(text, line_begin) else "."
    short = position - context.line_start < _WRAP_COLUMN
    first = text[line_begin : line_begin + 12].lstrip(" \"'(*_[")[:1]
    return "," if short and (first.isupper() or first.isdigit()) else ""


def _continues(text: str, line_begin: int) -> bool:
    return text[line_begin : line_begin + 12].lstrip(" ")[:1].islower() and not _NUMBERED.match(
        text, line_begin
    )
