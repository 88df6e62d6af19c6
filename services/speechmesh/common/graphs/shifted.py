"""Depthwise convolutions as sums of shifted products, for GPUs whose inputs change their shape with every run.

ONNX Runtime plans a convolution with cuDNN's graphs whenever its input has another shape than at the run before, seen
earlier or not (`Conv::UpdateState` of its CUDA provider, since 1.20; https://github.com/microsoft/onnxruntime/issues/23006).
A plan takes milliseconds, and a text has a shape of its own. A depthwise convolution of a few taps is as quick as a few
products, which need no plan.
"""

from __future__ import annotations

import numpy as np
import onnx

from speechmesh.common.graphs.edit import Graph, attributes_of
from speechmesh.common.graphs.half import fold_casts

# Beyond so many taps the products would take longer than a convolution.
_MOST_TAPS = 16
_TO_THE_END = np.iinfo(np.int64).max
_CHANNELS_LAST = [0, 2, 1]


def to_shifted_products(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph without its depthwise convolutions along time; what it computes is the same, up to rounding."""
    graph = Graph(model)
    fold_casts(graph)
    producers = graph.producers()
    done: list[onnx.NodeProto] = []
    for node in graph.nodes:
        done += _shifted(graph, producers, node) or [node]
    model = graph.model(done)
    onnx.checker.check_model(model)
    return model


def _shifted(
    graph: Graph, producers: dict[str, onnx.NodeProto], node: onnx.NodeProto
) -> list[onnx.NodeProto]:
    """The nodes in place of a depthwise convolution; none for other nodes."""
    weight = graph.constants.get(node.input[1]) if node.op_type == "Conv" else None
    if weight is None or weight.ndim != 3 or weight.shape[1] != 1 or weight.shape[2] > _MOST_TAPS:
        return []
    given = attributes_of(node)
    n_channels, _, n_taps = weight.shape
    padded = given.get("auto_pad", b"NOTSET") != b"NOTSET"
    if given.get("group", 1) != n_channels or given.get("strides", [1]) != [1] or padded:
        return []
    (dilation,), pads = given.get("dilations", [1]), given.get("pads", [0, 0])
    source = producers.get(node.input[0])
    # Made by turning [B, T, C], it is not turned at all; the turn back behind it meets its inverse, and both go.
    last = (
        source is not None
        and source.op_type == "Transpose"
        and attributes_of(source)["perm"] == _CHANNELS_LAST
    )
    name, axis = node.output[0], 1 if last else 2
    made: list[onnx.NodeProto] = []

    def emit(op: str, inputs: list[str], hint: str, **attributes: object) -> str:
        made.append(graph.node(op, inputs, graph.new_name(f"{name}/{hint}"), **attributes))
        return str(made[-1].output[0])

    signal = source.input[0] if last and source is not None else node.input[0]
    if any(pads):
        around = [0] * 6
        around[axis], around[3 + axis] = pads
        signal = emit("Pad", [signal, graph.constant(around, np.int64)], "padded")
    total = ""
    for tap in range(n_taps):
        behind = (n_taps - 1 - tap) * dilation
        bounds = [[tap * dilation], [-behind if behind else _TO_THE_END], [axis]]
        piece = emit("Slice", [signal, *(graph.constant(bound, np.int64) for bound in bounds)], "piece")
        factors = weight[:, 0, tap] if last else weight[:, 0, tap, None]
        product = emit("Mul", [piece, graph.constant(factors, np.float32, f"{node.input[1]}/tap")], "product")
        total = emit("Add", [total, product], "sum") if total else product
    if len(node.input) > 2 and node.input[2]:
        bias = graph.constants[node.input[2]]
        total = emit(
            "Add", [total, graph.constant(bias if last else bias[:, None], np.float32, "bias")], "sum"
        )
    op, attributes = ("Transpose", {"perm": _CHANNELS_LAST}) if last else ("Identity", {})
    made.append(graph.node(op, [total], name, **attributes))
    return made
