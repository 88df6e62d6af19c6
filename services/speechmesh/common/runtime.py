"""ONNX Runtime sessions as every stage opens them: few threads, and none that spins."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from speechmesh.common.errors import Incompatible, Overloaded

# How ONNX Runtime says it: its arena, an arena with a limit, the C++ library, CUDA and its libraries.
_OUT_OF_MEMORY_TEXTS = (
    "Failed to allocate memory for requested buffer",
    "is smaller than requested bytes",
    "bad_alloc",
    "bad allocation",
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


Device = Literal["cpu", "cuda"]
_PROVIDERS: dict[Device, list[str]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": ["CUDAExecutionProvider", "CPUExecutionProvider"],
}
# https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
_CUDA_OPTIONS = {
    # The default doubles the arena with each extension: a shared device would be full of what nobody uses.
    "arena_extend_strategy": "kSameAsRequested",
    # The default tries every algorithm anew for each shape, and a text has a shape of its own.
    "cudnn_conv_algo_search": "HEURISTIC",
    # What stays float32 decides durations; TF32, the default, multiplies with the ten bits of float16.
    "use_tf32": "0",
}


def open_session(
    model: Path,
    *,
    threads: int = 1,
    device: Device = "cpu",
    device_memory_bytes: int = 0,
    content: bytes | None = None,
) -> ort.InferenceSession:
    """Opens a model on the CPU with `threads` threads, or on the GPU, where what it cannot do stays on the CPU.

    Several processes share the cores; spinning threads of one starve the others, so none spins.

    Args:
        model: the file; with `content`, its name alone, for errors.
        threads: of each run.
        device: where it runs.
        device_memory_bytes: most that its weights and runs may take of the device's memory; 0: no limit.
        content: the graph, where it is not as in the file.

    Raises:
        Incompatible: when the file is not a model that ONNX Runtime can load, or it has no support of the device.
        Overloaded: when memory does not suffice for it now.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Shapes vary with every text: without this the arena keeps the largest ever seen.
    options.enable_mem_pattern = False
    providers = _PROVIDERS[device]
    # Asked for what it has not, ONNX Runtime warns and takes the CPU: a pod on a GPU node would crawl unnoticed.
    if missing := set(providers) - set(ort.get_available_providers()):
        raise Incompatible(
            f"device {device}: this ONNX Runtime has no {', '.join(missing)}; onnxruntime-gpu has it, in place of "
            "onnxruntime"
        )
    if device == "cuda":
        _load_cuda()
    try:
        session = ort.InferenceSession(
            str(model) if content is None else content,
            options,
            providers=providers,
            provider_options=provider_options(device, device_memory_bytes),
        )
        if device != "cpu" and providers[0] not in session.get_providers():
            raise Incompatible(f"device {device}: ONNX Runtime finds no device for {providers[0]}")
        # Nor may it go over to the CPU when a run fails on the device: that would be slow, and nobody would know.
        session.disable_fallback()
        return session
    except Incompatible:
        raise
    except Exception as error:  # ONNX Runtime's own exceptions share no public base
        if is_out_of_memory(error):
            raise Overloaded(f"memory does not suffice to load {model}") from None
        raise Incompatible(f"{model}: ONNX Runtime cannot load it: {error}") from None


@functools.cache
def _load_cuda() -> None:
    """Loads CUDA's libraries where they came as Python packages, which the loader of libraries does not search."""
    if hasattr(ort, "preload_dlls"):  # since 1.21
        ort.preload_dlls()


def provider_options(device: Device, device_memory_bytes: int = 0) -> list[dict[str, str]]:
    """Options of each provider of a device, in their order."""
    if device == "cpu":
        return [{}]
    limit = {"gpu_mem_limit": str(device_memory_bytes)} if device_memory_bytes else {}
    return [_CUDA_OPTIONS | limit, {}]


def shrinking_run_options(device: Device = "cpu", *, of_device: bool = False) -> ort.RunOptions:
    """Run options that give the host arena's unused memory back after the run, and the device's if so said.

    On a GPU that is for when memory is scarce: each region goes back by `cudaFree`, which waits for all that runs on
    the device, and the next run asks for it anew. Between runs the device's arena stays as large as `gpu_mem_limit`
    lets it grow.
    """
    options = ort.RunOptions()
    arenas = "cpu:0;gpu:0" if device == "cuda" and of_device else "cpu:0"
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", arenas)
    return options


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice, on the host or a device: what failed may pass with less at once.

    ONNX Runtime has no class for it, only its texts; PyTorch's class is known by its name, as serving needs no PyTorch.
    """
    if isinstance(error, MemoryError):
        return True
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__}
    if ("torch", "OutOfMemoryError") in kinds:
        return True
    from_runtime = type(error).__module__.startswith("onnxruntime.")
    return from_runtime and any(text in str(error) for text in _OUT_OF_MEMORY_TEXTS)
