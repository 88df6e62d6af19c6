"""A decoded audio file: one channel at its own sample rate."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import soundfile

from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings.loudness import integrated_lufs

# As libsndfile calls them: what it reads besides is old, rare, and more code that a hostile file could reach.
_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3"})
_MIN_RATE_HZ, _MAX_RATE_HZ = 4_000, 192_000
_MAX_CHANNELS = 8
_SAMPLE_BYTES = 4
_UNKNOWN = 2**63 - 1  # frames of a FLAC file that was written as a stream


class RecordingError(Exception):
    """A recording cannot be played; the text is meant for the caller and names no path of the server."""


class Recording:
    """Samples [N], float32 in -1 to 1, read-only; several documents may play them at once.

    Attributes:
        samples: of one channel, at the file's rate.
        sample_rate_hz: the file's.
        peak: the largest magnitude of a sample.
    """

    def __init__(self, samples: FloatArray, sample_rate_hz: int) -> None:
        samples.setflags(write=False)
        self.samples = samples
        self.sample_rate_hz = sample_rate_hz
        self.peak = float(max(samples.max(), -samples.min(), 0.0)) if len(samples) else 0.0

    @property
    def n_bytes(self) -> int:
        """What it takes in memory."""
        return self.samples.nbytes

    @functools.cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness (BS.1770); minus infinity of silence. It takes time: not for an event loop."""
        return integrated_lufs(self.samples, self.sample_rate_hz)


def decoded(descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
    """Decodes an open WAV, FLAC, Ogg or MP3 file, its channels mixed down to one. Blocks: for a worker thread.

    Args:
        descriptor: of the file, which stays open.
        max_s: the longest audio that is taken.
        reserve: told how many bytes the samples will take at most, before they do; may raise.

    Raises:
        RecordingError: when it is none of these, is broken, empty or too long.
    """
    try:
        with soundfile.SoundFile(descriptor, closefd=False) as file:
            return _read(file, max_s, reserve)
    except soundfile.SoundFileError:
        raise RecordingError("is no WAV, FLAC, Ogg or MP3 file that can be decoded") from None


def _read(file: soundfile.SoundFile, max_s: float, reserve: Callable[[int], None]) -> Recording:
    rate_hz, n_told = int(file.samplerate), int(file.frames)
    if file.format not in _FORMATS:
        raise RecordingError(f"is {file.format}, not WAV, FLAC, Ogg or MP3")
    if not _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ or file.channels > _MAX_CHANNELS:
        raise RecordingError(f"has {file.channels} channels at {rate_hz} Hz, which is not taken")
    if n_told == _UNKNOWN:  # libsndfile cannot read these in pieces
        raise RecordingError("was written as a stream and does not say how long it is")
    if n_told > max_s * rate_hz:
        raise RecordingError(f"is {n_told / rate_hz:.1f} s long, {max_s:g} s are taken")
    if n_told <= 0:
        raise RecordingError("is empty")
    reserve(n_told * _SAMPLE_BYTES)
    samples, n_read = np.zeros(n_told, np.float32), 0
    # Second by second: a file of eight channels would take eight times the memory that was reserved.
    while n_read < n_told:
        block = file.read(min(rate_hz, n_told - n_read), dtype="float32", always_2d=True)
        if not len(block):
            break
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
        samples[n_read : n_read + len(mono)] = mono
        n_read += len(mono)
    if not n_read:
        raise RecordingError("is empty")
    # Files of floats may hold anything.
    np.nan_to_num(samples, copy=False, posinf=1.0, neginf=-1.0)
    np.clip(samples, -1.0, 1.0, out=samples)
    return Recording(samples[:n_read], rate_hz)
