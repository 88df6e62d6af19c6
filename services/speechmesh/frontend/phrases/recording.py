"""A phrase while it is made: by one request, heard by those who asked for the same meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from speechmesh.common.bundle import Tier
from speechmesh.common.features import FloatArray
from speechmesh.frontend.phrases.phrase import Phrase


class Abandoned(Exception):
    """The phrase will not be completed: its maker failed or left, or there was no room for it."""


@dataclass(frozen=True, slots=True, eq=False)
class PhrasePiece:
    """Some samples [n] of a phrase, from `first_sample` on, read-only; the rest is as in Phrase."""

    tier: Tier
    frames_per_token: tuple[int, ...]
    first_sample: int
    samples: FloatArray


class Recording:
    """The pieces of a phrase as they come. Each `async for` over it begins at its beginning and may be left any time.

    Attributes:
        n_bytes: what the samples take that were made so far.

    Raises:
        Abandoned: from the iteration, after the pieces that there are.
    """

    def __init__(self) -> None:
        self.n_bytes = 0
        self._pieces: list[PhrasePiece] = []
        self._ended = False
        self._complete = False
        self._news = asyncio.Event()

    async def __aiter__(self) -> AsyncGenerator[PhrasePiece]:
        n_heard = 0
        while True:
            while n_heard < len(self._pieces):
                n_heard += 1
                yield self._pieces[n_heard - 1]
            if self._complete:
                return
            if self._ended:
                raise Abandoned("the phrase was not completed")
            await self._news.wait()

    @property
    def pieces(self) -> Sequence[PhrasePiece]:
        """Those that there are."""
        return self._pieces

    def add(self, piece: PhrasePiece) -> None:
        """One more, for everybody."""
        self._pieces.append(piece)
        self.n_bytes += piece.samples.nbytes
        self._tell()

    def end(self, *, complete: bool) -> None:
        """The end of it."""
        self._ended, self._complete = True, complete
        self._tell()

    def forget(self) -> None:
        """Ends it without the pieces that were not heard yet."""
        self._pieces = []
        self.end(complete=False)

    def _tell(self) -> None:
        # Who waits has the old event; who comes back for more finds one that is not set.
        news, self._news = self._news, asyncio.Event()
        news.set()


class Recorder:
    """What the maker of a phrase has to say of it. Leaving the block without `finish` abandons it.

    Without a recording it takes everything and does nothing. `reserve` is asked for the bytes of each piece, and
    `ended` is told, once, of a phrase of at most `max_samples` to keep, or of None.
    """

    def __init__(
        self,
        recording: Recording | None = None,
        max_samples: int = 0,
        reserve: Callable[[int], bool] = lambda n_bytes: True,
        ended: Callable[[Phrase | None], None] = lambda phrase: None,
    ) -> None:
        self._recording = recording
        self._max_samples = max_samples
        self._reserve = reserve
        self._ended = ended
        self._n_samples = 0
        self._tier: Tier | None = None
        self._frames_per_token: tuple[int, ...] = ()

    def begin(self, tier: Tier, frames_per_token: Sequence[int]) -> None:
        """By which vocoder it is made, and its durations (P): known before its first samples."""
        self._tier, self._frames_per_token = tier, tuple(frames_per_token)

    def add(self, first_sample: int, samples: FloatArray) -> None:
        """Samples [n], which follow the last ones and stay as they are from now on.

        Those that do not follow, come before `begin` or find no room abandon the phrase.
        """
        if self._recording is None:
            return
        if self._tier is None or first_sample != self._n_samples:
            self.abandon()
        elif not self._reserve(samples.nbytes):
            self._recording.forget()
            self.abandon()
        else:
            samples = samples.view()
            samples.setflags(write=False)
            self._recording.add(PhrasePiece(self._tier, self._frames_per_token, first_sample, samples))
            self._n_samples += len(samples)

    def finish(self, *, keep: bool = True) -> None:
        """It is complete. One that is not to be kept is heard to its end; one without samples is abandoned.

        What was made worse than usual is not to be kept: in a cheaper tier under pressure, for example.
        """
        recording = self._recording
        if recording is None:
            return
        if self._tier is None or not self._n_samples:
            self.abandon()
            return
        self._recording = None
        phrase = None
        if keep and self._n_samples <= self._max_samples:
            pieces = [piece.samples for piece in recording.pieces]
            phrase = Phrase.of_pieces(self._tier, self._frames_per_token, pieces)
        recording.end(complete=True)
        self._ended(phrase)

    def abandon(self) -> None:
        """It will not be completed; nothing when it was, or was abandoned before."""
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.end(complete=False)
            self._ended(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
