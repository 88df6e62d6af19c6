"""The memory of the GPU that this process runs on: what all processes on it have taken, as NVIDIA's NVML tells."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes of a device's memory: taken by anybody, and in all."""

    used_bytes: int
    total_bytes: int


class DeviceMemoryReader:
    """Reads the memory of the first GPU that CUDA shows this process. May wait for the driver: not for an event loop.

    Where it cannot be read - no NVML, no package `nvidia-ml-py`, no right to ask - that is logged once, and nothing is
    read any more.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._failed = False

    def __call__(self) -> DeviceMemory | None:
        """The memory now; None where it cannot be read."""
        if self._failed:
            return None
        try:
            import pynvml  # noqa: PLC0415 - of the extra acoustic-gpu

            if self._handle is None:
                pynvml.nvmlInit()
                self._handle = _first_visible(pynvml)
            info = pynvml.nvmlDeviceGetMemoryInfo(self._handle)
            return DeviceMemory(int(info.used), int(info.total))
        except Exception as error:  # whatever is wrong with it, it is no reason to stop serving
            self._failed = True
            log.warning("device memory is not watched: %s: %s", type(error).__name__, error)
            return None


def _first_visible(pynvml: Any) -> Any:
    """NVML's handle of CUDA's device 0: NVML counts all devices, CUDA those that its own variable leaves."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return pynvml.nvmlDeviceGetHandleByUUID(first)
    return pynvml.nvmlDeviceGetHandleByIndex(int(first or 0))
