"""Eight-bit integers in a channels-last graph: the heavy convolutions and matrices, the rest stays float32.

Weights are int8 per output channel, activations uint8 with a zero point: the pair that x86's VNNI instructions
multiply (int8 activations ran six times slower). Written as QuantizeLinear/DequantizeLinear, which ONNX Runtime
fuses into QLinearConv. What stays float32 for the sound's sake: the residual sums, and the last layers.

Histories are joined with their chunks as codes, a byte a value, and with the same scale in every chunk: what was
rounded once is not rounded again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx

from speechmesh.common.graphs.edit import Array, Graph, attributes_of

_SWAP = [0, 2, 1]
_CODES = 255
_WEIGHT_MAX = 127
# A bias is of 32 bits; the sums that it is added to need room, too.
_BIAS_MAX = 2**30


@dataclass(frozen=True)
class Layer:
    """A layer that can be computed in int8.

    `inputs` name the activations that go in, float32, whose common range decides the scale; `output` the result,
    or nothing where that stays float32. `upsamples`: every later layer builds on its result alone. `title` is what the
    network's author called it.
    """

    name: str
    inputs: tuple[str, ...]
    output: str | None
    n_weights: int
    upsamples: bool = False
    title: str = ""


@dataclass(frozen=True)
class Range:
    """The values that an activation takes, zero among them."""

    low: float
    high: float

    @property
    def scale(self) -> np.float32:
        """The step from code to code."""
        return np.float32(max(self.high - self.low, 1e-8) / _CODES)

    @property
    def zero_point(self) -> np.uint8:
        """The code of zero."""
        return np.uint8(np.clip(np.rint(-self.low / self.scale), 0, _CODES))


def find_layers(model: onnx.ModelProto) -> list[Layer]:
    """The layers of a channels-last graph that can be computed in int8, in its order.

    Not among them: depthwise and one-channel convolutions, which cost little, and those that make the samples, whose
    outputs as eight bits would hiss.
    """
    graph = Graph(model)
    producers, consumers, layers = graph.producers(), graph.consumers(), []
    for node in graph.nodes:
        weight = graph.constants.get(node.input[1]) if len(node.input) > 1 else None
        if weight is None:
            continue
        if node.op_type == "Conv" and _heavy_convolution(node, weight):
            source = producers.get(node.input[0])
            if source is not None and source.op_type == "Transpose":
                inputs = tuple(_activations(graph, producers, source.input[0]))
                folded = [c for t in consumers[node.output[0]] for c in consumers[t.output[0]]]
                upsamples = any(taker.op_type == "Reshape" for taker in folded)
                layers.append(Layer(node.name, inputs, node.output[0], weight.size, upsamples, _title(node)))
        elif node.op_type == "MatMul" and weight.ndim == 2 and min(weight.shape) > 1:
            layers.append(Layer(node.name, (node.input[0],), None, weight.size, title=_title(node)))
    return [layer for layer in layers if layer.inputs]


def _title(node: onnx.NodeProto) -> str:
    """The weight's name as PyTorch has it; matrices lose theirs on the way."""
    name = str(node.input[1]).removesuffix("/plain").removesuffix(".weight")
    return str(node.name) if name.startswith("onnx::") else name


def _heavy_convolution(node: onnx.NodeProto, weight: Array) -> bool:
    return attributes_of(node).get("group", 1) == 1 and weight.ndim == 3 and min(weight.shape[:2]) > 1


def _activations(graph: Graph, producers: dict[str, onnx.NodeProto], name: str) -> list[str]:
    """What is joined into a tensor along time, without what comes from the state or is zeros."""
    node = producers.get(name)
    if node is None:
        return [name]
    if _joins_time(node):
        return [found for piece in node.input for found in _activations(graph, producers, piece)]
    if node.op_type == "ConstantOfShape" or _from_state(producers, node):
        return []
    return [name]


def _joins_time(node: onnx.NodeProto) -> bool:
    return node.op_type == "Concat" and attributes_of(node)["axis"] == 1


def _from_state(producers: dict[str, onnx.NodeProto], node: onnx.NodeProto) -> bool:
    while node.op_type in ("Slice", "Reshape"):
        source = producers.get(node.input[0])
        if source is None:
            return False
        node = source
    return node.op_type == "Split" and node.input[0] == "whole_state"


def quantise(model: onnx.ModelProto, layers: list[Layer], ranges: dict[str, Range]) -> onnx.ModelProto:
    """The graph with `layers` in int8; `ranges` of all their inputs and outputs."""
    return _Quantiser(model, layers, ranges).run()


class _Quantiser:
    def __init__(self, model: onnx.ModelProto, layers: list[Layer], ranges: dict[str, Range]) -> None:
        self._graph = Graph(model)
        self._producers = self._graph.producers()
        self._layers = {layer.name: layer for layer in layers}
        self._ranges = ranges
        self._done: list[onnx.NodeProto] = []
        self._codes: dict[tuple[str, Range], str] = {}
        # Tensors that exist as codes, with their range: joined inputs and, by their transposes, outputs.
        self._joined: dict[str, Range] = {}
        self._results: dict[str, Range] = {}

    def run(self) -> onnx.ModelProto:
        """The new model."""
        for node in self._graph.nodes:
            if (layer := self._layers.get(node.name)) and node.op_type == "Conv":
                self._joined[self._producers[node.input[0]].input[0]] = self._range(layer.inputs)
        for node in self._graph.nodes:
            layer = self._layers.get(node.name)
            if layer is not None and node.op_type == "Conv":
                self._convolution(node, layer)
            elif layer is not None:
                self._matrix(node, layer)
            elif node.op_type == "Slice" and node.input[0] in self._joined:
                self._slice(node)
            elif node.op_type == "Transpose" and node.input[0] in self._results:
                self._result(node)
            else:
                self._done.append(node)
        model = self._graph.model(self._done)
        onnx.checker.check_model(model)
        return model

    def _range(self, names: tuple[str, ...]) -> Range:
        found = [self._ranges[name] for name in names]
        return Range(min(r.low for r in found), max(r.high for r in found))

    def _emit(self, op: str, inputs: list[str], hint: str, **attributes: object) -> str:
        node = self._graph.node(op, inputs, self._graph.new_name(hint), **attributes)
        self._done.append(node)
        return str(node.output[0])

    def _parameters(self, values: Range) -> list[str]:
        return [
            self._graph.constant(values.scale, np.float32, "scale"),
            self._graph.constant(values.zero_point, np.uint8, "zero_point"),
        ]

    def _quantised(self, name: str, values: Range) -> str:
        """The codes of a tensor; of what is joined along time, the joined codes."""
        key = (name, values)
        if key not in self._codes:
            node = self._producers.get(name)
            if node is not None and _joins_time(node):
                pieces = [self._quantised(piece, values) for piece in node.input]
                self._codes[key] = self._emit("Concat", pieces, f"{name}/codes", axis=1)
            else:
                inputs = [name, *self._parameters(values)]
                self._codes[key] = self._emit("QuantizeLinear", inputs, f"{name}/codes")
        return self._codes[key]

    def _dequantised(self, codes: str, values: Range, hint: str) -> str:
        return self._emit("DequantizeLinear", [codes, *self._parameters(values)], hint)

    def _weight(
        self, name: str, axis: int, least_scale: npt.ArrayLike = 0.0
    ) -> tuple[str, npt.NDArray[np.float32]]:
        """The weight through int8, and its scale for each output channel, at least `least_scale`."""
        weight = self._graph.constants[name]
        others = tuple(a for a in range(weight.ndim) if a != axis)
        scale = np.maximum(np.abs(weight).max(axis=others), 1e-12).astype(np.float32) / _WEIGHT_MAX
        scale = np.maximum(scale, least_scale).astype(np.float32)
        shaped = scale.reshape([-1 if a == axis else 1 for a in range(weight.ndim)])
        codes = np.clip(np.rint(weight / shaped), -_WEIGHT_MAX, _WEIGHT_MAX)
        inputs = [
            self._graph.constant(codes, np.int8, f"{name}/codes"),
            self._graph.constant(scale, np.float32, f"{name}/scale"),
            self._graph.constant(np.zeros(len(scale)), np.int8, "zeros"),
        ]
        return self._emit("DequantizeLinear", inputs, f"{name}/int8", axis=axis), scale

    def _bias(self, name: str, scale: npt.NDArray[np.float32]) -> str:
        codes = np.rint(self._graph.constants[name] / scale.astype(np.float64))
        inputs = [
            self._graph.constant(codes, np.int32, f"{name}/codes"),
            self._graph.constant(scale, np.float32, f"{name}/scale"),
            self._graph.constant(np.zeros(len(codes)), np.int32, "zeros"),
        ]
        return self._emit("DequantizeLinear", inputs, f"{name}/int32", axis=0)

    def _convolution(self, node: onnx.NodeProto, layer: Layer) -> None:
        values = self._range(layer.inputs)
        codes = self._quantised(self._producers[node.input[0]].input[0], values)
        codes = self._emit("Transpose", [codes], f"{node.name}/in_codes", perm=_SWAP)
        # The bias has the scale of weight times input: of a channel whose weights are next to nothing it would not fit.
        bias = np.abs(self._graph.constants[node.input[2]]) if len(node.input) > 2 else 0.0
        weight, scale = self._weight(node.input[1], 0, bias / (values.scale * _BIAS_MAX))
        inputs = [self._dequantised(codes, values, f"{node.name}/in"), weight]
        if len(node.input) > 2:
            inputs.append(self._bias(node.input[2], scale * values.scale))
        result = self._emit("Conv", inputs, f"{node.name}/out", **attributes_of(node))
        output = node.output[0]
        assert layer.output is not None  # of convolutions only matrices' results stay float32
        self._results[output] = self._ranges[layer.output]
        self._codes[output, self._results[output]] = self._emit(
            "QuantizeLinear", [result, *self._parameters(self._results[output])], f"{node.name}/out_codes"
        )
        self._done.append(
            self._graph.node(
                "DequantizeLinear",
                [self._codes[output, self._results[output]], *self._parameters(self._results[output])],
                output,
            )
        )

    def _result(self, node: onnx.NodeProto) -> None:
        """A transpose of a quantised result: of its codes."""
        values = self._results[node.input[0]]
        codes = self._codes[node.input[0], values]
        codes = self._emit("Transpose", [codes], f"{node.output[0]}/codes", **attributes_of(node))
        self._done.append(
            self._graph.node("DequantizeLinear", [codes, *self._parameters(values)], node.output[0])
        )

    def _slice(self, node: onnx.NodeProto) -> None:
        """What is kept for the next chunk, cut from the codes."""
        values = self._joined[node.input[0]]
        codes = self._quantised(node.input[0], values)
        codes = self._emit("Slice", [codes, *node.input[1:]], f"{node.output[0]}/codes")
        self._done.append(
            self._graph.node("DequantizeLinear", [codes, *self._parameters(values)], node.output[0])
        )

    def _matrix(self, node: onnx.NodeProto, layer: Layer) -> None:
        values = self._range(layer.inputs)
        codes = self._quantised(node.input[0], values)
        weight, _ = self._weight(node.input[1], 1)
        inputs = [self._dequantised(codes, values, f"{node.name}/in"), weight]
        self._done.append(self._graph.node("MatMul", inputs, node.output[0]))
