"""A clip whose recording is decoded: its samples, at their level."""

from __future__ import annotations

import math

import numpy as np

from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings.clip import MAX_LEVELLED_UP_DB, Clip, stretch_of
from speechmesh.frontend.recordings.recording import Recording

# Where a recording is cut inside, it would begin or end with a click.
_FADE_MS = 5.0


class LoadedClip:
    """What is heard of a clip. Samples are of the recording's rate.

    It holds the recording until it is closed: what a request leaves behind in cycles may be there for long, and its
    recordings would take the room of others.

    Attributes:
        stretch: what is played of the recording, which may be shorter than its file told.
        gain_db: by how much it comes louder than it was recorded.
    """

    def __init__(self, clip: Clip, recording: Recording) -> None:
        """Measures how loud the recording is, where that is asked for: not for an event loop.

        Raises:
            RecordingError: when nothing is left between `clipBegin` and `clipEnd`.
        """
        self._recording: Recording | None = recording
        self.sample_rate_hz = recording.sample_rate_hz
        self.stretch, _ = stretch_of(
            len(recording.samples), recording.sample_rate_hz, clip.playing, clip.max_s
        )
        self.gain_db = _gain_db(clip, recording)

    @property
    def recording(self) -> Recording:
        """What is played."""
        assert self._recording is not None, "the clip is closed"
        return self._recording

    @property
    def n_samples(self) -> int:
        """How many samples are heard."""
        return self.stretch.n_samples

    @property
    def duration_ms(self) -> float:
        """How long it is heard."""
        return 1000.0 * self.n_samples / self.sample_rate_hz

    def close(self) -> None:
        """Lets go of the recording: nothing is played any more."""
        self._recording = None

    def samples(self, first: int, n: int) -> FloatArray:
        """Samples [N] from `first` on, N at most `n`: fewer at the end."""
        stretch = self.stretch
        end = min(first + n, stretch.n_samples)
        source, within = self.recording.samples, first % stretch.n_cycle
        if within + end - first <= stretch.n_cycle:
            begin = stretch.first_sample + within
            played = source[begin : begin + max(end - first, 0)]
        else:
            played = source[stretch.first_sample + np.arange(first, end) % stretch.n_cycle]
        played = self._faded(played, first)
        return played * np.float32(10.0 ** (self.gain_db / 20.0)) if self.gain_db else played

    def _faded(self, played: FloatArray, first: int) -> FloatArray:
        stretch = self.stretch
        n_fade = max(round(_FADE_MS * self.sample_rate_hz / 1000.0), 1)
        end = stretch.first_sample + (stretch.n_samples - 1) % stretch.n_cycle + 1
        fades_in = stretch.first_sample > 0 and first < n_fade
        fades_out = end < len(self.recording.samples) and first + len(played) > stretch.n_samples - n_fade
        if not (fades_in or fades_out):
            return played
        at = np.arange(first, first + len(played), dtype=np.float32)
        gains = np.ones(len(played), np.float32)
        if fades_in:
            gains = np.minimum(gains, (at + 1) / np.float32(n_fade))
        if fades_out:
            gains = np.minimum(gains, (stretch.n_samples - at) / np.float32(n_fade))
        return np.asarray(played * gains, np.float32)


def _gain_db(clip: Clip, recording: Recording) -> float:
    """`soundLevel` comes on top of what brings the recording to the clip's loudness."""
    gain_db = clip.playing.sound_level_db
    if clip.level_lufs is not None and math.isfinite(loudness := recording.loudness_lufs):
        gain_db += min(clip.level_lufs - loudness, MAX_LEVELLED_UP_DB)
    return gain_db
