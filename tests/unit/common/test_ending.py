"""How a server ends: what it waits for, and what it tells those for whom it waits no longer."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from speechmesh.common.ending import Ending
from speechmesh.common.errors import Unavailable
from speechmesh.common.server import MeshServer
from speechmesh.common.settings import ServiceSettings
from speechmesh.common.telemetry import is_no_departure

# A grace that no test sits through, and one that a call outlasts; what need not wait is done long before the first.
_LONG_S, _SHORT_S = 60.0, 0.5
# Longer than a busy machine lets a reader wait.
_STALLED_S = 2.0
_AT_ONCE_S = 20.0
_HEALTH_CHECKED = json.dumps(
    {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
)


async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """A kilobyte, then what the request says: nothing for `ever`, `more` than the caller reads, or the end soon."""
    yield b"0" * 1024
    while request == b"more":
        yield b"0" * 100_000
    await asyncio.sleep(math.inf if request == b"ever" else 0.2)
    yield b"the end"


async def unary(request: bytes, context: Any) -> bytes:
    await asyncio.sleep(math.inf)
    return request


@asynccontextmanager
async def connected(
    grace_s: float, service_config: str = "{}", stalled_caller_s: float | None = None, handle: Any = stream
) -> AsyncIterator[tuple[MeshServer, grpc.aio.Channel]]:
    server = MeshServer(ServiceSettings(drain_grace_s=grace_s, stalled_caller_s=stalled_caller_s))
    handlers = {
        "Stream": grpc.unary_stream_rpc_method_handler(handle),
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
    }
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", handlers),))
    await server.start(["test"])
    await server.set_serving(True)
    options = [("grpc.service_config", service_config), ("grpc.enable_retries", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=options) as channel:
        yield server, channel
    await server.server.stop(None)


async def drained_s(server: MeshServer) -> float:
    begun_s = time.monotonic()
    await server.drain()
    return time.monotonic() - begun_s


async def retry_info(call: Awaitable[Any]) -> error_details_pb2.RetryInfo:
    """Of a call that fails with UNAVAILABLE."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    (status,) = [value for key, value in caught.value.trailing_metadata() if key == "grpc-status-details-bin"]
    found = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(found) for detail in status_pb2.Status.FromString(status).details)
    return found


async def test_a_server_without_calls_ends_at_once_whatever_the_grace() -> None:
    async with connected(_LONG_S, _HEALTH_CHECKED) as (server, channel):
        health = health_pb2_grpc.HealthStub(channel)
        await health.Check(health_pb2.HealthCheckRequest())
        assert await drained_s(server) < _AT_ONCE_S


async def test_those_who_watch_its_health_do_not_keep_it() -> None:
    async with connected(_LONG_S) as (server, channel):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        assert await drained_s(server) < _AT_ONCE_S
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await watch.read() is grpc.aio.EOF


async def test_those_who_look_at_its_services_do_not_keep_it() -> None:
    async with connected(_LONG_S) as (server, channel):
        look = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await look.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        services = (await look.read()).list_services_response.service
        assert "grpc.health.v1.Health" in {service.name for service in services}
        assert await drained_s(server) < _AT_ONCE_S
        assert await look.read() is grpc.aio.EOF


async def test_a_stream_that_ends_within_the_grace_is_whole() -> None:
    async with connected(_LONG_S) as (server, channel):
        call = channel.unary_stream("/test/Stream")(b"soon")
        await call.read()
        assert await drained_s(server) < _AT_ONCE_S
        assert await call.read() == b"the end"
        assert await call.code() is grpc.StatusCode.OK


async def test_calls_that_outlast_the_grace_are_told_to_try_again() -> None:
    async with connected(_SHORT_S) as (server, channel):
        once = channel.unary_unary("/test/Unary")(b"")
        streaming = channel.unary_stream("/test/Stream")(b"ever")
        await streaming.read()  # the server has taken both: they go over one connection, in their order
        assert _SHORT_S <= await drained_s(server) < _AT_ONCE_S
        for call in (streaming.read(), once):
            assert (await retry_info(call)).retry_delay.ToMilliseconds() > 0


async def test_a_caller_that_does_not_read_cannot_keep_a_server() -> None:
    async with connected(_SHORT_S) as (server, channel):
        call = channel.unary_stream("/test/Stream")(b"more")
        await call.read()
        assert await drained_s(server) < _AT_ONCE_S
        call.cancel()


async def test_a_caller_that_stops_reading_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()

    async def more(request: bytes, context: Any) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"0" * 100_000
        finally:
            ended.set()

    async with connected(_SHORT_S, stalled_caller_s=_STALLED_S, handle=more) as (_, channel):
        call = channel.unary_stream("/test/Stream")(b"")
        until_s = time.monotonic() + 1.2 * _STALLED_S
        while time.monotonic() < until_s:  # one that reads is not
            await call.read()
        assert not ended.is_set()
        await asyncio.wait_for(ended.wait(), _AT_ONCE_S)
        with pytest.raises(grpc.aio.AioRpcError, match="has taken nothing for 2 s") as caught:
            while True:  # what was on its way
                await call.read()
        assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "/test/Stream: cut off, the caller has taken nothing for 2 s"
    ]


async def test_a_caller_that_leaves_while_it_is_sent_to_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async with connected(_LONG_S) as (server, channel):
        call = channel.unary_stream("/test/Stream")(b"more")
        await call.read()
        await asyncio.sleep(_SHORT_S)  # its windows are full
        call.cancel()
        assert await drained_s(server) < _AT_ONCE_S
    # start_logging() leaves out what gRPC says of it now and then.
    assert not [
        record for record in caplog.records if record.levelno >= logging.WARNING and is_no_departure(record)
    ]


async def test_a_timeout_of_the_waiting_itself_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with Ending().awaits(), asyncio.timeout(0.01):
            await asyncio.sleep(1)


async def test_who_comes_later_does_not_wait() -> None:
    ending = Ending()
    ending.begin()
    with pytest.raises(Unavailable):
        async with ending.awaits():
            pytest.fail("it waited")
