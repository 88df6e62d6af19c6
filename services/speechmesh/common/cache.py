"""A cache that is bounded in bytes: what was not asked for the longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BytesLru(Generic[K, V]):
    """Values by key, `n_bytes` in all and never more than `max_bytes`. Not for several threads at once.

    The caller says what a value takes, its key included.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.n_bytes = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, which then counts as just used; None when it is not here."""
        if (entry := self._entries.get(key)) is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, n_bytes: int) -> None:
        """Takes a value in, in place of the key's former one; one larger than the whole cache is not taken."""
        self._drop(key)
        if n_bytes > self.max_bytes:
            return
        self._entries[key] = (value, n_bytes)
        self.n_bytes += n_bytes
        while self.n_bytes > self.max_bytes:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self.n_bytes = 0

    def _drop(self, key: K) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self.n_bytes -= entry[1]
