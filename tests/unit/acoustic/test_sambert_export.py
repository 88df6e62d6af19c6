"""Sambert's graphs equal the network, in one run or in pieces, for items of any lengths and bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from speechmesh.acoustic.export.sambert_decoder import export_decoder
from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert
from speechmesh.acoustic.networks.sambert.network import Sambert
from speechmesh.common.runtime import open_session

VOICES = Path(__file__).parents[2] / "data" / "goldens" / "sambert" / "voices"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


@pytest.fixture(scope="module", params=["tiny_a", "tiny_nsf", "tiny_byte"])
def network(request: pytest.FixtureRequest) -> Sambert:
    return load_sambert(VOICES / request.param).network


@torch.inference_mode()
@pytest.mark.parametrize("piece", [1, 4, 100])
def test_the_decoders_graph_equals_the_network(network: Sambert, tmp_path: Path, piece: int) -> None:
    config, layers = network.config, network.mel_decoder.layers
    torch.manual_seed(3)
    n_frames, bands = torch.tensor([23, 40, 4]), torch.tensor([2, 5, 1])
    n_steps = -(-n_frames // config.outputs_per_step)
    memory = torch.randn(3, int(n_steps.max()), config.n_memory)
    for row, n in zip(memory, n_steps, strict=True):
        row[n:] = 0.0
    log_durations = (bands * config.outputs_per_step + 1.0).log().unsqueeze(1)
    expected = torch.cat(list(network.decode(memory, n_frames, log_durations)), dim=1)

    export_decoder(network, tmp_path / "decoder.onnx")
    session = open_session(tmp_path / "decoder.onnx")
    prepared = network.mel_decoder.prepare(memory, n_frames, log_durations)
    width = prepared.longest_band + 1
    kept = [part for pair in zip(prepared.keys, prepared.values, strict=True) for part in pair]
    projection = network.mel_decoder.mel_dec.dec_in_proj
    projected = functional.linear(memory, projection.weight[:, : config.n_memory], projection.bias)
    heads = config.decoder_num_heads
    feed = {
        "last": np.zeros((3, config.num_mels), np.float32),
        "own": np.zeros((2 * len(layers), 3, heads, width, config.decoder_num_units // heads), np.float32),
        "projected": (projected * config.decoder_num_units**0.5).numpy(),
        "memory": torch.stack([functional.pad(part, (0, 0, 0, width - 1)) for part in kept]).numpy(),
        "bands": prepared.bands.numpy(),
        "n_steps": prepared.n_steps.numpy(),
    }
    total, pieces = memory.shape[1], []
    for first in range(0, total, piece):
        n = min(piece, total - first)
        frames, feed["last"], feed["own"] = session.run(
            None, feed | {"first": np.array([first]), "n": np.array(n)}
        )
        pieces.append(frames)
    made = np.concatenate(pieces).transpose(1, 0, 2).reshape(3, -1, config.num_mels)
    for i, n in enumerate(n_frames):
        np.testing.assert_allclose(made[i, :n], expected[i, :n].numpy(), atol=1e-5)
