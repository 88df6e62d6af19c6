"""Speaking a request: checks it, plans its text, conducts it, and tries again while nothing was sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from speechmesh.common.errors import DeadlineExceeded, InvalidInput, Unavailable
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import AudioChunk, StageTime, Summary, TextWarning
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.plan import TextPlan
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.request import CheckedRequest, SpeechRequest, check
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import Stages
from speechmesh.frontend.voices import Voices

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 0.5
_MAX_SHOWN_CHARS = 20


class Speech:
    """Speaks requests with the loaded voices."""

    def __init__(
        self, voices: Voices, stages: Stages, settings: FrontendSettings, executor: ThreadPoolExecutor
    ) -> None:
        self._voices = voices
        self._stages = stages
        self._settings = settings
        self._executor = executor

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
        )

    async def speak(
        self, checked: CheckedRequest, timeout_s: float | None
    ) -> AsyncGenerator[AudioChunk | Summary]:
        """The audio of a checked request, in order, then its summary.

        Raises:
            InvalidInput: when there is nothing to speak.
            SpeechmeshError: when a stage fails and audio was sent already, or it does not come back in time.
        """
        playback = Playback(self._settings.first_audio_target_ms)
        give_up_at = time.monotonic() + timeout_s if timeout_s is not None else None
        reader = self._voices.reader(checked.voice)
        with tracer.start_as_current_span("frontend.text") as span:
            plan = await self._plan(checked, reader)
            span.set_attribute("speechmesh.n_segments", len(plan.segments))
        text_time = StageTime("text", 0, 0.0, playback.elapsed_ms, playback.elapsed_ms)
        backoff_s = _FIRST_BACKOFF_S
        while True:
            left_s = None if give_up_at is None else give_up_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise DeadlineExceeded("the deadline passed before there was audio")
            conductor = Conductor(
                checked, plan, reader, self._stages, self._settings, self._executor, playback
            )
            sent = False
            try:
                async with aclosing(conductor.run(left_s)) as chunks:
                    async for chunk in chunks:
                        sent = True
                        yield chunk
                break
            except Unavailable as error:
                patient = playback.elapsed_ms + backoff_s * 1000.0 < self._settings.stage_patience_ms
                if sent or not patient:
                    raise
                log.info("%s; again in %.2f s", error, backoff_s)
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, _MAX_BACKOFF_S)
        summary = conductor.summary
        summary.stages.insert(0, text_time)
        summary.warnings = _warnings(plan)
        yield summary

    async def _plan(self, checked: CheckedRequest, reader: Reader) -> TextPlan:
        settings = self._settings
        plan = await asyncio.get_running_loop().run_in_executor(
            self._executor,
            lambda: reader.plan(
                checked.request.text,
                max_words=settings.max_segment_words,
                first_max_words=settings.first_segment_words,
            ),
        )
        if not plan.segments:
            raise InvalidInput("text", "has nothing that can be spoken")
        return plan


def _warnings(plan: TextPlan) -> list[TextWarning]:
    warnings = []
    for dropped in plan.dropped:
        shown = (
            dropped.text if len(dropped.text) <= _MAX_SHOWN_CHARS else dropped.text[:_MAX_SHOWN_CHARS] + "…"
        )
        message = f"{shown!r} cannot be spoken and was left out"
        warnings.append(TextWarning("CHARACTERS_DROPPED", message, dropped.start, dropped.end))
    return warnings
