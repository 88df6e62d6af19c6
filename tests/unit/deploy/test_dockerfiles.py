"""The Dockerfiles, read: what an image installs, runs and runs as. Building them is deploy/docker/build.sh."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.cli.mesh import allocator
from speechmesh.common.settings import ServiceSettings
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.settings import VocoderSettings

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "deploy/docker"
SETTINGS: dict[str, type[ServiceSettings]] = {
    "frontend": FrontendSettings,
    "acoustic": AcousticSettings,
    "vocoder": VocoderSettings,
}
Instruction = tuple[str, str]


def read(service: str) -> list[Instruction]:
    """The instructions of a service's Dockerfile as (name, arguments), comments left out, lines joined."""
    text = (DOCKER / f"{service}.Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (name, rest.strip())
        for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def stages(service: str) -> list[list[Instruction]]:
    """The instructions before the first FROM, then those of each stage."""
    found: list[list[Instruction]] = [[]]
    for instruction in read(service):
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def arguments(instructions: list[Instruction], name: str) -> list[str]:
    return [rest for instruction, rest in instructions if instruction == name]


@pytest.fixture(params=SETTINGS)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_service_has_a_dockerfile() -> None:
    assert {path.name.removesuffix(".Dockerfile") for path in DOCKER.glob("*.Dockerfile")} == SETTINGS.keys()


def test_base_is_an_argument_and_pinned(service: str) -> None:
    head, *rest = stages(service)
    (base,) = arguments(head, "ARG")
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    named = {"${BASE}"}
    for stage in rest:
        image, _, name = stage[0][1].partition(" AS ")
        assert image in named, "stages come from BASE alone"
        named.add(name)


def test_nothing_is_latest(service: str) -> None:
    assert "latest" not in (DOCKER / f"{service}.Dockerfile").read_text(encoding="utf-8")


def test_runs_as_a_number_that_is_not_root(service: str) -> None:
    final = stages(service)[-1]
    assert arguments(final, "USER") == ["10001:10001"]
    names = [name for name, _ in final]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_final_stage_runs_no_shell(service: str) -> None:
    final = stages(service)[-1]
    assert not arguments(final, "RUN")
    (entrypoint,) = arguments(final, "ENTRYPOINT")
    assert json.loads(entrypoint) == ["python", "-m", f"speechmesh.{service}.server"]


def test_environment_is_the_settings(service: str) -> None:
    (environment,) = arguments(stages(service)[-1], "ENV")
    values = dict(pair.split("=", 1) for pair in environment.split())
    fields = {f"SPEECHMESH_{service.upper()}_{field.upper()}" for field in SETTINGS[service].model_fields}
    assert {name for name in values if name.startswith("SPEECHMESH_")} <= fields
    assert values[f"SPEECHMESH_{service.upper()}_HOST"] == "0.0.0.0"
    assert values[f"SPEECHMESH_{service.upper()}_VOICES_DIR"] == "/voices"
    assert values["PYTHONUNBUFFERED"] == values["PYTHONDONTWRITEBYTECODE"] == "1"
    assert values["ORT_DISABLE_TELEMETRY"] == "1"
    assert allocator(service).items() <= values.items()


def test_exposes_the_settings_port(service: str) -> None:
    assert arguments(stages(service)[-1], "EXPOSE") == [str(SETTINGS[service].model_fields["port"].default)]


def test_installs_its_own_extras(service: str) -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (install,) = [run for run in arguments(stages(service)[-2], "RUN") if "pip" in run]
    (extras,) = re.findall(r"\.whl\)\[([a-z,]+)\]", install)
    assert extras.split(",") == [service, *(["cli"] if service == "vocoder" else [])]
    assert set(extras.split(",")) <= known.keys()


def test_build_stages_are_the_same_in_all_files() -> None:
    builds = [stages(service)[1] for service in SETTINGS]
    assert builds[0] == builds[1] == builds[2]


def test_what_the_build_copies_is_in_the_context(service: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source
        for stage in stages(service)
        for copy in arguments(stage, "COPY")
        if not copy.startswith("--from=")
        for source in copy.split()[:-1]
    }
    assert copied == kept
    for path in kept:
        assert (ROOT / path).exists()


def test_copies_between_stages_name_a_stage(service: str) -> None:
    names = [stage[0][1].partition(" AS ")[2] for stage in stages(service)[1:-1]]
    for copy in arguments(stages(service)[-1], "COPY"):
        assert copy.split()[0] in {f"--from={name}" for name in names}


@pytest.mark.parametrize("script", ["build.sh", "local-base.sh"])
def test_scripts_are_runnable_and_tell_their_options(script: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is missing")
    result = subprocess.run(
        [str(DOCKER / script), "--help"], capture_output=True, text=True, check=False, timeout=20
    )
    assert result.returncode == 0, result.stderr
    assert "usage:" in result.stdout


@pytest.mark.parametrize("script", ["build.sh", "local-base.sh"])
def test_scripts_refuse_what_they_do_not_know(script: str) -> None:
    result = subprocess.run(
        [str(DOCKER / script), "--nonsense"], capture_output=True, text=True, check=False, timeout=20
    )
    assert result.returncode == 1
    assert "unknown argument --nonsense" in result.stderr
