"""Speaking a request: checks it, plans its text, conducts it, and goes on where a stage that died left it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from speechmesh.common.errors import DeadlineExceeded, Internal, InvalidInput, Unavailable
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import AudioChunk, StageTime, Summary
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.delivery import Delivery
from speechmesh.frontend.plan import Script, TextPlan
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.request import CheckedRequest, SpeechRequest, check, check_options
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import Stages
from speechmesh.frontend.voices import Voices

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 0.5


class _Patience:
    """Waits longer and longer between attempts, until none has got anything for `patience_ms`."""

    def __init__(self, patience_ms: float) -> None:
        self._patience_s = patience_ms / 1000.0
        self.reset()

    def reset(self) -> None:
        """Something came."""
        self._failing_since: float | None = None
        self._backoff_s = _FIRST_BACKOFF_S

    async def wait(self, error: Unavailable) -> None:
        """Waits before the next attempt.

        Raises:
            Unavailable: `error`, when patience is at its end.
        """
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now + self._backoff_s - self._failing_since > self._patience_s:
            raise error
        log.info("%s; again in %.2f s", error, self._backoff_s)
        await asyncio.sleep(self._backoff_s)
        self._backoff_s = min(self._backoff_s * 2, _MAX_BACKOFF_S)


class Speech:
    """Speaks requests with the loaded voices.

    Attributes:
        executor: where text is read.
    """

    def __init__(
        self, voices: Voices, stages: Stages, settings: FrontendSettings, executor: ThreadPoolExecutor
    ) -> None:
        self._voices = voices
        self._stages = stages
        self._settings = settings
        self.executor = executor

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

    def check_options(self, request: SpeechRequest) -> CheckedRequest:
        """Checks a request whose text is to come.

        Raises:
            InvalidInput: naming the field that is wrong.
        """
        return check_options(request, self._voices.bundles, default_voice=self._settings.default_voice)

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
        reader = self.reader(checked)
        with tracer.start_as_current_span("frontend.text") as span:
            plan = await self._plan(checked, reader)
            span.set_attribute("speechmesh.n_segments", len(plan.segments))
        text_time = StageTime("text", 0, 0.0, playback.elapsed_ms, playback.elapsed_ms)
        delivery = Delivery(checked, plan, playback)
        async with aclosing(self.deliver(checked, plan, delivery, give_up_at)) as chunks:
            async for chunk in chunks:
                yield chunk
        summary = delivery.summary()
        summary.stages.insert(0, text_time)
        yield summary

    def reader(self, checked: CheckedRequest) -> Reader:
        """The reader of the voice that speaks."""
        return self._voices.reader(checked.voice)

    async def deliver(
        self, checked: CheckedRequest, script: Script, delivery: Delivery, give_up_at: float | None
    ) -> AsyncGenerator[AudioChunk]:
        """The audio of a script from where its delivery stands; `give_up_at` is on `time.monotonic()`'s clock.

        Raises:
            SpeechmeshError: when a stage fails, or one that went away does not come back in time.
        """
        reader = self.reader(checked)
        patience = _Patience(self._settings.stage_patience_ms)
        while True:
            left_s = None if give_up_at is None else give_up_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise DeadlineExceeded("the deadline passed")
            conductor = Conductor(
                checked, script, delivery, reader, self._stages, self._settings, self.executor
            )
            try:
                async with aclosing(conductor.run(left_s)) as chunks:
                    async for chunk in chunks:
                        patience.reset()
                        yield chunk
            except Unavailable as error:
                await patience.wait(error)
            else:
                if delivery.segment != conductor.n_segments:
                    raise Internal("the vocoder stage ended early")
                break
        if rest := delivery.finish():
            yield rest

    async def _plan(self, checked: CheckedRequest, reader: Reader) -> TextPlan:
        settings = self._settings
        plan = await asyncio.get_running_loop().run_in_executor(
            self.executor,
            lambda: reader.plan(
                checked.request.text,
                max_words=settings.max_segment_words,
                first_max_words=settings.first_segment_words,
            ),
        )
        if not plan.segments:
            raise InvalidInput("text", "has nothing that can be spoken")
        return plan
