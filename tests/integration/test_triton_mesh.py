"""The three services over real Tritons: one dies under running requests, or refuses because it is full."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.vocoder.triton.repository import build_repository
from tests.integration.conftest import MakeMesh, Mesh
from tests.integration.triton import Triton, running, unbatch

TEXTS = [
    f"Listener {number} hears every word of this, and of the sentence that follows. "
    "Nothing is lost, and nothing sounds different, whatever dies in the machine room tonight."
    for number in range(8)
]


@pytest.fixture(scope="module")
def tritons(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Triton]]:
    repository = tmp_path_factory.mktemp("models")
    build_repository(voices_dir, repository, instances=1, link=True)
    servers = [Triton(repository, tmp_path_factory.mktemp("triton") / "log") for _ in range(2)]
    with running(servers):
        yield servers


async def speak(mesh: Mesh, text: str, begun: asyncio.Event | None = None) -> np.ndarray:
    chunks = []
    async with mesh.client.synthesize(text, SpeechOptions(encoding="pcm_f32le")) as stream:
        async for response in stream:
            chunks.append(response.audio)
            if begun and response.audio:
                begun.set()
    return np.frombuffer(b"".join(chunks), "<f4")


async def test_killing_one_of_two_tritons_under_eight_streams_loses_nothing(
    make_mesh: MakeMesh, tritons: list[Triton]
) -> None:
    urls = ",".join(server.url for server in tritons)
    # Short chunks, so that many are under way when it dies.
    settings = {"backend": "triton", "triton_url": urls, "max_chunk_ms": 5.0}
    async with asyncio.timeout(120), make_mesh(vocoder=settings) as mesh:
        undisturbed = [await speak(mesh, text) for text in TEXTS]
        begun = [asyncio.Event() for _ in TEXTS]
        streams = [
            asyncio.create_task(speak(mesh, text, event)) for text, event in zip(TEXTS, begun, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in begun[:4]))
        tritons[0].kill()
        for got, wanted in zip(await asyncio.gather(*streams), undisturbed, strict=True):
            np.testing.assert_allclose(got, wanted, atol=1e-5)
    tritons[0].start()


async def test_a_full_triton_refuses_at_once_and_tells_when_to_come_again(
    make_mesh: MakeMesh, voices_dir: Path, tmp_path: Path
) -> None:
    (name,) = build_repository(voices_dir, tmp_path / "models", instances=1, link=True)
    config = tmp_path / "models" / name / "config.pbtxt"
    config.write_text(re.sub(r"max_queue_size: \d+", "max_queue_size: 1", config.read_text()))
    unbatch(config)
    server = Triton(tmp_path / "models", tmp_path / "log")
    with running([server]):
        settings = {"backend": "triton", "triton_url": server.url, "max_running_chunks": 64}
        async with asyncio.timeout(120), make_mesh(vocoder=settings) as mesh:
            results = await asyncio.gather(*(speak(mesh, text) for text in TEXTS * 4), return_exceptions=True)
    refused = [result for result in results if isinstance(result, SpeechError)]
    assert refused
    assert {error.code for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(error.retry_after_s for error in refused)
    assert any(isinstance(result, np.ndarray) and len(result) for result in results)


async def test_listeners_with_audio_in_hand_give_way_and_sound_the_same(
    make_mesh: MakeMesh, tritons: list[Triton]
) -> None:
    """Chunks are urgent or not by what their listeners have: where all are, no other thread of a stub is used."""
    settings = {"backend": "triton", "triton_url": tritons[1].url, "max_chunk_ms": 5.0}
    async with asyncio.timeout(120):
        async with make_mesh(vocoder=settings) as mesh:
            used_before = tritons[1].cpu_s_given_way()
            mixed = await speak(mesh, TEXTS[0])
            used = tritons[1].cpu_s_given_way() - used_before
        async with make_mesh(vocoder=settings | {"urgent_slack_ms": 10_000_000}) as mesh:
            used_before = tritons[1].cpu_s_given_way()
            all_urgent = await speak(mesh, TEXTS[0])
            used_urgent = tritons[1].cpu_s_given_way() - used_before
    np.testing.assert_allclose(mixed, all_urgent, atol=1e-5)
    assert used > used_urgent
