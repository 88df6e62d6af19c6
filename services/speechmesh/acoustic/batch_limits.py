"""How large a run may be now: as set, and less for a while after memory did not suffice."""

from __future__ import annotations

import math

_RECOVERY_S = 30.0


class BatchLimits:
    """Limits of items and of tokens with padding. Pure: the caller tells the time, in seconds."""

    def __init__(self, max_items: int, max_tokens: int) -> None:
        self._set = self._now = (max_items, max_tokens)
        self._changed = -math.inf

    def shrink(self, n_items: int, n_tokens: int, now: float) -> None:
        """A run of so many was too large: until it is long ago, runs are half of that. They double step by step."""
        items, tokens = self._now
        self._now = (min(items, max(n_items // 2, 1)), min(tokens, max(n_tokens // 2, 1)))
        self._changed = now

    def at(self, now: float, *, halved: bool = False) -> tuple[int, int]:
        """Most items and most tokens of a run; `halved` for a stage that is pressed."""
        while self._now != self._set and now - self._changed >= _RECOVERY_S:
            self._now = (min(self._now[0] * 2, self._set[0]), min(self._now[1] * 2, self._set[1]))
            self._changed += _RECOVERY_S
        items, tokens = self._now
        return (max(items // 2, 1), max(tokens // 2, 1)) if halved else (items, tokens)
