"""Graphs with channels innermost, in eight bits and in half precision, against the float32 graphs they were made of."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.common.graphs.half import to_half
from speechmesh.vocoder.export.measure.quality import FAST, Figures
from speechmesh.vocoder.export.precision.calibration import METHODS, Activations
from speechmesh.vocoder.export.precision.channels_last import to_channels_last
from speechmesh.vocoder.export.precision.int8 import Layer, Range, find_layers, quantise
from speechmesh.vocoder.export.precision.search import choose_layers, grouped
from speechmesh.vocoder.export.prepare import Streaming
from speechmesh.vocoder.export.streaming import stream, whole

Graphs = dict[str, tuple[Streaming, FeatureSpace]]
NAMES = ("hifigan", "vocos_tiny", "tiny_a", "tiny_nsf")


def random_mel(space: FeatureSpace, n_frames: int = 90) -> FloatArray:
    return np.random.default_rng(1).standard_normal((n_frames, space.n_mels), dtype=np.float32)


def open_model(model: onnx.ModelProto, optimised: Path | None = None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    if optimised:
        options.optimized_model_filepath = str(optimised)
        options.log_severity_level = 3  # it warns that such files fit this machine alone
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def observed(streaming: Streaming, space: FeatureSpace) -> tuple[onnx.ModelProto, list[Layer], Activations]:
    model = to_channels_last(streaming.model)
    layers = find_layers(model)
    activations = Activations(model, layers)
    activations.observe([random_mel(space, 150)], streaming.config.first_chunk_frames)
    return model, layers, activations


def signal_to_noise_db(reference: FloatArray, other: FloatArray) -> float:
    return float(10 * np.log10(np.square(reference).mean() / max(np.square(reference - other).mean(), 1e-12)))


@pytest.mark.parametrize("name", NAMES)
def test_with_channels_last_the_same_comes_out(tiny_graphs: Graphs, name: str) -> None:
    streaming, space = tiny_graphs[name]
    mel = random_mel(space)
    expected = stream(open_model(streaming.model), streaming.config, space, mel, 16)
    for size in (8, 32):
        samples = stream(open_model(to_channels_last(streaming.model)), streaming.config, space, mel, size)
        assert np.abs(samples - expected).max() < 1e-5


def test_every_layer_of_a_hifigan_becomes_a_fused_integer_convolution(
    tiny_graphs: Graphs, tmp_path: Path
) -> None:
    streaming, space = tiny_graphs["hifigan"]
    model, layers, activations = observed(streaming, space)
    n_convolutions = Counter(node.op_type for node in model.graph.node)["Conv"]
    assert len(layers) == n_convolutions - 1  # all but the one that makes the samples
    assert "ConvTranspose" not in {node.op_type for node in model.graph.node}
    int8 = quantise(model, layers, activations.ranges("percentile"))
    open_model(int8, tmp_path / "optimised.onnx")
    fused = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    assert fused["QLinearConv"] == len(layers)
    assert fused["ConvTranspose"] == 0
    assert fused["Transpose"] <= 2, "transposes between the layers cost more than integers save"


@pytest.mark.parametrize("name", NAMES)
def test_int8_is_near_float32_and_streams_as_it_runs_whole(tiny_graphs: Graphs, name: str) -> None:
    streaming, space = tiny_graphs[name]
    model, layers, activations = observed(streaming, space)
    mel = random_mel(space)
    expected = stream(open_model(streaming.model), streaming.config, space, mel, 16)
    for method in METHODS:
        session = open_model(quantise(model, layers, activations.ranges(method)))
        samples = stream(session, streaming.config, space, mel, 16)
        assert signal_to_noise_db(expected, samples) > 10.0
        assert signal_to_noise_db(whole(session, streaming.config, space, mel), samples) > 25.0


def test_no_layers_in_int8_change_nothing(tiny_graphs: Graphs) -> None:
    model = to_channels_last(tiny_graphs["hifigan"][0].model)
    assert Counter(n.op_type for n in quantise(model, [], {}).graph.node) == Counter(
        n.op_type for n in model.graph.node
    )


@pytest.mark.parametrize("weight", [0.0, 1e-7, 1e-5])
def test_a_channel_of_next_to_no_weights_keeps_its_bias_in_int8(weight: float) -> None:
    random = np.random.default_rng(0)
    weights = random.standard_normal((4, 2, 3), dtype=np.float32)
    weights[2] = weight
    nodes = [
        helper.make_node("Transpose", ["x"], ["x_t"], name="in", perm=[0, 2, 1]),
        helper.make_node("Conv", ["x_t", "weight", "bias"], ["y_t"], name="conv"),
        helper.make_node("Transpose", ["y_t"], ["y"], name="out", perm=[0, 2, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolution",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "T", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "N", 4])],
        [
            numpy_helper.from_array(weights, "weight"),
            numpy_helper.from_array(np.full(4, 0.5, np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    int8 = quantise(model, find_layers(model), {"x": Range(-4.0, 4.0), "y_t": Range(-8.0, 8.0)})
    x = random.uniform(-1, 1, (1, 20, 2)).astype(np.float32)
    (expected,), (got,) = (open_model(m).run(None, {"x": x}) for m in (model, int8))
    assert np.abs(got - expected)[..., 2].max() < 0.04
    assert np.abs(got - expected).max() < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_near_float32(tiny_graphs: Graphs, name: str) -> None:
    streaming, space = tiny_graphs[name]
    half = to_half(streaming.model)
    mel = random_mel(space)
    expected = stream(open_model(streaming.model), streaming.config, space, mel, 16)
    samples = stream(open_model(half), streaming.config, space, mel, 16)
    assert signal_to_noise_db(expected, samples) > 40.0
    weights = {tensor.data_type for tensor in half.graph.initializer if len(tensor.dims) == 3}
    assert 10 in weights, "no weight in half precision"
    assert {i.type.tensor_type.elem_type for i in [*half.graph.input, *half.graph.output]} == {1}


def test_half_precision_counts_phases_exactly(tiny_graphs: Graphs) -> None:
    """A stream of an F0 source goes on for longer than half precision can count, and does not drift."""
    streaming, space = tiny_graphs["tiny_nsf"]
    mel = np.tile(random_mel(space, 64), (12, 1))
    mel[:, -2], mel[:, -1] = 180.0, 1.0  # voiced, at one pitch
    expected = stream(open_model(streaming.model), streaming.config, space, mel, 64)
    samples = stream(open_model(to_half(streaming.model)), streaming.config, space, mel, 64)
    tail = 64 * space.hop_length
    assert signal_to_noise_db(expected[-tail:], samples[-tail:]) > 40.0


def test_a_range_has_an_exact_code_for_zero() -> None:
    for values in (Range(-1.0, 3.0), Range(0.0, 2.0), Range(-0.3, 0.0)):
        assert 0 <= values.zero_point <= 255
        assert (values.zero_point * values.scale) + values.low == pytest.approx(0.0, abs=float(values.scale))


def layer(name: str, *, upsamples: bool = False) -> Layer:
    return Layer(name, (name,), None, 10, upsamples)


def judged(layers: list[Layer], harms: dict[str, float]) -> Figures:
    distance = float(np.sqrt(sum(harms.get(each.name, 0.01) ** 2 for each in layers)))
    return Figures(log_spectral_distance_db=distance, mel_cepstral_distortion_db=0.0, signal_to_noise_db=0.0)


def test_the_search_leaves_out_the_layers_that_do_harm() -> None:
    layers = [
        layer("first"),
        *(layer(f"inner{i}") for i in range(12)),
        layer("up", upsamples=True),
        layer("last"),
    ]
    assert [len(group) for group in grouped(layers)] == [1, 2, 2, 2, 2, 2, 2, 1, 1]
    harms = {"up": 4.0, "inner4": 2.6}
    choice, within = choose_layers(layers, lambda _: 1.0, lambda some, _: judged(some, harms), FAST, 60.0)
    left_out = {each.name for each in layers} - {each.name for each in choice.layers}
    assert within
    assert "up" in left_out and "inner4" in left_out
    assert len(left_out) <= 3


def test_the_search_says_when_nothing_is_within_the_bounds() -> None:
    layers = [layer(f"inner{i}") for i in range(6)]
    harms = {each.name: 50.0 for each in layers}
    choice, within = choose_layers(layers, lambda _: 1.0, lambda some, _: judged(some, harms), FAST, 60.0)
    assert not within
    assert choice.figures.excess(FAST) > 1.0
