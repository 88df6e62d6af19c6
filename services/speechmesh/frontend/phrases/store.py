"""A store of bytes that the replicas share: Redis, or what speaks its protocol."""

from __future__ import annotations

from typing import Protocol


class StoreError(Exception):
    """The store did not do what it was asked. `reason` says why in a word, for metrics."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Store(Protocol):
    """Bytes by key. Calls may be cancelled at any time."""

    async def read(self, key: bytes, max_bytes: int) -> bytes:
        """At most the first `max_bytes` bytes of the key's value; none when there is none.

        Raises:
            StoreError: when it is gone or refuses.
        """
        ...

    async def write(self, key: bytes, value: bytes, ttl_s: int) -> None:
        """Keeps a value for `ttl_s`, in place of the key's former one.

        Raises:
            StoreError: as in `read`.
        """
        ...

    async def aclose(self) -> None:
        """Closes its connections."""
        ...
