"""Graphs whose loop is inside: a step is exported as it is and becomes the body of an ONNX `Loop`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import onnx
import torch
from onnx import GraphProto, ModelProto, TensorProto, helper
from torch import Tensor, nn

OPSET = 17


def export_step(
    step: nn.Module,
    arguments: Sequence[Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    axes: Mapping[str, Mapping[int, str]],
    path: Path,
) -> ModelProto:
    """A module as a graph, by way of a file at `path`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter announces its retirement with every call
        torch.onnx.export(
            step,
            tuple(arguments),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(of) for name, of in axes.items()},
        )
    return onnx.load(str(path))


def looped(
    step: ModelProto,
    *,
    carried: Mapping[str, str],
    constant: Sequence[str],
    made: str,
    made_axes: Sequence[str],
    name: str,
) -> ModelProto:
    """A graph that runs `step` `n` times, its input `t` counting up from `first`.

    Args:
        step: takes `t` int64 [1], the `carried` and the `constant` inputs.
        carried: for each input that changes, in order, the step's output that it becomes. The graph gives its last
            value as `final_NAME`.
        constant: inputs that do not change; the loop's body sees them from outside, so that nothing is copied.
        made: the step's output that is gathered.
        made_axes: names of its axes behind the first, which is the steps'.
        name: the graph's name, and the prefix of its nodes.
    """
    inner = step.graph
    body = GraphProto()
    body.name = f"{name}_step"
    body.input.extend(
        [
            helper.make_tensor_value_info("iteration", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            *(value_of(inner.input, each) for each in carried),
        ]
    )
    body.node.append(helper.make_node("Add", ["first", "iteration"], ["t"]))
    body.node.append(helper.make_node("Identity", ["go_on"], ["goes_on"]))
    body.node.extend(inner.node)
    body.output.append(helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []))
    body.output.extend(value_of(inner.output, each) for each in (*carried.values(), made))
    finals = [f"final_{each}" for each in carried]
    gathered = f"all_{made}"
    loop = helper.make_node("Loop", ["n", "", *carried], [*finals, gathered], body=body, name=name)
    outputs = [helper.make_tensor_value_info(gathered, TensorProto.FLOAT, ["n", *made_axes])]
    for final, output in zip(finals, carried.values(), strict=True):
        info = value_of(inner.output, output)
        info.name = final
        outputs.append(info)
    graph = helper.make_graph(
        [loop],
        name,
        [
            helper.make_tensor_value_info("first", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            *(value_of(inner.input, each) for each in (*carried, *constant)),
        ],
        outputs,
        list(inner.initializer),
    )
    return helper.make_model(graph, opset_imports=list(step.opset_import), ir_version=step.ir_version)


def value_of(values: Iterable[onnx.ValueInfoProto], name: str) -> onnx.ValueInfoProto:
    """A copy of the value of that name."""
    found = onnx.ValueInfoProto()
    found.CopyFrom(next(value for value in values if value.name == name))
    return found


def rename(graph: GraphProto, prefix: str, keep: set[str]) -> None:
    """Puts a prefix before every name of a graph and of the graphs inside it, but for those to keep."""

    def renamed(name: str) -> str:
        return name if not name or name in keep else prefix + name

    for node in graph.node:
        node.name = node.name and prefix + node.name  # none is a name that many may have
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                rename(attribute.g, prefix, keep)
    for weight in graph.initializer:
        weight.name = renamed(weight.name)
    for value in (*graph.input, *graph.output):
        value.name = renamed(value.name)
    del graph.value_info[:]
