from __future__ import annotations

import configparser
import fcntl
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from speechmesh.cli import mesh
from speechmesh.cli.main import app
from speechmesh.cli.mesh import MeshPlan, Ports, free_ports


def plan(tmp_path: Path, **changes: object) -> MeshPlan:
    fields: dict[str, object] = {
        "run_dir": tmp_path / 'a "quoted" 100% dir',
        "voices_dir": tmp_path / "voices",
        "triton_folder": tmp_path / "triton",
        "ports": Ports(),
        "backend": "triton",
        "trace_file": None,
        "otlp_endpoint": "",
    }
    return MeshPlan(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_stages_find_each_other(tmp_path: Path) -> None:
    programs = plan(tmp_path).programs()
    assert list(programs) == ["triton", "acoustic", "vocoder", "frontend"]
    assert programs["vocoder"][1]["SPEECHMESH_VOCODER_TRITON_URL"] == "127.0.0.1:8001"
    assert programs["frontend"][1]["SPEECHMESH_FRONTEND_ACOUSTIC_TARGET"] == "127.0.0.1:50052"


def test_the_embedded_mesh_has_no_triton(tmp_path: Path) -> None:
    assert "triton" not in plan(tmp_path, backend="embedded").programs()


def test_a_variable_of_the_users_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_ACOUSTIC_OTLP_ENDPOINT", "http://elsewhere:4318")
    assert "SPEECHMESH_ACOUSTIC_OTLP_ENDPOINT" not in plan(tmp_path).programs()["acoustic"][1]


def test_supervisord_reads_back_the_very_commands(tmp_path: Path) -> None:
    mesh = plan(tmp_path, trace_file=tmp_path / "traces.jsonl")
    parser = configparser.RawConfigParser()
    parser.read(mesh.write_supervisor_config())
    for name, (command, _) in mesh.programs().items():
        raw = parser[f"program:{name}"]["command"].replace("%%", "%")
        assert shlex.split(raw) == command
        assert parser[f"program:{name}"]["autorestart"] == "true"


def test_every_process_gives_freed_memory_back_unless_the_user_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    parser = configparser.RawConfigParser()
    parser.read(plan(tmp_path).write_supervisor_config())
    thresholds = {"triton": 2**20, "acoustic": 2**20, "vocoder": 2**20, "frontend": 2**17}
    for name, threshold in thresholds.items():
        environment = parser[f"program:{name}"]["environment"]
        assert f'MALLOC_MMAP_THRESHOLD_="{threshold}"' in environment
        assert "MALLOC_ARENA_MAX" not in environment


def test_free_ports_are_six_different_ones() -> None:
    ports = Ports.free()
    assert (
        len({ports.frontend, ports.acoustic, ports.vocoder, ports.triton, ports.triton_metrics, ports.otlp})
        == 6
    )


def test_a_free_port_is_none_that_is_taken_and_too_few_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_ports(1)[0]
    monkeypatch.setattr(mesh, "_NEVER_EPHEMERAL", range(first, first + 2))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        with pytest.raises(OSError, match=f"fewer than 2 of the ports {first} to {first + 1}"):
            free_ports(2)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = Ports(frontend=taken.getsockname()[1])
        assert f"frontend {ports.frontend}" in ports.taken(["frontend"])


def test_the_users_ports_are_those_of_the_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_FRONTEND_PORT", "6000")
    monkeypatch.setenv("SPEECHMESH_TRITON_GRPC_PORT", "6001")
    assert Ports.told() == Ports(frontend=6000, triton=6001)
    mesh = plan(tmp_path, ports=Ports.told())
    assert mesh.target == "127.0.0.1:6000"
    assert mesh.programs()["frontend"][1]["SPEECHMESH_FRONTEND_PORT"] == "6000"
    assert mesh.programs()["vocoder"][1]["SPEECHMESH_VOCODER_TRITON_URL"] == "127.0.0.1:6001"
    free = Ports.free()  # which are asked for on the command line, and so go before the variables
    assert plan(tmp_path, ports=free).programs()["frontend"][1]["SPEECHMESH_FRONTEND_PORT"] == str(
        free.frontend
    )
    monkeypatch.setenv("SPEECHMESH_VOCODER_PORT", "0")
    with pytest.raises(ValueError, match="SPEECHMESH_VOCODER_PORT: '0' is not 1 to 65535"):
        Ports.told()


def test_no_mesh_is_started_for_a_command_that_ended_before_anything_would_tell(tmp_path: Path) -> None:
    config = tmp_path / "supervisord.conf"
    config.write_text(f"[supervisord]\npidfile={tmp_path}/pid\nlogfile={tmp_path}/log\n")
    another = os.getppid()  # not the parent of what is run here, as of a process whose own has ended
    supervise = [sys.executable, "-m", "speechmesh.cli.supervise", str(another), "-n", "-c", str(config)]
    subprocess.run(supervise, check=True, timeout=60)
    assert not (tmp_path / "log").exists()


def test_what_keeps_a_mesh_from_starting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def up(*arguments: str) -> Result:
        embedded = ["up", "--backend", "embedded", "--free-ports", "--voices", "tests/data/voices"]
        return CliRunner().invoke(app, [*embedded, *arguments])

    no_folder = up("--run-dir", "/dev/null/run")
    assert (no_folder.exit_code, "--run-dir: /dev/null/run" in no_folder.output) == (2, True)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (tmp_path / "mesh.json").touch()
        in_use = up("--run-dir", str(tmp_path))
    assert (in_use.exit_code, "a mesh is running in" in in_use.output) == (2, True)
    assert (tmp_path / "mesh.json").exists()  # of the one that runs
    monkeypatch.setenv("SPEECHMESH_TRITON_INSTANCES", "many")
    no_number = up()
    assert no_number.exit_code == 2
    assert "SPEECHMESH_TRITON_INSTANCES: 'many' is not a whole number" in no_number.output
