"""How loud each segment of a stream is beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterable

from speechmesh.frontend.plan import Script
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment

# A soft recording is noise before it is as loud as speech.
_MAX_LEVELLED_UP_DB = 20.0


class Levels:
    """By how much segments are louder than the request's own voice, in dB; what that gains, all gain when coded."""

    def __init__(self, checked: CheckedRequest) -> None:
        self._checked = checked

    def gain_db(self, segment: SpokenSegment) -> float:
        """By how much the samples of a segment are to be made louder."""
        if segment.clip is not None:
            return self._clip_gain_db(segment.clip)
        part = self._checked.spoken_by(segment.manner.voice)
        return segment.manner.volume_db + part.gain_db - self._checked.gain_db

    def loudest_db(self, script: Script, clips: Iterable[Clip]) -> float:
        """By how much the loudest sample may come louder than the voice made it, of a script and its recordings."""
        parts = [self._checked, *self._checked.others.values()]
        return max(
            script.loudest_db + max(part.gain_db - self._checked.gain_db for part in parts),
            *(self._clip_peak_db(clip) for clip in clips),
            -math.inf,
        )

    def _clip_gain_db(self, clip: Clip) -> float:
        """As it was recorded, or as loud as the voice where a loudness is asked for; `soundLevel` comes on top."""
        gain_db, own = clip.sound_level_db, self._checked.voice.config.loudness_lufs
        if self._checked.request.loudness_lufs and own is not None:
            loudness = clip.recording.loudness_lufs
            if math.isfinite(loudness):
                gain_db += min(own - loudness, _MAX_LEVELLED_UP_DB)
        return gain_db

    def _clip_peak_db(self, clip: Clip) -> float:
        """How loud its loudest sample comes, over full scale, before all is coded."""
        peak = clip.recording.peak
        return self._clip_gain_db(clip) + 20.0 * math.log10(peak) if peak else 0.0
