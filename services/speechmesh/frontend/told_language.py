"""The language that a request's text tells of itself, before anything of it is read."""

from __future__ import annotations

import html
import re

_DOCUMENT_LANGUAGE = re.compile(
    r"""\s*(?:<\?[^>]*>\s*)?<(?:\w+:)?speak\b[^<>]*?\sxml:lang\s*=\s*(?P<quote>["'])(?P<language>[^"'<>]*)(?P=quote)"""
)
# What of a document is not read. A document that is malformed is refused only later: what is not closed goes to the end
# or to the next tag, so that the search is linear in the length of any text.
_MARKUP = re.compile(
    r"""
    <!--.*?(?:-->|\Z)                             # a comment
    | <\?.*?(?:\?>|\Z)                            # a processing instruction, the declaration too
    | <!\[CDATA\[ | \]\]>                         # the ends of characters that are read as they are
    | <(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>       # a tag
    """,
    re.DOTALL | re.VERBOSE,
)
# Python refuses to read a number of thousands of digits: longer ones stay.
_REFERENCE = re.compile(r"&#?\w{1,32};")


def told_language(text: str, *, is_ssml: bool) -> str:
    """The language that a text tells, BCP-47: a document's own, else that of its script; else none."""
    if not is_ssml:
        return script_language(text)
    return document_language(text) or script_language(document_text(text))


def script_language(text: str) -> str:
    """The language that a text's script tells: `zh` where half of the letters are Chinese characters, else none."""
    letters = [character for character in text if character.isalpha()]
    n_chinese = sum("\u4e00" <= character <= "\u9fff" for character in letters)
    return "zh" if n_chinese and 2 * n_chinese >= len(letters) else ""


def document_language(document: str) -> str:
    """The language that an SSML document tells of itself, BCP-47; none where it tells none, or is no document."""
    told = _DOCUMENT_LANGUAGE.match(document)
    return told["language"].strip().replace("_", "-") if told else ""


def document_text(document: str) -> str:
    """What an SSML document has between its tags and comments, references resolved; for a look at its letters."""
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), _MARKUP.sub("", document))
