"""The listener's buffer: when would playback, started at the first audio, run dry?"""

from __future__ import annotations

import time
from collections.abc import Callable

# Duration of a token before the acoustic stage has told it; only ever used to rank segments.
ESTIMATED_TOKEN_MS = 85.0


class Playback:
    """Counts one listener's audio. Times are milliseconds; the clock is monotonic."""

    def __init__(self, first_audio_target_ms: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrived = clock()
        self._target_ms = first_audio_target_ms
        self._started: float | None = None
        self._delivered_ms = 0.0
        self._undelivered_ms: dict[int, float] = {}

    @property
    def started(self) -> bool:
        """Whether audio was delivered."""
        return self._started is not None

    @property
    def elapsed_ms(self) -> float:
        """Time since the request's arrival."""
        return (self._clock() - self._arrived) * 1000.0

    def expect(self, segment: int, audio_ms: float) -> None:
        """A segment will give `audio_ms` of audio, as estimated or now known."""
        self._undelivered_ms[segment] = audio_ms

    def delivered(self, segment: int, audio_ms: float, *, last: bool) -> None:
        """Audio of a segment went to the listener; the first starts the playback."""
        if self._started is None and audio_ms > 0:
            self._started = self._clock()
        self._delivered_ms += audio_ms
        left_ms = self._undelivered_ms.get(segment, 0.0) - audio_ms
        if last:
            self._undelivered_ms.pop(segment, None)
        else:
            self._undelivered_ms[segment] = max(left_ms, 0.0)

    def slack_ms(self, segment: int) -> float:
        """Time until the listener runs dry if what comes before `segment` still comes; negative: dry already."""
        ahead_ms = sum(ms for index, ms in self._undelivered_ms.items() if index < segment)
        if self._started is None:
            return self._target_ms - self.elapsed_ms + ahead_ms
        playing_ms = (self._clock() - self._started) * 1000.0
        return self._delivered_ms - playing_ms + ahead_ms
