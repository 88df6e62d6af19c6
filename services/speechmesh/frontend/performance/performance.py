"""Delivers a script, segment by segment, and goes on where a stage that died left it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext

from speechmesh.common.errors import Internal, Overloaded, SpeechmeshError, Unavailable
from speechmesh.frontend.audio_out import AudioChunk, SpokenChunk
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.lookahead import Lookahead
from speechmesh.frontend.metering import SpeechMeter
from speechmesh.frontend.patience import Patience
from speechmesh.frontend.performance.means import Means
from speechmesh.frontend.performance.opener import Opener
from speechmesh.frontend.performance.playing import Player
from speechmesh.frontend.performance.said_before import said_before
from speechmesh.frontend.plan import Script
from speechmesh.frontend.prepared import Preparation, Prepared
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment


class Performance:
    """One script on its way to its caller.

    The stages get as many segments in a row as they are to make: up to a recording, another voice, or a phrase that was
    said before.
    """

    def __init__(
        self,
        checked: CheckedRequest,
        script: Script,
        delivery: Delivery,
        meter: SpeechMeter,
        means: Means,
        give_up_at: float | None,
    ) -> None:
        """A script from where its delivery stands; `give_up_at` is on `time.monotonic()`'s clock."""
        self._checked = checked
        self._script = script
        self._delivery = delivery
        self._meter = meter
        self._means = means
        settings = means.settings
        self._preparation = Preparation(checked, script, means.reader, settings, means.text_executor)
        self._open = Opener(checked, self._preparation, delivery, means, give_up_at)
        self._lookahead = Lookahead(
            self._preparation, self._open, means.phrases.is_made, settings.max_segments_in_flight
        )
        self._patience = Patience(settings.stage_patience_ms)
        self._player: Player | None = None
        if delivery.clips and means.recordings is not None:
            self._player = Player(delivery, means.recordings.load, settings.stage_patience_ms)
        self._has_parts = bool(checked.others or delivery.clips)

    async def run(self) -> AsyncGenerator[AudioChunk]:
        """The audio, coded; for one use.

        Raises:
            SpeechmeshError: when a stage fails, or one that went away does not come back in time.
        """
        delivery, player = self._delivery, self._player
        async with aclosing(self._lookahead), aclosing(player) if player else nullcontext():
            while (segment := await self._script.segment(delivery.segment)) is not None:
                self._preparation.forget_before(delivery.segment)
                spoken = self._played(segment) if segment.clip else self._spoken()
                async with aclosing(spoken) as chunks:
                    async for chunk in chunks:
                        for part in delivery.parts(chunk):
                            if coded := await self._coded(part):
                                yield coded
                        if player:
                            player.look_ahead()
        if rest := await delivery.finish(self._means.audio_executor):
            yield rest

    async def _coded(self, spoken: SpokenChunk) -> AudioChunk | None:
        self._meter.spoken(spoken)
        with self._meter.coding():
            return await self._delivery.coded(spoken, self._means.audio_executor)

    async def _played(self, segment: SpokenSegment) -> AsyncGenerator[SpokenChunk]:
        """The next segment, which is a recording."""
        assert self._player is not None, "recordings are played"
        self._lookahead.begin_behind(self._delivery.segment)
        async with aclosing(self._player.play(segment)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _spoken(self) -> AsyncGenerator[SpokenChunk]:
        """The next segment, and those that the stages make together with it."""
        prepared = await self._preparation.segment(self._delivery.segment)
        assert prepared is not None, "the script has the segment"
        async with aclosing(said_before(prepared, self._delivery, self._means.phrases)) as chunks:
            async for chunk in chunks:
                yield chunk
        if self._delivery.segment > prepared.index:
            return
        async with aclosing(self._made(prepared)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _made(self, prepared: Prepared) -> AsyncGenerator[SpokenChunk]:
        """What the stages make from a segment on, in one attempt; where that fails, the wait for the next one."""
        self._patience.asks()  # the text of what is to be made may have been waited for
        conductor, run = await self._begun(prepared)
        if self._has_parts:
            self._lookahead.begin(conductor)
        try:
            async with aclosing(run) as chunks:
                async for chunk in chunks:
                    self._patience.reset()
                    yield chunk
        except SpeechmeshError as error:
            _name_voice(error, prepared.segment.manner.voice)
            # A request that is heard already was taken: what of it finds no room, behind a phrase that was said before,
            # say, waits for some. Refused is only what nobody has heard of.
            waits_for_room = self._delivery.playback.started
            if not isinstance(error, (Unavailable, Overloaded) if waits_for_room else Unavailable):
                raise
            await self._lookahead.aclose()
            with self._meter.retrying():
                await self._patience.wait(error)
        else:
            if self._delivery.segment != conductor.end:
                raise Internal("the vocoder stage ended early")

    async def _begun(self, prepared: Prepared) -> tuple[Conductor, AsyncGenerator[SpokenChunk]]:
        """The conductor of a segment whose turn it is, and its run: what was begun ahead, else a new one."""
        if self._delivery.tier(prepared.index) is not None:  # what is ahead may be made in another tier
            await self._lookahead.aclose()
        if (ahead := await self._lookahead.take(prepared.index)) is not None:
            return ahead.conductor, ahead.run()
        conductor, run = self._open(prepared)
        conductor.turn.set()
        return conductor, run


def _name_voice(error: SpeechmeshError, voice: str) -> None:
    """Tells which voice failed, where it is not the request's own."""
    if voice:
        error.args = (f"voice {voice!r}: {error}",)
