"""What the measuring side needs to know of audio: how long bytes are, and whether they can be heard."""

from __future__ import annotations

import numpy as np

from bench.figures import Chunk

BYTES_PER_SAMPLE = 2  # PCM_S16LE throughout
AUDIBLE = round(0.01 * 32768)  # -40 dB of full scale; the voices' silence is far below


class ChunkReader:
    """Makes chunks of one stream's PCM bytes; looks at samples only until the first audible one."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._bytes_per_s = sample_rate_hz * BYTES_PER_SAMPLE
        self._heard = False

    def chunk(self, at_s: float, pcm: bytes) -> Chunk:
        """The chunk of bytes (whole samples) that came at `at_s`."""
        if not self._heard:
            samples = np.frombuffer(pcm, "<i2").astype(np.int32)  # abs(-32768) does not fit 16 bits
            self._heard = bool(len(samples)) and int(np.abs(samples).max()) > AUDIBLE
        return Chunk(at_s, len(pcm) / self._bytes_per_s, self._heard)
