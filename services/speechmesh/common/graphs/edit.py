"""What the passes over ONNX graphs share: who makes and who takes a tensor, constants, and clearing away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[np.generic]


class Graph:
    """A graph under rewriting: nodes in order, constants by name; `model` gives it back."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._source = model
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        for node in model.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            else:
                self.nodes.append(node)
        self.inputs = [value.name for value in model.graph.input]
        self.outputs = [output.name for output in model.graph.output]
        self._taken = {name for node in self.nodes for name in node.output} | set(self.constants)
        self._interned: dict[tuple[object, ...], str] = {}

    def producers(self) -> dict[str, onnx.NodeProto]:
        """The node that makes each tensor."""
        return {name: node for node in self.nodes for name in node.output}

    def consumers(self) -> dict[str, list[onnx.NodeProto]]:
        """The nodes that take each tensor, in order."""
        found: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                found[name].append(node)
        return found

    def new_name(self, hint: str) -> str:
        """A name that nothing has."""
        name, number = hint, 1
        while name in self._taken:
            number += 1
            name = f"{hint}_{number}"
        self._taken.add(name)
        return name

    def constant(self, values: npt.ArrayLike, dtype: Any, hint: str = "constant") -> str:
        """The name of a constant; equal ones share one."""
        array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._interned:
            self._interned[key] = name = self.new_name(hint)
            self.constants[name] = array
        return self._interned[key]

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
        """A node with one output, named after it; not yet in the graph."""
        self._taken.add(output)
        return helper.make_node(op, inputs, [output], name=output, **attributes)

    def model(self, nodes: Iterable[onnx.NodeProto] | None = None) -> onnx.ModelProto:
        """The model of `nodes`, or of all, without those that nothing needs, and with the constants they take."""
        kept = needed_nodes(list(self.nodes if nodes is None else nodes), self.outputs)
        used = {name for node in kept for name in node.input}
        graph = helper.make_graph(
            kept,
            self._source.graph.name,
            self._source.graph.input,
            self._source.graph.output,
            [numpy_helper.from_array(array, name) for name, array in self.constants.items() if name in used],
        )
        model = helper.make_model(
            graph, opset_imports=self._source.opset_import, ir_version=self._source.ir_version
        )
        model.producer_name = "speechmesh"
        return model


def needed_nodes(nodes: list[onnx.NodeProto], outputs: list[str]) -> list[onnx.NodeProto]:
    """The nodes, in topological order, on which `outputs` depend."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    return kept[::-1]


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def merge_equal_nodes(graph: Graph) -> None:
    """Computes equal things once: nodes of equal operation, inputs and attributes; and skips those that do nothing."""
    renamed: dict[str, str] = {}
    seen: dict[tuple[object, ...], onnx.NodeProto] = {}
    kept = []
    for node in graph.nodes:
        inputs = [renamed.get(name, name) for name in node.input]
        is_output = bool(set(node.output) & set(graph.outputs))
        key = (
            node.op_type,
            *inputs,
            *sorted(attribute.SerializeToString(deterministic=True) for attribute in node.attribute),
        )
        passes = node.op_type == "Identity" or (node.op_type == "Concat" and len(inputs) == 1)
        if passes and not is_output:
            renamed[node.output[0]] = inputs[0]
        elif key in seen and not is_output and not node.op_type.startswith("Random"):
            renamed.update(zip(node.output, seen[key].output, strict=True))
        else:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = inputs
            seen.setdefault(key, copy)
            kept.append(copy)
    graph.nodes = kept
