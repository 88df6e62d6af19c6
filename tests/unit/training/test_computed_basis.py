"""A graph that computes the inverse transform's basis says the same as one that stores it."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.networks.spectral import InverseStft
from training.voices.computed_basis import compute_basis


def overlap_add(basis: np.ndarray, hop_length: int) -> onnx.ModelProto:
    """Spectra [1, 2 K, T] -> sums [1, 1, N]."""
    node = helper.make_node("ConvTranspose", ["spectrum", "basis"], ["sums"], strides=[hop_length])
    graph = helper.make_graph(
        [node],
        "overlap_add",
        [helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, [1, len(basis), "T"])],
        [helper.make_tensor_value_info("sums", TensorProto.FLOAT, [1, 1, "N"])],
        [numpy_helper.from_array(basis, "basis")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize(("n_fft", "hop_length"), [(16, 4), (800, 200), (1024, 256)])
def test_it_computes_the_basis_to_the_last_digit_or_the_one_before(n_fft: int, hop_length: int):
    basis = InverseStft(n_fft, hop_length, n_fft, "same").basis.numpy()
    model = overlap_add(basis, hop_length)
    spectrum = np.random.default_rng(1).normal(size=(1, n_fft + 2, 9)).astype(np.float32)
    stored = run(model, spectrum)
    n_bytes = model.ByteSize()
    compute_basis(model, basis)
    onnx.checker.check_model(model)
    assert run(model, spectrum) == pytest.approx(stored, abs=1e-6)
    if n_fft > 16:
        assert model.ByteSize() < 0.03 * n_bytes


def test_the_basis_is_computed_when_the_session_is_opened_and_not_at_each_run(tmp_path):
    basis = InverseStft(800, 200, 800, "same").basis.numpy()
    model = overlap_add(basis, 200)
    compute_basis(model, basis)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(model.SerializeToString(), options)
    assert [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node] == [
        "ConvTranspose"
    ]


def test_a_graph_without_this_basis_is_refused():
    basis = InverseStft(16, 4, 16, "same").basis.numpy()
    with pytest.raises(Incompatible, match="no basis"):
        compute_basis(overlap_add(basis, 4), 2.0 * basis)


def run(model: onnx.ModelProto, spectrum: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"spectrum": spectrum})[0]
