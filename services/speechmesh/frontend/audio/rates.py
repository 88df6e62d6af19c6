"""Speech of several sample rates as one stream of one rate."""

from __future__ import annotations

import numpy as np
import soxr

from speechmesh.common.features import FloatArray


class RateConverter:
    """Brings samples that follow each other to one rate. Those of one rate are resampled as one, however they are cut.

    Attributes:
        n_held: how much of what came in has not come out yet, in samples of the stream's rate.
    """

    def __init__(self, to_hz: int) -> None:
        self._to_hz = to_hz
        self._from_hz = to_hz
        self._resampler: soxr.ResampleStream | None = None
        self.n_held = 0.0

    def convert(self, samples: FloatArray, from_hz: int) -> FloatArray:
        """Samples [N] in, those that are ready out [N']; where the rate changes, all that came before with them."""
        rest = self.finish() if from_hz != self._from_hz else samples[:0]
        if from_hz == self._to_hz:
            return np.concatenate([rest, samples]) if len(rest) else samples
        if self._resampler is None:
            self._from_hz = from_hz
            self._resampler = soxr.ResampleStream(from_hz, self._to_hz, 1, dtype="float32")
        ready: FloatArray = self._resampler.resample_chunk(samples)
        self.n_held += len(samples) * self._to_hz / from_hz - len(ready)
        return np.concatenate([rest, ready]) if len(rest) else ready

    def finish(self) -> FloatArray:
        """All that is held; what comes afterwards does not touch it."""
        resampler, self._resampler = self._resampler, None
        self._from_hz, self.n_held = self._to_hz, 0.0
        if resampler is None:
            return np.zeros(0, np.float32)
        rest: FloatArray = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        return rest
