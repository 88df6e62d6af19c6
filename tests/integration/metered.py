"""A mesh of real processes, one a stage, whose metrics are scraped as Prometheus does it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from speechmesh.cli.mesh import free_ports
from speechmesh.client import Client

_START_S = 60.0
_WITHIN_S = 20.0

Labels = tuple[tuple[str, str], ...]


class Scrape:
    """The samples of one scrape, by name and labels."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            text = response.read().decode()
        exposed = {re.split(r"[{ ]", line, maxsplit=1)[0] for line in text.splitlines()}
        self.samples: dict[tuple[str, Labels], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name
                # The parser gives every counter the ending that OpenMetrics asks for; Triton's have none.
                if name not in exposed:
                    name = name.removesuffix("_total")
                labels = sorted((k, v) for k, v in sample.labels.items() if not k.startswith("otel_"))
                self.samples[name, tuple(labels)] = sample.value

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        return sum(
            value
            for (its_name, its_labels), value in self.samples.items()
            if its_name == name and labels.items() <= dict(its_labels).items()
        )

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of each of a metric's samples."""
        return [dict(labels) for its_name, labels in self.samples if its_name == name]


_given: set[int] = set()


def _ports_of_its_own() -> list[int]:
    """Two ports that no stage before it was given, which may not listen yet."""
    while not _given.isdisjoint(ports := free_ports(2)):
        pass
    _given.update(ports)
    return ports


class StageProcess:
    """A stage in a process of its own: it can be killed, stopped and started again on its ports."""

    def __init__(self, name: str, log: Path, **settings: object) -> None:
        self.name = name
        self.port, self.metrics_port = _ports_of_its_own()
        self._log = log
        values = {"port": self.port, "metrics_port": self.metrics_port, "drain_grace_s": 1.0, **settings}
        self._environment = {
            f"SPEECHMESH_{name.upper()}_{key.upper()}": str(value) for key, value in values.items()
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", f"speechmesh.{self.name}.server"]
        with self._log.open("ab") as log:
            environment = os.environ | self._environment
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def wait_serving(self) -> None:
        """Waits until its health says SERVING."""
        request = health_pb2.HealthCheckRequest()
        give_up_at = time.monotonic() + _START_S
        with grpc.insecure_channel(self.target, options=[("grpc.max_reconnect_backoff_ms", 200)]) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            while time.monotonic() < give_up_at and self._process and self._process.poll() is None:
                try:
                    if check(request, timeout=2, wait_for_ready=True).status == 1:
                        return
                except grpc.RpcError:
                    pass
                time.sleep(0.05)
        pytest.fail(f"{self.name} does not serve:\n{self._log.read_text()}")

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(30)

    def scrape(self) -> Scrape:
        return Scrape(self.metrics_port)


class MeteredMesh:
    """The three stages."""

    def __init__(self, acoustic: StageProcess, vocoder: StageProcess, frontend: StageProcess) -> None:
        self.acoustic, self.vocoder, self.frontend = acoustic, vocoder, frontend

    @property
    def stages(self) -> tuple[StageProcess, ...]:
        return self.acoustic, self.vocoder, self.frontend

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client; what a frontend has answered it does not ask twice, so that every request is counted once."""
        with Client(self.frontend.target) as client:
            yield client


@contextmanager
def metered_mesh(
    voices_dir: Path, folder: Path, *, frontend: dict[str, object], vocoder: dict[str, object]
) -> Iterator[MeteredMesh]:
    """The three stages, serving; `frontend` and `vocoder` are settings of theirs."""
    with ExitStack() as stack:

        def start(name: str, **settings: object) -> StageProcess:
            stage = StageProcess(name, folder / f"{name}.log", voices_dir=voices_dir, **settings)
            stack.callback(stage.stop)
            stage.start()
            return stage

        acoustic = start("acoustic")
        vocoders = start("vocoder", **vocoder)
        targets = {"acoustic_target": acoustic.target, "vocoder_target": vocoders.target}
        mesh = MeteredMesh(acoustic, vocoders, start("frontend", **targets, **frontend))
        for stage in mesh.stages:
            stage.wait_serving()
        yield mesh


def eventually(true: Callable[[], bool]) -> None:
    """Waits until it is so, as a stage may count what ends a moment after its caller knows of it."""
    give_up_at = time.monotonic() + _WITHIN_S
    while not true():
        assert time.monotonic() < give_up_at, "it never was so"
        time.sleep(0.05)
