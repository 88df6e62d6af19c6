"""Speaking requests with the loaded voices: checks them, plans their texts, delivers them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from speechmesh.common import metrics
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import AudioChunk, StageTime, Summary
from speechmesh.frontend.bounded import bounded_rates
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.lexicon import check_size
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.metering import Kind, SpeechMeter, record_stage
from speechmesh.frontend.performance.means import Means
from speechmesh.frontend.performance.performance import Performance
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.plan import Script, TextPlan
from speechmesh.frontend.planning import Planning
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.recordings.recordings import Recordings
from speechmesh.frontend.request import (
    CheckedRequest,
    SpeechRequest,
    check,
    check_options,
    shortfalls,
    with_others,
)
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import Stages
from speechmesh.frontend.voices import Voices
from speechmesh.frontend.written import Writing


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
        recordings: Recordings | None = None,
    ) -> None:
        """`recordings` are what documents may play; None: nothing."""
        self._voices = voices
        self._settings = settings
        self.executor = executor
        self._planning = Planning(voices, settings, executor, recordings)
        self._means = Means(voices.reader, stages, phrases, settings, executor, audio_executor, recordings)

    def check(self, request: SpeechRequest) -> CheckedRequest:
        """Checks a request.

        Raises:
            InvalidInput: naming the field that is wrong.
        """
        self._check_lexicon(request)
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
        self._check_lexicon(request)
        return check_options(
            request,
            self._voices.bundles,
            default_voice=self._settings.default_voice,
            max_trailing_silence_ms=self._settings.max_trailing_silence_ms,
        )

    def _check_lexicon(self, request: SpeechRequest) -> None:
        settings = self._settings
        check_size(
            request.lexicon, max_entries=settings.max_lexicon_entries, max_chars=settings.max_lexicon_chars
        )

    def writing(self, checked: CheckedRequest) -> Writing:
        """How the text of a request is read; see Planning."""
        return self._planning.writing(checked)

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
            checked, plan = await self._planned(checked)
            span.set_attribute("speechmesh.n_segments", len(plan.segments))
            span.set_attribute("speechmesh.voices", [checked.voice.name, *checked.others])
        kind: Kind = "ssml" if checked.request.is_ssml else "text"
        record_stage("reading", 0, playback.elapsed_ms / 1000.0)
        labels = {metrics.KIND: kind, metrics.VOICE: checked.voice.name}
        metrics.FRONTEND_CHARACTERS.add(len(checked.request.text), labels)
        text_time = StageTime("text", 0, 0.0, playback.elapsed_ms, playback.elapsed_ms)
        clips = plan.clips if isinstance(plan, MarkedPlan) else {}
        delivery = Delivery(checked, plan, playback, clips)
        async with aclosing(self.deliver(checked, plan, delivery, give_up_at, kind)) as chunks:
            async for chunk in chunks:
                yield chunk
        summary = delivery.summary()
        summary.stages.insert(0, text_time)
        yield summary

    async def _planned(self, checked: CheckedRequest) -> tuple[CheckedRequest, TextPlan | MarkedPlan]:
        """The plan of a request, and the request with the other voices that its document calls."""
        plan = await self._planning.plan(checked)
        if isinstance(plan, MarkedPlan):
            plan = plan.with_warnings(bounded_rates(checked, plan.segments))
            if plan.voices:
                checked = with_others(checked, (self._voices.bundles[name] for name in sorted(plan.voices)))
                plan = plan.with_problems(shortfalls(checked))
        return checked, plan

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
        performance = Performance(checked, script, delivery, meter, self._means, give_up_at)
        try:
            async with aclosing(performance.run()) as chunks:
                async for chunk in chunks:
                    meter.sent(chunk)
                    yield chunk
                    delivery.playback.taken()
        finally:
            meter.end()
