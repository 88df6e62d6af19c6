"""Audio out: samples of the vocoder to bytes for the caller. One encoder a stream, never one a chunk."""

from __future__ import annotations

import numpy as np
import soxr

from speechmesh.common.features import FloatArray
from speechmesh.frontend.request import Encoding

_S16_MAX = 32767.0
_DTYPES = {Encoding.PCM_F32LE: "<f4", Encoding.PCM_S16LE: "<i2"}


class PcmEncoder:
    """Resamples, applies the volume, limits to full scale, and codes as raw mono PCM."""

    def __init__(self, encoding: Encoding, *, from_hz: int, to_hz: int, volume_db: float) -> None:
        self._encoding = encoding
        self._gain = np.float32(10.0 ** (volume_db / 20.0))
        self._to_hz = to_hz
        self._resampler = (
            soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32") if from_hz != to_hz else None
        )
        self._n_samples_out = 0

    @property
    def offset_ms(self) -> float:
        """Audio that came out so far."""
        return 1000.0 * self._n_samples_out / self._to_hz

    def encode(self, samples: FloatArray, *, last: bool = False) -> bytes:
        """Bytes for samples [N]; with a resampler they lag a little, and `last` brings the rest."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        self._n_samples_out += len(samples)
        if self._gain != 1.0:
            samples = samples * self._gain
        samples = np.clip(samples, -1.0, 1.0)
        coded = samples if self._encoding is Encoding.PCM_F32LE else np.rint(samples * _S16_MAX)
        return bytes(coded.astype(_DTYPES[self._encoding]).data)
