"""Speaking a request: checks it, plans its text, conducts it, and goes on where a stage that died left it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import numpy as np

from speechmesh.common import metrics
from speechmesh.common.errors import (
    DeadlineExceeded,
    Internal,
    InvalidInput,
    Overloaded,
    SpeechmeshError,
    Unavailable,
)
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import AudioChunk, SpokenChunk, StageTime, Summary
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.delivery import Delivery
from speechmesh.frontend.lexicon import Lexicon
from speechmesh.frontend.lookahead import Lookahead
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.metering import Kind, SpeechMeter, record_stage
from speechmesh.frontend.patience import Patience
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.recording import Abandoned, PhrasePiece
from speechmesh.frontend.plan import Script, TextPlan
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.prepared import Preparation, Prepared
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.recordings.played import PlayedScript, has_audio, played
from speechmesh.frontend.recordings.store import RecordingStore
from speechmesh.frontend.request import (
    CheckedRequest,
    SpeechRequest,
    check,
    check_options,
    shortfalls,
    with_others,
)
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.ssml import script as ssml
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.stages import Stages
from speechmesh.frontend.voices import Voices
from speechmesh.frontend.written import Writing

# Longest wait for the next piece of what is made for another request; then this one makes it itself.
_JOINED_PATIENCE_S = 0.5
# A recording goes to the coding, and to the caller, in pieces of so much audio.
_CLIP_PIECE_S = 0.2


class Speech:
    """Speaks requests with the loaded voices.

    Attributes:
        executor: where text is read.
    """

    def __init__(
        self,
        voices: Voices,
        stages: Stages,
        settings: FrontendSettings,
        executor: ThreadPoolExecutor,
        audio_executor: ThreadPoolExecutor,
        phrases: PhraseCache,
        recordings: RecordingStore | None = None,
        recordings_executor: ThreadPoolExecutor | None = None,
    ) -> None:
        """`recordings` are what documents may play, decoded in `recordings_executor`; None: they play nothing."""
        self._voices = voices
        self._phrases = phrases
        self._stages = stages
        self._settings = settings
        self.executor = executor
        self._audio_executor = audio_executor
        self._recordings = recordings
        self._recordings_executor = recordings_executor

    def check(self, request: SpeechRequest) -> CheckedRequest:
        """Checks a request.

        Raises:
            InvalidInput: naming the field that is wrong.
        """
        return check(
            request,
            self._voices.bundles,
            default_voice=self._settings.default_voice,
            max_text_chars=self._settings.max_text_chars,
            max_trailing_silence_ms=self._settings.max_trailing_silence_ms,
        )

    def check_options(self, request: SpeechRequest) -> CheckedRequest:
        """Checks a request whose text is to come.

        Raises:
            InvalidInput: naming the field that is wrong.
        """
        return check_options(
            request,
            self._voices.bundles,
            default_voice=self._settings.default_voice,
            max_trailing_silence_ms=self._settings.max_trailing_silence_ms,
        )

    async def speak(
        self, checked: CheckedRequest, timeout_s: float | None
    ) -> AsyncGenerator[AudioChunk | Summary]:
        """The audio of a checked request, in order, then its summary.

        Raises:
            InvalidInput: when there is nothing to speak.
            SpeechmeshError: when a stage fails, or one that went away does not come back in time.
        """
        playback = Playback(self._settings.first_audio_target_ms)
        give_up_at = time.monotonic() + timeout_s if timeout_s is not None else None
        with tracer.start_as_current_span("frontend.text") as span:
            plan = await self._plan(checked)
            if isinstance(plan, MarkedPlan) and plan.voices:
                checked = with_others(checked, (self._voices.bundles[name] for name in sorted(plan.voices)))
                plan = plan.with_warnings(shortfalls(checked))
            span.set_attribute("speechmesh.n_segments", len(plan.segments))
            span.set_attribute("speechmesh.voices", [checked.voice.name, *checked.others])
        kind: Kind = "ssml" if checked.request.is_ssml else "text"
        record_stage("reading", 0, playback.elapsed_ms / 1000.0)
        labels = {metrics.KIND: kind, metrics.VOICE: checked.voice.name}
        metrics.FRONTEND_CHARACTERS.add(len(checked.request.text), labels)
        text_time = StageTime("text", 0, 0.0, playback.elapsed_ms, playback.elapsed_ms)
        clips = plan.clips if isinstance(plan, MarkedPlan) else {}
        try:
            delivery = Delivery(checked, plan, playback, clips)
            async with aclosing(self.deliver(checked, plan, delivery, give_up_at, kind)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            for segment in clips.values():
                if segment.clip is not None:
                    segment.clip.close()
        summary = delivery.summary()
        summary.stages.insert(0, text_time)
        yield summary

    def reader(self, checked: CheckedRequest) -> Reader:
        """The reader of the voice that speaks."""
        return self._voices.reader(checked.voice)

    async def deliver(
        self,
        checked: CheckedRequest,
        script: Script,
        delivery: Delivery,
        give_up_at: float | None,
        kind: Kind,
    ) -> AsyncGenerator[AudioChunk]:
        """The audio of a script from where its delivery stands; `give_up_at` is on `time.monotonic()`'s clock.

        Raises:
            SpeechmeshError: when a stage fails, or one that went away does not come back in time.
        """
        meter = SpeechMeter(checked, kind, delivery.playback, delivery.sample_rate_hz)
        delivering = self._deliver(checked, script, delivery, give_up_at, meter)
        try:
            async with aclosing(delivering) as chunks:
                async for chunk in chunks:
                    meter.sent(chunk)
                    yield chunk
                    delivery.playback.taken()
        finally:
            meter.end()

    async def _deliver(
        self,
        checked: CheckedRequest,
        script: Script,
        delivery: Delivery,
        give_up_at: float | None,
        meter: SpeechMeter,
    ) -> AsyncGenerator[AudioChunk]:
        async def coded(spoken: SpokenChunk) -> AudioChunk | None:
            meter.spoken(spoken)
            with meter.coding():
                return await delivery.coded(spoken, self._audio_executor)

        def opened(prepared: Prepared) -> tuple[Conductor, AsyncGenerator[SpokenChunk]]:
            left_s = None if give_up_at is None else give_up_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise DeadlineExceeded("the deadline passed")
            conductor = Conductor(
                checked, prepared, preparation, delivery, self._stages, self._settings, self._phrases
            )
            return conductor, conductor.run(left_s)

        settings = self._settings
        preparation = Preparation(checked, script, self._voices.reader, settings, self.executor)
        looking = Lookahead(preparation, opened, self._phrases.is_made, settings.max_segments_in_flight)
        patience = Patience(settings.stage_patience_ms)
        has_parts = checked.others or delivery.has_clips
        async with aclosing(looking) as lookahead:
            while (segment := await script.segment(delivery.segment)) is not None:
                preparation.forget_before(delivery.segment)
                prepared = None if segment.clip else await preparation.segment(delivery.segment)
                made = self._made_before(prepared, delivery) if prepared else None
                async with aclosing(made or _played(segment, delivery, lookahead)) as chunks:
                    async for spoken in chunks:
                        if chunk := await coded(spoken):
                            yield chunk
                if prepared is None or delivery.segment > prepared.index:
                    continue
                if delivery.tier(prepared.index) is not None:  # what is ahead may be made in another tier
                    await lookahead.aclose()
                if (ahead := await lookahead.take(prepared.index)) is not None:
                    conductor, run = ahead.conductor, ahead.run()
                else:
                    conductor, run = opened(prepared)
                    conductor.turn.set()
                if has_parts:
                    lookahead.begin(conductor)
                try:
                    async with aclosing(run) as chunks:
                        async for spoken in chunks:
                            patience.reset()
                            if chunk := await coded(spoken):
                                yield chunk
                except SpeechmeshError as error:
                    _name_voice(error, prepared.segment.manner.voice)
                    # A part for which there is no room waits for some, as the request itself was taken.
                    waits_for_room = has_parts and delivery.playback.started
                    if not isinstance(error, (Unavailable, Overloaded) if waits_for_room else Unavailable):
                        raise
                    await lookahead.aclose()
                    with meter.retrying():
                        await patience.wait(error)
                else:
                    if delivery.segment != conductor.end:
                        raise Internal("the vocoder stage ended early")
        if rest := await delivery.finish(self._audio_executor):
            yield rest

    async def _made_before(self, prepared: Prepared, delivery: Delivery) -> AsyncGenerator[SpokenChunk]:
        """The audio of a segment that is kept, or is being made for somebody else; nothing, or not all, of others."""
        index, begun_in = prepared.index, delivery.tier(prepared.index)
        n_samples, tier = 0, None
        async with aclosing(self._pieces(prepared)) as pieces:
            async for piece in pieces:
                if piece is None:  # complete
                    chunk = delivery.chunk(index, n_samples, np.zeros(0, np.float32), tier=tier, last=True)
                    delivery.end_stage("cache", index, compute_ms=0.0, tier=tier)
                elif begun_in not in (None, piece.tier):  # what was begun in one tier is not ended in another
                    return
                else:
                    if tier is None:
                        delivery.begin_stage("cache", index)
                        delivery.expect(index, prepared.segment, prepared.tokens)
                        delivery.align(index, piece.frames_per_token)
                    n_samples, tier = piece.first_sample + len(piece.samples), piece.tier
                    chunk = delivery.chunk(index, piece.first_sample, piece.samples, tier=tier, last=False)
                if chunk:
                    yield chunk

    async def _pieces(self, prepared: Prepared) -> AsyncGenerator[PhrasePiece | None]:
        """The pieces of a phrase and, when it is complete, None; what is made for somebody else may end before."""
        if (phrase := await self._phrases.find(prepared.key)) is not None:
            yield PhrasePiece(phrase.tier, phrase.frames_per_token, 0, phrase.samples)
            yield None
        elif (recording := self._phrases.join(prepared.key)) is not None:
            pieces = aiter(recording)
            try:
                while True:
                    # Whoever it is made for may listen slowly, or have stopped to.
                    async with asyncio.timeout(_JOINED_PATIENCE_S):
                        piece = await anext(pieces, None)
                    yield piece
                    if piece is None:
                        return
            except (TimeoutError, Abandoned):
                return
            finally:
                await pieces.aclose()

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
            self.reader(checked),
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

    def _played(self, script: ssml.Script, checked: CheckedRequest) -> PlayedScript:
        """The script of a document with its recordings."""
        assert self._recordings is not None
        settings = self._settings
        return played(
            script,
            self._recordings.load,
            max_s=settings.audio_file_max_s,
            max_document_s=settings.audio_document_max_s,
            max_bytes=self._recordings.max_bytes,
            measures_loudness=bool(checked.request.loudness_lufs),
        )

    async def _plan(self, checked: CheckedRequest) -> TextPlan | MarkedPlan:
        settings, request = self._settings, checked.request
        words = settings.max_segment_words, settings.first_segment_words

        limits = Limits(
            max_text_chars=settings.max_text_chars,
            max_voices=settings.max_document_voices,
            plays_audio=self._recordings is not None,
        )

        def read() -> TextPlan | MarkedPlan | tuple[Writing, ssml.Script]:
            writing = self.writing(checked)
            if not request.is_ssml:
                return writing.plan(request.text, *words)
            script = writing.read_ssml(request.text, limits)
            if has_audio(script):
                return writing, script
            return writing.plan_read(PlayedScript(script), len(request.text), *words, limits)

        run = asyncio.get_running_loop().run_in_executor
        plan = await run(self.executor, read)
        if isinstance(plan, tuple):  # its files are read where others' texts do not wait for it
            writing, script = plan
            found = await run(self._recordings_executor, self._played, script, checked)
            n_chars = len(request.text)
            try:
                plan = await run(self.executor, lambda: writing.plan_read(found, n_chars, *words, limits))
            except BaseException:
                found.close()
                raise
        if not plan.segments:
            raise InvalidInput("ssml" if request.is_ssml else "text", "has nothing that can be spoken")
        return plan


async def _played(
    segment: SpokenSegment, delivery: Delivery, lookahead: Lookahead
) -> AsyncGenerator[SpokenChunk]:
    """The audio of a recording, which is the segment that is to be delivered."""
    clip = segment.clip
    assert clip is not None
    lookahead.begin_behind(delivery.segment)
    index, n_piece = delivery.segment, max(round(_CLIP_PIECE_S * clip.sample_rate_hz), 1)
    for first in range(0, clip.n_samples, n_piece):
        samples = clip.samples(first, n_piece)
        last = first + len(samples) >= clip.n_samples
        if chunk := delivery.chunk(index, first, samples, tier=None, last=last):
            yield chunk
        await asyncio.sleep(0)  # all of it is there: other streams have their turn in between


def _name_voice(error: SpeechmeshError, voice: str) -> None:
    """Tells which voice failed, where it is not the request's own."""
    if voice:
        error.args = (f"voice {voice!r}: {error}",)
