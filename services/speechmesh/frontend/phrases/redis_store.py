"""Redis as the shared store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from speechmesh.frontend.phrases.phrase import VERSION
from speechmesh.frontend.phrases.store import StoreError

# The form's version is in the names, so that replicas of two versions do not overwrite each other's phrases.
_PREFIX = f"speechmesh:phrase:{VERSION}:"


class RedisStore:
    """The store at a redis://, rediss:// or unix:// URL, by at most `max_connections` connections; none at first.

    Of commands it takes GETRANGE and SET alone.
    """

    def __init__(self, url: str, max_connections: int) -> None:
        pool = ConnectionPool.from_url(
            url,
            max_connections=max_connections,
            # One round trip less for a connection, and older servers are as good.
            protocol=2,
            # Who calls has a limit of its own; trying again is not worth a listener's time.
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=None,
        )
        self._redis = Redis.from_pool(pool)

    async def read(self, key: bytes, max_bytes: int) -> bytes:
        """See Store."""
        with _told():
            value = await self._redis.getrange(_name(key), 0, max_bytes - 1)
        if not isinstance(value, bytes):  # options of the URL stand above ours
            raise StoreError("refused", "the store's URL asks for text in place of bytes (decode_responses)")
        return value

    async def write(self, key: bytes, value: bytes, ttl_s: int) -> None:
        """See Store."""
        with _told():
            await self._redis.set(_name(key), value, ex=ttl_s)

    async def aclose(self) -> None:
        """See Store."""
        await self._redis.aclose()


def _name(key: bytes) -> str:
    return _PREFIX + key.hex()


@contextmanager
def _told() -> Iterator[None]:
    """Maps what the client raises to our errors: its own, and whatever a broken connection makes of it."""
    try:
        yield
    except ResponseError as error:
        raise StoreError("refused", str(error)) from error
    except Exception as error:
        raise StoreError("gone", str(error)) from error
