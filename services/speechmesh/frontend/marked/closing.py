"""What stands behind an element but belongs to what is in it: the end of its last word, or of its sentence."""

from __future__ import annotations

import dataclasses
import re

from speechmesh.frontend.plan import Ending
from speechmesh.frontend.ssml.script import Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap

# "<emphasis>Bob</emphasis>'s", "...?".
_BELONGS_BEFORE = re.compile(
    r"""(?:['’](?:s|d|m|re|ve|ll)(?!\w))?(?:[.,;:!?…]+["'”’)\]]*(?=\s|$)|[。，！？；：、…）」』】]+)?""",
    re.IGNORECASE,
)
# What closes a sentence behind a recording, where there is no text that it could belong to.
_CLOSING = re.compile(r"\s*(?:([?？!！。])|([.…])(?=\s|$))")
_CLOSINGS = {"?": Ending.QUESTION, "？": Ending.QUESTION, "!": Ending.EXCLAMATION, "！": Ending.EXCLAMATION}


def split_closing(text: Text) -> tuple[str, SourceMap, Text]:
    """What a text begins with that belongs to the text before it, where its characters come from, and the rest.

    Both may be empty. Text that is read in a way of its own (`<say-as>`, `<phoneme>`, `<sub>`) is all rest.
    """
    is_plain = not (text.say_as or text.phonemes) and text.alias is None
    found = _BELONGS_BEFORE.match(text.text) if is_plain else None
    if found is None or not (length := found.end()):
        return "", SourceMap(()), text
    whole = len(text.text)
    sources = SourceMap((Run(length, 0, length),)).through(text.sources)
    if length == whole:
        return found[0], sources, dataclasses.replace(text, text="", sources=SourceMap(()))
    rest = SourceMap((Run(whole - length, length, whole),)).through(text.sources)
    return found[0], sources, dataclasses.replace(text, text=text.text[length:], sources=rest)


def sentence_end(text: str) -> Ending | None:
    """How the sentence before a text ends, whose mark the text begins with; None where it begins with none."""
    found = _CLOSING.match(text)
    return _CLOSINGS.get(found[1], Ending.STATEMENT) if found else None
