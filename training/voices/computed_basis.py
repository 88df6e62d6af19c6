"""The inverse transform's basis as the few numbers that it is made of: a fifth to a third of a vocoder's file is saved.

The graph computes it when a session is opened: all of it is constant, and ONNX Runtime folds constants.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray

Float64 = npt.NDArray[np.float64]


def compute_basis(model: onnx.ModelProto, basis: FloatArray) -> None:
    """Replaces the constant `basis` [2 K, 1, N] of InverseStft, whose window is as long as its transform, in place.

    Raises:
        Incompatible: when the graph holds no such constant.
    """
    stored = next(
        (
            constant
            for constant in model.graph.initializer
            if tuple(constant.dims) == basis.shape and np.array_equal(numpy_helper.to_array(constant), basis)
        ),
        None,
    )
    if stored is None:
        raise Incompatible(f"the graph holds no basis of an inverse transform of shape {basis.shape}")
    name = stored.name
    model.graph.initializer.remove(stored)
    n_bins, n_samples = basis.shape[0] // 2, basis.shape[2]
    nodes = _Nodes(model.graph, f"{name}_")
    bins, samples = nodes.constant(np.arange(n_bins)[:, None]), nodes.constant(np.arange(n_samples)[None])
    # Turns of n_samples-ths, whole numbers up to here: exact.
    turns = nodes.add("Mod", nodes.add("Mul", bins, samples), nodes.constant(np.array(n_samples)))
    turn = np.arange(n_samples) * (2.0 * np.pi / n_samples)
    # Every bin but the first and the last stands for two.
    weight = np.full((n_bins, 1), 2.0 / n_samples)
    weight[0] = weight[-1] = 1.0 / n_samples
    weights = nodes.constant(weight)
    real, imaginary = (
        nodes.add("Mul", nodes.add("Gather", nodes.constant(wave), turns), weights)
        for wave in (np.cos(turn), -np.sin(turn))
    )
    waves = nodes.add("Concat", real, imaginary, axis=0)
    window = nodes.constant(0.5 - 0.5 * np.cos(turn))  # Hann's, periodic
    windowed = nodes.add("Unsqueeze", nodes.add("Mul", waves, window), nodes.constant(np.array([1])))
    nodes.add("Cast", windowed, to=TensorProto.FLOAT, output=name)
    nodes.put_first()


class _Nodes:
    """New nodes of a graph and their constants, all named after `prefix`."""

    def __init__(self, graph: onnx.GraphProto, prefix: str) -> None:
        self._graph, self._prefix = graph, prefix
        self._nodes: list[onnx.NodeProto] = []
        self._n_constants = 0

    def constant(self, values: Float64 | npt.NDArray[np.int64]) -> str:
        self._n_constants += 1
        name = f"{self._prefix}constant_{self._n_constants}"
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: int) -> str:
        name = output or f"{self._prefix}{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def put_first(self) -> None:
        old = list(self._graph.node)
        del self._graph.node[:]
        self._graph.node.extend([*self._nodes, *old])
