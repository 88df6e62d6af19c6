from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.runtime import is_out_of_memory, open_session


@pytest.fixture(scope="module")
def zeros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph that makes as many zeros as it is told."""
    graph = helper.make_graph(
        [helper.make_node("ConstantOfShape", ["n"], ["y"]), helper.make_node("Reshape", ["y", "n"], ["z"])],
        "zeros",
        [helper.make_tensor_value_info("n", TensorProto.INT64, [1])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n"])],
    )
    path = tmp_path_factory.mktemp("graphs") / "zeros.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_onnx_runtimes_own_words_for_it_are_understood(zeros: Path) -> None:
    session = open_session(zeros)
    with pytest.raises(Exception, match="allocate") as caught:
        session.run(None, {"n": np.array([2**46])})  # 256 TiB
    assert is_out_of_memory(caught.value)
    assert session.run(None, {"n": np.array([3])})[0].tolist() == [0, 0, 0]


def test_another_fault_of_onnx_runtime_is_none_of_memory(zeros: Path) -> None:
    with pytest.raises(Exception, match="INVALID") as caught:
        open_session(zeros).run(None, {"n": np.array([[1.0]])})
    assert not is_out_of_memory(caught.value)


class OutOfMemoryError(RuntimeError):
    """As PyTorch has it."""

    __module__ = "torch"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("CUDA out of memory"), True),
        (type("Child", (OutOfMemoryError,), {})(), True),
        (ValueError("a text that says: out of memory"), False),
        (RuntimeError("std::bad_alloc"), False),
    ],
)
def test_errors_are_told_by_their_classes_not_by_what_others_write(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_a_device_that_the_runtime_has_not_is_refused_rather_than_left_out(bootstrap: VoiceBundle) -> None:
    if "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    with pytest.raises(Incompatible, match="device cuda: this ONNX Runtime has no CUDAExecutionProvider"):
        open_session(bootstrap.folder / bootstrap.config.acoustic.model, device="cuda")
