"""Half precision: for GPUs, where it is as good as float32 and twice as fast. On the CPU for the check alone.

ONNX Runtime's own converter takes the values between two nodes that shall stay float32 through float16 all the same;
here a cast stands only where the precisions meet.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from speechmesh.vocoder.export.precision.graph_edit import Graph

# A phase or a position is counted exactly, over hours; half precision counts to 2048.
_COUNTING = ("CumSum",)
# What comes out of these is small whatever goes in, and need not be exact any more.
_BOUNDED = ("Sin", "Cos", "Tanh", "Sigmoid", "Log", "Conv", "ConvTranspose")
# Inputs that are float32 whatever the others are.
_ALWAYS_FLOAT = {"Resize": (1, 2)}


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph in float16 with float32 inputs and outputs; what counts positions or phases stays as it is."""
    return _Half(model).run()


class _Half:
    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = Graph(model)
        self._exact = _exact_nodes(self._graph)
        self._types = _types(model)
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
            else:
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
                    attribute.t.CopyFrom(numpy_helper.from_array(value.astype(np.float16)))
        self._halves |= {name for name in node.output if self._types.get(name) == TensorProto.FLOAT}

    def _as(self, name: str, elem_type: int) -> str:
        """A float tensor in that precision; others as they are."""
        constant = self._graph.constants.get(name)
        if constant is not None:
            if constant.dtype == np.float32 and elem_type == TensorProto.FLOAT16:
                return self._graph.constant(constant, np.float16, f"{name}/half")
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


def _types(model: onnx.ModelProto) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: value.type.tensor_type.elem_type
        for value in [*graph.input, *graph.value_info, *graph.output]
    }


def _exact_nodes(graph: Graph) -> set[str]:
    """First outputs of the nodes that feed a count, that carry it in the state, or follow from it while it is large."""
    producers, consumers = graph.producers(), graph.consumers()
    exact: dict[str, onnx.NodeProto] = {}
    waiting = [node for node in graph.nodes if node.op_type in _COUNTING]
    while waiting:  # what follows from a count
        node = waiting.pop()
        if node.output[0] not in exact:
            exact[node.output[0]] = node
            if node.op_type not in _BOUNDED:
                waiting += [taker for name in node.output for taker in consumers[name]]
    # What those follow from; but the next state is of everything.
    needed = [name for node in exact.values() if node.output[0] not in graph.outputs for name in node.input]
    while needed:
        found = producers.get(needed.pop())
        if found is not None and found.output[0] not in exact:
            exact[found.output[0]] = found
            needed += found.input
    return set(exact)
