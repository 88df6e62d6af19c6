"""The vocoder service: wiring and entry point."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from speechmesh.common.server import Lifespan, MeshServer, serve
from speechmesh.common.settings import load
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.servicer import VocoderServicer
from speechmesh.vocoder.settings import VocoderSettings
from speechmesh.vocoder.v1 import vocoder_pb2, vocoder_pb2_grpc

_SERVICE = vocoder_pb2.DESCRIPTOR.services_by_name["VocoderService"].full_name


def lifespan(settings: VocoderSettings) -> Lifespan:
    """The service's life: listen, wait for the backend and warm it, then serve while it is healthy."""

    @asynccontextmanager
    async def live(server: MeshServer) -> AsyncIterator[None]:
        engine = VocoderEngine(settings)
        vocoder_pb2_grpc.add_VocoderServiceServicer_to_server(VocoderServicer(engine), server.server)
        await server.start([_SERVICE])
        async with engine.running():
            await server.set_serving(True)
            watch = asyncio.create_task(_follow_health(engine, server))
            try:
                yield
            finally:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch

    return live


async def _follow_health(engine: VocoderEngine, server: MeshServer) -> None:
    """Health is the backend's: a vocoder whose Triton is gone takes no new streams."""
    async for healthy in engine.backend.healthy():
        await server.set_serving(healthy)


def main() -> None:
    """Runs the vocoder service."""
    settings = load(VocoderSettings)
    serve("vocoder", settings, lifespan(settings))


if __name__ == "__main__":
    main()
