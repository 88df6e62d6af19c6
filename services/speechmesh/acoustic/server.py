"""The acoustic service: wiring and entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.servicer import AcousticServicer
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.common.server import Lifespan, MeshServer, serve
from speechmesh.common.settings import load

_SERVICE = acoustic_pb2.DESCRIPTOR.services_by_name["AcousticService"].full_name


def lifespan(settings: AcousticSettings) -> Lifespan:
    """The service's life: listen, load and warm the voices that are to be, then serve."""

    @asynccontextmanager
    async def live(server: MeshServer) -> AsyncIterator[None]:
        engine = AcousticEngine(settings)
        acoustic_pb2_grpc.add_AcousticServiceServicer_to_server(
            AcousticServicer(engine, settings), server.server
        )
        await server.start([_SERVICE])
        async with engine.running():
            await server.set_serving(True)
            yield

    return live


def main() -> None:
    """Runs the acoustic service."""
    settings = load(AcousticSettings)
    serve("acoustic", settings, lifespan(settings))


if __name__ == "__main__":
    main()
