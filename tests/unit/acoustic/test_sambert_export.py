"""Sambert's graphs equal the network, in one run or in pieces, for items of any lengths and bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from speechmesh.acoustic.export.sambert_decoder import export_decoder
from speechmesh.acoustic.export.sambert_postnet import export_postnet
from speechmesh.acoustic.export.sambert_reader import export_reader
from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert
from speechmesh.acoustic.networks.sambert.layers import length_mask
from speechmesh.acoustic.networks.sambert.network import Sambert, SambertInput
from speechmesh.common.runtime import open_session

VOICES = Path(__file__).parents[2] / "data" / "goldens" / "sambert" / "voices"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


@pytest.fixture(scope="module", params=["tiny_a", "tiny_nsf", "tiny_se", "tiny_byte"])
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
        # Half of the way the memory is given from the step to make on, as streams at different steps do.
        given = first if first > total // 2 else 0
        here = {
            **{"first": np.array([first - given]), "n": np.array(n), "done": np.full(3, given)},
            "projected": feed["projected"][:, given:],
            "memory": feed["memory"][:, :, :, given:],
            "n_steps": feed["n_steps"] - given,
        }
        frames, feed["last"], feed["own"] = session.run(None, feed | here)
        pieces.append(frames)
    made = np.concatenate(pieces).transpose(1, 0, 2).reshape(3, -1, config.num_mels)
    for i, n in enumerate(n_frames):
        np.testing.assert_allclose(made[i, :n], expected[i, :n].numpy(), atol=1e-5)


@torch.inference_mode()
def test_the_readers_graph_equals_the_network(network: Sambert, tmp_path: Path) -> None:
    config = network.config
    torch.manual_seed(4)
    lengths = torch.tensor([11, 3, 45])
    shape = (3, int(lengths.max()))
    embeddings = [network.text_encoder.get_submodule(name) for name in network.text_encoder.names]
    features = torch.stack([torch.randint(1, e.num_embeddings, shape) for e in embeddings], dim=-1)
    emotion = torch.randint(0, network.emo_tokenizer.num_embeddings, shape)
    if config.speaker_embedding:
        speaker = torch.randn(3, 1, config.speaker_units).expand(-1, shape[1], -1)
    else:
        speaker = torch.randint(0, network.spk_tokenizer.num_embeddings, shape)
    variances, memory, n_frames = network.understand(SambertInput(features, emotion, speaker, lengths))
    prepared = network.mel_decoder.prepare(memory, n_frames, variances.log_durations)

    export_reader(network, tmp_path / "reader.onnx")
    session = open_session(tmp_path / "reader.onnx")
    state = np.zeros((2, 3, config.dur_pred_lstm_units), np.float32)
    feed = {
        **{"features": features.numpy(), "emotion": emotion.numpy(), "speaker": speaker.contiguous().numpy()},
        **{"lengths": lengths.numpy(), "pace": np.ones(3, np.float32), "hidden": state, "cell": state},
        **{"said": np.zeros((3, 1), np.float32), "first": np.array([0]), "n": np.array(shape[1])},
    }
    names = [output.name for output in session.get_outputs()]
    made = dict(zip(names, session.run(None, feed), strict=True))
    np.testing.assert_array_equal(made["durations"], variances.durations)
    np.testing.assert_array_equal(made["n_frames"], n_frames)
    np.testing.assert_array_equal(made["bands"], prepared.bands)
    np.testing.assert_array_equal(made["n_steps"], prepared.n_steps)
    n_steps, band = memory.shape[1], prepared.longest_band
    kept = torch.stack([part for pair in zip(prepared.keys, prepared.values, strict=True) for part in pair])
    np.testing.assert_allclose(made["memory"][:, :, :, :n_steps], kept, atol=1e-5)
    assert made["memory"].shape[3] == n_steps + band
    projection = network.mel_decoder.mel_dec.dec_in_proj
    projected = functional.linear(memory, projection.weight[:, : config.n_memory], projection.bias)
    np.testing.assert_allclose(made["projected"], projected * config.decoder_num_units**0.5, atol=1e-5)
    slower = session.run(["n_frames"], feed | {"pace": np.full(3, 2.0, np.float32)})[0]
    np.testing.assert_allclose(slower, 2 * made["n_frames"], atol=shape[1])


@torch.inference_mode()
@pytest.mark.parametrize("piece", [1, 7, 100])
def test_the_postnet_streams_what_it_gives_at_once(network: Sambert, tmp_path: Path, piece: int) -> None:
    torch.manual_seed(5)
    lengths = torch.tensor([61, 20])
    mask = length_mask(lengths, 61)
    mel = torch.randn(2, 61, network.config.num_mels) * mask
    expected = ((mel + network.mel_postnet(mel, mask)) * mask).numpy()

    stream = export_postnet(network, tmp_path / "postnet.onnx")
    session = open_session(tmp_path / "postnet.onnx")
    lag = stream.lag_frames
    behind = ((0, 0), (0, lag), (0, 0))
    mels, masks = np.pad(mel.numpy(), behind), np.pad(mask.numpy(), behind)
    state = np.zeros((2, stream.state_size), np.float32)
    pieces, first, n = [], 0, lag + piece
    while first < mels.shape[1]:
        feed = {
            "mel": mels[:, first : first + n],
            "mask": masks[:, first : first + n],
            "skip": np.array(0 if first else lag),
            "state": state,
        }
        out, state = session.run(None, feed)
        pieces.append(out)
        first, n = first + n, piece
    made = np.concatenate(pieces, axis=1)
    for i, length in enumerate(lengths):
        np.testing.assert_allclose(made[i, :length], expected[i, :length], atol=1e-5)
