from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

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
