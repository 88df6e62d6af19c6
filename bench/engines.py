"""Engines side by side: one full-size vocoder, a five-second utterance, no serving. Random weights cost the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import openvino
import torch

from bench.figures import percentile
from bench.report import EAGER
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk

AUDIO_S = 5.0
_REPETITIONS = 3

Engine = Callable[[], object]


def measure(
    network: torch.nn.Module, offline: Path, graphs: dict[str, Path], mel: FloatArray, threads: int
) -> dict[str, dict[str, float]]:
    """RTF of every engine on `mel` [T, M] with `threads` threads, in turns, and as a ratio to eager PyTorch.

    `offline` is the graph over whole utterances, `graphs` are stateful ones by precision.
    """
    with _torch_threads(threads), torch.inference_mode():
        engines = _engines(network, offline, graphs, mel, threads)
        for run in engines.values():
            run()
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(_REPETITIONS):
            for name, run in engines.items():
                begun = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - begun)
    rtf = {name: (percentile(each, 50) or 0.0) / AUDIO_S for name, each in seconds.items()}
    return {name: {"rtf": value, "times_as_fast_as_eager": rtf[EAGER] / value} for name, value in rtf.items()}


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _engines(
    network: torch.nn.Module, offline: Path, graphs: dict[str, Path], mel: FloatArray, threads: int
) -> dict[str, Engine]:
    tensor = torch.from_numpy(mel[None])
    traced: Any = torch.jit.trace(network, tensor)  # type: ignore[no-untyped-call]
    script: Any = torch.jit.freeze(traced)
    whole = open_session(offline, threads=threads)
    engines: dict[str, Engine] = {
        EAGER: lambda: network(tensor),
        "TorchScript": lambda: script(tensor),
        "ONNX Runtime fp32": lambda: whole.run(["wav"], {"mel": mel[None]}),
    }
    for precision, path in graphs.items():
        session = open_session(path, threads=threads)
        for n_frames in (16, 64):
            engines[f"ONNX Runtime {precision}, stateful, {n_frames} frames a chunk"] = _streaming(
                session, mel, n_frames
            )
    for precision in ("f32", "bf16"):
        engines[f"OpenVINO {precision}"] = _openvino(offline, precision, threads, mel)
    return engines


def _streaming(session: ort.InferenceSession, mel: FloatArray, n_frames: int) -> Engine:
    def run() -> None:
        state = None
        for start in range(0, len(mel), n_frames):
            last = start + n_frames >= len(mel)
            state = run_chunk(session, Chunk(mel[start : start + n_frames], state, last)).state

    return run


def _openvino(offline: Path, precision: str, threads: int, mel: FloatArray) -> Engine:
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(offline, "CPU", options).create_infer_request()
    return lambda: request.infer({"mel": np.ascontiguousarray(mel[None])})
