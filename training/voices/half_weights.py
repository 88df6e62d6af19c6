"""Weights stored in half: rounded before the export, so that the graph and PyTorch still agree to the last bit."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

_MIN_VALUES = 1024


@torch.no_grad()
def round_weights(network: torch.nn.Module) -> None:
    """Rounds the large weights to float16, in place."""
    for parameter in network.parameters():
        if parameter.numel() >= _MIN_VALUES:
            parameter.copy_(parameter.half().float())


def store_halves(model: onnx.ModelProto) -> None:
    """Stores as float16, cast back at load, whatever large weight float16 holds exactly."""
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _MIN_VALUES:
            continue
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(halves, f"{name}_half"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
