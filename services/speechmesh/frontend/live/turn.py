"""A turn: its text as it arrives, and the script that is spoken of it meanwhile."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.audio_out import TextWarning
from speechmesh.frontend.live.text import LiveText, Planner
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.spoken import Dropped


class Listening(Protocol):
    """The listener's buffer; see Playback."""

    @property
    def started(self) -> bool:
        """Whether audio was delivered."""
        ...

    def slack_ms(self, segment: int) -> float:
        """Time until the listener runs dry if what comes before `segment` still comes."""
        ...

    def asked(self) -> None:
        """The first text has come."""
        ...

    def written(self, segment: int) -> None:
        """The caller has written the text of a segment, which was waited for."""
        ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """How what had come was read; see LiveText.take."""

    hungry: bool
    idle: bool
    all_of_it: bool


class Turn:
    """A Script whose segments come as its text does. Text comes on the event loop; it is read in the executor."""

    def __init__(
        self, index: int, plan: Planner, listening: Listening, settings: FrontendSettings, executor: Executor
    ) -> None:
        self.index = index
        self._listening = listening
        self._settings = settings
        self._executor = executor
        self._text = LiveText(
            plan, max_words=settings.max_segment_words, first_max_words=settings.first_segment_words
        )
        self._arrived: list[str] = []
        self._arrived_at = time.monotonic()
        self._n_chars = 0
        self._has_text = False  # a turn may be opened by a text of nothing
        self._flushed = 0  # characters that are to be spoken, whatever comes behind them
        self._ended = False
        self._news = asyncio.Event()
        self._segments: list[tuple[SpokenSegment, Ending]] = []
        self._waited_for: int | None = None  # the segment whose text is waited for, whoever asked for it
        self._reading: asyncio.Task[_Reading] | None = None  # the last one that was begun

    @property
    def dropped(self) -> Sequence[Dropped]:
        """See Script."""
        return self._text.dropped

    @property
    def warnings(self) -> Sequence[TextWarning]:
        """See Script."""
        return self._text.warnings

    @property
    def loudest_db(self) -> float:
        """See Script."""
        return 0.0

    @property
    def text(self) -> str:
        """All of it that has come."""
        return self._text.text + "".join(self._arrived)

    def append(self, text: str) -> None:
        """More text.

        Raises:
            InvalidInput: when it is more than a request may have.
        """
        self._n_chars += len(text)
        if self._n_chars > self._settings.max_text_chars:
            raise InvalidInput(
                "text", f"the turn has {self._n_chars} characters, {self._settings.max_text_chars} are taken"
            )
        if not text:
            return  # a caller who has nothing to say yet
        if not self._has_text and text.strip():
            self._has_text = True
            self._listening.asked()
        self._arrived.append(text)
        self._arrived_at = time.monotonic()
        self._news.set()

    def flush(self) -> None:
        """What has come by now is spoken, all of it; what comes later is not meant."""
        self._flushed = self._n_chars
        self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._news.set()

    def ending(self, index: int) -> Ending:
        """See Script."""
        return self._segments[index][1]

    async def segment(self, index: int) -> SpokenSegment | None:
        """See Script; waits until enough text has come.

        Raises:
            InvalidInput: when the text cannot be read.
        """
        while index >= (n_known := len(self._segments)):
            reading = await self._read(index)
            if len(self._segments) > n_known:
                continue
            if reading.all_of_it:
                return None
            self._waited_for = index
            await self._wait(index, reading)
        if index == self._waited_for:
            self._waited_for = None
            self._listening.written(index)
        return self._segments[index][0]

    async def aclose(self) -> None:
        """Nothing more is read."""
        reading, self._reading = self._reading, None
        if reading is not None and not reading.done():
            reading.cancel()
            # Not `await reading`, which could not tell its cancellation from this one's own.
            await asyncio.wait({reading})

    async def _read(self, index: int) -> _Reading:
        """Reads what has come; where that is being done already, waits for it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._take(index))
        # What is read is taken from the text, also when who asked for it leaves meanwhile because a stage went away.
        return await asyncio.shield(self._reading)

    async def _take(self, index: int) -> _Reading:
        """Takes the new segments of what has come, for a listener who waits for segment `index`."""
        self._news.clear()
        for text in self._arrived:
            self._text.append(text)
        self._arrived.clear()
        reading = _Reading(
            hungry=self._until_hungry_s(index) <= 0, idle=self._until_idle_s() <= 0, all_of_it=self._ended
        )
        take = functools.partial(
            self._text.take,
            hungry=reading.hungry,
            idle=reading.idle,
            flushed=self._flushed,
            all_of_it=reading.all_of_it,
        )
        taken = await asyncio.get_running_loop().run_in_executor(self._executor, take)
        self._segments += taken
        return reading

    async def _wait(self, index: int, reading: _Reading) -> None:
        """Until something has come, or the time makes a difference to what was read last."""
        times = ((self._until_hungry_s(index), reading.hungry), (self._until_idle_s(), reading.idle))
        # What has become due since it was read counts as well.
        waits = [max(left, 0.0) for left, was in times if not was] if self._text.waiting.strip() else []
        try:
            async with asyncio.timeout(min(waits) + 0.001 if waits else None):
                await self._news.wait()
        except TimeoutError:
            pass

    def _until_hungry_s(self, index: int) -> float:
        """Time until the listener wants to hear something, whatever it is."""
        if not self._listening.started:
            return 1.0 if self._segments else float("inf")
        return (self._listening.slack_ms(index) - self._settings.live_hungry_ms) / 1000.0

    def _until_idle_s(self) -> float:
        return self._arrived_at + self._settings.live_hold_ms / 1000.0 - time.monotonic()
