"""From a checked request to the plan of what is spoken of its text."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.lexicon import Lexicon
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.recordings.played import PlayedScript, has_audio
from speechmesh.frontend.recordings.recordings import Recordings
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.script import Script
from speechmesh.frontend.voices import Voices
from speechmesh.frontend.written import Writing


class Planning:
    """Reads requests' texts with the loaded voices, each in the executor."""

    def __init__(
        self,
        voices: Voices,
        settings: FrontendSettings,
        executor: Executor,
        recordings: Recordings | None,
    ) -> None:
        """`recordings` are what documents may play; None: nothing."""
        self._voices = voices
        self._settings = settings
        self._executor = executor
        self._recordings = recordings
        self._words = settings.max_segment_words, settings.first_segment_words
        self._limits = Limits(
            max_text_chars=settings.max_text_chars,
            max_voices=settings.max_document_voices,
            plays_audio=recordings is not None,
        )

    def writing(self, checked: CheckedRequest) -> Writing:
        """How the text of a request is read. Reads a lexicon's file again that has changed: for the executor.

        Raises:
            InvalidInput: naming the entry of the request's lexicon that is wrong.
        """
        entries = [(f"lexicon[{i}]", entry) for i, entry in enumerate(checked.request.lexicon)]
        own = Lexicon.of(entries)
        bundles = list(self._voices.bundles.values()) if checked.request.is_ssml else []
        bundles.sort(key=lambda each: each.name != self._settings.default_voice)
        return Writing(
            self._voices.reader(checked.voice),
            checked.voice.config,
            [own, *self._voices.lexicons(checked.voice)],
            [
                Writing(self._voices.reader(each), each.config, [own, *self._voices.lexicons(each)])
                for each in bundles
                if each.name != checked.voice.name
            ],
            speaker=checked.speaker.name,
            language=checked.language,
            keeps_voice=bool(checked.request.voice),
        )

    async def plan(self, checked: CheckedRequest) -> TextPlan | MarkedPlan:
        """The plan of a request, whose recordings are there, and can be played as far as their files tell.

        Raises:
            InvalidInput: naming the field that is wrong; of a document, its line and column as well.
        """
        run = asyncio.get_running_loop().run_in_executor
        plan = await run(self._executor, self._read, checked)
        if isinstance(plan, _WithRecordings):  # its files are read where others' texts do not wait for it
            found = await self._found(plan.script, checked)
            plan = await run(self._executor, self._plan_read, checked, plan.writing, found)
        if not plan.segments:
            field = "ssml" if checked.request.is_ssml else "text"
            why = "; ".join(warning.message for warning in plan.warnings)
            raise InvalidInput(field, "has nothing that can be spoken" + (f": {why}" if why else ""))
        return plan

    def _read(self, checked: CheckedRequest) -> TextPlan | MarkedPlan | _WithRecordings:
        """The plan, or what there is of it before its recordings are found."""
        writing, request = self.writing(checked), checked.request
        if not request.is_ssml:
            return writing.plan(request.text, *self._words)
        script = writing.read_ssml(request.text, self._limits)
        if has_audio(script):
            return _WithRecordings(writing, script)
        return self._plan_read(checked, writing, PlayedScript(script))

    async def _found(self, script: Script, checked: CheckedRequest) -> PlayedScript:
        """The script of a document with its recordings: as loud as the voice, where a loudness is asked for."""
        assert self._recordings is not None, "documents may play recordings"
        wants_loudness = bool(checked.request.loudness_lufs)
        return await self._recordings.found(
            script, checked.voice.config.loudness_lufs if wants_loudness else None
        )

    def _plan_read(self, checked: CheckedRequest, writing: Writing, script: PlayedScript) -> MarkedPlan:
        return writing.plan_read(script, len(checked.request.text), *self._words, self._limits)


@dataclass(frozen=True, slots=True)
class _WithRecordings:
    """A document that was read but for its recordings."""

    writing: Writing
    script: Script
