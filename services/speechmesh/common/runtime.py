"""ONNX Runtime sessions as every stage opens them: few threads, and none that spins."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort

from speechmesh.common.errors import Incompatible


def open_session(model: Path, *, threads: int = 1) -> ort.InferenceSession:
    """Opens a model on the CPU with `threads` threads.

    Several processes share the cores; spinning threads of one starve the others, so none spins.

    Raises:
        Incompatible: when the file is not a model that ONNX Runtime can load.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Shapes vary with every text: without this the arena keeps the largest ever seen.
    options.enable_mem_pattern = False
    try:
        return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no public base
        raise Incompatible(f"{model}: ONNX Runtime cannot load it: {error}") from None


def shrinking_run_options() -> ort.RunOptions:
    """Run options that give the arena's unused memory back after the run."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
