"""What a document plays of a recording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from speechmesh.frontend.recordings.recording import RecordingError, RecordingFile
from speechmesh.frontend.ssml.script import Playing

# A soft recording is noise before it is as loud as speech.
MAX_LEVELLED_UP_DB = 20.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a recording, once or repeatedly, in samples of its own rate.

    Attributes:
        first_sample: where it begins.
        n_cycle: how long it is, at least 1.
        n_samples: of all repetitions, the last of which may be cut; at least 1.
    """

    first_sample: int
    n_cycle: int
    n_samples: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a file, and how it is played. It holds nothing in memory: see loaded.LoadedClip.

    Attributes:
        file: as it was found.
        playing: as the document asks for it.
        stretch: what is played, as far as the file tells how long it is.
        max_s: how long it is played at most.
        level_lufs: the loudness that it is brought to; None: it is as loud as it was recorded.
        place: of its element in the document, for messages.
    """

    file: RecordingFile
    playing: Playing
    stretch: Stretch
    max_s: float
    level_lufs: float | None = None
    place: str = ""

    @property
    def sample_rate_hz(self) -> int:
        """The file's."""
        return self.file.sample_rate_hz

    @property
    def duration_ms(self) -> float:
        """How long it is played."""
        return 1000.0 * self.stretch.n_samples / self.sample_rate_hz

    @property
    def most_gain_db(self) -> float:
        """By how much it may come louder than it was recorded, which is full scale at most."""
        return self.playing.sound_level_db + (MAX_LEVELLED_UP_DB if self.level_lufs is not None else 0.0)


def clip_of(
    file: RecordingFile, playing: Playing, max_s: float, *, level_lufs: float | None = None, place: str = ""
) -> tuple[Clip, bool]:
    """What of a file is played, and whether that had to be cut to `max_s`.

    Raises:
        RecordingError: when nothing is left between `clipBegin` and `clipEnd`.
    """
    stretch, is_cut = stretch_of(file.n_samples, file.sample_rate_hz, playing, max_s)
    return Clip(file, playing, stretch, max_s, level_lufs, place), is_cut


def stretch_of(n_whole: int, rate_hz: int, playing: Playing, max_s: float) -> tuple[Stretch, bool]:
    """What of `n_whole` samples is played, and whether that had to be cut to `max_s`.

    Active durations are SMIL's, as SSML 1.1 has them: the shorter of `repeatCount` times the stretch and `repeatDur`.

    Raises:
        RecordingError: when nothing is left between `clipBegin` and `clipEnd`.
    """

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
    return Stretch(first, n_cycle, n_samples), n_samples < wanted
