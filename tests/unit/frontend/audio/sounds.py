"""Test sounds, and what the tests of coded audio have in common."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import soundfile

from speechmesh.frontend.audio.encoder import StreamEncoder
from speechmesh.frontend.audio.formats import AudioFormat, Encoding

FloatArray = npt.NDArray[np.float32]


def voiced(n_samples: int, sample_rate_hz: int = 16_000) -> FloatArray:
    """A tone with harmonics that swells like syllables, and a little noise; peaks near half of full scale."""
    t = np.arange(n_samples) / sample_rate_hz
    harmonics = sum(np.sin(2 * np.pi * 150 * k * t + k) / k for k in range(1, 12))
    swelling = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * t)
    noise = np.random.default_rng(7).standard_normal(n_samples)
    return np.asarray(0.2 * harmonics * swelling + 0.003 * noise, np.float32)


def coded(form: AudioFormat, samples: FloatArray, cuts: list[int] = [], **options: float) -> list[bytes]:  # noqa: B006
    """The bytes that came of each piece, when a stream is cut at `cuts`."""
    encoder = StreamEncoder(form, **{"from_hz": form.sample_rate_hz, **options})  # type: ignore[arg-type]
    pieces = [encoder.encode(piece) for piece in np.split(samples, sorted(cuts))]
    return [*pieces, encoder.finish()]


class _Streamed(soundfile.SoundFile):
    """The length is unknown to the header of what was streamed: it is read until it ends, without seeking."""

    def seekable(self) -> bool:
        return False


def decoded(form: AudioFormat, data: bytes) -> FloatArray:
    """What a player hears."""
    if form.encoding is Encoding.AAC:
        return _decoded_aac(data)
    raw = {Encoding.MULAW: "ULAW", Encoding.ALAW: "ALAW", Encoding.PCM_S16LE: "PCM_16"}
    raw |= {Encoding.PCM_F32LE: "FLOAT"}
    options = (
        {"format": "RAW", "subtype": raw[form.encoding], "channels": 1, "samplerate": form.sample_rate_hz}
        if form.encoding in raw
        else {}
    )
    with _Streamed(io.BytesIO(data), **options) as file:
        assert (file.samplerate, file.channels) == (form.sample_rate_hz, 1)
        pieces = []
        while len(piece := file.read(4096, dtype="float32")):
            pieces.append(piece)
    return np.concatenate(pieces)


def _decoded_aac(data: bytes) -> FloatArray:
    import av  # noqa: PLC0415 - an optional extra

    with av.open(io.BytesIO(data)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def delay(samples: FloatArray, heard: FloatArray) -> int:
    """By how many samples `heard` is behind, by correlation."""
    n = 1 << (len(samples) + len(heard)).bit_length()
    product = np.fft.rfft(heard, n) * np.conj(np.fft.rfft(samples, n))
    lag = int(np.argmax(np.fft.irfft(product, n)))
    return lag if lag < n // 2 else lag - n


def snr_db(samples: FloatArray, heard: FloatArray, lag: int) -> float:
    """Level of the signal over that of the difference, where both are."""
    heard = heard[max(lag, 0) :]
    samples = samples[max(-lag, 0) :]
    n = min(len(heard), len(samples))
    error = np.sum((heard[:n] - samples[:n]) ** 2)
    return float(10 * np.log10(np.sum(samples[:n] ** 2) / max(error, 1e-20)))
