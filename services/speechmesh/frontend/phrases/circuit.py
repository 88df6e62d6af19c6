"""Leaving something alone that does not answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_FAILURES = 3
_FIRST_REST_S = 1.0
_MAX_REST_S = 30.0


class Circuit:
    """Says whether something may be tried: not for a while after it failed three times in a row.

    The while doubles each time that the single trial after it fails too, from 1 s to 30 s. Changes are logged, once
    each, under the name `what`; `on_rest` is told of each change for the worse.
    """

    def __init__(
        self,
        what: str,
        on_rest: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._on_rest = on_rest
        self._clock = clock
        self._n_failures = 0
        self._rest_s = 0.0
        self._trial_at = 0.0
        self._on_trial = False

    @property
    def resting(self) -> bool:
        """Whether it failed and has not been seen to work since."""
        return self._rest_s > 0

    def allows(self) -> bool:
        """Whether to try it now. Whoever is told so tells what came of it."""
        if not self.resting:
            return True
        now = self._clock()
        if now < self._trial_at:
            return False
        # One at a time; a trial of which nothing is heard makes way for another.
        self._trial_at = now + self._rest_s
        self._on_trial = True
        return True

    def succeeded(self) -> None:
        """It works."""
        if self.resting:
            log.info("%s: works again", self._what)
        self._n_failures, self._rest_s, self._on_trial = 0, 0.0, False

    def failed(self, reason: str) -> None:
        """It does not. What was begun before a rest says nothing new during it."""
        if self.resting:
            if self._on_trial:
                self._rest(min(self._rest_s * 2, _MAX_REST_S))
            return
        self._n_failures += 1
        if self._n_failures >= _FAILURES:
            log.warning("%s: left alone for a while: %s", self._what, reason)
            self._rest(_FIRST_REST_S)
            self._on_rest()

    def _rest(self, rest_s: float) -> None:
        self._rest_s = rest_s
        self._trial_at = self._clock() + rest_s
        self._on_trial = False
