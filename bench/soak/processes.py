"""Every process of a mesh, and what each holds: memory, file descriptors, threads. Linux."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.usage import role_of

_RESET_PEAK = "5"
# As Triton names them: english.fast.1a2b3c4d_0_1. The digest says nothing to whoever reads the figures.
_INSTANCE = re.compile(r"^([^/]+?)(?:\.[0-9a-f]{8})?(_\d+_\d+)$")


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at a moment."""

    rss_kib: int  # pages shared with others counted in full
    pss_kib: int  # pages shared with others counted in parts
    uss_kib: int  # its own alone
    anonymous_kib: int  # of the resident ones, those without a file behind them: heaps and stacks
    peak_rss_kib: int  # since the reading before
    descriptors: int
    threads: int


class MeshProcesses:
    """The processes under a root, found once; a mesh at work neither starts nor ends any."""

    def __init__(self, root: int) -> None:
        self._root = psutil.Process(root)
        self._names: dict[int, str] = {}
        seen: Counter[str] = Counter()
        for process in self._family():
            name = _name(process)
            seen[name] += 1
            self._names[process.pid] = name if seen[name] == 1 else f"{name} {seen[name]}"

    def _family(self) -> list[psutil.Process]:
        return [self._root, *self._root.children(recursive=True)]

    def read(self) -> dict[str, Held]:
        """What each process holds, by name.

        Raises:
            RuntimeError: when a process of the mesh ended, or one was started.
        """
        now = {process.pid for process in self._family()}
        if ended := [name for pid, name in self._names.items() if pid not in now]:
            raise RuntimeError(f"ended: {', '.join(ended)}")
        if started := now - self._names.keys():
            raise RuntimeError(f"the mesh has started {len(started)} more processes")
        return {name: _held(pid) for pid, name in self._names.items()}


def _name(process: psutil.Process) -> str:
    """What a process is; a stub of Triton is named for the model instance that it runs."""
    command = process.cmdline()
    role = role_of(command)
    if role == "triton stubs":
        return f"stub {instance_of(command)}"
    return role


def instance_of(command: Sequence[str]) -> str:
    """The model instance that a stub of Triton runs, by its command line, as `english.fast_0_1`; empty: none."""
    found = filter(None, map(_INSTANCE.match, command))
    return next(("".join(match.groups()) for match in found), "")


def _held(pid: int) -> Held:
    folder = Path("/proc") / str(pid)
    sizes = _sizes_kib(folder / "smaps_rollup")
    status = _sizes_kib(folder / "status")
    with suppress(OSError):  # the peak then is that of the process's whole life
        (folder / "clear_refs").write_text(_RESET_PEAK)
    return Held(
        rss_kib=sizes["Rss"],
        pss_kib=sizes["Pss"],
        uss_kib=sizes["Private_Clean"] + sizes["Private_Dirty"],
        anonymous_kib=sizes["Anonymous"],
        peak_rss_kib=status["VmHWM"],
        descriptors=sum(1 for _ in (folder / "fd").iterdir()),
        threads=sum(1 for _ in (folder / "task").iterdir()),
    )


def _sizes_kib(path: Path) -> dict[str, int]:
    """The lines `Name:  123 kB` of one of the kernel's files."""
    found = re.findall(r"^(\w+):\s+(\d+) kB$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(size) for name, size in found}
