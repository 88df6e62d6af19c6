from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.graph_size import session_bytes

FIXED = 5 * 2**20
LOADED = {np.float32: 4, np.float16: 4, np.float64: 8, np.int8: 1, np.int64: 8}


def save(path: Path, weights: list[np.ndarray], body: onnx.GraphProto | None = None) -> Path:
    tensors = [numpy_helper.from_array(weight, f"w{i}") for i, weight in enumerate(weights)]
    nodes = [helper.make_node("Constant", [], ["c"], value=tensors[0])] if tensors else []
    if body is not None:
        nodes.append(helper.make_node("Loop", ["", ""], [], body=body))
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [], [], tensors[1:])), path)
    return path


@given(
    st.lists(st.tuples(st.sampled_from(list(LOADED)), st.lists(st.integers(0, 40), max_size=3)), max_size=5)
)
@settings(deadline=None)
def test_weights_count_as_they_are_loaded(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[tuple[type, list[int]]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "graph.onnx"
    save(path, [np.ones(shape, kind) for kind, shape in kinds])
    expected = sum(int(np.prod(shape)) * LOADED[kind] for kind, shape in kinds)
    assert session_bytes(path) == FIXED + expected


def test_graphs_within_nodes_count(tmp_path: Path) -> None:
    inner = helper.make_graph([], "inner", [], [], [numpy_helper.from_array(np.ones(100, np.float16), "w")])
    assert session_bytes(save(tmp_path / "g.onnx", [], inner)) == FIXED + 400


def test_weights_in_a_file_beside_the_graph_count(tmp_path: Path) -> None:
    path = save(tmp_path / "g.onnx", [np.ones(1, np.float32), np.ones((50, 50), np.float32)])
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights", size_threshold=0)
    assert session_bytes(path) == FIXED + 4 + 10_000


def test_the_default_voices_weights_are_those_that_onnx_counts(english: VoiceBundle) -> None:
    path = english.folder / english.config.acoustic.model
    graph = onnx.load(path).graph
    floats = {TensorProto.FLOAT: 4, TensorProto.FLOAT16: 4}
    weights = sum(int(np.prod(w.dims)) * floats[w.data_type] for w in graph.initializer)
    assert weights + FIXED <= session_bytes(path) < 1.02 * (weights + FIXED)


@pytest.mark.parametrize(
    "content", [b"{}", b"\x3a\xff", b"\x3a\x02\x2a\x7f", b"no graph at all", b"\x80" * 20]
)
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.onnx").write_bytes(content)
    with pytest.raises(Incompatible, match=r"g\.onnx: not an ONNX graph"):
        session_bytes(tmp_path / "g.onnx")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Incompatible, match=r"g\.onnx: No such file"):
        session_bytes(tmp_path / "g.onnx")
