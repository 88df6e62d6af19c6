"""AAC (LC, as ADTS) by PyAV, which is an optional extra: its wheels carry GPL code."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat

# ISO/IEC 13818-7, 6.2: sample rates by their index.
_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_HEADER_BYTES = 7


class AacCoder:
    """Codes a stream as AAC; each frame of 1024 samples has its own header, so that a player may begin anywhere.

    The headers are made here: PyAV's containers and streams refer to each other, and what a stream holds (0.5 MiB)
    would be freed only when Python looks for such cycles.
    """

    def __init__(self, form: AudioFormat) -> None:
        self._rate_hz = form.sample_rate_hz
        self._n_samples = 0
        self._codec = av.AudioCodecContext.create("aac", "w")
        self._codec.sample_rate = form.sample_rate_hz
        self._codec.layout = "mono"
        self._codec.format = "fltp"
        self._codec.time_base = Fraction(1, form.sample_rate_hz)
        self._codec.bit_rate = form.bit_rate

    def code(self, samples: FloatArray) -> bytes:
        """See Coder."""
        if not len(samples):
            return b""
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None, :], np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = self._rate_hz
        frame.time_base = self._codec.time_base
        frame.pts = self._n_samples
        self._n_samples += len(samples)
        return self._encoded(frame)

    def finish(self) -> bytes:
        """See Coder."""
        return self._encoded(None) if self._n_samples else b""

    def _encoded(self, frame: av.AudioFrame | None) -> bytes:
        packets = (bytes(packet) for packet in self._codec.encode(frame))
        return b"".join(_header(self._rate_hz, len(packet)) + packet for packet in packets if packet)


def _header(sample_rate_hz: int, n_bytes: int) -> bytes:
    """The ADTS header of a mono frame of AAC-LC."""
    length = _HEADER_BYTES + n_bytes
    bits = 0xFFF1 << 40  # sync word, MPEG-4, no checksum
    bits |= 1 << 38  # profile: low complexity
    bits |= _RATES_HZ.index(sample_rate_hz) << 34
    bits |= 1 << 30  # one channel
    bits |= length << 13
    bits |= 0x7FF << 2  # of variable bit rate
    return bits.to_bytes(_HEADER_BYTES, "big")
