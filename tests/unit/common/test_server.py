from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from speechmesh.common.errors import from_stage
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


async def test_a_stage_that_fails_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: bytes, context: Any) -> AsyncIterator[bytes]:
        error = grpc.aio.AioRpcError(
            grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "gone"
        )
        assert "\n" in repr(error)
        raise from_stage("vocoder", error) from error
        yield b""

    server = MeshServer(ServiceSettings())
    handlers = {"Fail": grpc.unary_stream_rpc_method_handler(fail)}
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", handlers),))
    await server.start(["test"])
    options = [("grpc.enable_retries", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=options) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_stream("/test/Fail")(b"").read()
    await server.server.stop(None)
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert message.startswith("/test/Fail: UNAVAILABLE: vocoder stage is unavailable")
    assert "gone" in message
    assert "\n" not in message
