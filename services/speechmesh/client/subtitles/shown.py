"""What a reader sees of a text: of plain text all of it, of an SSML document its text without the mark-up."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_MARKUP = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<\?.*?\?>|<(?P<tag>/?[^\s/>"']*)(?:[^"'>]|"[^"]*"|'[^']*')*>"""
    r"|(?P<entity>&[^;\s]{1,10};)",
    re.DOTALL,
)
# Behind these a new line begins, as behind a blank line of plain text.
_BLOCKS = frozenset({"p", "s", "paragraph", "sentence"})
_BLOCK_END = "\n\n"
# Elements whose text is not spoken.
_UNSPOKEN = frozenset({"desc", "metadata", "meta", "lexicon"})


def shown(text: str, *, ssml: bool = False) -> Sequence[str]:
    """What is seen of each code point of a text: itself, or of mark-up nothing.

    An entity is seen at its first code point, the end of a paragraph or sentence as a blank line at its tag's.
    """
    if not ssml:
        return text
    seen = list(text)
    n_unspoken = at = 0
    for match in _MARKUP.finditer(text):
        if n_unspoken:
            seen[at : match.start()] = [""] * (match.start() - at)
        start, at = match.span()
        seen[start:at] = [""] * (at - start)
        if match["cdata"] is not None and not n_unspoken:
            begin, end = match.span("cdata")
            seen[begin:end] = text[begin:end]
        elif match["entity"] is not None and not n_unspoken:
            seen[start] = html.unescape(match[0])
        elif (tag := match["tag"]) is not None:
            name = tag.removeprefix("/")
            if name in _BLOCKS:
                seen[start] = _BLOCK_END
            elif name in _UNSPOKEN and not match[0].endswith("/>"):
                n_unspoken += -1 if tag.startswith("/") else 1
    return seen
