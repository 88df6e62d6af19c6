"""How loud each segment of a stream is beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterable

from speechmesh.frontend.plan import Script
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment


class Levels:
    """By how much segments are louder than the request's own voice, in dB; what that gains, all gain when coded."""

    def __init__(self, checked: CheckedRequest) -> None:
        self._checked = checked

    def gain_db(self, segment: SpokenSegment) -> float:
        """By how much the samples of a segment are to be made louder; a recording's come at their level."""
        if segment.clip is not None:
            return 0.0
        part = self._checked.spoken_by(segment.manner.voice)
        return segment.manner.volume_db + part.gain_db - self._checked.gain_db

    def loudest_db(self, script: Script, clips: Iterable[Clip]) -> float:
        """By how much the loudest sample may come louder than the voice made it, of a script and its recordings.

        Of these, which are not decoded yet, as if their peaks were at full scale.
        """
        parts = [self._checked, *self._checked.others.values()]
        return max(
            script.loudest_db + max(part.gain_db - self._checked.gain_db for part in parts),
            *(clip.most_gain_db for clip in clips),
            -math.inf,
        )
