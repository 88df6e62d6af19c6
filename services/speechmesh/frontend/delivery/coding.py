"""A stream's chunks as the caller gets them: coded, one after the other."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor

from speechmesh.frontend.audio.encoder import StreamEncoder
from speechmesh.frontend.audio_out import AudioChunk, SpokenChunk
from speechmesh.frontend.playback import Playback

# A long chunk is coded in parts of so much audio, between which other streams' chunks have their turn.
_CODED_AT_ONCE_S = 0.5


class ChunkCoding:
    """Codes the chunks of one stream.

    Attributes:
        first_audio_ms: when the first bytes were there, after the request's arrival; None before.
    """

    def __init__(self, encoder: StreamEncoder, sample_rate_hz: int, playback: Playback) -> None:
        """`sample_rate_hz` is that of the chunks, before they are coded."""
        self._encoder = encoder
        self._playback = playback
        self._n_at_once = round(_CODED_AT_ONCE_S * sample_rate_hz)
        self.first_audio_ms: float | None = None

    @property
    def offset_ms(self) -> float:
        """Audio that has been coded so far."""
        return self._encoder.offset_ms

    async def coded(self, spoken: SpokenChunk, executor: Executor, *, last: bool) -> AudioChunk | None:
        """A chunk as the caller gets it; None where the coding holds it back and there is nothing else to tell.

        In the executor, where it takes long; `last` ends the stream.
        """
        offset_ms = self._encoder.offset_ms
        encode, samples = self._encoder.encode, spoken.samples
        if self._encoder.is_costly:
            run, n = asyncio.get_running_loop().run_in_executor, self._n_at_once
            parts = [await run(executor, encode, samples[at : at + n]) for at in range(0, len(samples), n)]
            audio = b"".join(parts) + (await run(executor, self._encoder.finish) if last else b"")
        else:
            audio = encode(samples) + (self._encoder.finish() if last else b"")
        if not (audio or spoken.segment or spoken.times):
            return None
        if self.first_audio_ms is None and audio:
            self.first_audio_ms = self._playback.elapsed_ms
        return AudioChunk(audio, offset_ms, spoken.segment_index, spoken.segment, spoken.times)
