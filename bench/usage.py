"""CPU time and memory of a contender's processes, by role, children included."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import psutil

# A part of the command line and what the process is. In this order: the stub's line names the server too.
_ROLES = (
    ("triton_python_backend_stub", "triton stubs"),
    ("tritonserver", "triton server"),
    ("speechmesh.frontend.server", "frontend"),
    ("speechmesh.acoustic.server", "acoustic"),
    ("speechmesh.vocoder.server", "vocoder"),
    ("bench.seed_baseline", "seed baseline"),
    ("bench.eager_baseline", "eager baseline"),
    ("bench.worker", "yardstick"),
)
_OTHER = "supervisor"
_SAMPLE_PERIOD_S = 0.25


def role_of(command: Sequence[str]) -> str:
    """What a process is, by its command line."""
    line = " ".join(command)
    return next((role for part, role in _ROLES if part in line), _OTHER)


class Processes:
    """The processes under some roots, found once: contenders do not start any while they are measured."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._by_role: list[tuple[str, psutil.Process]] = []
        for root in map(psutil.Process, roots):
            self._by_role += [
                (role_of(each.cmdline()), each) for each in (root, *root.children(recursive=True))
            ]

    def pids(self, role: str) -> list[int]:
        """Processes of a role."""
        return [process.pid for each, process in self._by_role if each == role]

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds used so far, by role.

        Raises:
            RuntimeError: when one of the processes is gone; figures without it would be wrong.
        """
        used: dict[str, float] = {}
        for role, process in self._by_role:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess as error:
                raise RuntimeError(f"a {role} process ended while it was measured") from error
            used[role] = used.get(role, 0.0) + times.user + times.system
        return used

    def rss_mib(self) -> float:
        """Resident memory of all now; pages that processes share count in each."""
        return sum(process.memory_info().rss for _, process in self._by_role) / 2**20


def difference(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """What was used between two readings, by role."""
    return {role: after[role] - before[role] for role in after}


def machine_busy_s() -> float:
    """CPU seconds that the machine has spent on whatever, or that its host has taken from it."""
    times = psutil.cpu_times()
    parts = ("user", "system", "nice", "irq", "softirq", "steal")  # not all systems have all
    return float(sum(getattr(times, part, 0.0) for part in parts))


class PeakMemory:
    """Watches the memory of processes from a thread until left."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._stop = threading.Event()
        self._samples: list[float] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def peak_mib(self) -> float:
        """The highest sum seen."""
        return max(self._samples, default=0.0)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._samples.append(self._processes.rss_mib())
            except psutil.NoSuchProcess:  # cpu_s reports it
                return
            self._stop.wait(_SAMPLE_PERIOD_S)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def idle_share(processes: Sequence[Processes], seconds: float) -> list[float]:
    """CPU seconds per second that each of `processes` uses while nothing is asked of it."""
    before = [sum(each.cpu_s().values()) for each in processes]
    threading.Event().wait(seconds)
    after = [sum(each.cpu_s().values()) for each in processes]
    return [(late - early) / seconds for late, early in zip(after, before, strict=True)]
