"""What a reader is given for a text of the script."""

from __future__ import annotations

from speechmesh.frontend.ssml.say_as import Rewritten, say_as
from speechmesh.frontend.ssml.script import Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap


def plain_text(text: Text, language: str, before: str = "") -> Rewritten:
    """The words to read for a text, as plain text whose characters know their places in the caller's document.

    An alias stands for the text, `say_as` rewrites it; a text with phonemes stays as it is written, for its timestamps.
    All of an alias comes from the whole of what it is read for.

    Args:
        text: of a script.
        language: the text's, BCP-47; that of the reader where `text.style.language` is empty.
        before: the words in front of it, as plain text.
    """
    if text.alias is not None:
        if not text.alias:
            return Rewritten("", SourceMap(()))
        return Rewritten(text.alias, SourceMap((Run(len(text.alias), text.start, text.end, shared=True),)))
    if text.say_as is None:
        return Rewritten(text.text, text.sources)
    said = say_as(text.text, text.say_as, language, before)
    return Rewritten(said.text, said.sources.through(text.sources), said.is_understood, said.problem)
