"""Float16 by what a graph does: what decides or counts stays float32, the rest does not."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.graphs.edit import Graph
from speechmesh.common.graphs.half import to_half
from speechmesh.common.graphs.shifted import to_shifted_products

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def graph_of(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, list[int | str]]],
    outputs: dict[str, tuple[int, list[int | str]]],
    weights: dict[str, np.ndarray],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
        [numpy_helper.from_array(weight, name) for name, weight in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto, **feeds: np.ndarray) -> list[np.ndarray]:
    return ort.InferenceSession(model.SerializeToString()).run(None, feeds)  # type: ignore[no-any-return]


def halves(model: onnx.ModelProto) -> set[str]:
    """The operations that run in float16."""
    shapes = onnx.shape_inference.infer_shapes(model).graph
    types = {v.name: v.type.tensor_type.elem_type for v in (*shapes.value_info, *shapes.output)}
    return {
        node.name
        for node in model.graph.node
        if node.op_type != "Cast" and types.get(node.output[0]) == TensorProto.FLOAT16
    }


NODE = helper.make_node


@pytest.fixture
def durations() -> onnx.ModelProto:
    """Durations from a prediction, positions from the durations, and a second way that hears all of it."""
    return graph_of(
        [
            NODE("MatMul", ["x", "w"], ["hidden"], "hidden"),
            NODE("Exp", ["hidden"], ["predicted"], "predicted"),
            NODE("Round", ["predicted"], ["rounded"], "rounded"),
            NODE("Cast", ["rounded"], ["dur"], "dur", to=INT64),
            NODE("CumSum", ["dur", "axis"], ["ends"], "ends"),
            NODE("Cast", ["ends"], ["position"], "position", to=FLOAT),
            NODE("Div", ["position", "ten"], ["scaled"], "scaled"),
            NODE("MatMul", ["scaled", "w"], ["mixed"], "mixed"),
            NODE("MatMul", ["x", "w2"], ["other"], "other"),
            NODE("Add", ["mixed", "other"], ["sum"], "sum"),
            NODE("Tanh", ["sum"], ["mel"], "mel"),
        ],
        {"x": (FLOAT, ["B", 4])},
        {"mel": (FLOAT, ["B", 4]), "dur": (INT64, ["B", 4])},
        {
            "w": np.eye(4, dtype=np.float32) * 0.9,
            "w2": np.eye(4, dtype=np.float32),
            "axis": np.array(1),
            "ten": np.array(10.0, np.float32),
        },
    )


def test_what_leads_to_whole_numbers_and_what_counts_stays_exact(durations: onnx.ModelProto) -> None:
    assert halves(to_half(durations)) == {"other", "sum", "mel"}


def test_durations_near_a_half_are_rounded_as_before(durations: onnx.ModelProto) -> None:
    rng = np.random.default_rng(0)
    halves_away = np.log(rng.integers(1, 60, (200, 4)) + 0.5) / 0.9
    x = (halves_away + rng.choice([-1e-5, 1e-5], (200, 4))).astype(np.float32)
    (_, exact), (_, half) = run(durations, x=x), run(to_half(durations), x=x)
    np.testing.assert_array_equal(exact, half)


def test_a_mask_of_what_half_precision_cannot_hold_hides_and_breaks_nothing() -> None:
    """As a row of nothing but masks would, were -1e9 an infinity."""
    model = graph_of(
        [
            NODE("Mul", ["mask", "hidden"], ["lift"], "lift"),
            NODE("Add", ["scores", "lift"], ["masked"], "masked"),
            NODE("Softmax", ["masked"], ["y"], "y", axis=-1),
        ],
        {"scores": (FLOAT, ["B", 4]), "mask": (FLOAT, ["B", 4])},
        {"y": (FLOAT, ["B", 4])},
        {"hidden": np.array(-1e9, np.float32)},
    )
    scores = np.array([[1, 2, 3, 4], [1, 1, 1, 1]], np.float32)
    mask = np.array([[0, 0, 1, 1], [1, 1, 1, 1]], np.float32)
    half = to_half(model)
    assert halves(half) == {"lift", "masked", "y"}
    np.testing.assert_allclose(
        run(half, scores=scores, mask=mask)[0], run(model, scores=scores, mask=mask)[0], atol=1e-3
    )


def test_shapes_decide_nothing() -> None:
    """Else whatever is reshaped by its own size would stay float32."""
    model = graph_of(
        [
            NODE("MatMul", ["x", "w"], ["y"], "y"),
            NODE("Shape", ["y"], ["shape"], "shape"),
            NODE("Reshape", ["y", "shape"], ["z"], "z"),
            NODE("MatMul", ["z", "w"], ["out"], "out"),
        ],
        {"x": (FLOAT, ["B", 4])},
        {"out": (FLOAT, ["B", 4])},
        {"w": np.eye(4, dtype=np.float32)},
    )
    half = to_half(model)
    assert halves(half) >= {"y", "z"}
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    np.testing.assert_array_equal(run(half, x=x)[0], x)


def test_weights_stored_in_half_precision_are_there_in_the_precision_that_takes_them() -> None:
    model = graph_of(
        [
            NODE("Cast", ["stored"], ["w"], "w", to=FLOAT),
            NODE("MatMul", ["x", "w"], ["hidden"], "hidden"),
            NODE("Cast", ["hidden"], ["whole"], "whole", to=INT64),
            NODE("MatMul", ["x", "w"], ["y"], "y"),
            NODE("Tanh", ["y"], ["out"], "out"),
        ],
        {"x": (FLOAT, ["B", 4])},
        {"out": (FLOAT, ["B", 4]), "whole": (INT64, ["B", 4])},
        {"stored": np.eye(4, dtype=np.float16)},
    )
    weights = Graph(to_half(model)).constants.values()
    assert {weight.dtype for weight in weights} == {np.dtype(np.float16), np.dtype(np.float32)}


def test_a_graph_with_a_loop_is_refused() -> None:
    body = helper.make_graph([], "body", [], [])
    model = graph_of([NODE("Loop", ["n", ""], [], body=body)], {"n": (INT64, [])}, {}, {})
    with pytest.raises(ValueError, match="graphs inside nodes"):
        to_half(model)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("taps", "dilation", "pads"), [(5, 1, [2, 2]), (3, 2, [4, 0]), (4, 1, [0, 0]), (1, 1, [1, 0])]
)
def test_shifted_products_are_the_depthwise_convolution(
    turned: bool, taps: int, dilation: int, pads: list[int]
) -> None:
    rng = np.random.default_rng(taps)
    turn = (
        [NODE("Transpose", ["x"], ["t"], "t", perm=[0, 2, 1])]
        if turned
        else [NODE("Identity", ["x"], ["t"], "t")]
    )
    model = graph_of(
        [
            *turn,
            NODE(
                "Conv",
                ["t", "w", "b"],
                ["c"],
                "c",
                group=6,
                kernel_shape=[taps],
                dilations=[dilation],
                pads=pads,
            ),
            NODE("Transpose", ["c"], ["y"], "y", perm=[0, 2, 1]),
        ],
        {"x": (FLOAT, ["B", "T", 6] if turned else ["B", 6, "T"])},
        {"y": (FLOAT, ["B", "N", 6])},
        {
            "w": rng.standard_normal((6, 1, taps)).astype(np.float32),
            "b": rng.standard_normal(6).astype(np.float32),
        },
    )
    shifted = to_shifted_products(model)
    assert "Conv" not in {node.op_type for node in shifted.graph.node}
    x = rng.standard_normal((2, 17, 6) if turned else (2, 6, 17)).astype(np.float32)
    np.testing.assert_allclose(run(shifted, x=x)[0], run(model, x=x)[0], atol=1e-5)


def test_other_convolutions_stay() -> None:
    model = graph_of(
        [NODE("Conv", ["x", "w"], ["y"], "y", kernel_shape=[3])],
        {"x": (FLOAT, ["B", 2, "T"])},
        {"y": (FLOAT, ["B", 2, "N"])},
        {"w": np.ones((2, 2, 3), np.float32)},
    )
    assert [node.op_type for node in to_shifted_products(model).graph.node] == ["Conv"]


@pytest.mark.parametrize(("channels", "name"), [(1, "overlap_add"), (8, "upsample")])
def test_an_overlap_add_stays_float32_as_no_gpu_has_a_plan_for_it(channels: int, name: str) -> None:
    dice = np.random.default_rng(0)
    model = graph_of(
        [
            NODE("Conv", ["x", "wide"], ["hidden"], "wide"),
            NODE("ConvTranspose", ["hidden", "frames"], ["wav"], name, strides=[2]),
        ],
        {"x": (FLOAT, ["B", 4, "T"])},
        {"wav": (FLOAT, ["B", channels, "N"])},
        {
            "wide": dice.normal(size=(6, 4, 1)).astype(np.float32),
            "frames": dice.normal(size=(6, channels, 4)).astype(np.float32),
        },
    )
    half = to_half(model)
    assert halves(half) == ({"wide"} if channels == 1 else {"wide", "upsample"})
    x = dice.normal(size=(2, 4, 9)).astype(np.float32)
    np.testing.assert_allclose(run(half, x=x)[0], run(model, x=x)[0], atol=0.05)
