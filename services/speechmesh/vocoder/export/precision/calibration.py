"""Which values the activations of a graph take on real mels, and what range of them eight bits shall cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.backends import FIRST_STATE, LAST, NOT_LAST
from speechmesh.vocoder.export.precision.int8 import Layer, Range

Method = Literal["minmax", "percentile", "error"]
METHODS: tuple[Method, ...] = ("error", "percentile", "minmax")
# Every activation of a chunk is in memory at once, so the chunks are short; values kept of each are a few.
_CHUNK_FRAMES = (8, 16, 32)
_KEPT_VALUES = 2048
_TAIL = 1e-4
_SHRINKS = np.linspace(0.3, 1.0, 29)


class Activations:
    """Extremes and a sample of the values of every input and output of `layers`."""

    def __init__(self, model: onnx.ModelProto, layers: list[Layer]) -> None:
        self._names = sorted(
            {name for layer in layers for name in (*layer.inputs, layer.output) if name is not None}
        )
        observed = onnx.ModelProto()
        observed.CopyFrom(model)
        made = {output.name for output in model.graph.output}
        observed.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in self._names
            if name not in made
        )
        self._stateful = len(model.graph.input) > 1
        self._session = _session(observed)
        self._random = np.random.default_rng(0)
        self._samples: dict[str, list[FloatArray]] = {name: [] for name in self._names}
        # How often in a frame each activation is computed: what a layer costs for its weights.
        self.steps_per_frame: dict[str, int] = {}

    def observe(self, mels: Iterable[FloatArray], first_chunk_frames: int) -> None:
        """Streams mels [T, M] through the graph, the state carried from chunk to chunk."""
        for mel in mels:
            for feeds in self._feeds(mel, first_chunk_frames):
                self._run(feeds)

    def _feeds(self, mel: FloatArray, first_chunk_frames: int) -> Iterator[dict[str, Any]]:
        if not self._stateful:
            step = _CHUNK_FRAMES[-1] + first_chunk_frames
            yield from ({"mel": mel[None, start : start + step]} for start in range(0, len(mel), step))
            return
        self._state, start, number = FIRST_STATE, 0, 0
        size = first_chunk_frames + _CHUNK_FRAMES[0]
        while start < len(mel):
            last = start + size >= len(mel)
            yield {
                "mel": mel[None, start : start + size],
                "state": self._state,
                "last": LAST if last else NOT_LAST,
            }
            start += size
            size = _CHUNK_FRAMES[number % len(_CHUNK_FRAMES)]
            number += 1

    def _run(self, feeds: dict[str, Any]) -> None:
        outputs = [*(["next_state"] if self._stateful else []), *self._names]
        results = dict(zip(outputs, self._session.run(outputs, feeds), strict=True))
        if self._stateful:
            self._state = results.pop("next_state")
        for name, values in results.items():
            if values.size:
                flat = values.ravel()
                kept = self._random.integers(0, flat.size, min(_KEPT_VALUES, flat.size))
                extremes = (flat.min(), flat.max())
                self._samples[name].append(np.append(flat[kept], extremes).astype(np.float32))
                steps = round(values.shape[1] / feeds["mel"].shape[1])
                self.steps_per_frame[name] = max(self.steps_per_frame.get(name, 1), steps)

    def ranges(self, method: Method) -> dict[str, Range]:
        """The range to cover for each activation.

        `minmax`: all values. `percentile`: all but one in ten thousand at each end. `error`: the range for which the
        mean squared error is least, steps and clipping counted together.
        """
        choose = {"minmax": _all, "percentile": _most, "error": _least_error}[method]
        return {name: choose(np.concatenate(samples)) for name, samples in self._samples.items()}


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _with_zero(low: float, high: float) -> Range:
    return Range(min(float(low), 0.0), max(float(high), 0.0))


def _all(values: npt.NDArray[np.float32]) -> Range:
    return _with_zero(values.min(), values.max())


def _most(values: npt.NDArray[np.float32]) -> Range:
    return _with_zero(*np.quantile(values, [_TAIL, 1.0 - _TAIL]))


def _least_error(values: npt.NDArray[np.float32]) -> Range:
    whole = _all(values)
    candidates = [Range(whole.low * shrink, whole.high * shrink) for shrink in _SHRINKS]
    return min(candidates, key=lambda candidate: _error(values, candidate))


def _error(values: npt.NDArray[np.float32], covered: Range) -> float:
    codes = np.clip(np.rint(values / covered.scale) + covered.zero_point, 0, 255)
    return float(np.square((codes - covered.zero_point) * covered.scale - values).mean())
