"""Phrases in a real Redis, which dies, hangs, fills up and holds what it should not."""

from __future__ import annotations

import asyncio
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis

from speechmesh.frontend.phrases import shared
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.key import KEY_BYTES
from speechmesh.frontend.phrases.phrase import Phrase
from speechmesh.frontend.phrases.shared import MAX_READS, MAX_WRITES
from speechmesh.frontend.settings import FrontendSettings
from tests.integration.redis_server import RedisServer, running

RATE_HZ = 22050
# Longer than the store takes on whatever machine: nothing is late here but where a test says so.
LIMIT_S = 30.0


def key_of(number: int) -> bytes:
    return number.to_bytes(KEY_BYTES, "little")


KEY = key_of(1)


@pytest.fixture(autouse=True)
def _calls_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_MAX_CALL_S", LIMIT_S)
    monkeypatch.setattr(shared, "_CLOSING_S", LIMIT_S)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    # Of its own, because a socket's path may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="redis") as folder, running(Path(folder)) as redis:
        yield redis


@asynccontextmanager
async def replica(server: RedisServer, **settings: object) -> AsyncIterator[PhraseCache]:
    defaults: dict[str, object] = {"phrase_cache_mib": 8, "phrase_cache_redis_url": server.url}
    cache = PhraseCache.of_settings(FrontendSettings(**{**defaults, **settings}))  # type: ignore[arg-type]
    if "phrase_cache_timeout_ms" not in settings:
        assert cache._shared is not None
        cache._shared._patience_s = LIMIT_S
    try:
        yield cache
    finally:
        await cache.aclose()


@asynccontextmanager
async def inspected(server: RedisServer) -> AsyncIterator[Any]:
    async with Redis.from_url(server.url) as redis:
        yield redis


def make(cache: PhraseCache, key: bytes = KEY, n_samples: int = 5000) -> np.ndarray:
    samples = np.random.default_rng(key[0]).normal(size=n_samples).astype(np.float32)
    with cache.record(key, RATE_HZ) as recorder:
        recorder.begin("fast", [3, 4, 300])
        recorder.add(0, samples[: n_samples // 2])
        recorder.add(n_samples // 2, samples[n_samples // 2 :])
        recorder.finish()
    return samples


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.02)


async def stored(server: RedisServer, n_phrases: int) -> None:
    """Waits until the store has so many phrases."""
    async with inspected(server) as redis:

        async def has_them() -> bool:
            return bool(await redis.dbsize() == n_phrases)

        await eventually(has_them)


async def test_what_one_replica_made_another_finds(server: RedisServer) -> None:
    async with replica(server) as one, replica(server) as other:
        assert await other.find(KEY) is None
        samples = make(one)
        await stored(server, 1)
        phrase = await other.find(KEY)
        assert phrase is not None
        assert (phrase.tier, phrase.frames_per_token) == ("fast", (3, 4, 300))
        np.testing.assert_array_equal(phrase.samples, samples)
        server.kill()
        assert await other.find(KEY) is phrase  # it is there as well from now on


async def test_a_url_that_asks_for_text_is_no_error_of_a_request(server: RedisServer) -> None:
    async with replica(server, phrase_cache_redis_url=f"{server.url}?decode_responses=True") as cache:
        assert await cache.find(KEY) is None


async def test_what_is_being_written_at_the_end_gets_there(server: RedisServer) -> None:
    async with replica(server) as cache:
        make(cache)
    await stored(server, 1)


async def test_phrases_expire_in_the_store(server: RedisServer) -> None:
    async with replica(server, phrase_cache_ttl_s=1000) as cache, inspected(server) as redis:
        make(cache)
        await stored(server, 1)
        (name,) = await redis.keys()
        assert name.startswith(b"speechmesh:phrase:")
        assert 900 < await redis.ttl(name) <= 1000


async def test_what_is_too_long_to_be_kept_is_not_stored(server: RedisServer) -> None:
    async with replica(server, phrase_max_s=0.1) as cache:
        make(cache, n_samples=RATE_HZ)
        make(cache, key_of(2), n_samples=RATE_HZ // 10)
    await stored(server, 1)


async def test_requests_go_on_when_the_store_dies_and_use_it_when_it_is_back(server: RedisServer) -> None:
    async with replica(server) as one, replica(server) as other:
        make(one)
        await stored(server, 1)
        assert await other.find(KEY) is not None
        server.kill()
        for number in range(2, 30):
            assert await other.find(key_of(number)) is None
            make(other, key_of(number))
            assert await other.find(key_of(number)) is not None
        assert other._shared is not None
        assert other._shared.reading.resting
        server.start()

        async def both_are_back() -> bool:
            make(one, key_of(100))
            await other.find(key_of(number := number_of_try()))
            make(other, key_of(number))
            async with inspected(server) as redis:
                return await redis.dbsize() > 1 and not other._shared.reading.resting  # type: ignore[union-attr]

        tries = iter(range(1000, 100_000))

        def number_of_try() -> int:
            return next(tries)

        await eventually(both_are_back)
        async with replica(server) as third:
            assert await third.find(key_of(100)) is not None


async def test_nobody_waits_for_the_end_of_a_call_to_a_store_that_hangs(server: RedisServer) -> None:
    async with replica(server, phrase_cache_timeout_ms=20) as cache:
        assert cache._shared is not None
        await cache.find(KEY)
        await eventually(lambda: reads_nothing(cache))
        server.send(signal.SIGSTOP)
        try:
            assert await cache.find(key_of(2)) is None
            assert len(cache._shared._reads) == 1  # it goes on, without its request
            for number in range(3, 2 + 4 * MAX_READS):
                assert await cache.find(key_of(number)) is None
            assert cache._shared.reading.resting
            # Few are ever under way, whatever is asked and made.
            burst = [cache.find(key_of(number)) for number in range(1000, 1100)]
            for number in range(1000, 1100):
                make(cache, key_of(number))
            await asyncio.gather(*burst)
            assert len(cache._shared._reads) <= MAX_READS
            assert len(cache._shared._writes) <= MAX_WRITES
            # Resting, it costs nothing: not even a turn of the loop.
            asking = cache.find(key_of(5000))
            with pytest.raises(StopIteration):
                asking.send(None)
        finally:
            server.send(signal.SIGCONT)

        tries = iter(range(6000, 100_000))

        async def is_back() -> bool:
            await cache.find(key_of(next(tries)))
            return not cache._shared.reading.resting  # type: ignore[union-attr]

        await eventually(is_back)


async def test_a_phrase_that_comes_too_late_is_there_for_the_next(server: RedisServer) -> None:
    async with replica(server) as cache:
        make(cache)
    await stored(server, 1)
    async with replica(server, phrase_cache_timeout_ms=1) as cache:
        server.send(signal.SIGSTOP)
        assert not await is_found(cache)
        server.send(signal.SIGCONT)
        await eventually(lambda: is_found(cache))


@pytest.mark.parametrize("damage", ["cut", "bit", "other", "kind", "huge"])
async def test_what_the_store_should_not_hold_is_a_miss_and_is_replaced(
    server: RedisServer, damage: str
) -> None:
    async with replica(server, phrase_max_s=1.0) as one, replica(server, phrase_max_s=1.0) as other:
        samples = make(one)
        make(one, key_of(2))
        await stored(server, 2)
        async with inspected(server) as redis:
            name = next(each for each in await redis.keys() if KEY.hex().encode() in each)
            form = await redis.get(name)
            if damage == "cut":
                await redis.set(name, form[:-7])
            elif damage == "bit":
                await redis.set(name, form[:999] + bytes([form[999] ^ 8]) + form[1000:])
            elif damage == "other":
                await redis.rename(name.replace(KEY.hex().encode(), key_of(2).hex().encode()), name)
            elif damage == "kind":
                await redis.delete(name)
                await redis.lpush(name, "a list")
            else:
                await redis.set(name, form + bytes(64 * 2**20))
        assert await other.find(KEY) is None
        make(other)

        async def is_repaired() -> bool:
            async with replica(server) as third:
                phrase = await third.find(KEY)
            return phrase is not None and np.array_equal(phrase.samples, samples)

        await eventually(is_repaired)


async def test_a_full_store_still_gives_what_it_has(server: RedisServer) -> None:
    async with replica(server) as one, replica(server) as other:
        make(one)
        await stored(server, 1)
        async with inspected(server) as redis:
            await redis.config_set(
                "maxmemory", "1mb"
            )  # of which it has more in use; the policy is noeviction
        for number in range(2, 7):
            make(other, key_of(number))
            await eventually(lambda: settled(other))
        assert other._shared is not None
        assert other._shared.writing.resting
        assert not other._shared.reading.resting
        assert await other.find(KEY) is not None


async def reads_nothing(cache: PhraseCache) -> bool:
    assert cache._shared is not None
    return not cache._shared._reads


async def settled(cache: PhraseCache) -> bool:
    assert cache._shared is not None
    return not cache._shared._writes


async def test_a_wrong_password_is_a_store_that_is_gone(server: RedisServer) -> None:
    async with inspected(server) as redis:
        await redis.config_set("requirepass", "right")
    url = f"unix://:wrong@{server.path}"
    async with replica(server, phrase_cache_redis_url=url) as cache:
        for number in range(3):
            assert await cache.find(key_of(number)) is None
        assert cache._shared is not None
        assert cache._shared.reading.resting
    url = f"unix://:right@{server.path}"
    async with replica(server, phrase_cache_redis_url=url) as cache:
        make(cache)
    async with replica(server, phrase_cache_redis_url=url) as cache:
        assert await cache.find(KEY) is not None


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for localhost, and the certificate to trust."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@asynccontextmanager
async def behind_tls(server: RedisServer, folder: Path) -> AsyncIterator[str]:
    """Its URL through TLS, which this Redis itself was built without."""
    context, certificate = certified(folder)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):  # who has what he wants hangs up
                while data := await reader.read(2**16):
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_unix_connection(server.path)
        await asyncio.gather(pass_on(reader, to_redis), pass_on(from_redis, writer))

    async with await asyncio.start_server(serve, "localhost", 0, ssl=context) as front:
        port = front.sockets[0].getsockname()[1]
        yield f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}"


async def test_the_way_to_the_store_may_be_encrypted(server: RedisServer, tmp_path: Path) -> None:
    async with behind_tls(server, tmp_path) as url:
        async with replica(server, phrase_cache_redis_url=url) as one:
            make(one)
        await stored(server, 1)
        async with replica(server, phrase_cache_redis_url=url, phrase_cache_timeout_ms=1) as other:
            # Connecting takes longer than anybody waits: it is done nevertheless.
            await eventually(lambda: is_found(other))


async def is_found(cache: PhraseCache) -> bool:
    return await cache.find(KEY) is not None


async def test_a_store_whose_certificate_is_not_trusted_is_gone(server: RedisServer, tmp_path: Path) -> None:
    async with (
        behind_tls(server, tmp_path) as url,
        replica(server, phrase_cache_redis_url=url.partition("?")[0]) as cache,
    ):
        for number in range(3):
            assert await cache.find(key_of(number)) is None
        assert cache._shared is not None
        assert cache._shared.reading.resting


async def test_many_that_ask_for_one_phrase_are_one_read(server: RedisServer) -> None:
    async with replica(server) as one, replica(server) as other, inspected(server) as redis:
        make(one)
        await stored(server, 1)
        phrases = await asyncio.gather(*(other.find(KEY) for _ in range(50)))
        assert {id(phrase) for phrase in phrases} == {id(phrases[0])}
        assert isinstance(phrases[0], Phrase)
        stats = await redis.info("commandstats")
        assert stats["cmdstat_getrange"]["calls"] == 1


async def test_callers_that_leave_take_nothing_from_those_that_stay(server: RedisServer) -> None:
    """Nor is a reply ever taken for another's, whenever its caller leaves."""
    async with replica(server) as one:
        made = {number: make(one, key_of(number), n_samples=200) for number in range(1, 41)}
        for number in made:
            await one.find(key_of(number))
        await eventually(lambda: settled(one))
        async with inspected(server) as redis:
            n_stored = await redis.dbsize()
    assert n_stored >= MAX_WRITES
    for _ in range(5):
        async with replica(server) as other:
            asking = {
                number: [asyncio.create_task(other.find(key_of(number))) for _ in range(2)] for number in made
            }
            for number, (leaving, _) in asking.items():
                for _ in range(number % 7):
                    await asyncio.sleep(0)
                leaving.cancel()
            found = 0
            for number, (_, staying) in asking.items():
                if (phrase := await staying) is not None:
                    np.testing.assert_array_equal(phrase.samples, made[number])
                    found += 1
            assert found
