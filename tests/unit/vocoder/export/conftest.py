"""Graphs and mels that the exporter's tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.export.card import Source
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.prepare import Offline, Streaming, streaming_graph
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

GOLDENS = Path(__file__).parents[3] / "data" / "goldens"
SOURCE = Source(file="f", sha256="0", architecture="onnx", description="A graph", n_parameters=0)


@pytest.fixture(scope="session")
def goldens() -> Path:
    return GOLDENS


@pytest.fixture(scope="session")
def example_mel() -> FloatArray:
    """A sentence's mel [420, 80] in the bootstrap voice's feature space."""
    with np.load(GOLDENS.parent / "bootstrap_example.npz") as arrays:
        return np.asarray(arrays["mel"][0], np.float32)


@pytest.fixture(scope="session")
def bootstrap_streaming(bootstrap: VoiceBundle) -> Streaming:
    """The bootstrap voice's vocoder, real weights, stateful or not."""
    config = next(iter(bootstrap.config.vocoders.values()))
    offline = Offline(bootstrap.folder / config.model, bootstrap.config.feature_space, SOURCE, None)
    return streaming_graph(offline, config.edge_frames)


@pytest.fixture(scope="session")
def tiny_graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Streaming, FeatureSpace]]:
    """The stateful graphs of tiny networks with random weights, one of each family."""
    made = {}
    for name in ("hifigan_tiny_rb1/g_00000000", "vocos_tiny", "kantts/tiny_a", "kantts/tiny_nsf"):
        checkpoint = load_checkpoint(GOLDENS / name)
        path = tmp_path_factory.mktemp("graph") / "offline.onnx"
        export_onnx(checkpoint.network, checkpoint.feature_space.n_mels, path)
        offline = Offline(path, checkpoint.feature_space, SOURCE, None)
        made[name.split("/")[-1]] = (streaming_graph(offline, 0), checkpoint.feature_space)
    made["hifigan"] = made.pop("g_00000000")
    return made
