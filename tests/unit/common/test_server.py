from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from speechmesh.common import interceptor
from speechmesh.common.errors import Overloaded, from_stage
from speechmesh.common.server import LIVENESS, MeshServer
from speechmesh.common.settings import ServiceSettings


async def test_a_server_that_waits_for_others_is_alive_before_it_serves() -> None:
    server = MeshServer(ServiceSettings())
    await server.start(["test"])
    status = health_pb2.HealthCheckResponse
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        for serving in (False, True, False):
            await server.set_serving(serving)
            for name in ("", "test"):
                answer = await check(health_pb2.HealthCheckRequest(service=name), timeout=5)
                assert answer.status == (status.SERVING if serving else status.NOT_SERVING)
            alive = await check(health_pb2.HealthCheckRequest(service=LIVENESS), timeout=5)
            assert alive.status == status.SERVING
    await server.server.stop(None)


@asynccontextmanager
async def failing(fail: Callable[[], NoReturn]) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """What calls a method that fails so."""

    async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
        fail()
        yield b""

    server = MeshServer(ServiceSettings())
    handlers = {"Fail": grpc.unary_stream_rpc_method_handler(stream)}
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", handlers),))
    await server.start(["test"])
    options = [("grpc.enable_retries", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=options) as channel:

        async def call() -> None:
            with pytest.raises(grpc.aio.AioRpcError):
                await channel.unary_stream("/test/Fail")(b"").read()

        yield call
    await server.server.stop(None)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


async def test_a_stage_that_fails_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> NoReturn:
        error = grpc.aio.AioRpcError(
            grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "gone"
        )
        assert "\n" in repr(error)
        raise from_stage("vocoder", error) from error

    async with failing(fail) as call:
        await call()
    (message,) = warnings(caplog)
    assert message.startswith("/test/Fail: UNAVAILABLE: vocoder stage is unavailable")
    assert "gone" in message
    assert "\n" not in message


async def test_thousands_that_are_refused_are_not_thousands_of_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> NoReturn:
        raise Overloaded("2 streams are running")

    async with failing(fail) as call:
        for _ in range(5):
            await call()
        assert warnings(caplog) == ["/test/Fail: RESOURCE_EXHAUSTED: 2 streams are running"]
        monkeypatch.setattr(interceptor, "_REFUSALS_TOLD_EVERY_S", 0.0)
        await call()
    assert warnings(caplog)[1].endswith("; 4 more were refused since this was told last")
