"""Health, reflection, drain and stages that come and go."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.cli.mesh import Ports
from speechmesh.client import AsyncClient, Client, SpeechError
from speechmesh.common import metrics
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import pack_frames
from speechmesh.common.server import MeshServer
from speechmesh.vocoder.v1 import vocoder_pb2, vocoder_pb2_grpc
from tests.integration.conftest import MakeMesh, Mesh

Status = health_pb2.HealthCheckResponse


async def health(port: int, service: str = "") -> int:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return int((await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)).status)


async def becomes(port: int, status: int) -> None:
    """Waits until a service answers, and with this."""
    async with asyncio.timeout(60):
        while True:
            with suppress(grpc.aio.AioRpcError):
                if await health(port) == status:
                    return
            await asyncio.sleep(0.05)


async def test_each_service_is_healthy_under_its_own_name(mesh: Mesh) -> None:
    names = {
        mesh.frontend: "speechmesh.speech.v1.SpeechService",
        mesh.acoustic: "speechmesh.acoustic.v1.AcousticService",
        mesh.vocoder: "speechmesh.vocoder.v1.VocoderService",
    }
    for server, name in names.items():
        assert await health(server.port) == await health(server.port, name) == Status.SERVING


async def test_reflection_tells_a_stranger_the_whole_contract(mesh: Mesh) -> None:
    def describe() -> tuple[list[str], str]:
        with grpc.insecure_channel(mesh.target) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            service = DescriptorPool(database).FindServiceByName("speechmesh.speech.v1.SpeechService")
            names = [method.name for method in service.methods]
            return list(database.get_services()), ",".join(names)

    services, methods = await asyncio.to_thread(describe)
    assert {"speechmesh.speech.v1.SpeechService", "grpc.health.v1.Health"} <= set(services)
    assert methods == "Synthesize,SynthesizeLive,ListVoices,GetVoice"


async def test_a_frontend_without_stages_is_not_serving_until_they_come(
    make_mesh: MakeMesh, voices_dir: Path
) -> None:
    ports = Ports.free()
    process = start("frontend", ports, voices_dir)
    try:
        await becomes(ports.frontend, Status.NOT_SERVING)
        await asyncio.sleep(1.0)
        assert await health(ports.frontend) == Status.NOT_SERVING
        async with make_mesh(acoustic={"port": ports.acoustic}, vocoder={"port": ports.vocoder}):
            await becomes(ports.frontend, Status.SERVING)
            client = AsyncClient(f"127.0.0.1:{ports.frontend}")
            async with client, client.synthesize("They came.") as stream:
                assert await stream.read()
    finally:
        process.terminate()
        assert process.wait(15) == 0


async def test_a_request_waits_for_a_stage_that_comes_back(make_mesh: MakeMesh, voices_dir: Path) -> None:
    ports = Ports.free()
    process = start("acoustic", ports, voices_dir)
    try:
        async with make_mesh(
            frontend={"acoustic_target": f"127.0.0.1:{ports.acoustic}", "stage_patience_ms": 60_000}
        ) as mesh:
            process.kill()
            process.wait()
            process = start("acoustic", ports, voices_dir)
            async with mesh.client.synthesize("Nothing was sent yet, so this waits.", timeout_s=60) as stream:
                assert len(await stream.read()) > 16_000
    finally:
        process.terminate()
        process.wait(15)


@pytest.fixture
def acoustic_process(voices_dir: Path) -> Iterator[tuple[subprocess.Popen[bytes], Ports]]:
    ports = Ports.free()
    process = start("acoustic", ports, voices_dir)
    yield process, ports
    process.kill()
    process.wait()


async def test_sigterm_while_loading_ends_at_once(
    acoustic_process: tuple[subprocess.Popen[bytes], Ports],
) -> None:
    process, _ = acoustic_process
    await asyncio.sleep(0.8)
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.wait, 15)


async def test_a_taken_port_is_said_in_a_line(make_mesh: MakeMesh, mesh: Mesh) -> None:
    with pytest.raises(Incompatible, match=f"cannot listen on 127.0.0.1:{mesh.acoustic.port}"):
        async with make_mesh(acoustic={"port": mesh.acoustic.port}):
            pass


async def test_a_default_voice_that_is_not_there_stops_the_start(make_mesh: MakeMesh) -> None:
    with pytest.raises(Incompatible, match="SPEECHMESH_FRONTEND_DEFAULT_VOICE is 'nobody', not one of "):
        async with make_mesh(frontend={"default_voice": "nobody"}):
            pass


async def test_sigterm_lets_a_running_stream_end(make_mesh: MakeMesh, voices_dir: Path) -> None:
    ports = Ports.free()
    async with make_mesh(acoustic={"port": ports.acoustic}, vocoder={"port": ports.vocoder}):
        process = start("frontend", ports, voices_dir)
        try:
            await becomes(ports.frontend, Status.SERVING)
            async with AsyncClient(f"127.0.0.1:{ports.frontend}") as client:
                async with client.synthesize("One two three four five six seven. " * 10) as stream:
                    n_bytes = 0
                    async for response in stream:
                        n_bytes += len(response.audio)
                        if response.sequence == 0:
                            process.send_signal(signal.SIGTERM)
                    assert stream.summary is not None
                    assert n_bytes == round(stream.summary.audio_s * 32_000)
                with pytest.raises(SpeechError) as caught:
                    async with client.synthesize("Too late.", timeout_s=3) as late:
                        await late.read()
                assert caught.value.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            assert await asyncio.to_thread(process.wait, 15) == 0
        finally:
            process.kill()
            process.wait()


async def test_a_live_session_that_outlasts_the_drain_is_told_when_to_try_again(
    make_mesh: MakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[tuple[str, str]] = []

    def add(n: int, labels: dict[str, str]) -> None:
        ends.extend([(labels[metrics.OUTCOME], labels.get(metrics.CODE, "turn"))] * n)

    for counter in ("FRONTEND_REQUESTS", "FRONTEND_TURNS"):
        monkeypatch.setattr(metrics, counter, SimpleNamespace(add=add))
    async with make_mesh(frontend={"drain_grace_s": 0.2}) as mesh, mesh.client.live() as stream:
        await stream.send("More will follow. ")
        await stream.flush()
        with pytest.raises(SpeechError) as caught:
            async for response in stream:
                if response.speech.sequence == 0:
                    draining = asyncio.create_task(mesh.frontend.drain())
        await draining
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    assert caught.value.retry_after_s
    assert sorted(ends) == [("failed", "UNAVAILABLE"), ("failed", "turn")]  # by us: the caller did not leave


@pytest.mark.parametrize("stage", ["acoustic", "vocoder"])
@pytest.mark.parametrize("leaves", [False, True])
async def test_a_segment_that_outlasts_the_drain_is_not_one_whose_caller_left(
    make_mesh: MakeMesh, monkeypatch: pytest.MonkeyPatch, stage: str, *, leaves: bool
) -> None:
    ends: list[str] = []

    def add(n: int, labels: dict[str, str]) -> None:
        ends.extend([labels[metrics.OUTCOME]] * n)

    monkeypatch.setattr(metrics, f"{stage.upper()}_SEGMENTS", SimpleNamespace(add=add))
    async with make_mesh(**{stage: {"drain_grace_s": 0.1}}) as mesh:
        server: MeshServer = getattr(mesh, stage)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call = await begun_segment(stage, channel, monkeypatch)
            if leaves:
                call.cancel()
            else:
                draining = asyncio.create_task(server.drain())
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    while await call.read() is not grpc.aio.EOF:
                        pass
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
                await draining
            for _ in range(100):
                if ends:
                    break
                await asyncio.sleep(0.02)
    assert ends == ["cancelled" if leaves else "failed"]


async def begun_segment(stage: str, channel: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stream of a segment that a stage has begun and does not end."""
    if stage == "vocoder":
        call: Any = vocoder_pb2_grpc.VocoderServiceStub(channel).StreamAudio(timeout=60)
        await call.write(vocoder_pb2.StreamAudioRequest(open=vocoder_pb2.StreamOptions(voice="bootstrap")))
        frames = pack_frames(np.zeros((100, 80), np.float32), 0)
        await call.write(
            vocoder_pb2.StreamAudioRequest(frames=vocoder_pb2.SegmentFrames(frames=frames))
        )  # more would follow
        await call.read()
        return call
    begun = asyncio.Event()

    def choose_none(_: Batcher) -> None:
        begun.set()

    monkeypatch.setattr(Batcher, "_choose", choose_none)
    call = acoustic_pb2_grpc.AcousticServiceStub(channel).StreamFrames(timeout=60)
    await call.write(acoustic_pb2.StreamFramesRequest(open=acoustic_pb2.StreamOptions(voice="bootstrap")))
    await call.write(acoustic_pb2.StreamFramesRequest(segment=acoustic_pb2.Segment(tokens=[1, 5, 6, 1])))
    await begun.wait()
    return call


async def test_the_synchronous_client_speaks_too(mesh: Mesh, tmp_path: Path) -> None:
    def speak() -> float:
        with Client(mesh.target) as client:
            assert [voice.name for voice in client.voices()] == ["bootstrap"]
            with client.synthesize("Hello, world.") as stream:
                return stream.write(tmp_path / "hello.wav").audio_s

    audio_s = await asyncio.to_thread(speak)
    assert (tmp_path / "hello.wav").stat().st_size == 44 + round(audio_s * 16_000) * 2


async def test_a_cancelled_synchronous_stream_ends(mesh: Mesh) -> None:
    def speak() -> int:
        with Client(mesh.target) as client, client.synthesize("One. Two. Three. " * 50) as stream:
            n_responses = 0
            with pytest.raises(SpeechError, match="CANCELLED"):
                for _ in stream:
                    n_responses += 1
                    if n_responses == 2:
                        stream.cancel()
            return n_responses

    assert await asyncio.to_thread(speak) < 20


def start(stage: str, ports: Ports, voices_dir: Path) -> subprocess.Popen[bytes]:
    """A stage as a process of its own."""
    environment = {
        **os.environ,
        f"SPEECHMESH_{stage.upper()}_PORT": str(getattr(ports, stage)),
        f"SPEECHMESH_{stage.upper()}_VOICES_DIR": str(voices_dir),
        f"SPEECHMESH_{stage.upper()}_LOG_LEVEL": "WARNING",
    }
    if stage == "frontend":
        environment["SPEECHMESH_FRONTEND_ACOUSTIC_TARGET"] = f"127.0.0.1:{ports.acoustic}"
        environment["SPEECHMESH_FRONTEND_VOCODER_TARGET"] = f"127.0.0.1:{ports.vocoder}"
    return subprocess.Popen([sys.executable, "-m", f"speechmesh.{stage}.server"], env=environment)
