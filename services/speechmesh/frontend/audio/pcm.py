"""Raw PCM, and 16-bit PCM behind a WAV header."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat, Encoding

_S16_MAX = 32767.0
# The length of what is still being made: players read on to the stream's end.
_UNKNOWN_BYTES = 0xFFFFFFFF
_PCM, _SAMPLE_BYTES = 1, 2


def as_s16(samples: FloatArray) -> npt.NDArray[np.int16]:
    """Samples in -1 to 1 as signed 16-bit integers, rounded."""
    return np.asarray(np.rint(samples * _S16_MAX), "<i2")


def wav_header(sample_rate_hz: int) -> bytes:
    """A WAV header for 16-bit mono PCM of unknown length."""
    form = struct.pack(
        "<HHIIHH", _PCM, 1, sample_rate_hz, sample_rate_hz * _SAMPLE_BYTES, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES
    )
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN_BYTES, b"WAVE")
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN_BYTES)
    )


class PcmCoder:
    """Raw PCM, or 16-bit PCM behind a WAV header."""

    def __init__(self, form: AudioFormat) -> None:
        self._header = wav_header(form.sample_rate_hz) if form.encoding is Encoding.WAV else b""
        self._is_float = form.encoding is Encoding.PCM_F32LE

    def code(self, samples: FloatArray) -> bytes:
        """See Coder."""
        header, self._header = self._header, b""
        return header + (samples.astype("<f4") if self._is_float else as_s16(samples)).tobytes()

    def finish(self) -> bytes:
        """See Coder."""
        return self._header
