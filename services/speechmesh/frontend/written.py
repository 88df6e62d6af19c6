"""What a caller wrote, plain or marked up, as the plan of what is spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from speechmesh.common.bundle import VoiceConfig
from speechmesh.frontend.lexicon import Lexicon, script_of
from speechmesh.frontend.marked_plan import MarkedPlan, plan_script
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.script import Item, Script, Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap


@dataclasses.dataclass(frozen=True, slots=True)
class Writing:
    """How texts of one voice are read: its reader, and lexicons, the first before the others."""

    reader: Reader
    voice: VoiceConfig
    lexicons: Sequence[Lexicon] = ()

    def plan(self, text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        """The plan of a plain text."""
        if (script := script_of(text, self.lexicons)) is not None:
            return self._marked(script, max_words, first_max_words)
        return self.reader.plan(text, max_words=max_words, first_max_words=first_max_words)

    def plan_ssml(
        self, document: str, language: str, max_words: int, first_max_words: int, max_text_chars: int
    ) -> MarkedPlan:
        """The plan of an SSML document.

        Raises:
            InvalidInput: on field `ssml`, naming line and column.
        """
        script = parse_ssml(document, language=language, limits=Limits(max_text_chars=max_text_chars))
        items = tuple(part for item in script.items for part in self._looked_up(item))
        return self._marked(dataclasses.replace(script, items=items), max_words, first_max_words)

    def _marked(self, script: Script, max_words: int, first_max_words: int) -> MarkedPlan:
        return plan_script(
            script, self.reader, self.voice, max_words=max_words, first_max_words=first_max_words
        )

    def _looked_up(self, item: Item) -> Sequence[Item]:
        """A piece of a document, cut where a lexicon has words of it."""
        if not isinstance(item, Text) or item.say_as or item.phonemes or item.alias is not None:
            return [item]
        if (found := script_of(item.text, self.lexicons)) is None:
            return [item]
        return [_within(piece, item) for piece in found.texts]


def _within(piece: Text, item: Text) -> Text:
    """A piece of a text as a piece of the text's document."""
    source = SourceMap((Run(piece.end - piece.start, piece.start, piece.end),)).through(item.sources)
    start, end = item.sources.span(piece.start, piece.end)
    return dataclasses.replace(piece, sources=source, start=start, end=end, style=item.style)
