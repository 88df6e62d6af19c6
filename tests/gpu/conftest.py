"""Tests of a GPU: where there is one, `python -m pytest tests/gpu` needs neither the mesh nor Triton nor a teacher."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort
import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "CUDAExecutionProvider" in ort.get_available_providers():
        return
    skip = pytest.mark.skip(
        reason="this ONNX Runtime has no CUDAExecutionProvider: onnxruntime-gpu and a GPU have"
    )
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(skip)
