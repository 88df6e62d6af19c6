"""Lines that tell how far a step is, and how long it will take."""

from __future__ import annotations

import sys
import time


def say(text: str) -> None:
    """A line with the time of day, at once."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def duration_text(seconds: float) -> str:
    """`1 h 05 min`, `12 min`, `40 s`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


class Progress:
    """Counts the parts of a step; tells at most every few seconds."""

    def __init__(self, what: str, n: int, every_s: float = 5.0) -> None:
        self._what, self._n, self._every_s = what, n, every_s
        self._done = self._skipped = 0
        self._started = self._told = time.monotonic()

    def skip(self, n: int) -> None:
        """`n` parts were done by an earlier run."""
        self._skipped += n

    def advance(self, remark: str = "") -> None:
        """One more part is done."""
        self._done += 1
        now = time.monotonic()
        left = self._n - self._done - self._skipped
        if now - self._told < self._every_s and left:
            return
        self._told = now
        left_s = (now - self._started) / self._done * left
        say(f"{self._what} {self._done + self._skipped}/{self._n} {remark}, {duration_text(left_s)} left")
