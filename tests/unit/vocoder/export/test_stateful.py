"""Stateful graphs: streamed equals offline, for every architecture and for what real graphs have in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import nn

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.stateful import NotStreamable, StatefulGraph, make_stateful
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

GOLDENS = Path("tests/data/goldens")
CHECKPOINTS = {
    "hifigan_rb1": (GOLDENS / "hifigan_tiny_rb1/g_00000000", 1e-5),
    "hifigan_rb2": (GOLDENS / "hifigan_tiny_rb2/g_00000000", 1e-5),
    "vocos_center": (GOLDENS / "vocos_tiny", 1e-5),
    "vocos_same": (GOLDENS / "vocos_tiny_same", 1e-5),
    "kantts_causal": (GOLDENS / "kantts/tiny_a", 1e-5),
    "kantts": (GOLDENS / "kantts/tiny_byte", 2e-5),  # x + sin x doubles what rounding leaves
    "kantts_nsf": (GOLDENS / "kantts/tiny_nsf", 1e-3),
}


class Streamed:
    """An offline graph and the stateful one made of it."""

    def __init__(self, network: nn.Module, n_mels: int, folder: Path) -> None:
        self.n_mels = n_mels
        export_onnx(network, n_mels, folder / "offline.onnx")
        self.graph: StatefulGraph = make_stateful(onnx.load(folder / "offline.onnx"))
        self._offline = ort.InferenceSession(str(folder / "offline.onnx"))
        self._stateful = ort.InferenceSession(self.graph.model.SerializeToString())

    def offline(self, mel: FloatArray) -> FloatArray:
        return np.asarray(self._offline.run(["wav"], {"mel": mel[None]})[0][0])

    def stream(self, mel: FloatArray, sizes: list[int]) -> FloatArray:
        """Chunks of these sizes, over and over; the first larger by what must be looked ahead."""
        lookahead = self.graph.config.min_first_frames - 1
        samples, state, start = [], None, 0
        while start < len(mel):
            size = sizes[len(samples) % len(sizes)] + (lookahead if start == 0 else 0)
            chunk = Chunk(mel[start : start + size], state, last=start + size >= len(mel))
            vocoded = run_chunk(self._stateful, chunk)
            samples.append(vocoded.samples)
            state, start = vocoded.state, start + size
            if not chunk.last:
                assert state is not None and state.shape == (self.graph.config.state_size,)
                expected = start * self.graph.hop_length - self.graph.config.lag_samples
                assert sum(map(len, samples)) == expected
        joined = np.concatenate(samples)
        assert len(joined) == len(mel) * self.graph.hop_length - self.graph.config.trailing_samples
        return joined

    def batched(self, mels: FloatArray, size: int) -> FloatArray:
        """Several streams [B, T, M] at once, as a batcher joins them."""
        state: FloatArray = np.zeros((len(mels), 1), np.float32)
        samples, start = [], 0
        while start < mels.shape[1]:
            end = start + size + (self.graph.config.min_first_frames if start == 0 else 0)
            last = np.zeros((len(mels), 2 if end >= mels.shape[1] else 1), np.float32)
            wav, state = self._stateful.run(None, {"mel": mels[:, start:end], "state": state, "last": last})
            samples.append(wav)
            start = end
        return np.concatenate(samples, axis=1)


def mel_like(n_frames: int, n_mels: int, seed: int = 0) -> FloatArray:
    # Half of a normalised mel's deviation: white noise drives rounding harder than any speech does.
    mel = 0.5 * np.random.default_rng(seed).standard_normal((n_frames, n_mels)).astype(np.float32)
    if n_mels == 82:  # F0 in Hz and voicing ride along
        mel[:, 80] = 180.0 + 40.0 * np.sin(np.arange(n_frames) / 9.0)
        mel[:, 81] = mel[:, 81] > -0.5
    return mel


@pytest.fixture(scope="module", params=list(CHECKPOINTS))
def architecture(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Streamed, float]:
    path, tolerance = CHECKPOINTS[request.param]
    checkpoint = load_checkpoint(path)
    streamed = Streamed(
        checkpoint.network, checkpoint.feature_space.n_mels, tmp_path_factory.mktemp("graphs")
    )
    assert streamed.graph.hop_length == checkpoint.feature_space.hop_length
    return streamed, tolerance


@given(
    n_frames=st.integers(2, 150),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_streamed_equals_offline(
    architecture: tuple[Streamed, float], n_frames: int, sizes: list[int], seed: int
) -> None:
    streamed, tolerance = architecture
    mel = mel_like(n_frames, streamed.n_mels, seed)
    np.testing.assert_allclose(streamed.stream(mel, sizes), streamed.offline(mel), atol=tolerance)


def test_streams_in_one_batch_do_not_touch_each_other(architecture: tuple[Streamed, float]) -> None:
    streamed, tolerance = architecture
    mels = np.stack([mel_like(70, streamed.n_mels, seed) for seed in range(3)])
    for mel, samples in zip(mels, streamed.batched(mels, 8), strict=True):
        np.testing.assert_allclose(samples, streamed.offline(mel), atol=tolerance)


class Wrapped(nn.Module):
    """Any layers over [B, C, T], as a vocoder of one channel."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        return self.layers(mel.transpose(1, 2)).squeeze(1)


class Layers(nn.Module):
    """Branches of different reach, then up, a running sum, down again by a strided convolution, and repeated."""

    def __init__(self, kernel: int, dilation: int, stride: int, extra_taps: int) -> None:
        super().__init__()
        self.short = nn.Conv1d(4, 4, 1)
        self.long = nn.Conv1d(4, 4, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)
        taps = stride + extra_taps
        self.up = nn.ConvTranspose1d(4, 2, taps, stride=stride, padding=extra_taps // 2)
        self.surplus = extra_taps % 2
        self.down = nn.Conv1d(2, 2, 2 * stride, stride=stride, padding=stride // 2)
        self.even = stride % 2 == 0
        self.out = nn.Conv1d(2, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.sin(self.short(x)) + self.long(nn.functional.leaky_relu(x, 0.1)) * 0.5
        up = self.up(x)
        if self.surplus:
            up = up[..., : -self.surplus]
        up = up + torch.cumsum(up, 2) * 0.01
        if self.even:
            up = nn.functional.interpolate(self.down(up), scale_factor=3.0, mode="nearest")
        return torch.tanh(self.out(up))


@given(
    kernel=st.sampled_from([3, 5, 7, 11]),
    dilation=st.integers(1, 5),
    stride=st.integers(1, 6),
    extra_taps=st.integers(0, 9),
    n_frames=st.integers(1, 60),
    size=st.integers(1, 9),
)
@settings(deadline=None, max_examples=25)
def test_any_kernel_dilation_and_stride_streams(
    tmp_path_factory: pytest.TempPathFactory,
    kernel: int,
    dilation: int,
    stride: int,
    extra_taps: int,
    n_frames: int,
    size: int,
) -> None:
    torch.manual_seed(kernel + dilation)
    network = Wrapped(Layers(kernel, dilation, stride, extra_taps)).eval()
    streamed = Streamed(network, 4, tmp_path_factory.mktemp("graphs"))
    mel = mel_like(n_frames, 4)
    np.testing.assert_allclose(streamed.stream(mel, [size]), streamed.offline(mel), atol=2e-5)


class Softmax(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x[:, :1], dim=2)


class Backwards(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.flip(x[:, :1], [2])


class Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :1] - x[:, :1].mean(dim=2, keepdim=True)


@pytest.mark.parametrize("layers", [Softmax(), Backwards(), Mean()], ids=lambda layers: type(layers).__name__)
def test_what_needs_the_whole_utterance_is_refused(layers: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(NotStreamable):
        Streamed(Wrapped(layers).eval(), 4, tmp_path)


def graph_of(nodes: list[NodeProto], opset: int) -> onnx.ModelProto:
    """A graph that somebody else wrote: `nodes` make `x` [B, T, 2] of `mel` [B, T, 2]; its first channel is `wav`."""
    constants: dict[str, npt.NDArray[Any]] = {
        "pair": np.array([1, 2], np.float32),
        "kernel": np.ones((1, 2, 9), np.float32),
        "zeros": np.zeros(3, np.int64),
        "ends": np.full(3, 2**60, np.int64),
        "channel": np.array(0, np.int64),
        "halves": np.array([1, 1], np.int64),
    }
    graph = helper.make_graph(
        [*nodes, helper.make_node("Gather", ["x", "channel"], ["wav"], axis=2)],
        "vocoder",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["B", "T", 2])],
        [helper.make_tensor_value_info("wav", TensorProto.FLOAT, ["B", "N"])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    return model


@pytest.mark.parametrize(
    ("opset", "node"),
    [
        (17, helper.make_node("Slice", ["mel", "zeros", "ends"], ["x"])),
        (18, helper.make_node("Slice", ["mel", "zeros", "ends", ""], ["x"])),
        (17, helper.make_node("Conv", ["kernel", "mel"], ["x"], kernel_shape=[2])),
        (17, helper.make_node("Gelu", ["mel"], ["x"], domain="com.microsoft")),
    ],
)
def test_what_other_exporters_write_is_refused_where_it_has_no_rule(opset: int, node: NodeProto) -> None:
    with pytest.raises(NotStreamable, match=f"^{node.op_type} x: "):
        make_stateful(graph_of([node], opset))


def test_what_depends_on_constants_alone_is_computed_as_the_graphs_opset_says() -> None:
    nodes = [
        helper.make_node("Split", ["pair", "halves"], ["one", "two"], axis=0),
        helper.make_node(
            "ReduceMean", ["two"], ["mean"], axes=[0], keepdims=1
        ),  # an attribute until opset 18
        helper.make_node("Mul", ["mel", "mean"], ["x"]),
    ]
    assert make_stateful(graph_of(nodes, 17)).hop_length == 1
    unknown = helper.make_node("Gelu", ["pair"], ["mean"], domain="com.microsoft")
    with pytest.raises(NotStreamable, match="Gelu mean: cannot be computed beforehand"):
        make_stateful(graph_of([unknown, nodes[-1]], 18))


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("name", ["hifigan_rb1", "vocos_center"])
def test_graphs_of_old_opsets_stream(
    name: str, opset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(CHECKPOINTS[name][0])
    monkeypatch.setattr("speechmesh.vocoder.export.onnx.OPSET", opset)
    streamed = Streamed(checkpoint.network, checkpoint.feature_space.n_mels, tmp_path)
    mel = mel_like(60, streamed.n_mels)
    np.testing.assert_allclose(streamed.stream(mel, [8]), streamed.offline(mel), atol=1e-5)
