"""One stream of samples to bytes for the caller: resampled, levelled, limited, coded."""

from __future__ import annotations

import numpy as np
import soxr

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.coders import Coder, has_frames, is_costly, make_coder
from speechmesh.frontend.audio.formats import AudioFormat
from speechmesh.frontend.audio.limiter import TruePeakLimiter


class StreamEncoder:
    """Codes one stream; never one a chunk, so that there is neither gap nor second header.

    What is made louder goes through a limiter; else the samples are within full scale but for what resampling adds.

    Attributes:
        is_costly: whether `encode` takes so long that it must not be called on an event loop.
    """

    def __init__(
        self, form: AudioFormat, *, from_hz: int, gain_db: float = 0.0, loudest_db: float = 0.0
    ) -> None:
        """`loudest_db` is by how much samples may come louder than the voice made them."""
        to_hz = form.sample_rate_hz
        self._rate_hz = to_hz
        self._gain = np.float32(10.0 ** (gain_db / 20.0))
        self._resampler = (
            soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32") if from_hz != to_hz else None
        )
        self._limiter = TruePeakLimiter(to_hz) if gain_db + loudest_db > 0 else None
        self._form = form
        self._coder: Coder | None = None  # made where the work is done, for it takes its time, too
        self._n_samples = 0
        self.is_costly = is_costly(form.encoding)

    @property
    def offset_ms(self) -> float:
        """Audio that has been coded so far; of raw PCM, what has come out."""
        return 1000.0 * self._n_samples / self._rate_hz

    def encode(self, samples: FloatArray) -> bytes:
        """Bytes for samples [N]; resampler, limiter and codec lag a little."""
        return self._coded(samples, last=False)

    def finish(self) -> bytes:
        """The rest, and the stream's end; nothing is coded afterwards."""
        return self._coded(np.zeros(0, np.float32), last=True)

    def _coded(self, samples: FloatArray, *, last: bool) -> bytes:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        if self._gain != 1.0:
            samples = samples * self._gain
        if self._limiter is not None:
            samples = self._limiter.limit(samples, last=last)
        self._n_samples += len(samples)
        if last and not self._n_samples and has_frames(self._form.encoding):
            samples = np.zeros(1, np.float32)  # of no frames a file is none that players take
        self._coder = self._coder or make_coder(self._form)
        coded = self._coder.code(np.clip(samples, -1.0, 1.0))
        return coded + self._coder.finish() if last else coded
