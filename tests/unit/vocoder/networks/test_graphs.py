"""The exported graphs: plain layers only, and the same samples as PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

# What the rewriting into a streaming graph knows how to carry over a cut.
LAYERS = {"Conv", "ConvTranspose", "LeakyRelu", "Tanh", "Add", "Div", "Transpose", "Squeeze", "Constant"}
SPECTRAL = {
    "LayerNormalization",
    "MatMul",
    "Gelu",
    "Mul",
    "Split",
    "Exp",
    "Clip",
    "Cos",
    "Sin",
    "Slice",
    "Concat",
}
KANTTS = {"Sin", "Resize"}
SOURCE = set("Split Concat Slice GreaterOrEqual Cast Mul Sub Floor Mod CumSum Clip Log Sqrt Cos Sin".split())

ALLOWED = {
    "hifigan_tiny_rb1/g_00000000": LAYERS,
    "hifigan_tiny_rb2/g_00000000": LAYERS,
    "vocos_tiny": LAYERS | SPECTRAL,
    "vocos_tiny_same": LAYERS | SPECTRAL,
    "kantts/tiny_a": LAYERS | KANTTS | {"Pad", "Slice"},
    "kantts/tiny_byte": LAYERS | KANTTS,
    "kantts/tiny_nsf": LAYERS | KANTTS | SOURCE,
}


@pytest.fixture(scope="module", params=list(ALLOWED))
def exported(request: pytest.FixtureRequest, goldens: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    checkpoint = load_checkpoint(goldens / request.param)
    path = tmp_path_factory.mktemp("onnx") / "offline.onnx"
    export_onnx(checkpoint.network, checkpoint.feature_space.n_mels, path)
    return request.param, checkpoint, path


def random_mel(batch: int, n_frames: int, n_mels: int) -> torch.Tensor:
    mel = torch.randn(batch, n_frames, n_mels, generator=torch.Generator().manual_seed(n_frames))
    if n_mels == 82:
        mel[..., -2] = mel[..., -2].abs() * 200.0 + 30.0
        mel[..., -1] = (mel[..., -1] > -0.5).float()
    return mel


def test_only_layers_whose_streaming_is_known(exported) -> None:  # type: ignore[no-untyped-def]
    name, _, path = exported
    graph = onnx.load(path).graph
    assert {node.op_type for node in graph.node} <= ALLOWED[name]


def test_every_shape_parameter_is_constant(exported) -> None:  # type: ignore[no-untyped-def]
    _, _, path = exported
    graph = onnx.load(path).graph
    constants = {node.output[0] for node in graph.node if node.op_type == "Constant"}
    constants |= {initializer.name for initializer in graph.initializer} | {""}
    for node in graph.node:
        if node.op_type in ("Pad", "Slice", "Split", "Resize", "Squeeze", "CumSum", "Clip", "Mod"):
            assert set(node.input[1:]) <= constants, node


def test_onnx_runtime_agrees_with_pytorch(exported) -> None:  # type: ignore[no-untyped-def]
    _, checkpoint, path = exported
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options)
    for batch, n_frames in ((1, 2), (1, 16), (2, 33), (2, 101)):
        mel = random_mel(batch, n_frames, checkpoint.feature_space.n_mels)
        (wav,) = session.run(["wav"], {"mel": mel.numpy()})
        np.testing.assert_allclose(wav, checkpoint.network(mel).numpy(), rtol=0, atol=1e-5)


def test_items_of_a_batch_do_not_mix(exported) -> None:  # type: ignore[no-untyped-def]
    _, checkpoint, _ = exported
    mel = random_mel(3, 12, checkpoint.feature_space.n_mels)
    together = checkpoint.network(mel)
    for row in range(3):
        torch.testing.assert_close(
            together[row], checkpoint.network(mel[row : row + 1])[0], rtol=0, atol=1e-5
        )
