"""Segments ready for the stages: read once, however often they are asked for, and known by what they sound like."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.bounded import spoken_rate
from speechmesh.frontend.metering import record_stage
from speechmesh.frontend.phrases.key import Key, PhraseRequest, phrase_key
from speechmesh.frontend.plan import Ending, Script, TokenSegment
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.settings import FrontendSettings

# What is left of the silence on either side of a cut that is in no pause: enough for the sounds around it to fade.
RUN_ON_SILENCE_MS = 25.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A segment with all that the acoustic stage is told of it; equal `key`, equal audio."""

    index: int
    segment: SpokenSegment
    tokens: TokenSegment
    spoken: PhraseRequest
    key: Key


class Preparation:
    """Reads a request's segments in the executor, each when it is asked for, by the reader of its voice."""

    def __init__(
        self,
        checked: CheckedRequest,
        script: Script,
        reader: Callable[[VoiceBundle], Reader],
        settings: FrontendSettings,
        executor: Executor,
    ) -> None:
        self._checked = checked
        self._script = script
        self._reader = reader
        self._executor = executor
        self._lead_silence_ms = settings.lead_silence_ms
        self._ready: dict[int, Prepared] = {}

    async def segment(self, index: int) -> Prepared | None:
        """A segment, as soon as its text is there; None behind the last one."""
        if index not in self._ready:
            if (segment := await self._script.segment(index)) is None:
                return None
            started = time.perf_counter()
            reader = self._reader(self._checked.spoken_by(segment.manner.voice).voice)
            tokens = await asyncio.get_running_loop().run_in_executor(self._executor, reader.tokens, segment)
            record_stage("pronouncing", index, time.perf_counter() - started)
            before = await self._script.segment(index - 1) if index else None
            runs_on = before is not None and before.runs_on
            self._ready[index] = self._prepared(index, segment, tokens, runs_on=runs_on)
        return self._ready[index]

    async def is_clip(self, index: int) -> bool:
        """Whether a segment is a recording, for which there is nothing to prepare; waits as `segment` does."""
        segment = await self._script.segment(index)
        return segment is not None and segment.clip is not None

    def forget_before(self, index: int) -> None:
        """Segments before this one are not asked for again."""
        for done in [done for done in self._ready if done < index]:
            del self._ready[done]

    def _prepared(
        self, index: int, segment: SpokenSegment, tokens: TokenSegment, *, runs_on: bool
    ) -> Prepared:
        checked = self._checked.spoken_by(segment.manner.voice)
        manner, request = segment.manner, checked.request
        within_sentence = index > 0 and self._script.ending(index - 1) is Ending.CONTINUATION
        frame_ms = checked.voice.config.feature_space.frame_ms
        lead_ms = min(self._lead_silence_ms, RUN_ON_SILENCE_MS) if runs_on else self._lead_silence_ms
        is_bounded = index == 0 or within_sentence or runs_on
        lead_frames = round(lead_ms / frame_ms) if is_bounded else 0
        if index == 0 and lead_frames:  # a caller who wants less silence has it cut off the samples
            lead_frames = max(lead_frames, round((request.max_leading_silence_ms or 0) / frame_ms))
        acoustic = checked.voice.config.acoustic
        spoken = PhraseRequest(
            voice=checked.voice.name,
            voice_revision=checked.voice.revision,
            tokens=tokens.tokens,
            word_ends=[word.first_token + word.n_tokens - 1 for word in tokens.words],
            features=tokens.features,
            ending=self._script.ending(index),
            speaker=manner.speaker or checked.speaker.name,
            style=manner.style or checked.style,
            # What a segment adds to its request's way is bounded by what the voice can, without an error.
            rate=spoken_rate(checked, manner),
            pitch_semitones=_within(
                request.pitch_semitones + manner.pitch_semitones, acoustic.pitch_range_semitones
            ),
            energy_db=_within(request.energy_db + manner.energy_db, acoustic.energy_range_db),
            max_leading_pause_frames=lead_frames,
            tier=request.tier or "auto",
        )
        return Prepared(index, segment, tokens, spoken, phrase_key(spoken))


def _within(value: float, most: float) -> float:
    """The value, or the nearest that a voice can."""
    return min(max(value, -most), most)
