"""The whole mesh as a user starts it: `speechmesh up`, every stage a process, Triton real, ports free."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from speechmesh.vocoder.triton.local import LocalTriton

REPOSITORY = Path(__file__).parent.parent.parent
_START_TIMEOUT_S = 120


@dataclass(frozen=True)
class UpMesh:
    """A mesh that `speechmesh up` runs."""

    process: psutil.Process
    target: str
    run_dir: Path
    trace_file: Path

    @property
    def otlp_endpoint(self) -> str:
        """Where its trace receiver listens."""
        ports = json.loads((self.run_dir / "mesh.json").read_text())["ports"]
        return f"http://127.0.0.1:{ports['otlp']}"

    def stage(self, name: str) -> psutil.Process:
        """The process of a stage (its supervisor's child)."""
        marks = {"triton": "tritonserver"}
        mark = marks.get(name, f"speechmesh.{name}.server")
        for child in self.process.children(recursive=True):
            try:
                if any(mark in part for part in child.cmdline()):
                    return child
            except psutil.Error:  # it ended meanwhile
                continue
        raise LookupError(f"no process of {name}")

    def log(self, name: str) -> str:
        """What a stage has logged."""
        return (self.run_dir / "log" / f"{name}.log").read_text()


StartMesh = Callable[..., AbstractContextManager[UpMesh]]


@pytest.fixture(scope="session")
def start_mesh(tmp_path_factory: pytest.TempPathFactory) -> StartMesh:
    """Starts a mesh with arguments of one's own."""
    if not LocalTriton(REPOSITORY / ".triton").installed:
        pytest.fail("Triton is not installed in .triton: run `make setup`")

    @contextmanager
    def start(*arguments: str) -> Iterator[UpMesh]:
        run_dir = tmp_path_factory.mktemp("run")
        trace_file = run_dir / "traces.jsonl"
        command = [sys.executable, "-m", "speechmesh.cli.main", "up", "--free-ports"]
        command += ["--run-dir", str(run_dir), "--trace", str(trace_file), *arguments]
        with (run_dir / "up.log").open("wb") as log:
            # What was said before would come from the cache, whatever the stages do.
            environment = {**os.environ, "SPEECHMESH_FRONTEND_PHRASE_CACHE_MIB": "0"}
            process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        try:
            state = run_dir / "mesh.json"
            give_up_at = time.monotonic() + _START_TIMEOUT_S
            while not state.exists():
                if process.poll() is not None or time.monotonic() > give_up_at:
                    pytest.fail((run_dir / "up.log").read_text())
                time.sleep(0.1)
            target = json.loads(state.read_text())["target"]
            yield UpMesh(psutil.Process(process.pid), target, run_dir, trace_file)
        finally:
            process.terminate()
            process.wait(60)

    return start


@pytest.fixture(scope="session")
def up_mesh(start_mesh: StartMesh) -> Iterator[UpMesh]:
    """A mesh with default settings, shared; a test that kills a stage waits until it is back."""
    with start_mesh() as mesh:
        yield mesh


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")
