"""The Kubernetes manifests as rendered by kubectl, and questions that the tests ask of them."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.common.settings import ServiceSettings
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.settings import VocoderSettings

ROOT = Path(__file__).parents[3]
K8S = ROOT / "deploy/k8s"
KUSTOMIZATIONS = ["base", *sorted(f"overlays/{folder.name}" for folder in (K8S / "overlays").iterdir())]
COMPONENTS = sorted(folder.name for folder in (K8S / "components").iterdir())
WITHOUT_TRITON = "overlays/cpu-small"
# Its kinds are the Prometheus operator's, which a cluster need not have.
MONITORED, OPERATORS_GROUP = "overlays/monitored", "monitoring.coreos.com/"
SETTINGS: dict[str, type[ServiceSettings]] = {
    "frontend": FrontendSettings,
    "acoustic": AcousticSettings,
    "vocoder": VocoderSettings,
}

Document = dict[str, Any]


def missing(tool: str) -> None:
    """Skips for want of a tool; in CI nothing is skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{tool} is missing")
    pytest.skip(f"{tool} is missing")


@cache
def render(kustomization: str) -> list[Document]:
    """The documents of a kustomization."""
    return _build(K8S / kustomization)


@cache
def render_with(kustomization: str, components: tuple[str, ...]) -> list[Document]:
    """The documents of an overlay that takes a kustomization and components, as an operator may write one."""
    with TemporaryDirectory() as folder:
        # kustomize takes relative paths alone, and reads them from where the folder really is.
        k8s = Path(os.path.relpath(K8S, Path(folder).resolve()))
        overlay = {
            "resources": [str(k8s / kustomization)],
            "components": [str(k8s / "components" / component) for component in components],
        }
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        return _build(Path(folder))


def _build(folder: Path) -> list[Document]:
    if shutil.which("kubectl") is None:
        missing("kubectl (it renders the kustomizations)")
    command = ["kubectl", "kustomize", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr
    return list(yaml.safe_load_all(result.stdout))


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pods(documents: list[Document]) -> dict[str, Document]:
    """Pod templates by Deployment."""
    return {name: each["spec"]["template"] for name, each in of_kind(documents, "Deployment").items()}


def main_container(pod: Document) -> Document:
    (container,) = pod["spec"]["containers"]
    return container


def container_ports(pod: Document) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in main_container(pod)["ports"]}


def matching(documents: list[Document], selector: Document) -> set[str]:
    """Names of the Deployments whose pods a selector takes."""
    found = set()
    for name, pod in pods(documents).items():
        labels = pod["metadata"]["labels"]
        same = selector.get("matchLabels", {}).items() <= labels.items()
        among = [
            rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
            for rule in selector.get("matchExpressions", [])
        ]
        if same and all(among):
            found.add(name)
    return found


def environment(documents: list[Document], container: Document) -> dict[str, str]:
    """What a container's environment will hold, config maps looked up by their final names."""
    maps = {name: each["data"] for name, each in of_kind(documents, "ConfigMap").items()}
    values: dict[str, str] = {}
    for source in container.get("envFrom", []):
        values |= maps[source["configMapRef"]["name"]]
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if reference := source.get("configMapKeyRef"):
            values[variable["name"]] = maps[reference["name"]][reference["key"]]
        elif reference := source.get("secretKeyRef"):
            encoded = of_kind(documents, "Secret")[reference["name"]]["data"][reference["key"]]
            values[variable["name"]] = base64.b64decode(encoded).decode()
        else:
            values[variable["name"]] = variable["value"]
    return values


def stage_settings(
    documents: list[Document], name: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[ServiceSettings, dict[str, str]]:
    """A stage's settings as its pod will read them, and the variables that make them."""
    values = environment(documents, main_container(pods(documents)[name]))
    with monkeypatch.context() as patch:
        for variable in [each for each in os.environ if each.startswith("SPEECHMESH_")]:
            patch.delenv(variable)
        for variable, value in values.items():
            patch.setenv(variable, value)
        return SETTINGS[name](), values


def triton_flags(documents: list[Document]) -> dict[str, str]:
    """Triton's flags but the trace configuration, which repeats."""
    container = main_container(pods(documents)["triton"])
    assert container["command"] == ["tritonserver"]
    flags = {}
    for argument in container["args"]:
        name, _, value = argument.partition("=")
        assert re.fullmatch("--[a-z0-9-]+", name), argument
        if name != "--trace-config":
            assert name not in flags, f"{name} is given twice"
            flags[name] = value
    return flags
