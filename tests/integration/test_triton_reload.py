"""A voice that changed is taken in by a running vocoder service and its real Triton."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from tritonclient.grpc.aio import InferenceServerClient

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.backends import Priority, warmup_chunks
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.settings import VocoderSettings
from speechmesh.vocoder.triton.repository import build_repository
from tests.integration.triton import Triton, running


@pytest.fixture
def voices(voices_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(voices_dir, tmp_path / "voices"))


def change(voices: Path) -> None:
    """Lets the voice's vocoder stream in other chunks."""
    path = voices / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    voice["vocoders"]["balanced"]["ladder_frames"] = [16, 32]
    path.write_text(yaml.safe_dump(voice))


async def ready(triton: Triton) -> set[str]:
    """The models that a Triton has ready."""
    async with InferenceServerClient(triton.url) as client:
        index = await client.get_model_repository_index()
    return {model.name for model in index.models if model.state == "READY"}


async def vocode(engine: VocoderEngine) -> None:
    model = engine.choose(engine.bundle("bootstrap", ""), "balanced")
    async with engine.models.using(model):
        vocoded = await engine.backend.vocode(model, warmup_chunks(model)[0], Priority.NORMAL)
    assert np.isfinite(vocoded.samples).all()


async def test_a_changed_voice_is_served_under_a_new_name_and_the_old_one_goes(
    voices: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "models"
    (old,) = build_repository(voices, repository, instances=1, link=True)
    triton = Triton(repository, tmp_path / "log")
    engine = VocoderEngine(VocoderSettings(voices_dir=voices, triton_url=triton.url))
    with running([triton]):
        async with asyncio.timeout(120), engine.running():
            assert await ready(triton) == {old}
            change(voices)
            with pytest.raises(Incompatible, match="failed to poll from model repository"):
                await engine.load("bootstrap", "")  # which has no such files yet
            assert await ready(triton) == {old}
            await vocode(engine)
            (new,) = build_repository(voices, repository, instances=1, link=True)
            assert new != old
            await vocode(engine)  # with what is loaded, though its folder is gone
            await engine.load("bootstrap", "")
            assert await ready(triton) == {new}
            await vocode(engine)
