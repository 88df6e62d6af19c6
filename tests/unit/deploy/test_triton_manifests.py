"""Triton in the Kubernetes manifests: its flags against the server itself, its models, its traces."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as pb
from typer.testing import CliRunner

from speechmesh.cli.main import app
from speechmesh.vocoder.settings import VocoderSettings
from speechmesh.vocoder.triton.local import LocalTriton
from tests.unit.deploy.manifests import (
    KUSTOMIZATIONS,
    ROOT,
    SETTINGS,
    WITHOUT_TRITON,
    Document,
    container_ports,
    environment,
    main_container,
    missing,
    of_kind,
    pods,
    render,
    stage_settings,
    triton_flags,
)


@pytest.fixture(params=[each for each in KUSTOMIZATIONS if each != WITHOUT_TRITON])
def documents(request: pytest.FixtureRequest) -> list[Document]:
    return render(request.param)


def test_triton_ports_are_its_flags(documents: list[Document]) -> None:
    flags = triton_flags(documents)
    ports = container_ports(pods(documents)["triton"])
    assert ports == {name: int(flags[f"--{name}-port"]) for name in ("http", "grpc", "metrics")}


def test_triton_flags_are_known_to_the_server(documents: list[Document]) -> None:
    triton = LocalTriton(ROOT / ".triton")
    if not triton.server.exists():
        missing("the local Triton (make setup)")
    result = subprocess.run(
        [str(triton.server), "--help"], env=triton.environment(), capture_output=True, text=True, check=False
    )
    known = set(re.findall(r"^\s+(--[a-z0-9-]+)", result.stdout + result.stderr, re.MULTILINE))
    assert triton_flags(documents).keys() <= known


def test_triton_ends_running_calls_before_the_pod_does(documents: list[Document]) -> None:
    pod = pods(documents)["triton"]
    pause, pause_s = main_container(pod)["lifecycle"]["preStop"]["exec"]["command"]
    assert pause == "sleep"
    exit_s = int(triton_flags(documents)["--exit-timeout-secs"])
    assert pod["spec"]["terminationGracePeriodSeconds"] >= int(pause_s) + exit_s + 5


def test_model_repository_comes_from_the_vocoder_image(documents: list[Document], tmp_path: Path) -> None:
    pod = pods(documents)["triton"]
    (init,) = pod["spec"]["initContainers"]
    assert init["image"] == main_container(pods(documents)["vocoder"])["image"]
    mounts = [
        {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        for container in (init, main_container(pod))
    ]
    assert mounts[0]["models"] == mounts[1]["models"] == triton_flags(documents)["--model-repository"]
    kind = pb.ModelInstanceGroup.KIND_GPU if has_gpu(documents) else pb.ModelInstanceGroup.KIND_CPU
    for config in model_configs(documents, tmp_path):
        assert [group.kind for group in config.instance_group] == [kind]


def has_gpu(documents: list[Document]) -> bool:
    return "nvidia.com/gpu" in main_container(pods(documents)["triton"])["resources"]["limits"]


def model_configs(documents: list[Document], folder: Path) -> list[pb.ModelConfig]:
    """What the init container writes, of the voices that ship."""
    (init,) = pods(documents)["triton"]["spec"]["initContainers"]
    command = [*init["command"], *init["args"]]
    assert command[0] == "speechmesh"
    (mount,) = init["volumeMounts"]
    arguments = [str(folder) if argument == mount["mountPath"] else argument for argument in command[1:]]
    result = CliRunner().invoke(app, [*arguments, "--voices", str(ROOT / "voices")])
    assert result.exit_code == 0, result.output
    configs = [
        text_format.Parse(path.read_text(), pb.ModelConfig()) for path in folder.glob("*/config.pbtxt")
    ]
    assert configs
    return configs


def vocoder_settings(documents: list[Document], monkeypatch: pytest.MonkeyPatch) -> VocoderSettings:
    settings, _ = stage_settings(documents, "vocoder", monkeypatch)
    assert isinstance(settings, VocoderSettings)
    return settings


def test_the_fewest_vocoders_send_enough_to_keep_a_triton_busy(
    documents: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a CPU one chunk runs in each instance while the next waits; on a GPU each instance runs a full batch."""
    settings = vocoder_settings(documents, monkeypatch)
    fewest = of_kind(documents, "HorizontalPodAutoscaler")["vocoder"]["spec"]["minReplicas"]
    for config in model_configs(documents, tmp_path):
        (group,) = config.instance_group
        assert group.count == settings.triton_instances
        each = config.max_batch_size if has_gpu(documents) else 2
        assert fewest * settings.max_running_chunks >= group.count * each


def test_all_vocoders_together_leave_the_waiting_to_themselves(
    documents: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they may send at once, urgent chunks as well, is eight runs of a Triton's instances, and fits its queue."""
    sent_by_each = vocoder_settings(documents, monkeypatch).max_running_chunks
    most = of_kind(documents, "HorizontalPodAutoscaler")["vocoder"]["spec"]["maxReplicas"]
    sent = most * (sent_by_each + sent_by_each // 2)
    for config in model_configs(documents, tmp_path):
        (group,) = config.instance_group
        assert sent <= 8 * group.count * (config.max_batch_size if has_gpu(documents) else 1)
        assert sent <= config.dynamic_batching.default_queue_policy.max_queue_size


def test_a_gpu_runs_larger_batches_than_a_cpu(tmp_path: Path) -> None:
    largest = {
        name: min(each.max_batch_size for each in model_configs(render(name), tmp_path / name))
        for name in ("base", "overlays/gpu")
    }
    assert largest["overlays/gpu"] >= 4 * largest["base"]


def test_triton_reports_on_the_gpus_it_has(documents: list[Document]) -> None:
    assert triton_flags(documents)["--allow-gpu-metrics"] == str(has_gpu(documents)).lower()


def test_vocoders_that_share_tritons_have_no_memory_budget(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would keep to its own account, and unload what another uses."""
    assert of_kind(documents, "HorizontalPodAutoscaler")["vocoder"]["spec"]["maxReplicas"] > 1
    assert vocoder_settings(documents, monkeypatch).model_memory_mib == 0


def test_a_receiver_of_traces_is_sent_no_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = render("overlays/traced")
    for name in SETTINGS:
        settings, _ = stage_settings(traced, name, monkeypatch)
        assert settings.otlp_endpoint
        assert not settings.otlp_metrics
        assert settings.metrics_port  # they are scraped


def test_tracing_reaches_every_stage_and_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = render("overlays/traced")
    endpoints = {stage_settings(traced, name, monkeypatch)[0].otlp_endpoint for name in SETTINGS}
    triton = main_container(pods(traced)["triton"])
    endpoints.add(environment(traced, triton)["OTLP_ENDPOINT"])
    (endpoint,) = endpoints
    assert re.fullmatch(r"http://[\w.-]+:4318", endpoint)
    local = LocalTriton(ROOT).command(
        ROOT, grpc_port=8001, metrics_port=8002, otlp_endpoint="$(OTLP_ENDPOINT)"
    )
    assert [each for each in triton["args"] if each.startswith("--trace-config")] == [
        each for each in local if each.startswith("--trace-config")
    ]
    ports = of_kind(traced, "NetworkPolicy")["tracing"]["spec"]["egress"][0]["ports"]
    assert {"port": 4318} in [{"port": port["port"]} for port in ports]
