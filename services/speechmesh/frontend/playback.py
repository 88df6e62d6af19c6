"""The listener's buffer: when would playback, started at the first audio, run dry?"""

from __future__ import annotations

import time
from collections.abc import Callable

# Duration of a token before the acoustic stage has told it; only ever used to rank segments.
ESTIMATED_TOKEN_MS = 85.0
# What any player's own buffer hides.
_LEAST_GAP_MS = 10.0


class Playback:
    """Counts one listener's audio. Times are milliseconds; the clock is monotonic.

    Attributes:
        gaps_ms: how long each stop of the playback was that is known so far and was of our making. Whoever counts them
            takes them out.
    """

    def __init__(self, first_audio_target_ms: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrived = clock()
        self._target_ms = first_audio_target_ms
        self._started: float | None = None
        self._delivered_ms = 0.0
        self._undelivered_ms: dict[int, float] = {}
        self.gaps_ms: list[float] = []
        self._stopped_ms = 0.0
        self._taken: float = self._arrived
        self._written: dict[int, float] = {}

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
        if audio_ms > 0:
            if self._started is None:
                self._started = self._clock()
            else:
                self._end_gap(segment)
        self._delivered_ms += audio_ms
        left_ms = self._undelivered_ms.get(segment, 0.0) - audio_ms
        if last:
            self._written.pop(segment, None)
            self._undelivered_ms.pop(segment, None)
        else:
            self._undelivered_ms[segment] = max(left_ms, 0.0)

    def taken(self) -> None:
        """The caller has taken what was delivered; nothing could be sent to it before."""
        self._taken = self._clock()

    def asked(self) -> None:
        """The first text has come of a caller who opened a turn before writing it: what was waited for until here."""
        if self._started is None:
            self._arrived = self._taken = self._clock()

    def written(self, segment: int) -> None:
        """The caller has written the text of a segment, which was waited for."""
        self._written[segment] = self._clock()

    def _end_gap(self, segment: int) -> None:
        """Notes how long playback stood still, if it did."""
        assert self._started is not None
        now = self._clock()
        stopped_at = self._started + (self._delivered_ms + self._stopped_ms) / 1000.0
        if stopped_at >= now:
            return
        # What begins now is played later by all of it, but the time in which the caller was waited for is no gap, and
        # text that comes to a listener who has nothing has as long as a new request.
        self._stopped_ms += (now - stopped_at) * 1000.0
        due_at = self._written.get(segment, 0.0) + self._target_ms / 1000.0
        gap_ms = (now - max(stopped_at, self._taken, due_at)) * 1000.0
        if gap_ms >= _LEAST_GAP_MS:
            self.gaps_ms.append(gap_ms)

    def undelivered_ms(self, segment: int) -> float:
        """Audio that is known to come before `segment`, and was not delivered yet."""
        return sum(ms for index, ms in self._undelivered_ms.items() if index < segment)

    def slack_ms(self, segment: int) -> float:
        """Time until the listener runs dry if what comes before `segment` still comes; negative: dry already."""
        ahead_ms = self.undelivered_ms(segment)
        if self._started is None:
            return self._target_ms - self.elapsed_ms + ahead_ms
        # While it stood still nothing was used up.
        playing_ms = (self._clock() - self._started) * 1000.0 - self._stopped_ms
        return self._delivered_ms - playing_ms + ahead_ms
