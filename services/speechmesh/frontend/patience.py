"""How long a request waits for a stage that went away, or is full."""

from __future__ import annotations

import asyncio
import logging
import time

from speechmesh.common.errors import SpeechmeshError

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 0.5


class Patience:
    """Waits longer and longer between attempts, until none has got anything for `patience_ms`."""

    def __init__(self, patience_ms: float) -> None:
        self._patience_s = patience_ms / 1000.0
        self._waited_until = 0.0
        self.reset()

    def reset(self) -> None:
        """Something came."""
        self._failing_since: float | None = None
        self._backoff_s = _FIRST_BACKOFF_S

    def asks(self) -> None:
        """Another attempt begins; what was done since the last wait, while nobody was asked, is no waiting."""
        if self._failing_since is not None:
            self._failing_since += time.monotonic() - self._waited_until

    async def wait(self, error: SpeechmeshError) -> None:
        """Waits before the next attempt.

        Raises:
            SpeechmeshError: `error`, when patience is at its end.
        """
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now + self._backoff_s - self._failing_since > self._patience_s:
            raise error
        log.info("%s; again in %.2f s", error, self._backoff_s)
        await asyncio.sleep(self._backoff_s)
        self._waited_until = time.monotonic()
        self._backoff_s = min(self._backoff_s * 2, _MAX_BACKOFF_S)
