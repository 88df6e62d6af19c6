"""A segment in the batcher, and those who listen to it: perhaps several, when they asked for the same."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from copy import copy
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from opentelemetry import trace

from speechmesh.acoustic.domain import AcousticSegment, Utterance, leading_surplus
from speechmesh.common.errors import SpeechmeshError
from speechmesh.common.features import FloatArray


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a segment's time went: before its first run, in its runs, and the largest of these."""

    queue_ms: float
    compute_ms: float
    batch_size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some frames [n, M] of a segment, never none but in the last piece; its `frames_per_token` [P]. Both read-only.

    Of its first pause no more is there than the segment wants. `timing` comes with the last piece.
    """

    frames: FloatArray
    frames_per_token: npt.NDArray[np.int64]
    timing: Timing | None


@dataclass(eq=False)
class Listener:
    """Who runs dry at `deadline` (`time.monotonic()`'s clock, seconds) if nothing of the segment comes."""

    deadline: float
    span: trace.Span
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Job:
    """A segment in the queue or under way.

    Its `pieces` stay with it to the end, for listeners that join later. `on_end` is told when it was made or failed.
    """

    segment: AcousticSegment
    on_end: Callable[[Job], None] | None = None
    listeners: list[Listener] = field(default_factory=list)
    queued_at: float = field(default_factory=time.monotonic)
    began_at: float = 0.0
    compute_s: float = 0.0
    batch_size: int = 0
    utterance: Utterance | None = None
    frames_per_token: npt.NDArray[np.int64] | None = None
    pieces: list[Piece] = field(default_factory=list)
    error: SpeechmeshError | None = None
    _surplus: int = 0  # frames of the first pause that are still to be cut
    _made_s: float = 0.0  # audio that the listeners have got

    @property
    def deadline(self) -> float:
        """When the first of its listeners runs dry; what they have got of it counts."""
        return min((listener.deadline for listener in self.listeners), default=math.inf) + self._made_s

    @property
    def timing(self) -> Timing:
        """So far."""
        return Timing((self.began_at - self.queued_at) * 1000.0, self.compute_s * 1000.0, self.batch_size)

    def join(self, slack_ms: float, span: trace.Span) -> Listener:
        """One more listener, who has audio for `slack_ms` left."""
        listener = Listener(time.monotonic() + slack_ms / 1000.0, span)
        self.listeners.append(listener)
        return listener

    async def heard_by(self, listener: Listener) -> AsyncGenerator[Piece]:
        """All pieces, as they come.

        Raises:
            SpeechmeshError: when the job fails; each listener gets an error of its own, as tracebacks grow.
        """
        n_heard = 0
        while True:
            while n_heard < len(self.pieces):
                piece = self.pieces[n_heard]
                n_heard += 1
                yield piece
                if piece.timing is not None:
                    return
            if self.error is not None:
                raise copy(self.error) from self.error.__cause__
            listener.news.clear()
            await listener.news.wait()

    def fail(self, error: SpeechmeshError) -> None:
        """The end of it."""
        self.error = error
        self._tell(ended=True)

    def add(self, frames: FloatArray, frame_s: float) -> bool:
        """Hands out what its utterance gave, less of the first pause what is not wanted; whether that was the last."""
        assert self.utterance is not None
        if self.frames_per_token is None:
            self.frames_per_token = self.utterance.frames_per_token.copy()
            self._surplus = leading_surplus(self.frames_per_token, self.segment.max_leading_pause_frames)
            self.frames_per_token[0] -= self._surplus
            self.frames_per_token.setflags(write=False)
        wanted = frames[self._surplus :]
        self._surplus -= len(frames) - len(wanted)
        wanted.setflags(write=False)
        self._made_s += len(wanted) * frame_s
        finished = self.utterance.finished
        if finished or len(wanted):
            self.pieces.append(Piece(wanted, self.frames_per_token, self.timing if finished else None))
            self._tell(ended=finished)
        return finished

    def _tell(self, *, ended: bool) -> None:
        if ended:
            self.utterance = None  # its state is the largest part
            if self.on_end is not None:
                self.on_end(self)
        for listener in self.listeners:
            listener.news.set()
