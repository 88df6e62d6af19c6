"""Half precision: for GPUs, where it is as good as float32 and twice as fast. On the CPU for the check alone.

ONNX Runtime's own converter takes the values between two nodes that shall stay float32 through float16 all the same;
here a cast stands only where the precisions meet. What stays float32 is told by the graph, never by names:

- what decides: whatever an integer, a comparison or a rounded value is made from, back to the inputs. A duration that
  lies near a half must not become another number of frames;
- what cuDNN has no plan for in float16: a transposed convolution into one channel, as an overlap-add is. It is small;
- what counts: sums over time, ranges, and numbers made from integers, on to where they are mixed with weights. Half
  precision counts to 2048, and a phase or a position is counted over hours.

Normalisations and softmax need no place in the list: ONNX Runtime's kernels of both sum in float32 whatever they take.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.graphs.edit import Array, Graph, attributes_of

_COUNTING = ("CumSum", "Range")
_ROUNDING = ("Round", "Floor", "Ceil", "Sign")
# What these tell of a tensor is its shape, whatever its values.
_SIZES = ("Shape", "Size")
# What comes out of these is small whatever goes in, or a mixture of much else, and need not be exact any more.
_BOUNDED = frozenset(
    "Sin Cos Tanh Sigmoid Log Conv ConvTranspose MatMul Gemm LayerNormalization Softmax".split()
)
# Which inputs an output's values come from, where others only say which of them, or how many.
_VALUES = {
    **dict.fromkeys(
        "Gather GatherElements GatherND Reshape Expand Slice Tile Split Squeeze Unsqueeze".split(), (0,)
    ),
    **{"Pad": (0, 2), "Where": (1, 2), "Resize": (0,), "ConstantOfShape": (), "OneHot": (2,)},
}
# Inputs that are float32 whatever the others are.
_ALWAYS_FLOAT = {"Resize": (1, 2)}
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_LARGEST = float(np.finfo(np.float16).max)


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph in float16 with float32 inputs and outputs; what decides or counts stays as it is.

    Raises:
        ValueError: when a node has a graph inside, as a loop has: what that takes from outside is not followed.
    """
    if any(a.type == onnx.AttributeProto.GRAPH for node in model.graph.node for a in node.attribute):
        raise ValueError("graphs inside nodes are not put into float16")
    return _Half(model).run()


class _Half:
    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = Graph(model)
        self._types = _types(model)
        fold_casts(self._graph)
        self._exact = _exact_nodes(self._graph, self._types)
        # The tensors that are float16 now, and casts of tensors by their type.
        self._halves: set[str] = set()
        self._casts: dict[tuple[str, int], str] = {}
        self._done: list[onnx.NodeProto] = []

    def run(self) -> onnx.ModelProto:
        """The new model."""
        for node in self._graph.nodes:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            if node.output[0] in self._exact:
                copy.input[:] = [self._as(name, TensorProto.FLOAT) for name in node.input]
            elif node.op_type not in _SIZES:
                self._halve(copy)
            self._done.append(copy)
            for name in set(copy.output) & set(self._graph.outputs) & self._halves:
                self._restore_output(copy, name)
        model = self._graph.model(self._done)
        onnx.checker.check_model(model)
        return model

    def _halve(self, node: onnx.NodeProto) -> None:
        floats = _ALWAYS_FLOAT.get(node.op_type, ())
        node.input[:] = [
            name if index in floats else self._as(name, TensorProto.FLOAT16)
            for index, name in enumerate(node.input)
        ]
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
            elif attribute.type == onnx.AttributeProto.TENSOR:
                value = numpy_helper.to_array(attribute.t)
                if value.dtype == np.float32:
                    attribute.t.CopyFrom(numpy_helper.from_array(_half_of(value)))
        self._halves |= {name for name in node.output if self._types.get(name) == TensorProto.FLOAT}

    def _as(self, name: str, elem_type: int) -> str:
        """A float tensor in that precision; others as they are."""
        constant = self._graph.constants.get(name)
        if constant is not None:
            if constant.dtype == np.float32 and elem_type == TensorProto.FLOAT16:
                return self._graph.constant(_half_of(constant), np.float16, f"{name}/half")
            return name
        is_half = name in self._halves
        if self._types.get(name) != TensorProto.FLOAT or is_half == (elem_type == TensorProto.FLOAT16):
            return name
        if (name, elem_type) not in self._casts:
            cast = self._graph.node("Cast", [name], self._graph.new_name(f"{name}/cast"), to=elem_type)
            self._done.append(cast)
            self._casts[name, elem_type] = cast.output[0]
        return self._casts[name, elem_type]

    def _restore_output(self, node: onnx.NodeProto, name: str) -> None:
        """Gives an output of the graph its type again, under its name."""
        half = self._graph.new_name(f"{name}/half")
        node.output[:] = [half if output == name else output for output in node.output]
        self._done.append(helper.make_node("Cast", [half], [name], name=f"{name}/cast", to=TensorProto.FLOAT))
        self._halves.discard(name)


def _half_of(constant: Array) -> Array:
    """In float16, what it cannot hold as its largest: a mask's -1e9 as an infinity would make NaN of a row of masks."""
    return np.clip(constant, -_LARGEST, _LARGEST).astype(np.float16)


def fold_casts(graph: Graph) -> None:
    """Makes constants of casts of float constants: weights stored in float16 stand in each precision needed."""
    kept = []
    for node in graph.nodes:
        constant = graph.constants.get(node.input[0]) if node.op_type == "Cast" else None
        to = attributes_of(node).get("to")
        if constant is None or constant.dtype.kind != "f" or to != TensorProto.FLOAT:
            kept.append(node)
        else:
            graph.constants[node.output[0]] = constant.astype(np.float32)
    graph.nodes = kept


def _types(model: onnx.ModelProto) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: value.type.tensor_type.elem_type
        for value in [*graph.input, *graph.value_info, *graph.output]
    }


def _exact_nodes(graph: Graph, types: dict[str, int]) -> set[str]:
    """First outputs of the nodes that stay float32, see the module."""
    exact = {node.output[0] for node in graph.nodes if _decides(node, types)}
    producers = graph.producers()
    needed = [
        name
        for node in graph.nodes
        if node.output[0] in exact or node.op_type in _COUNTING
        for name in node.input
    ]
    while needed:
        found = producers.get(needed.pop())
        if found is not None and found.output[0] not in exact and found.op_type not in _SIZES:
            exact.add(found.output[0])
            needed += found.input
    return exact | _counted(graph, types) | _unplanned(graph)


def _unplanned(graph: Graph) -> set[str]:
    """First outputs of transposed convolutions into one channel a group: seen to fail on a GPU (cuDNN 9.14)."""
    return {
        node.output[0]
        for node in graph.nodes
        if node.op_type == "ConvTranspose"
        and (weight := graph.constants.get(node.input[1])) is not None
        and weight.shape[1] == 1
    }


def _decides(node: onnx.NodeProto, types: dict[str, int]) -> bool:
    """Whether small differences of its inputs may become large ones: it gives whole numbers or truths."""
    whole = any(types.get(name) not in _FLOATS for name in node.output if name)
    return node.op_type in _ROUNDING or (whole and node.op_type not in _SIZES)


def _counted(graph: Graph, types: dict[str, int]) -> set[str]:
    """First outputs of the nodes that count, or follow from a count while it may be large."""
    consumers = graph.consumers()
    counted: set[str] = set()
    waiting = [
        name
        for node in graph.nodes
        if node.op_type in (*_COUNTING, *_ROUNDING)
        or (node.op_type == "Cast" and _is_integer(types, node.output[0]))
        for name in node.output
    ]
    counted |= set(waiting)
    waiting += [name for name in graph.inputs if _is_integer(types, name)]
    while waiting:
        name = waiting.pop()
        for taker in consumers[name]:
            values = _VALUES.get(taker.op_type, range(len(taker.input)))
            takes = any(index < len(taker.input) and taker.input[index] == name for index in values)
            truth = types.get(taker.output[0]) == TensorProto.BOOL
            if takes and not truth and taker.op_type not in _SIZES and taker.output[0] not in counted:
                counted.add(taker.output[0])
                if taker.op_type not in _BOUNDED:
                    waiting += taker.output
    return counted


def _is_integer(types: dict[str, int], name: str) -> bool:
    return types.get(name) in (TensorProto.INT64, TensorProto.INT32)
