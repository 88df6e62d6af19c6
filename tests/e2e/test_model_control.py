"""Vocoders are loaded, unloaded and replaced while the mesh runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from speechmesh.client import AsyncClient, SpeechError, SpeechOptions
from tests.e2e.conftest import StartMesh, UpMesh
from tests.e2e.test_command_line import speechmesh

TEXT = "One vocoder comes, another goes."


@pytest.fixture(scope="module")
def voices(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bootstrap voice with three tiers, which are one network."""
    folder = tmp_path_factory.mktemp("voices")
    shutil.copytree(voices_dir / "bootstrap", folder / "bootstrap")
    path = folder / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"]["balanced"]
    voice["vocoders"] = {name: dict(tier) for name in ("high", "balanced", "fast")}
    path.write_text(yaml.safe_dump(voice))
    return folder


@pytest.fixture(scope="module")
def mesh(start_mesh: StartMesh, voices: Path) -> Iterator[UpMesh]:
    with start_mesh("--voices", str(voices)) as started:
        yield started


def control(mesh: UpMesh, *arguments: str) -> str:
    port = json.loads((mesh.run_dir / "mesh.json").read_text())["ports"]["vocoder"]
    run_dir = ["--run-dir", str(mesh.run_dir)] if arguments[0] == "load" else []
    result = speechmesh("vocoder", *arguments, "--target", f"127.0.0.1:{port}", *run_dir)
    return result.stdout + result.stderr


async def speak(mesh: UpMesh, tier: str = "auto") -> np.ndarray:
    async with AsyncClient(mesh.target) as client:
        options = SpeechOptions(encoding="pcm_f32le", quality_tier=tier)
        async with client.synthesize(TEXT, options) as stream:
            return np.frombuffer(await stream.read(), "<f4")


async def test_an_unloaded_tier_is_refused_and_auto_takes_another(mesh: UpMesh) -> None:
    before = await speak(mesh, "fast")
    assert "unloaded bootstrap.fast" in control(mesh, "unload", "bootstrap.fast")
    assert "unloaded" in control(mesh, "list")
    with pytest.raises(SpeechError, match="unloaded"):
        await speak(mesh, "fast")
    assert len(await speak(mesh)) == len(before)
    assert "loaded bootstrap.fast" in control(mesh, "load", "bootstrap.fast")
    np.testing.assert_array_equal(await speak(mesh, "fast"), before)


async def test_loading_again_changes_nothing_of_what_is_heard(mesh: UpMesh) -> None:
    before = await speak(mesh, "balanced")
    assert "loaded bootstrap.high" in control(mesh, "load", "bootstrap")
    np.testing.assert_array_equal(await speak(mesh, "balanced"), before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("load", "nobody"), "'nobody' is not one of bootstrap"),
        (("unload", "bootstrap.best"), "'best' is not one of high, balanced, fast"),
    ],
)
def test_what_there_is_not_is_told(mesh: UpMesh, arguments: tuple[str, ...], message: str) -> None:
    assert message in control(mesh, *arguments)


def test_a_service_that_is_not_there_is_told() -> None:
    result = speechmesh("vocoder", "list", "--target", "127.0.0.1:1")
    assert result.returncode == 1
    assert "no vocoder service at 127.0.0.1:1" in result.stderr
