"""Real local Tritons for tests that kill them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from speechmesh.cli.mesh import Ports
from speechmesh.vocoder.triton.local import LocalTriton, remove_leftovers
from tests.conftest import REPOSITORY


class Triton:
    """A local Triton that can be killed, stopped and started again on its port."""

    def __init__(self, repository: Path, log: Path) -> None:
        self.ports = Ports.free()
        self._repository = repository
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.ports.triton}"

    def start(self) -> None:
        remove_leftovers(self.ports.triton)
        triton = LocalTriton(REPOSITORY / ".triton")
        if not triton.installed:
            pytest.fail("Triton is not installed in .triton: run `make setup`")
        command = triton.command(
            self._repository,
            grpc_port=self.ports.triton,
            metrics_port=self.ports.triton_metrics,
            otlp_endpoint="",
        )
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=triton.environment(), stdout=log, stderr=subprocess.STDOUT
            )

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def cpu_s_given_way(self) -> float:
        """CPU time of the threads of lower priority in the models' processes."""
        assert self._process is not None
        ticks = 0
        for stub in _descendants(self._process.pid):
            for stat in Path(f"/proc/{stub}/task").glob("*/stat"):
                with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
                    fields = stat.read_text().rpartition(")")[2].split()
                    if int(fields[16]) > 0:  # niceness, the 19th in all
                        ticks += int(fields[11]) + int(fields[12])  # utime, stime
        return ticks / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """SIGKILL, and what that leaves behind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        remove_leftovers(self.ports.triton)


def _descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [*children, *(grandchild for child in children for grandchild in _descendants(child))]


def unbatch(config: Path) -> None:
    """Lets a model of a repository take one chunk a run, at its warm-up, too."""
    text = re.sub(r"\bmax_batch_size: \d+", "max_batch_size: 1", config.read_text())
    config.write_text(re.sub(r"\bbatch_size: \d+", "batch_size: 1", text))


@contextmanager
def running(servers: list[Triton]) -> Iterator[None]:
    for server in servers:
        server.start()
    try:
        yield
    finally:
        for server in servers:
            server.kill()
