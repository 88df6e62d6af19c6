"""A stateful graph of an offline one: chunk by chunk, nothing computed twice, joined equal to the whole.

The offline graph takes `mel` [B, T, M] and gives `wav` [B, N]. Every convolution of it pads with zeros at both ends
of the utterance; between chunks those zeros are what came before. So the stateful graph keeps, for each layer, the
last inputs that the layer's next outputs reach back to, in one flat tensor:

    mel [B, T, M], state [B, S], last [B, 1]  ->  wav [B, N'], next_state [B, S]

The widths of two inputs tell where a chunk stands, so that a batcher, which keeps unequal shapes apart, never mixes
chunks of different kinds: a `state` of width 1 (a zero) begins an utterance, a `last` of width 2 ends it; values of
`last` are not read. A chunk that needs frames to come gives fewer samples, the last one all that remain. No position
and no length goes in, and no mask: no layer ever computes anything outside the utterance.

The idea is that of incremental decoding of convolutions (Paine et al., Fast Wavenet, arXiv:1611.09482), with the
look-ahead of symmetric ones taken as a lag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnx.version_converter
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from speechmesh.common.bundle import StatefulConfig
from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.export.stateful.graph import GraphBuilder, Signal
from speechmesh.vocoder.export.stateful.rules import JOINING, RULES, NotStreamable, Values, refuse

__all__ = ["NotStreamable", "StatefulGraph", "make_stateful"]

_ONNX_DOMAINS = ("", "ai.onnx")
_OLDEST_OPSET = 18


@dataclass(frozen=True)
class StatefulGraph:
    """A stateful graph and what its callers must know: StatefulConfig and the samples that come of a frame."""

    model: onnx.ModelProto
    config: StatefulConfig
    hop_length: int


def make_stateful(offline: onnx.ModelProto) -> StatefulGraph:
    """The stateful graph of an offline vocoder, whose input is `mel` [B, T, M] and whose output `wav` [B, N].

    Raises:
        NotStreamable: naming the operation that cannot be done chunk by chunk.
        Incompatible: when the graph is not a vocoder.
    """
    offline = _current(offline)
    graph = onnx.shape_inference.infer_shapes(offline, strict_mode=False, data_prop=True).graph
    values = _known(graph)
    n_mels = values.shapes.get("mel", (0, 0, 0))[-1]
    if [i.name for i in graph.input] != ["mel"] or [o.name for o in graph.output] != ["wav"] or not n_mels:
        raise Incompatible("the graph must take `mel` [B, T, M], M fixed, and give `wav` [B, N]")
    build = GraphBuilder()
    values.signals["mel"] = Signal("mel", rate=1, lag=0, extra=0, axis=1, shape=(0, 0, n_mels))
    for node in graph.node:
        if not any(name in values.signals for name in node.input):
            _fold(values, node, offline)
            continue
        if node.op_type not in RULES or node.domain not in _ONNX_DOMAINS:
            raise refuse(node, "has no stateful form")
        if node.op_type not in JOINING and [n for n in node.input if n in values.signals] != [node.input[0]]:
            raise refuse(node, "takes what changes over time elsewhere than as its first input")
        if any(name not in values.shapes for name in node.output if name):
            raise refuse(node, "gives a tensor of unknown shape")
        RULES[node.op_type](build, values, node)
    if "wav" not in values.signals:
        raise Incompatible("`wav` does not depend on `mel`")
    return _finished(offline, build, values, n_mels)


def _current(offline: onnx.ModelProto) -> onnx.ModelProto:
    """The graph in an opset that the rules know: in older ones, which PyTorch long wrote, axes are attributes."""
    opset = next((entry.version for entry in offline.opset_import if entry.domain in _ONNX_DOMAINS), 0)
    if opset >= _OLDEST_OPSET:
        return offline
    try:
        return onnx.version_converter.convert_version(offline, _OLDEST_OPSET)
    except Exception as error:  # the converter's own share no base
        raise NotStreamable(f"opset {opset} cannot be converted into {_OLDEST_OPSET}") from error


def _known(graph: onnx.GraphProto) -> Values:
    shapes, elem_types = {}, {}
    for info in [*graph.input, *graph.value_info, *graph.output]:
        tensor = info.type.tensor_type
        if not tensor.HasField("shape"):
            continue
        shapes[info.name] = tuple(
            dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim
        )
        elem_types[info.name] = tensor.elem_type
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return Values(constants, shapes, elem_types)


def _fold(values: Values, node: onnx.NodeProto, offline: onnx.ModelProto) -> None:
    """Computes a node that depends on constants alone, as the operators were in the graph's opset."""
    inputs: dict[str, npt.NDArray[np.generic]] = {name: values.constants[name] for name in node.input if name}
    graph = helper.make_graph(
        [node],
        "fold",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for name, a in inputs.items()
        ],
        [helper.make_empty_tensor_value_info(name) for name in node.output],
    )
    try:
        model = helper.make_model(graph, opset_imports=offline.opset_import, ir_version=offline.ir_version)
        results = ReferenceEvaluator(model).run(None, inputs)
    except Exception as error:  # whatever operators raise, and those that are not known
        raise refuse(node, f"cannot be computed beforehand ({type(error).__name__})") from error
    values.constants.update(
        {name: np.asarray(result) for name, result in zip(node.output, results, strict=True)}
    )


def _finished(offline: onnx.ModelProto, build: GraphBuilder, values: Values, n_mels: int) -> StatefulGraph:
    wav = values.signals["wav"]
    if wav.lag < 0 or wav.extra > 0:
        raise NotStreamable("the graph gives more samples than its frames are long")
    nodes = [*build.finish(), helper.make_node("Identity", [wav.name], ["wav"])]
    used = {name for node in nodes for name in node.input}
    weights = [
        numpy_helper.from_array(array, name) for name, array in values.constants.items() if name in used
    ]
    graph = helper.make_graph(
        nodes,
        "stateful_vocoder",
        [
            helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["B", "T", n_mels]),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["B", "W"]),
            helper.make_tensor_value_info("last", TensorProto.FLOAT, ["B", "L"]),
        ],
        [
            helper.make_tensor_value_info("wav", TensorProto.FLOAT, ["B", "N"]),
            helper.make_tensor_value_info("next_state", TensorProto.FLOAT, ["B", build.state_size]),
        ],
        [*weights, *build.initializers],
    )
    model = helper.make_model(
        graph,
        opset_imports=list(offline.opset_import),
        producer_name="speechmesh",
        ir_version=offline.ir_version,
    )
    onnx.checker.check_model(model)
    config = StatefulConfig(
        state_size=build.state_size,
        lag_samples=wav.lag,
        trailing_samples=-wav.extra,
        min_first_frames=build.min_first_frames,
    )
    return StatefulGraph(model, config, wav.rate)
