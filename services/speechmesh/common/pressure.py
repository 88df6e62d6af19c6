"""How hard a stage is pressed, and how many steps of relief it takes for it. Pure: the caller tells the time.

Pressure is what waiting took of the time that listeners had left: 0 when all work runs at once, 1 when on average its
turn comes as its listener runs dry. In the vocoder stage each step makes the segments to come cheaper; one that has
begun keeps its tier. Any other share, as that of memory in use, can be followed the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Steps:
    """When a step is taken. Down soon, up late: a step up that was too early is heard as gaps."""

    down_above: float = 0.5
    up_below: float = 0.1
    down_after_s: float = 2.0
    up_after_s: float = 10.0


class Pressure:
    """Follows the pressure, and how many steps down the stage stands.

    A step up that had to be taken back soon doubles the calm that the next one asks for, up to `_MAX_PATIENCE` times;
    one that held makes it the usual again. `last` are the bounds of the last step down, where that has its own: one
    that takes all work away must not wait for a calm that may never come.
    """

    _MEMORY_S = 2.0
    # A new listener has no audio yet, but nobody hears that its first came this much later.
    _LEAST_SLACK_MS = 100.0
    # One piece of work that waited for ages is no more than that.
    _MOST = 4.0
    _MAX_PATIENCE = 16
    _RELAPSE_S = 30.0

    def __init__(self, steps: Steps, *, n_levels: int, now: float, last: Steps | None = None) -> None:
        self._steps = steps
        self._last = last or steps
        self._n_levels = n_levels
        self._value = 0.0
        self._level = 0
        self._seen = now
        self._stepped = -math.inf
        self._calm_since: float | None = now
        self._patience = 1
        self._stepped_up = -math.inf

    def observe(self, *, queue_ms: float, slack_ms: float, now: float) -> None:
        """Work ran after `queue_ms` of waiting; when it came, its listener had audio for `slack_ms` left."""
        self.observe_share(queue_ms / max(slack_ms, self._LEAST_SLACK_MS), now)

    def observe_share(self, share: float, now: float) -> None:
        """So much of what there is was taken: 0 none, 1 all."""
        share = min(share, self._MOST)
        # A load of much small work must not count more than a load of little that lasts as long.
        weight = 1.0 - math.exp(-max(now - self._seen, 0.01) / self._MEMORY_S)
        self._value += weight * (share - self._value)
        self._seen = now
        self._step(now)

    def value(self, now: float) -> float:
        """The pressure now; it fades when nothing is to be done."""
        return self._value * math.exp(-max(now - self._seen - self._MEMORY_S, 0.0) / self._MEMORY_S)

    def level(self, now: float) -> int:
        """Steps down, 0 for none."""
        self._step(now)
        return self._level

    def _step(self, now: float) -> None:
        value = self.value(now)
        down, up = self._bounds(self._level + 1), self._bounds(self._level)
        if value >= up.up_below:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        if value > down.down_above:
            if self._level < self._n_levels - 1 and now - self._stepped >= down.down_after_s:
                self._change(1, now)
        elif self._level and self._calm_for(now) >= up.up_after_s * self._patience:
            self._change(-1, now)

    def _bounds(self, level: int) -> Steps:
        """Those of the step between this level and the one before it."""
        return self._last if level >= self._n_levels - 1 else self._steps

    def _calm_for(self, now: float) -> float:
        return 0.0 if self._calm_since is None else now - max(self._calm_since, self._stepped)

    def _change(self, by: int, now: float) -> None:
        if by < 0:
            self._stepped_up = now
        elif now - self._stepped_up < self._RELAPSE_S:
            self._patience = min(self._patience * 2, self._MAX_PATIENCE)
        else:
            self._patience = 1
        self._level += by
        self._stepped = now
        # What was calm for the step that was taken need not be for the next.
        self._calm_since = now if self.value(now) < self._bounds(self._level).up_below else None
