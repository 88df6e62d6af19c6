"""What a caller wrote, plain or marked up, as the plan of what is spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from speechmesh.common.bundle import VoiceConfig
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.lexicon import Lexicon, script_of
from speechmesh.frontend.marked_plan import MarkedPlan, plan_script
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.script import Item, Script, Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap

# How much longer what is read may be than what was written: so many times and so many characters.
_MOST_TIMES, _MOST_BESIDES = 4, 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Writing:
    """How texts of one voice are read: its reader, and lexicons, the first before the others."""

    reader: Reader
    voice: VoiceConfig
    lexicons: Sequence[Lexicon] = ()

    def plan(self, text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        """The plan of a plain text.

        Raises:
            InvalidInput: on field `lexicon`, when respellings make far more of it than was written.
        """
        if (script := script_of(text, self.lexicons)) is not None:
            _check_length(script, len(text))
            return self._marked(script, max_words, first_max_words)
        return self.reader.plan(text, max_words=max_words, first_max_words=first_max_words)

    def plan_ssml(
        self, document: str, language: str, max_words: int, first_max_words: int, max_text_chars: int
    ) -> MarkedPlan:
        """The plan of an SSML document.

        Raises:
            InvalidInput: on field `ssml`, naming line and column; on `lexicon` as `plan`.
        """
        script = parse_ssml(document, language=language, limits=Limits(max_text_chars=max_text_chars))
        items = tuple(part for item in script.items for part in self._looked_up(item))
        script = dataclasses.replace(script, items=items)
        _check_length(script, len(document))
        return self._marked(script, max_words, first_max_words)

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


def _check_length(script: Script, n_written: int) -> None:
    """Refuses a script that reads far more than was written: a letter may be respelled as a page."""
    n_read = sum(len(text.text if text.alias is None else text.alias) for text in script.texts)
    most = _MOST_TIMES * n_written + _MOST_BESIDES
    if n_read > most:
        raise InvalidInput(
            "lexicon", f"its respellings make {n_read} characters of {n_written}, {most} are taken"
        )


def _within(piece: Text, item: Text) -> Text:
    """A piece of a text as a piece of the text's document."""
    source = SourceMap((Run(piece.end - piece.start, piece.start, piece.end),)).through(item.sources)
    start, end = item.sources.span(piece.start, piece.end)
    return dataclasses.replace(piece, sources=source, start=start, end=end, style=item.style)
