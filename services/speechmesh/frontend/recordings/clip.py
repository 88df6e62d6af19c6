"""What a document plays of a recording."""

from __future__ import annotations

import math

import numpy as np

from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings.recording import Recording, RecordingError
from speechmesh.frontend.ssml.script import Playing

# Where a recording is cut inside, it would begin or end with a click.
_FADE_MS = 5.0


class Clip:
    """A stretch of a recording, once or repeatedly. Samples are of the recording's rate.

    It holds the recording until it is closed: what a request leaves behind in cycles may be there for long, and its
    recordings would take the room of others.

    Attributes:
        sample_rate_hz: the recording's.
        first_sample: where the stretch begins.
        n_cycle: how long it is, at least 1.
        n_samples: of all repetitions, the last of which may be cut.
        sound_level_db: how much louder than the recording.
    """

    def __init__(
        self,
        recording: Recording,
        first_sample: int,
        n_cycle: int,
        n_samples: int,
        sound_level_db: float = 0.0,
    ) -> None:
        self._recording: Recording | None = recording
        self.sample_rate_hz = recording.sample_rate_hz
        self.first_sample = first_sample
        self.n_cycle = n_cycle
        self.n_samples = n_samples
        self.sound_level_db = sound_level_db

    @property
    def recording(self) -> Recording:
        """What is played."""
        assert self._recording is not None, "the clip is closed"
        return self._recording

    def close(self) -> None:
        """Lets go of the recording: nothing is played any more."""
        self._recording = None

    @property
    def duration_ms(self) -> float:
        """How long it is played."""
        return 1000.0 * self.n_samples / self.sample_rate_hz

    def samples(self, first: int, n: int) -> FloatArray:
        """Samples [N] from `first` on, N at most `n`: fewer at the end."""
        end = min(first + n, self.n_samples)
        source, within = self.recording.samples, first % self.n_cycle
        if within + end - first <= self.n_cycle:
            begin = self.first_sample + within
            return self._faded(source[begin : begin + max(end - first, 0)], first)
        return self._faded(source[self.first_sample + np.arange(first, end) % self.n_cycle], first)

    def _faded(self, played: FloatArray, first: int) -> FloatArray:
        n_fade = max(round(_FADE_MS * self.sample_rate_hz / 1000.0), 1)
        end = self.first_sample + (self.n_samples - 1) % self.n_cycle + 1
        fades_in = self.first_sample > 0 and first < n_fade
        fades_out = end < len(self.recording.samples) and first + len(played) > self.n_samples - n_fade
        if not (fades_in or fades_out):
            return played
        at = np.arange(first, first + len(played), dtype=np.float32)
        gains = np.ones(len(played), np.float32)
        if fades_in:
            gains = np.minimum(gains, (at + 1) / np.float32(n_fade))
        if fades_out:
            gains = np.minimum(gains, (self.n_samples - at) / np.float32(n_fade))
        return np.asarray(played * gains, np.float32)


def clip_of(recording: Recording, playing: Playing, max_s: float) -> tuple[Clip, bool]:
    """What of a recording is played, and whether that had to be cut to `max_s`.

    Active durations are SMIL's, as SSML 1.1 has them: the shorter of `repeatCount` times the stretch and `repeatDur`.

    Raises:
        RecordingError: when nothing is left between `clipBegin` and `clipEnd`.
    """
    rate_hz, n_whole = recording.sample_rate_hz, len(recording.samples)

    def n_of(duration_ms: float) -> int:
        return round(min(duration_ms * rate_hz / 1000.0, 1e12))

    first = n_of(playing.clip_begin_ms)
    end = n_whole if playing.clip_end_ms is None else min(n_of(playing.clip_end_ms), n_whole)
    if first >= end:
        raise RecordingError("has nothing between clipBegin and clipEnd")
    n_cycle = end - first
    wanted = math.inf if playing.repeat_duration_ms is None else n_of(playing.repeat_duration_ms)
    if playing.repeat_count is not None:
        wanted = min(wanted, round(n_cycle * min(playing.repeat_count, 1e6)))
    elif playing.repeat_duration_ms is None:
        wanted = n_cycle
    n_samples = int(min(wanted, max_s * rate_hz))
    if n_samples < 1:
        raise RecordingError("is repeated for no time")
    return Clip(recording, first, n_cycle, n_samples, playing.sound_level_db), n_samples < wanted
