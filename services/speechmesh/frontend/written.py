"""What a caller wrote, plain or marked up, as the plan of what is spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from speechmesh.common.bundle import VoiceConfig
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.casting import Ensemble
from speechmesh.frontend.lexicon import Lexicon, script_of
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.marked.planner import plan_script
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.recordings.played import PlayedScript
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import DEFAULT_LIMITS, parse_ssml
from speechmesh.frontend.ssml.script import Item, Script, Text
from speechmesh.frontend.ssml.source_map import Run, SourceMap

# How much longer what is read may be than what was written: so many times and so many characters.
_MOST_TIMES, _MOST_BESIDES = 4, 1_000


@dataclasses.dataclass(frozen=True)
class Writing:
    """How a request's texts are read.

    Attributes:
        reader: of the request's voice.
        voice: the request's.
        lexicons: of the voice's texts, the first before the others.
        others: how the texts are read that a document has another voice speak; those to prefer first.
        speaker: of the request's voice; empty: its first.
        language: of the request's voice; empty: its first.
        keeps_voice: see Ensemble.
    """

    reader: Reader
    voice: VoiceConfig
    lexicons: Sequence[Lexicon] = ()
    others: Sequence[Writing] = ()
    speaker: str = ""
    language: str = ""
    keeps_voice: bool = False

    def plan(self, text: str, max_words: int, first_max_words: int) -> TextPlan | MarkedPlan:
        """The plan of a plain text.

        Raises:
            InvalidInput: on field `lexicon`, when respellings make far more of it than was written.
        """
        if (script := script_of(text, self.lexicons)) is not None:
            _check_length(script, len(text))
            return self._marked(script, max_words, first_max_words, self._ensemble())
        return self.reader.plan(text, max_words=max_words, first_max_words=first_max_words)

    def plan_ssml(
        self, document: str, max_words: int, first_max_words: int, limits: Limits = DEFAULT_LIMITS
    ) -> MarkedPlan:
        """The plan of an SSML document without recordings.

        Raises:
            InvalidInput: as `read_ssml` and `plan_read`.
        """
        script = PlayedScript(self.read_ssml(document, limits))
        return self.plan_read(script, len(document), max_words, first_max_words, limits)

    def read_ssml(self, document: str, limits: Limits = DEFAULT_LIMITS) -> Script:
        """The script of an SSML document, the first half of its plan; its recordings are found in between.

        Raises:
            InvalidInput: on field `ssml`, naming line and column.
        """
        ensemble = self._ensemble()
        return parse_ssml(
            document, language=ensemble.own.language, limits=limits, language_of=ensemble.language
        )

    def plan_read(
        self,
        played: PlayedScript,
        n_written: int,
        max_words: int,
        first_max_words: int,
        limits: Limits = DEFAULT_LIMITS,
    ) -> MarkedPlan:
        """The plan of the script of a document of `n_written` characters.

        Raises:
            InvalidInput: on field `ssml`, where it calls too many voices; on `lexicon` as `plan`.
        """
        ensemble = self._ensemble()
        by_name = {each.voice.name: each for each in (self, *self.others)}
        items = tuple(part for item in played.script.items for part in _looked_up(item, by_name, ensemble))
        script = dataclasses.replace(played.script, items=items)
        _check_length(script, n_written)
        plan = self._marked(script, max_words, first_max_words, ensemble, played.clips)
        if (n_voices := len(plan.voices) + 1) > limits.max_voices:
            raise InvalidInput("ssml", f"{n_voices} voices are to speak, {limits.max_voices} may")
        return plan

    def _ensemble(self) -> Ensemble:
        return Ensemble(
            self.voice,
            [each.voice for each in self.others],
            speaker=self.speaker,
            language=self.language,
            keeps_voice=self.keeps_voice,
        )

    def _marked(
        self,
        script: Script,
        max_words: int,
        first_max_words: int,
        ensemble: Ensemble,
        clips: Mapping[int, Clip] | None = None,
    ) -> MarkedPlan:
        readers = {each.voice.name: each.reader for each in (self, *self.others)}
        return plan_script(
            script, readers, ensemble, max_words=max_words, first_max_words=first_max_words, clips=clips or {}
        )


def _looked_up(item: Item, writings: Mapping[str, Writing], ensemble: Ensemble) -> Sequence[Item]:
    """A piece of a document, cut where a lexicon of who speaks it has words of it."""
    if not isinstance(item, Text) or not item.is_plain:
        return [item]
    lexicons = writings[ensemble.role(item.style.casting).voice.name].lexicons
    if (found := script_of(item.text, lexicons)) is None:
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
    begins_word = item.begins_word and piece.start == 0
    return dataclasses.replace(
        piece, sources=source, start=start, end=end, style=item.style, begins_word=begins_word
    )
