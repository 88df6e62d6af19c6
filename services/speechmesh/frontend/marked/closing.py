"""What stands behind an element but belongs to what is in it: the end of its last word, or of its sentence."""

from __future__ import annotations

import dataclasses
import re

from speechmesh.frontend.plan import Ending
from speechmesh.frontend.ssml.script import Text
from speechmesh.frontend.ssml.source_map import EMPTY, SourceMap

# "<emphasis>Bob</emphasis>'s", "...?".
_BELONGS_BEFORE = re.compile(
    r"""(?:['’](?:s|d|m|re|ve|ll)(?!\w))?(?:[.,;:!?…]+["'”’)\]]*(?=\s|$)|[。，！？；：、…）」』】]+)?""",
    re.IGNORECASE,
)
# What closes a sentence behind a break or a recording, where there is no text that it could belong to.
_CLOSING = re.compile(r"""\s*(?:([?？!！。])|[.…]["'”’)\]]*(?=\s|$))""")
_CLOSINGS = {"?": Ending.QUESTION, "？": Ending.QUESTION, "!": Ending.EXCLAMATION, "！": Ending.EXCLAMATION}


def split_closing(text: Text) -> tuple[str, SourceMap, Text]:
    """What a text begins with that belongs to the text before it, where its characters come from, and the rest.

    Both may be empty. Text that is read in a way of its own (`<say-as>`, `<phoneme>`, `<sub>`) is all rest.
    """
    found = _BELONGS_BEFORE.match(text.text) if text.is_plain else None
    if found is None or not (length := found.end()):
        return "", EMPTY, text
    return found[0], text.sources.part(0, length), rest_of(text, length)


def rest_of(text: Text, begin: int) -> Text:
    """A text from its character `begin` on; it may be empty."""
    sources = text.sources.part(begin, len(text.text))
    return dataclasses.replace(text, text=text.text[begin:], sources=sources)


def sentence_end(text: Text) -> Ending | None:
    """How the sentence before a text ends, whose mark the text begins with; None where it begins with none."""
    found = _CLOSING.match(text.text) if text.is_plain else None
    return _CLOSINGS.get(found[1], Ending.STATEMENT) if found else None
