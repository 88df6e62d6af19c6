"""A vocoder's graph with its channels innermost: [B, T, C] between the layers in place of [B, C, T].

ONNX Runtime computes quantised convolutions with the channels innermost and transposes before and after each, since
what joins a layer's history with its chunk stands between them. With everything else in that layout those transposes
meet their inverses and both go. Along time a history is then one piece of memory, and a transposed convolution is a
plain one whose output is read anew: `stride` samples of `C` channels are one of `stride * C`. What it computes is
the same, up to the order in which the state's values lie.
"""

from __future__ import annotations

import numpy as np
import onnx

from speechmesh.common.graphs.edit import Array, Graph, attributes_of, merge_equal_nodes

_SWAP = [0, 2, 1]
_POINTWISE = frozenset(
    "Abs Atan Ceil Clip Cos Elu Erf Exp Floor Gelu LeakyRelu Log Neg Reciprocal Relu Round Sigmoid Sin Softplus Sqrt "
    "Tanh Add Sub Mul Div Pow Min Max".split()
)


def to_channels_last(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, its signals [B, T, C] wherever that saves a transpose."""
    return _ChannelsLast(model).run()


class _ChannelsLast:
    """One walk over the graph; `_swapped` has the [B, T, C] form of those [B, C, T] tensors that are made so."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = Graph(model)
        merge_equal_nodes(self._graph)
        self._ranks = _ranks(self._graph.model())
        self._producers = self._graph.producers()
        self._done: list[onnx.NodeProto] = []
        self._made = {value.name for value in model.graph.input} | set(self._graph.constants)
        self._swapped: dict[str, str] = {}
        self._slot_of_read, self._slot_of_write = _slots(self._graph)
        self._swapped_slots: set[int] = set()

    def run(self) -> onnx.ModelProto:
        """The new model."""
        for node in self._graph.nodes:
            if not self._convert(node):
                for name in node.input:
                    self._materialise(name)
                self._append(node)
        for name in self._graph.outputs:
            self._materialise(name)
        model = self._graph.model(self._done)
        onnx.checker.check_model(model)
        return model

    def _convert(self, node: onnx.NodeProto) -> bool:
        """Emits the node's [B, T, C] form; whether there is one."""
        op, name = node.op_type, node.output[0]
        if op == "Transpose" and attributes_of(node).get("perm") == _SWAP:
            self._swapped_from_transpose(node)
            return True
        if self._ranks.get(name) == 3:
            if op == "Conv":
                self._convolution(node)
                return True
            if op == "ConvTranspose" and (weight := self._as_convolution(node)) is not None:
                self._upsampling(node, weight)
                return True
            if op in _POINTWISE and any(i in self._swapped for i in node.input):
                return self._pointwise(node)
            if op == "Concat" and attributes_of(node)["axis"] in (2, -1):
                return self._joined(node)
            if op == "Slice" and node.input[0] in self._swapped and self._axes(node) in ([2], [-1]):
                self._swapped[name] = self._sliced(node, self._swapped[node.input[0]])
                return True
        if op == "Reshape" and self._slot_of_write.get(name) in self._swapped_slots:
            self._append(self._graph.node("Reshape", [self._swapped[node.input[0]], node.input[1]], name))
            return True
        return False

    def _append(self, node: onnx.NodeProto) -> str:
        self._done.append(node)
        self._made.update(node.output)
        return str(node.output[0])

    def _emit(self, op: str, inputs: list[str], hint: str, **attributes: object) -> str:
        return self._append(self._graph.node(op, inputs, self._graph.new_name(hint), **attributes))

    def _materialise(self, name: str) -> None:
        """Makes a tensor in the layout that it had, if so far there is the other one alone."""
        if name not in self._made and name in self._swapped:
            self._append(self._graph.node("Transpose", [self._swapped[name]], name, perm=_SWAP))

    def _swap(self, name: str) -> str:
        """The tensor in the other layout."""
        if name not in self._swapped:
            self._swapped[name] = self._emit("Transpose", [name], f"{name}/btc", perm=_SWAP)
        return self._swapped[name]

    def _swapped_from_transpose(self, node: onnx.NodeProto) -> None:
        source, name = node.input[0], node.output[0]
        if source in self._swapped:
            self._append(self._graph.node("Identity", [self._swapped[source]], name))
        self._swapped[name] = source

    def _convolution(self, node: onnx.NodeProto) -> None:
        """The convolution between two transposes of its own, for ONNX Runtime to cancel against its own."""
        source, name = node.input[0], node.output[0]
        inner = self._emit("Transpose", [self._swap(source)], f"{name}/in", perm=_SWAP)
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[0] = inner
        self._append(copy)
        self._swapped[name] = self._emit("Transpose", [name], f"{name}/btc", perm=_SWAP)

    def _as_convolution(self, node: onnx.NodeProto) -> Array | None:
        """The weight [stride * C', C, taps] of the plain convolution that does the same, if there is one.

        Output stride * j + r is the sum over taps m of input j - m by weight r + m * stride.
        """
        weight = self._graph.constants.get(node.input[1])
        attributes = attributes_of(node)
        if weight is None or weight.ndim != 3 or attributes.get("group", 1) != 1 or weight.shape[1] == 1:
            return None
        (stride,) = attributes.get("strides", [1])
        kernel = weight.shape[2]
        taps = -(-kernel // stride)
        plain = (
            attributes.get("pads", [0, 0]) == [(taps - 1) * stride, kernel - stride]
            and attributes.get("dilations", [1]) == [1]
            and attributes.get("output_padding", [0]) == [0]
            and "output_shape" not in attributes
        )
        if not plain:
            return None
        n_in, n_out, _ = weight.shape
        padded = np.zeros((n_in, n_out, taps * stride), weight.dtype)
        padded[..., :kernel] = weight
        by_tap = padded.reshape(n_in, n_out, taps, stride)[:, :, ::-1]
        return np.ascontiguousarray(by_tap.transpose(3, 1, 0, 2).reshape(stride * n_out, n_in, taps))

    def _upsampling(self, node: onnx.NodeProto, weight: Array) -> None:
        name = node.output[0]
        n_out = self._graph.constants[node.input[1]].shape[1]
        stride = weight.shape[0] // n_out
        inputs = [
            self._emit("Transpose", [self._swap(node.input[0])], f"{name}/in", perm=_SWAP),
            self._graph.constant(weight, np.float32, f"{node.input[1]}/plain"),
        ]
        if len(node.input) > 2:
            bias = self._graph.constants[node.input[2]]
            inputs.append(self._graph.constant(np.tile(bias, stride), np.float32, f"{node.input[2]}/plain"))
        wide = self._emit("Conv", inputs, f"{name}/plain", kernel_shape=[weight.shape[2]])
        wide = self._emit("Transpose", [wide], f"{name}/wide", perm=_SWAP)
        shape = self._graph.constant([0, -1, n_out], np.int64)
        self._swapped[name] = self._emit("Reshape", [wide, shape], f"{name}/btc")

    def _pointwise(self, node: onnx.NodeProto) -> bool:
        inputs = []
        for name in node.input:
            constant = self._graph.constants.get(name)
            if constant is None:
                if self._ranks.get(name) != 3:
                    return False
                inputs.append(self._swap(name))
            elif constant.size == 1 or not name:
                inputs.append(name)
            else:
                full = constant.reshape((1,) * (3 - constant.ndim) + constant.shape)
                inputs.append(self._graph.constant(full.swapaxes(1, 2), full.dtype, f"{name}/btc"))
        name = node.output[0]
        self._swapped[name] = self._emit(node.op_type, inputs, f"{name}/btc", **attributes_of(node))
        return True

    def _joined(self, node: onnx.NodeProto) -> bool:
        """History, chunk and zeros joined along time."""
        if not any(name in self._swapped for name in node.input):
            return False
        name = node.output[0]
        pieces = [self._piece(piece) for piece in node.input]
        self._swapped[name] = self._emit("Concat", pieces, f"{name}/btc", axis=1)
        return True

    def _piece(self, name: str) -> str:
        if name in self._swapped:
            return self._swapped[name]
        producer = self._producers.get(name)
        if producer is None:
            return self._swap(name)
        if producer.op_type == "Slice" and self._axes(producer) in ([2], [-1]):
            if (history := self._read(producer.input[0])) is not None:
                return self._sliced(producer, history)
        elif producer.op_type == "Reshape" and (history := self._read(name)) is not None:
            return history
        elif producer.op_type == "ConstantOfShape" and (zeros := self._zeros(producer)) is not None:
            self._swapped[name] = zeros
            return zeros
        return self._swap(name)

    def _read(self, name: str) -> str | None:
        """A piece of the state as [B, T, C], if what is written there can be made so too."""
        producer = self._producers.get(name)
        if producer is None or producer.op_type != "Reshape":
            return None
        slot = self._slot_of_read.get(producer.input[0])
        shape = self._graph.constants.get(producer.input[1])
        if slot is None or shape is None or len(shape) != 3:
            return None
        self._swapped_slots.add(slot)
        swapped = self._graph.constant(shape[[0, 2, 1]], np.int64)
        return self._emit("Reshape", [producer.input[0], swapped], f"{name}/btc")

    def _zeros(self, node: onnx.NodeProto) -> str | None:
        shape = self._producers.get(node.input[0])
        if shape is None or shape.op_type != "Concat" or len(shape.input) != 3:
            return None
        batch, channels, length = shape.input
        swapped = self._emit("Concat", [batch, length, channels], f"{shape.output[0]}/btc", axis=0)
        return self._emit("ConstantOfShape", [swapped], f"{node.output[0]}/btc", **attributes_of(node))

    def _axes(self, node: onnx.NodeProto) -> list[int] | None:
        axes = self._graph.constants.get(node.input[3]) if len(node.input) > 3 else None
        return None if axes is None else [int(axis) for axis in np.ravel(axes)]

    def _sliced(self, node: onnx.NodeProto, source: str) -> str:
        inputs = [source, *node.input[1:3], self._graph.constant([1], np.int64), *node.input[4:]]
        return self._emit("Slice", inputs, f"{node.output[0]}/btc")


def _ranks(model: onnx.ModelProto) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = [*graph.input, *graph.value_info, *graph.output]
    return {value.name: len(value.type.tensor_type.shape.dim) for value in values}


def _slots(graph: Graph) -> tuple[dict[str, int], dict[str, int]]:
    """The index of each piece of the state, by the tensor that is read and by the one that is written."""
    producers = graph.producers()
    written = producers.get("next_state")
    reads = [node for node in graph.nodes if node.op_type == "Split" and node.input[0] == "whole_state"]
    if written is None or written.op_type != "Concat" or len(reads) != 1:
        return {}, {}
    if len(reads[0].output) != len(written.input):
        return {}, {}
    return (
        {name: index for index, name in enumerate(reads[0].output)},
        {name: index for index, name in enumerate(written.input)},
    )
