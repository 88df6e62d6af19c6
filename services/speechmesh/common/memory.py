"""This process's memory: how much it has, how much it may have, and giving back what is free."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")
# In a container its own group is the root: version 2, then version 1 of the kernel's interface.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# A limit above what any machine has stands for none: version 1 writes such a number.
_NO_LIMIT_BYTES = 2**60


def resident_bytes() -> int:
    """Resident memory of this process, files it has mapped included; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def limit_bytes() -> int:
    """The memory that this process's container may have; 0 when there is no limit."""
    for path in _LIMITS:
        try:
            limit = int(path.read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        return limit if limit < _NO_LIMIT_BYTES else 0
    return 0


def physical_bytes() -> int:
    """The memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES


def release_free() -> None:
    """Gives memory that nothing uses back to the system.

    glibc keeps what was freed for later allocations: a model that is gone is still in the resident memory. Where
    another C library is in use this does nothing. Takes milliseconds; call it from a worker thread.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
