"""Makes the bootstrap voice's vocoder stateful: `python training/bootstrap_vocoder/make_stateful.py OLD.onnx NEW.onnx`.

OLD is the graph as it came out of training (`git show 1ae7c84:voices/bootstrap/vocoder.onnx`), whose overlap-add was
written with reshapes and paddings of the whole utterance. Here that part is put as what it is, two transposed
convolutions, and then the graph is taken the usual way. Prints what voice.yaml must say.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper

from speechmesh.vocoder.export.stateful import make_stateful

_HOP = 200
# The utterance's first sample is this far into the overlap-added frames; what is beyond the last frame's hop is cut.
_LEFT, _RIGHT = 400, 200
_FLOOR = 1e-4


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    return {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant"
    }


def _with_transposed_convolutions(old: onnx.ModelProto) -> onnx.ModelProto:
    constants = _constants(old.graph)
    # Spectrum (real and imaginary part, each [B, T, F]) times these [F, W] gives windowed frames.
    first_lost = next(i for i, node in enumerate(old.graph.node) if node.output[0] == "/MatMul_1_output_0")
    bases = [constants[f"/Constant_{number}_output_0"] for number in (9, 10)]
    width = bases[0].shape[1]
    window = np.hanning(width + 1)[:-1]
    weights = {
        "basis": np.concatenate(bases)[:, None].astype(np.float32),
        "squared_window": np.square(window)[None, None].astype(np.float32),
        "floor": np.array(_FLOOR, np.float32),
        "zero": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
        "bin": np.array([0], np.int64),
        "channel": np.array([1], np.int64),
    }
    overlap_add = {"strides": [_HOP], "kernel_shape": [width], "pads": [_LEFT, _RIGHT]}
    nodes = [
        *(node for node in old.graph.node[:first_lost] if node.output[0] != "/MatMul_output_0"),
        helper.make_node("Concat", ["/Mul_output_0", "/Mul_1_output_0"], ["spectrum"], axis=2),
        helper.make_node("Transpose", ["spectrum"], ["spectrum_by_bin"], perm=[0, 2, 1]),
        helper.make_node("ConvTranspose", ["spectrum_by_bin", "basis"], ["overlapped"], **overlap_add),
        # How much window lies on each sample: ones in place of the frames.
        helper.make_node("Gather", ["/Clip_output_0", "bin"], ["one_bin"], axis=2),
        helper.make_node("Transpose", ["one_bin"], ["one_bin_by_time"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["one_bin_by_time", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "one"], ["ones"]),
        helper.make_node("ConvTranspose", ["ones", "squared_window"], ["envelope"], **overlap_add),
        helper.make_node("Add", ["envelope", "floor"], ["divisor"]),
        helper.make_node("Div", ["overlapped", "divisor"], ["samples"]),
        helper.make_node("Squeeze", ["samples", "channel"], ["wav"]),
    ]
    graph = helper.make_graph(
        nodes,
        "vocoder",
        list(old.graph.input),
        [helper.make_tensor_value_info("wav", TensorProto.FLOAT, ["B", "N"])],
        [*old.graph.initializer, *(numpy_helper.from_array(array, name) for name, array in weights.items())],
    )
    model = helper.make_model(graph, opset_imports=list(old.opset_import), ir_version=old.ir_version)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Reads OLD, writes NEW."""
    old, new = (Path(argument) for argument in sys.argv[1:])
    stateful = make_stateful(_with_transposed_convolutions(onnx.load(old)))
    onnx.save(stateful.model, new)
    sys.stdout.write(yaml.safe_dump({"stateful": stateful.config.model_dump()}))


if __name__ == "__main__":
    main()
