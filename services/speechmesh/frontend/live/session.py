"""A live stream: turns of text that is still being written, spoken one after the other, each until it is interrupted.

Two tasks run beside the caller: `_listen` takes what the caller says, so that an interruption is heard at once, and
`_speak` speaks the turns. What they have for the caller waits in one bounded queue.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from speechmesh.common import metrics
from speechmesh.common.ending import is_ending
from speechmesh.common.errors import DeadlineExceeded, InvalidInput, Overloaded
from speechmesh.common.tasks import TaskBag
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import AudioChunk, Summary, WordTime
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.live.turn import Turn
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.speech import Speech
from speechmesh.frontend.written import Writing

T = TypeVar("T")

# What is remembered for an interruption of a turn that is still being played: of the latest turns so many words, about
# 25 minutes, and so many turns in any case, more than there are results that wait.
_REMEMBERED_WORDS, _REMEMBERED_TURNS = 4_000, 8
_CHUNKS_WAITING = 4


@dataclass(frozen=True, slots=True)
class Text:
    """More text of the turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Flush:
    """All that has come is to be spoken."""


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The turn's text is complete."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The listener hears no more than `heard_ms` of a turn, and nothing after it."""

    turn: int
    heard_ms: float


Said = Text | Flush | EndTurn | Interrupt


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What was heard of a turn: `text_end` is where the last whole word ends in it, 0 when there was none."""

    heard_ms: float
    text_end: int
    last_word: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something for the caller, of a turn."""

    turn: int
    item: AudioChunk | Summary | Interrupted


class LiveSession:
    """Speaks the turns of one stream."""

    def __init__(
        self,
        speech: Speech,
        checked: CheckedRequest,
        writing: Writing,
        settings: FrontendSettings,
        executor: Executor,
    ) -> None:
        self._speech = speech
        self._wants_words = checked.request.word_timestamps
        # Words are timed in any case: an interruption asks for them.
        request = dataclasses.replace(checked.request, word_timestamps=True)
        self._checked = dataclasses.replace(checked, request=request)
        self._labels = {metrics.KIND: "live", metrics.VOICE: checked.voice.name}
        self._settings = settings
        self._executor = executor
        self._writing = writing
        self._n_turns = 0
        self._open: Turn | None = None  # the turn whose text is arriving
        self._turns: list[tuple[Turn, Playback]] = []  # that wait to be spoken
        self._waiting = asyncio.Event()
        self._complete = False  # no turn begins any more
        self._speaking: tuple[int, asyncio.Task[None]] | None = None
        self._results: asyncio.Queue[Spoken | None] = asyncio.Queue(_CHUNKS_WAITING)
        self._dead: set[int] = set()  # interrupted turns, of which nothing more goes out
        self._words: OrderedDict[int, list[WordTime]] = OrderedDict()

    async def run(self, said: AsyncIterator[Said], give_up_at: float | None) -> AsyncGenerator[Spoken]:
        """What the caller is to get, until it has said all and has all; `give_up_at` is `time.monotonic()`'s.

        Raises:
            SpeechmeshError: for a message that does not fit, or when a stage fails.
        """
        async with TaskBag() as tasks:
            tasks.start(self._listen(said))
            tasks.start(self._speak(tasks, give_up_at))
            async for result in tasks.drain(self._results):
                if result.turn not in self._dead or isinstance(result.item, Interrupted):
                    yield result

    async def _listen(self, said: AsyncIterator[Said]) -> None:
        messages = aiter(said)
        while (message := await next_said(messages, self._settings)) is not None:
            if isinstance(message, Text):
                self._turn().append(message.text)
                metrics.FRONTEND_CHARACTERS.add(len(message.text), self._labels)
            elif isinstance(message, Interrupt):
                await self._interrupt(message)
            elif self._open is not None:
                if isinstance(message, Flush):
                    self._open.flush()
                else:
                    self._open.end()
                    self._open = None
        if self._open is not None:
            self._open.end()
        self._complete = True
        self._waiting.set()

    def _turn(self) -> Turn:
        """The turn that text belongs to.

        Raises:
            Overloaded: when too many wait to be spoken.
        """
        if self._open is None:
            if len(self._turns) >= self._settings.max_live_turns:
                raise Overloaded(
                    f"{self._settings.max_live_turns} turns wait to be spoken, no more are taken"
                )
            playback = Playback(self._settings.first_audio_target_ms)
            self._open = Turn(self._n_turns, self._writing.plan, playback, self._settings, self._executor)
            self._n_turns += 1
            self._turns.append((self._open, playback))
            self._waiting.set()
        return self._open

    async def _speak(self, tasks: TaskBag, give_up_at: float | None) -> None:
        while True:
            while not self._turns:
                if self._complete:
                    await self._results.put(None)
                    return
                self._waiting.clear()
                await self._waiting.wait()
            turn, playback = self._turns.pop(0)
            task = tasks.start(self._speak_turn(turn, playback, give_up_at))
            self._speaking = (turn.index, task)
            # An interrupted turn ends by cancellation; its failure is the stream's, by way of the bag.
            await asyncio.wait({task})
            self._speaking = None

    async def _speak_turn(self, turn: Turn, playback: Playback, give_up_at: float | None) -> None:
        outcome = "failed"
        try:
            await self._deliver_turn(turn, playback, give_up_at)
            outcome = "served"
        except asyncio.CancelledError:
            if turn.index in self._dead:
                outcome = "interrupted"
            elif not is_ending():  # else our own shutdown ends it
                outcome = "cancelled"
            raise
        finally:
            metrics.FRONTEND_TURNS.add(1, {metrics.OUTCOME: outcome})

    async def _deliver_turn(self, turn: Turn, playback: Playback, give_up_at: float | None) -> None:
        words = self._words_of(turn)
        delivery = Delivery(self._checked, turn, playback)
        with tracer.start_as_current_span("frontend.turn", attributes={"speechmesh.turn": turn.index}):
            delivering = self._speech.deliver(self._checked, turn, delivery, give_up_at, "live")
            async with aclosing(turn), aclosing(delivering) as chunks:
                async for chunk in chunks:
                    words += chunk.times.words
                    times = chunk.times if self._wants_words else dataclasses.replace(chunk.times, words=())
                    shown = dataclasses.replace(chunk, times=times)
                    await self._results.put(Spoken(turn.index, shown))
            await self._results.put(Spoken(turn.index, delivery.summary()))

    def _words_of(self, turn: Turn) -> list[WordTime]:
        """Where the words of a turn that begins are remembered; those of turns long past are forgotten."""
        n_words = sum(len(words) + 1 for words in self._words.values())  # a turn of none takes room, too
        while n_words > _REMEMBERED_WORDS and len(self._words) >= _REMEMBERED_TURNS:
            _, forgotten = self._words.popitem(last=False)
            n_words -= len(forgotten) + 1
        return self._words.setdefault(turn.index, [])

    async def _interrupt(self, interrupt: Interrupt) -> None:
        """Ends a turn and those after it. Of one that is long past no word is known to have been heard.

        Raises:
            InvalidInput: when the turn has not begun.
        """
        if not interrupt.turn < self._n_turns:
            raise InvalidInput("interrupt.turn", f"{interrupt.turn} has not begun")
        if interrupt.heard_ms < 0 or interrupt.heard_ms != interrupt.heard_ms:
            raise InvalidInput("interrupt.heard_ms", f"{interrupt.heard_ms:g} is not a length")
        # Results that wait are of turns whose words are remembered: each of those has left one at least, but the last.
        self._dead = {turn for turn in self._words if turn >= interrupt.turn or turn in self._dead}
        if self._open is not None and self._open.index >= interrupt.turn:
            self._open = None
        self._turns = [(turn, playback) for turn, playback in self._turns if turn.index < interrupt.turn]
        if self._speaking is not None and self._speaking[0] >= interrupt.turn:
            task = self._speaking[1]
            task.cancel()
            # Raises nothing of the task's: a cancellation is this one's own, because the caller has left.
            await asyncio.wait({task})
        metrics.FRONTEND_INTERRUPTIONS.add(1, self._labels)
        heard = [word for word in self._words.get(interrupt.turn, ()) if word.end_ms <= interrupt.heard_ms]
        last = heard[-1] if heard else None
        told = Interrupted(interrupt.heard_ms, last.end if last else 0, last.text if last else "")
        await self._results.put(Spoken(interrupt.turn, told))


async def next_said(messages: AsyncIterator[T], settings: FrontendSettings) -> T | None:
    """The next message of a live stream's caller; None when it has said all.

    Raises:
        DeadlineExceeded: when none comes within `live_idle_timeout_s`.
    """
    try:
        async with asyncio.timeout(settings.live_idle_timeout_s):
            return await anext(messages, None)
    except TimeoutError:
        raise DeadlineExceeded(f"nothing was said for {settings.live_idle_timeout_s:g} s") from None


def give_up_at(timeout_s: float | None) -> float | None:
    """The moment at which a call's time is over."""
    return None if timeout_s is None else time.monotonic() + timeout_s
