"""A file of the folder that can be played, and the recording that it is decoded to: one channel at its own rate."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings.loudness import integrated_lufs

SAMPLE_BYTES = 4
# The file's path with what changes when its content does: device, inode, time of change (ns) and size.
FileKey = tuple[str, int, int, int, int]


class RecordingError(Exception):
    """A recording cannot be played; the text is meant for the caller and names no path of the server."""


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A file as it was found, not decoded yet.

    Attributes:
        key: tells it from others, and from what its path led to before or leads to later.
        sample_rate_hz: its own.
        n_samples: how long it is, at least 1; of some MP3 an estimate, until it was decoded once.
    """

    key: FileKey
    sample_rate_hz: int
    n_samples: int

    @property
    def path(self) -> str:
        """Below the folder."""
        return self.key[0]

    @property
    def n_bytes(self) -> int:
        """What it takes in memory, once it is decoded."""
        return self.n_samples * SAMPLE_BYTES


class Recording:
    """Samples [N], float32 in -1 to 1, read-only; several documents may play them at once.

    Attributes:
        samples: of one channel, at the file's rate.
        sample_rate_hz: the file's.
    """

    def __init__(self, samples: FloatArray, sample_rate_hz: int) -> None:
        samples.setflags(write=False)
        self.samples = samples
        self.sample_rate_hz = sample_rate_hz

    @property
    def n_bytes(self) -> int:
        """What it takes in memory."""
        return self.samples.nbytes

    @functools.cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness (BS.1770); minus infinity of silence. It takes time: not for an event loop."""
        return integrated_lufs(self.samples, self.sample_rate_hz)
