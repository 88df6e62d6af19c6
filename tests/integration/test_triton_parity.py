"""Every architecture exported, served by a real Triton and streamed in chunks, equals PyTorch over the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.backends import Chunk, Priority
from speechmesh.vocoder.backends.triton import TritonBackend
from speechmesh.vocoder.cutters import new_cutter
from speechmesh.vocoder.export.description import VocoderDescription, load_description
from speechmesh.vocoder.export.options import Options
from speechmesh.vocoder.export.pipeline import export
from speechmesh.vocoder.export.steps import silent
from speechmesh.vocoder.networks.checkpoint import load_checkpoint
from tests.integration.triton import Triton, running

GOLDENS = Path("tests/data/goldens")
CHECKPOINTS = {
    "hifigan_1": GOLDENS / "hifigan_tiny_rb1/g_00000000",
    "hifigan_2": GOLDENS / "hifigan_tiny_rb2/g_00000000",
    "vocos_center": GOLDENS / "vocos_tiny",
    "vocos_same": GOLDENS / "vocos_tiny_same",
    "kantts_causal": GOLDENS / "kantts/tiny_a",
    "kantts": GOLDENS / "kantts/tiny_byte",
}
NSF = {"kantts_nsf": GOLDENS / "kantts/tiny_nsf"}


@dataclass
class Served:
    """All of them in one Triton."""

    backend: TritonBackend
    models: dict[str, VocoderDescription]

    async def stream(self, name: str, frames: FloatArray) -> FloatArray:
        model = self.models[name]
        cutter = new_cutter(model.config, model.feature_space)
        cutter.push(frames, 0, last=True)
        samples, state = [], None
        while cut := cutter.next(model.config.ladder_frames[0], urgent=False):
            vocoded = await self.backend.vocode(model, Chunk(cut.frames, state, cut.last), Priority.NORMAL)
            samples.append(cutter.trim(vocoded.samples, cut))
            state = vocoded.state
        return np.concatenate(samples)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, path in (CHECKPOINTS | NSF).items():
        export(Options(path, name=name, tiers={"high": "fp32"}, out=folder), "", silent)
    for card in folder.glob("*.card.*"):
        card.unlink()
    return folder


@pytest.fixture(scope="module")
def triton(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    server = Triton(repository, tmp_path_factory.mktemp("triton") / "log")
    with running([server]):
        yield server


@pytest.fixture(scope="module")
async def served(repository: Path, triton: Triton) -> AsyncIterator[Served]:
    models = {name: load_description(repository / f"{name}.high") for name in CHECKPOINTS | NSF}
    backend = TritonBackend(
        triton.url,
        timeout_ms=60_000,
        attempt_timeout_ms=30_000,
        resolve_interval_s=60.0,
        max_message_bytes=1 << 24,
    )
    async with backend.running(list(models.values())):
        yield Served(backend, models)


@pytest.mark.parametrize("name", [*CHECKPOINTS, *NSF])
async def test_streamed_through_triton_equals_pytorch(served: Served, name: str) -> None:
    checkpoint = load_checkpoint((CHECKPOINTS | NSF)[name])
    n_mels = checkpoint.feature_space.n_mels
    frames = 0.5 * np.random.default_rng(1).standard_normal((90, n_mels)).astype(np.float32)
    if name in NSF:
        frames[:, 80], frames[:, 81] = 200.0, 1.0
    with torch.inference_mode():
        expected = checkpoint.network(torch.from_numpy(frames[None]))[0].numpy()
    tolerance = 1e-3 if name in NSF else 1e-4
    np.testing.assert_allclose(await served.stream(name, frames), expected, atol=tolerance)
