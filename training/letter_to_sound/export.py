"""From the trained network to the ONNX file that the frontend ships."""

from pathlib import Path

import numpy as np
import onnx
import torch
from corpus import LETTERS, encode_word
from model import Decider, LetterToSound

OPSET = 17
MIN_HALVED_VALUES = 1024


def halve_weights(model: onnx.ModelProto) -> None:
    """Stores the large weights as float16, cast back at load: half the file, no measurable change."""
    casts = []
    for weight in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < MIN_HALVED_VALUES:
            continue
        name = weight.name
        weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def export(network: LetterToSound, phones: list[str], path: Path) -> None:
    """Writes `letters` int64 [B, L] -> `slots` int64 [B, 2L], symbols in the file's metadata."""
    decider = Decider(network).cpu().eval()
    sample = torch.tensor([encode_word("sample")])
    axes = {"letters": {0: "B", 1: "L"}, "slots": {0: "B", 1: "S"}}
    torch.onnx.export(
        decider, (sample,), str(path), input_names=["letters"], output_names=["slots"],
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    halve_weights(model)
    onnx.helper.set_model_props(model, {"letters": LETTERS, "phones": " ".join(phones)})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
