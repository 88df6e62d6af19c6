"""AAC (LC, as ADTS) by PyAV, which is an optional extra: its wheels carry GPL code."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat


class _Outlet:
    """What the container is written to."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


class AacCoder:
    """Codes a stream as AAC; each frame of 1024 samples has its own header, so that a player may begin anywhere."""

    def __init__(self, form: AudioFormat) -> None:
        self._outlet = _Outlet()
        self._rate_hz = form.sample_rate_hz
        self._n_samples = 0
        self._container = av.open(
            self._outlet, "w", format="adts", container_options={"fflags": "flush_packets"}
        )
        self._stream = self._container.add_stream("aac", rate=form.sample_rate_hz, layout="mono")
        self._stream.bit_rate = form.bit_rate

    def code(self, samples: FloatArray) -> bytes:
        """See Coder."""
        if len(samples):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[None, :], np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate = self._rate_hz
            frame.time_base = Fraction(1, self._rate_hz)
            frame.pts = self._n_samples
            self._n_samples += len(samples)
            self._container.mux(self._stream.encode(frame))
        return self._outlet.take()

    def finish(self) -> bytes:
        """See Coder."""
        if self._n_samples:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._outlet.take()
