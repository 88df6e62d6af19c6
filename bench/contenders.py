"""The contenders: starts each with a load generator of its own, and stops all it started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
import yaml

from bench.usage import Processes, idle_share
from speechmesh.common.bundle import load_bundle

NAMES = ("yardstick", "embedded", "mesh", "seed")
# Baselines behind HTTP: the mesh's own graphs, and a Sambert in eager PyTorch.
ENDPOINTS = {"seed": "bench.seed_baseline", "eager": "bench.eager_baseline"}
# Texts come again and again here: what is kept of them would make figures that no caller sees.
_UNCACHED = {"SPEECHMESH_ACOUSTIC_FRAME_CACHE_MIB": "0", "SPEECHMESH_FRONTEND_PHRASE_CACHE_MIB": "0"}
_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 40.0  # above supervisord's wait for its programs
_POLL_S = 0.1
_IDLE_SHARE = 0.05
_IDLE_TRIES = 240
_IDLE_WINDOW_S = 0.5


class BenchError(Exception):
    """The measurement cannot go on; its message is for the user."""


class Worker:
    """The process that loads one contender (and, for the yardstick, is it)."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid

    def run(self, command: dict[str, Any], mark: Callable[[str], None] = lambda moment: None) -> Any:
        """Runs a command; `mark` is called at the moments it tells. Returns its result."""
        stdin, stdout = _pipe(self._process.stdin), _pipe(self._process.stdout)
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        for line in stdout:
            message = json.loads(line)
            if message["event"] == "result":
                return message["result"]
            mark(message["event"])
        raise BenchError(f"the load generator ended\n{_tail(self._log)}")

    def wait_ready(self) -> None:
        """Waits until it takes commands."""
        line = _pipe(self._process.stdout).readline()
        if not line or json.loads(line) != {"event": "ready"}:
            raise BenchError(f"the load generator did not start\n{_tail(self._log)}")


@dataclass(frozen=True)
class Contender:
    """A contender that runs: its processes, and its load generator's where that is not the contender."""

    name: str
    worker: Worker
    processes: Processes
    load_generator: Processes | None
    triton_metrics_url: str = ""

    def wait_idle(self) -> None:
        """Waits until it works on nothing any more, so that the next one has the machine to itself.

        Raises:
            BenchError: when it does not come to rest.
        """
        for _ in range(_IDLE_TRIES):
            if idle_share([self.processes], _IDLE_WINDOW_S)[0] < _IDLE_SHARE:
                return
        raise BenchError(f"{self.name} does not come to rest")


@contextmanager
def running(name: str, voice: Path, scratch: Path, texts: str = "mixed") -> Iterator[Contender]:
    """A contender, warm; everything it started is gone when the block is left, however it is left.

    `texts` names what it speaks under load.
    """
    bundle = load_bundle(voice)
    folder = scratch / name
    folder.mkdir(parents=True)
    common = {
        "voice": bundle.name,
        "sample_rate_hz": bundle.config.feature_space.sample_rate_hz,
        "texts": texts,
    }
    if name == "yardstick":
        with _worker(folder, common | {"kind": "yardstick", "folder": str(voice)}) as worker:
            yield Contender(name, worker, Processes([worker.pid]), None)
    elif name in ENDPOINTS:
        with (
            _endpoint(folder, ENDPOINTS[name], voice) as (pid, port),
            _worker(folder, common | {"kind": "http", "port": port}) as worker,
        ):
            yield Contender(name, worker, Processes([pid]), Processes([worker.pid]))
    else:
        backend = "embedded" if name == "embedded" else "triton"
        voices = folder / "voices"
        voices.mkdir()
        (voices / voice.name).symlink_to(voice.absolute())
        with (
            mesh(folder, voices, backend) as (pid, state),
            _worker(folder, common | {"kind": "grpc", "target": state["target"]}) as worker,
        ):
            metrics_url = f"http://127.0.0.1:{state['ports']['triton_metrics']}/metrics"
            yield Contender(name, worker, Processes([pid]), Processes([worker.pid]), metrics_url)


def with_one_tier(voice: Path, tier: str, scratch: Path) -> Path:
    """A copy of the voice that has one tier alone, so that every contender runs the same vocoder, however loaded.

    Raises:
        BenchError: when the voice has no such tier.
    """
    config = yaml.safe_load((voice / "voice.yaml").read_text(encoding="utf-8"))
    if tier not in config["vocoders"]:
        raise BenchError(f"voice {voice} has no tier {tier!r}; it has {', '.join(config['vocoders'])}")
    config["vocoders"] = {tier: config["vocoders"][tier]}
    target = scratch / voice.name
    shutil.copytree(voice, target)
    (target / "voice.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return target


@contextmanager
def _worker(folder: Path, options: dict[str, Any]) -> Iterator[Worker]:
    log = folder / "load.log"
    with _process(["bench.worker", json.dumps(options)], log) as process:
        worker = Worker(process, log)
        worker.wait_ready()
        yield worker


@contextmanager
def _endpoint(folder: Path, module: str, voice: Path) -> Iterator[tuple[int, int]]:
    """A baseline: a process that serves HTTP on the port that it prints."""
    log = folder / "endpoint.log"
    with _process([module, str(voice)], log) as process:
        port = _pipe(process.stdout).readline().strip()
        if not port:
            raise BenchError(f"{module} did not start\n{_tail(log)}")
        yield process.pid, int(port)


@contextmanager
def mesh(
    folder: Path, voices: Path, backend: str, environment: Mapping[str, str] = _UNCACHED
) -> Iterator[tuple[int, dict[str, Any]]]:
    """`speechmesh up` with a folder of voices: its process id and the state that it wrote.

    Raises:
        BenchError: when it does not start.
    """
    run_dir, log = folder / "run", folder / "up.log"
    command = ["speechmesh.cli.main", "up", "--backend", backend, "--free-ports"]
    command += ["--run-dir", str(run_dir), "--voices", str(voices)]
    with _process(command, log, environment) as process:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not (state := _state(run_dir / "mesh.json")):
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise BenchError(f"the mesh ({backend}) did not start\n{_tail(log)}")
            time.sleep(_POLL_S)
        yield process.pid, state


def _state(path: Path) -> dict[str, Any]:
    """The state file of a mesh that is ready; empty while it is not there."""
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return state


@contextmanager
def _process(
    module: list[str], log: Path, environment: Mapping[str, str] = _UNCACHED
) -> Iterator[subprocess.Popen[str]]:
    """`python -m MODULE ARGUMENTS`, with pipes; stopped with all its children when the block is left."""
    with log.open("w", encoding="utf-8") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C reaches the bench alone, which stops its contenders in order
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):  # too slow, or a second Ctrl-C
        process.kill()
        process.wait()
    for each in family:  # those that outlived it
        with suppress(psutil.NoSuchProcess):
            each.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            _pipe(pipe).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # opened with PIPE
    return pipe


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def stop_on_sigterm() -> None:
    """SIGTERM ends the bench as Ctrl-C does, contenders and all."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def settings_in_environment() -> dict[str, str]:
    """Settings of the services that the user has set, which the contenders run with."""
    return {name: value for name, value in os.environ.items() if name.startswith("SPEECHMESH_")}
