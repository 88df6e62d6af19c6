"""The mesh on one machine: which processes, with which settings, under supervisord."""

from __future__ import annotations

import configparser
import os
import random
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

STAGES = ("acoustic", "vocoder", "frontend")
_STOP_WAIT_S = 30
_TRITON_INSTANCES = 2
_INSTANCES_VARIABLE = "SPEECHMESH_TRITON_INSTANCES"
_PORT_VARIABLES = {stage: f"SPEECHMESH_{stage.upper()}_PORT" for stage in STAGES} | {
    "triton": "SPEECHMESH_TRITON_GRPC_PORT",
    "triton_metrics": "SPEECHMESH_TRITON_METRICS_PORT",
}
_MAX_PORT = 65535
# Below those from which Linux and macOS take the ports of outgoing connections: from there a port that is free now may
# be gone a moment later.
_NEVER_EPHEMERAL = range(20_000, 32_000)

# How glibc's malloc is to handle what is freed, in every process. By itself it makes a heap for every few threads, and
# keeps ever larger blocks in them once one was freed; between these, the tensors of models, of another size in each
# run, leave holes that nothing fits, and memory creeps up. As it is here, blocks of a MiB and more go back to the
# system when they are freed, and are faulted in again: about 5 % more CPU time. `make soak` measures what it is good
# for. Images say the same (deploy/docker).
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
# The frontend keeps what was said, up to seconds of audio of all lengths, each replacing others in the end.
FRONTEND_ALLOCATOR = ALLOCATOR | {"MALLOC_MMAP_THRESHOLD_": "131072"}


def allocator(program: str) -> dict[str, str]:
    """How malloc is to handle what is freed in a process of the mesh."""
    return FRONTEND_ALLOCATOR if program == "frontend" else ALLOCATOR


def free_ports(n: int) -> list[int]:
    """Ports that nothing listens on now, and that no connection gets by chance before a server takes them.

    Raises:
        OSError: when nearly all are taken.
    """
    found: list[int] = []
    for port in random.sample(_NEVER_EPHEMERAL, len(_NEVER_EPHEMERAL)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == n:
            return found
    raise OSError(f"fewer than {n} of the ports {_NEVER_EPHEMERAL[0]} to {_NEVER_EPHEMERAL[-1]} are free")


@dataclass(frozen=True)
class Ports:
    """The ports of a mesh on this machine."""

    frontend: int = 50051
    acoustic: int = 50052
    vocoder: int = 50053
    triton: int = 8001
    triton_metrics: int = 8002
    otlp: int = 4318

    @classmethod
    def told(cls) -> Ports:
        """Those that the user's variables say, else the usual ones.

        Raises:
            ValueError: naming the variable, when what it says is no port.
        """
        ports = {}
        for name, variable in _PORT_VARIABLES.items():
            if (value := os.environ.get(variable)) is None:
                continue
            # 0, any free one, is for a service alone: here the others must know it beforehand.
            if not value.isdecimal() or not 1 <= int(value) <= _MAX_PORT:
                raise ValueError(
                    f"{variable}: {value!r} is not 1 to {_MAX_PORT}; --free-ports picks free ones"
                )
            ports[name] = int(value)
        return cls(**ports)

    @classmethod
    def free(cls) -> Ports:
        """Ports that nothing listens on now."""
        return cls(*free_ports(6))

    def taken(self, names: list[str]) -> list[str]:
        """Those of `names` whose port is taken, as `frontend 50051`."""
        found = []
        for name in names:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", getattr(self, name)))
                except OSError:
                    found.append(f"{name} {getattr(self, name)}")
        return found


@dataclass(frozen=True)
class MeshPlan:
    """What `speechmesh up` runs."""

    run_dir: Path
    voices_dir: Path
    triton_folder: Path
    ports: Ports
    backend: Literal["triton", "embedded"]
    trace_file: Path | None
    otlp_endpoint: str

    @property
    def target(self) -> str:
        """Where the mesh is called."""
        return f"127.0.0.1:{self.ports.frontend}"

    def used_ports(self) -> list[str]:
        """Names of the ports that will be listened on."""
        names = list(STAGES)
        if self.backend == "triton":
            names += ["triton", "triton_metrics"]
        return [*names, "otlp"] if self.trace_file else names

    def log(self, program: str) -> Path:
        """A program's log file."""
        return self.run_dir / "log" / f"{program}.log"

    def programs(self) -> dict[str, tuple[list[str], dict[str, str]]]:
        """Command and environment of each process, in the order in which they start."""
        python = [sys.executable, "-m"]
        programs: dict[str, tuple[list[str], dict[str, str]]] = {}
        if self.trace_file:
            command = [*python, "speechmesh.cli.trace_receiver", str(self.ports.otlp), str(self.trace_file)]
            programs["traces"] = (command, {})
        if self.backend == "triton":
            programs["triton"] = (self._triton_command(), {})
        for stage in STAGES:
            programs[stage] = ([*python, f"speechmesh.{stage}.server"], self._stage_environment(stage))
        return programs

    @property
    def repository(self) -> Path:
        """Triton's model repository."""
        return self.run_dir / "models"

    @property
    def instances(self) -> int:
        """Instances of each model in Triton.

        Raises:
            ValueError: naming the variable, when what the user has set is no number.
        """
        told = os.environ.get(_INSTANCES_VARIABLE, str(_TRITON_INSTANCES))
        if not told.isdecimal():
            raise ValueError(f"{_INSTANCES_VARIABLE}: {told!r} is not a whole number")
        return int(told)

    def _triton_command(self) -> list[str]:
        return [
            *[sys.executable, "-m", "speechmesh.cli.main", "triton", "serve"],
            *["--repository", str(self.repository), "--folder", str(self.triton_folder)],
            *["--voices", str(self.voices_dir), "--otlp", self.otlp_endpoint],
            *["--grpc-port", str(self.ports.triton), "--metrics-port", str(self.ports.triton_metrics)],
            *["--instances", str(self.instances)],
        ]

    def _stage_environment(self, stage: str) -> dict[str, str]:
        """Settings of a stage; a variable that the user has set stands (of the ports, see Ports.told)."""
        settings = {
            "VOICES_DIR": str(self.voices_dir),
            "OTLP_ENDPOINT": self.otlp_endpoint,
        }
        if stage == "vocoder":
            settings |= {
                "BACKEND": self.backend,
                "TRITON_URL": f"127.0.0.1:{self.ports.triton}",
                "TRITON_INSTANCES": str(self.instances),
            }
        if stage == "frontend":
            settings["ACOUSTIC_TARGET"] = f"127.0.0.1:{self.ports.acoustic}"
            settings["VOCODER_TARGET"] = f"127.0.0.1:{self.ports.vocoder}"
            settings["MISFIT_PATIENCE_S"] = "0"  # all stages start now: none is to be rolled out yet
        named = {f"SPEECHMESH_{stage.upper()}_{name}": value for name, value in settings.items()}
        return {_PORT_VARIABLES[stage]: str(getattr(self.ports, stage))} | _unset(named)

    def write_supervisor_config(self) -> Path:
        """Writes supervisord's configuration; a process that dies is started again."""
        (self.run_dir / "log").mkdir(parents=True, exist_ok=True)
        config = configparser.RawConfigParser()
        config["supervisord"] = {
            "nodaemon": "true",
            "silent": "true",
            "logfile": str(self.log("supervisord")),
            "pidfile": str(self.run_dir / "supervisord.pid"),
            "childlogdir": str(self.run_dir / "log"),
        }
        for order, (name, (command, environment)) in enumerate(self.programs().items()):
            config[f"program:{name}"] = {
                "command": " ".join(f'"{_escaped(part)}"' for part in command),
                "environment": _environment(_unset(allocator(name)) | environment),
                "priority": str(order),  # stopped in reverse: the frontend drains first
                "autorestart": "true",
                "startsecs": "1",
                "startretries": "1000",
                "stopsignal": "TERM",
                "stopwaitsecs": str(_STOP_WAIT_S),
                "stopasgroup": "false",
                "killasgroup": "true",
                "redirect_stderr": "true",
                "stdout_logfile": str(self.log(name)),
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": "2",
            }
        path = self.run_dir / "supervisord.conf"
        with path.open("w", encoding="utf-8") as file:
            config.write(file)
        return path


def _unset(variables: dict[str, str]) -> dict[str, str]:
    """Those that the user has not set: what is set stands."""
    return {name: value for name, value in variables.items() if name not in os.environ}


def _environment(variables: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in variables.items())


def _escaped(value: str) -> str:
    """For supervisord, which expands % and unquotes like a shell."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
