"""Voices of the acoustic stage that are not loaded are served all the same, over real servers."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import grpc
import pytest
import yaml

from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.client import SpeechOptions
from tests.integration.conftest import MakeMesh, Mesh

NAMES = ("ann", "ben")


@pytest.fixture(scope="module")
def voices(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One voice under two names."""
    folder = tmp_path_factory.mktemp("voices")
    for name in NAMES:
        shutil.copytree(voices_dir / "bootstrap", folder / name, copy_function=os.link)
        path = folder / name / "voice.yaml"
        voice = yaml.safe_load(path.read_text(encoding="utf-8")) | {"name": name}
        path.unlink()
        path.write_text(yaml.safe_dump(voice), encoding="utf-8")
    return folder


async def models(mesh: Mesh) -> dict[str, acoustic_pb2.AcousticModel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.acoustic.port}") as channel:
        stub = acoustic_pb2_grpc.AcousticServiceStub(channel)
        listed = await stub.ListModels(acoustic_pb2.ListModelsRequest(), timeout=20)
    return {model.voice: model for model in listed.models}


async def speak(mesh: Mesh, voice: str) -> bytes:
    async with mesh.client.synthesize("Hello.", SpeechOptions(voice=voice)) as stream:
        return await stream.read()


async def test_voices_take_turns_in_a_budget_of_one(make_mesh: MakeMesh, voices: Path) -> None:
    shared = {"voices_dir": voices}
    acoustic = shared | {"preload": "ann", "model_memory_mib": 17}
    async with make_mesh(frontend=shared, acoustic=acoustic, vocoder=shared) as mesh:
        listed = await models(mesh)
        assert {name: model.loaded for name, model in listed.items()} == {"ann": True, "ben": False}
        assert all(8 * 2**20 < model.memory_bytes <= 17 * 2**20 for model in listed.values())
        first = await speak(mesh, "ben")
        assert {name: model.loaded for name, model in (await models(mesh)).items()} == {
            "ann": False,
            "ben": True,
        }
        crowd = await asyncio.gather(*(speak(mesh, name) for name in NAMES * 6))
        assert {len(audio) for audio in crowd} == {len(first)}
