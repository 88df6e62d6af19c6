"""Where two pieces of a document touch that are words of their own: "B" and "12" of `B<say-as ...>12</say-as>`.

What is read instead of an element's text knows nothing of what it touches, and would become one word with it. In
scripts without blanks between words, as Chinese, pieces touch as words always do: there a blank would be heard.
"""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from speechmesh.frontend.ssml.source_map import Run

# Behind a word these belong to it: the plural of what is spelled ("CPU" and "s"), and marks that close.
_ENDING = re.compile(r"s(?!\w)")
_CLOSING = frozenset(".,;:!?…%)]}”’")


def needs_blank(before: str, after: str, *, is_before_own: bool, is_after_own: bool) -> bool:
    """Whether a blank must part two texts that touch, lest they become one word.

    Args:
        before: what is read first, with all before it.
        after: what follows at once.
        is_before_own: whether what `before` ends with is words of its own, not just text that goes on.
        is_after_own: the same of `after`.
    """
    if not (before and after and (is_before_own or is_after_own)):
        return False
    last, first = before[-1], after[0]
    if _is_wide(last) or _is_wide(first) or last.isspace() or first.isspace() or first in _CLOSING:
        return False
    if not is_before_own:
        return last.isalnum()
    return is_after_own or (first.isalnum() and not _ENDING.match(after))


def needs_blank_between_words(before: str, after: str) -> bool:
    """Whether Chinese that the document tells to be two words needs a blank, which is not heard, to be read as two."""
    return bool(before and after and _is_hanzi(before[-1]) and _is_hanzi(after[0]))


def blank_behind(run: Run) -> Run:
    """Where a blank comes from that is put behind the last character of a run: from that character."""
    return Run(1, *run.span(run.length - 1, run.length - 1), shared=True)


def _is_wide(character: str) -> bool:
    """Whether a character is of a script that is written without blanks."""
    return east_asian_width(character) in "WF"


def _is_hanzi(character: str) -> bool:
    return "\u3400" <= character <= "\u4dbf" or "\u4e00" <= character <= "\u9fff"
