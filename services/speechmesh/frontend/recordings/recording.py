"""A decoded audio file: one channel at its own sample rate."""

from __future__ import annotations

import functools

from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings.loudness import integrated_lufs


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
