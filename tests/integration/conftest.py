"""The three services on free ports in this process: real servers, real networks, the embedded backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from speechmesh.acoustic import server as acoustic_server
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.client import AsyncClient
from speechmesh.common.server import MeshServer, running
from speechmesh.frontend import server as frontend_server
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder import server as vocoder_server
from speechmesh.vocoder.settings import VocoderSettings


@dataclass
class Mesh:
    """A running mesh."""

    acoustic: MeshServer
    vocoder: MeshServer
    frontend: MeshServer
    client: AsyncClient

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.frontend.port}"


MakeMesh = Callable[..., AbstractAsyncContextManager[Mesh]]


@pytest.fixture(scope="session")
def make_mesh(voices_dir: Path) -> MakeMesh:
    """Makes a mesh with settings of one's own: `make_mesh(frontend={...}, acoustic={...}, vocoder={...})`."""

    @asynccontextmanager
    async def make(
        frontend: dict[str, Any] | None = None,
        acoustic: dict[str, Any] | None = None,
        vocoder: dict[str, Any] | None = None,
    ) -> AsyncIterator[Mesh]:
        shared = {"port": 0, "voices_dir": voices_dir, "drain_grace_s": 1.0}
        async with AsyncExitStack() as stack:
            acoustic_settings = AcousticSettings(**{**shared, **(acoustic or {})})
            acoustics = await stack.enter_async_context(
                running(acoustic_settings, acoustic_server.lifespan(acoustic_settings))
            )
            vocoder_settings = VocoderSettings(**{**shared, "backend": "embedded", **(vocoder or {})})
            vocoders = await stack.enter_async_context(
                running(vocoder_settings, vocoder_server.lifespan(vocoder_settings))
            )
            frontend_settings = FrontendSettings(
                **{
                    **shared,
                    # Nearly every test is about what the stages make: what was said before would say nothing of it.
                    "phrase_cache_mib": 0,
                    "acoustic_target": f"127.0.0.1:{acoustics.port}",
                    "vocoder_target": f"127.0.0.1:{vocoders.port}",
                    **(frontend or {}),
                }
            )
            frontends = await stack.enter_async_context(
                running(frontend_settings, frontend_server.lifespan(frontend_settings))
            )
            client = await stack.enter_async_context(AsyncClient(f"127.0.0.1:{frontends.port}"))
            yield Mesh(acoustics, vocoders, frontends, client)

    return make


@pytest.fixture(scope="session")
async def mesh(make_mesh: MakeMesh) -> AsyncIterator[Mesh]:
    """A mesh with default settings, for tests that leave it as they found it."""
    async with make_mesh() as running_mesh:
        yield running_mesh
