from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace

import onnxruntime as ort
import pytest

from speechmesh.common.device_memory import DeviceMemory, DeviceMemoryReader


@pytest.mark.skipif(
    "CUDAExecutionProvider" in ort.get_available_providers(), reason="there may be a GPU here"
)
def test_where_there_is_no_nvml_that_is_logged_once_and_nothing_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    reader = DeviceMemoryReader()
    assert [reader(), reader()] == [None, None]
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("device memory is not watched: ")


class Nvml(ModuleType):
    """Two devices, as NVML counts them; the second can fail."""

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.used = {0: 1, "GPU-second": 2, 1: 2}
        self.fails = False

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        return uuid

    def nvmlDeviceGetMemoryInfo(self, handle: int | str) -> SimpleNamespace:
        if self.fails:
            raise RuntimeError("GPU is lost")
        return SimpleNamespace(used=self.used[handle], total=100)


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Nvml:
    module = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


@pytest.mark.parametrize(("visible", "used"), [(None, 1), ("", 1), ("1,0", 2), ("GPU-second", 2)])
def test_the_device_is_the_first_that_cuda_shows(
    nvml: Nvml, monkeypatch: pytest.MonkeyPatch, visible: str | None, used: int
) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert DeviceMemoryReader()() == DeviceMemory(used, 100)


def test_a_device_that_is_lost_is_not_asked_again(
    nvml: Nvml, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    reader = DeviceMemoryReader()
    assert reader() == DeviceMemory(1, 100)
    nvml.fails = True
    assert [reader(), reader()] == [None, None]
    assert [record.getMessage() for record in caplog.records] == [
        "device memory is not watched: RuntimeError: GPU is lost"
    ]
