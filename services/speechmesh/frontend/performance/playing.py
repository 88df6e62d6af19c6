"""Plays the recordings of a script, each when its turn comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing

import numpy as np

from speechmesh.common.ending import is_ending
from speechmesh.common.errors import Overloaded
from speechmesh.frontend.audio_out import SpokenChunk, TextWarning
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.metering import count_recording, record_stage
from speechmesh.frontend.patience import Patience
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.played import left_out
from speechmesh.frontend.recordings.recording import RecordingError
from speechmesh.frontend.recordings.reel import Reel
from speechmesh.frontend.segment import SpokenSegment

# So much audio goes to the coding, and to the caller, at once.
_PIECE_S = 0.2
# How soon a recording is decoded: so many segments before its turn, and when so much audio at most, as far as is known,
# is still to be delivered before. It takes a third of a second at most where the machine has nothing else to do.
_AHEAD_SEGMENTS = 2
_AHEAD_MS = 10_000.0


class Player:
    """Delivers the segments of a script that are recordings."""

    def __init__(
        self,
        delivery: Delivery,
        load: Callable[[Clip, float], Awaitable[LoadedClip]],
        patience_ms: float,
    ) -> None:
        """The recordings of a delivery.

        Args:
            delivery: where they are heard.
            load: decodes one; see Recordings.load.
            patience_ms: how long is waited for the room of one, once the caller has some audio.
        """

        async def loaded(index: int) -> LoadedClip:
            """A recording, decoded by the time at which the listener needs it."""
            deadline_s = time.monotonic() + delivery.playback.slack_ms(index) / 1000.0
            return await load(delivery.clips[index], deadline_s)

        self._delivery = delivery
        # No method: this and the reel would hold each other, and what is decoded, until the collector comes.
        self._reel = Reel(delivery.clips, loaded)
        self._patience = Patience(patience_ms)

    def look_ahead(self) -> None:
        """The caller has taken what was delivered: a recording that comes soon may be decoded.

        Not before there is audio, in whose way it would be.
        """
        delivery, soon = self._delivery, self._reel.soon
        if soon is None or soon > delivery.segment + _AHEAD_SEGMENTS or not delivery.playback.started:
            return
        if delivery.playback.undelivered_ms(soon) <= _AHEAD_MS:
            self._reel.decode_ahead()

    async def play(self, segment: SpokenSegment) -> AsyncGenerator[SpokenChunk]:
        """The audio of a recording, which is the segment that is to be delivered.

        One that cannot be decoded, whatever was found before, is left out with a warning: the caller hears the rest.

        Raises:
            Overloaded: when there is no room for it, and does not get any in time.
        """
        delivery = self._delivery
        index, started = delivery.segment, time.perf_counter()
        outcome = "cancelled"
        try:
            clip = await self._taken(index)
            record_stage("recording", index, time.perf_counter() - started)
            with closing(clip):
                delivery.expect_clip(index, segment, clip.duration_ms)
                n_piece = max(round(_PIECE_S * clip.sample_rate_hz), 1)
                for first in range(0, clip.n_samples, n_piece):
                    samples = clip.samples(first, n_piece)
                    last = first + len(samples) >= clip.n_samples
                    if chunk := delivery.chunk(index, first, samples, tier=None, last=last):
                        yield chunk
                    await asyncio.sleep(0)  # all of it is there: other streams have their turn in between
            outcome = "played"
        except RecordingError as error:
            outcome = "left_out"
            if chunk := self._nothing(index, segment, error):
                yield chunk
        except Overloaded:
            outcome = "refused"
            raise
        finally:
            if outcome == "cancelled" and is_ending():  # by our own shutdown
                outcome = "failed"
            count_recording(outcome)

    async def aclose(self) -> None:
        """Lets go of what is decoded ahead."""
        await self._reel.aclose()

    async def _taken(self, index: int) -> LoadedClip:
        """The recording, as soon as it is decoded.

        Raises:
            RecordingError: when it cannot be.
            Overloaded: when there is no room for it. A document that has begun waits for some, as it was taken.
        """
        while True:
            try:
                clip = await self._reel.take(index)
            except Overloaded as error:
                if not self._delivery.playback.started:
                    raise
                await self._patience.wait(error)
            else:
                self._patience.reset()
                return clip

    def _nothing(self, index: int, segment: SpokenSegment, error: RecordingError) -> SpokenChunk | None:
        """What is told of a recording of which nothing is heard, but for the pauses around it."""
        assert segment.clip is not None
        message = left_out(segment.clip.file.path, segment.clip.place, error, "nothing is heard of it")
        self._delivery.warn(TextWarning("AUDIO_LEFT_OUT", message, segment.start, segment.end))
        self._delivery.expect_clip(index, segment, 0.0)
        return self._delivery.chunk(index, 0, np.zeros(0, np.float32), tier=None, last=True)
