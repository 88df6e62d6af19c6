"""Tests of a GPU: where there is one, `python -m pytest tests/gpu` needs neither the mesh nor Triton nor a teacher."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import onnxruntime as ort
import pytest

HERE = Path(__file__).parent
TRAINING = "test_training_cuda.py"

if find_spec("torch") is None:  # which a service's machine has not
    collect_ignore = [TRAINING]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if HERE in item.path.parents]
    for item in mine:
        if missing := _missing(trains=item.path.name == TRAINING):
            item.add_marker(pytest.mark.skip(reason=missing))


def _missing(*, trains: bool) -> str | None:
    if trains:
        import torch  # noqa: PLC0415 - seconds, for those who have it

        return None if torch.cuda.is_available() else "this PyTorch sees no GPU"
    if "CUDAExecutionProvider" in ort.get_available_providers():
        return None
    return "this ONNX Runtime has no CUDAExecutionProvider: onnxruntime-gpu and a GPU have"
