"""The Kubernetes manifests, checked against the schemas, each other and the services' settings."""

from __future__ import annotations

import re
import tomllib

import kubernetes_validate
import pytest
import yaml

from speechmesh.common.server import LIVENESS
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.settings import VocoderSettings
from tests.unit.deploy.manifests import (
    K8S,
    KUSTOMIZATIONS,
    OPERATORS_GROUP,
    ROOT,
    SETTINGS,
    Document,
    container_ports,
    main_container,
    matching,
    of_kind,
    pods,
    render,
    stage_settings,
)

# The oldest version with everything that the manifests use, and the newest whose schemas are at hand.
KUBERNETES = ["1.27", kubernetes_validate.latest_version()]


@pytest.fixture(params=KUSTOMIZATIONS)
def documents(request: pytest.FixtureRequest) -> list[Document]:
    return render(request.param)


@pytest.mark.parametrize("version", KUBERNETES)
def test_documents_fit_the_kubernetes_schemas(documents: list[Document], version: str) -> None:
    assert documents
    for document in documents:
        if not document["apiVersion"].startswith(OPERATORS_GROUP):  # no schemas of it are at hand
            kubernetes_validate.validate(document, version, strict=True)


def test_no_two_documents_are_the_same_object(documents: list[Document]) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in documents]
    assert len(names) == len(set(names))


def test_everything_is_in_one_namespace_and_labelled(documents: list[Document]) -> None:
    for document in documents:
        if document["kind"] != "Namespace":
            assert document["metadata"].get("namespace") == "speechmesh", document["metadata"]
    (namespace,) = of_kind(documents, "Namespace")
    assert namespace == "speechmesh"
    for pod in pods(documents).values():
        assert pod["metadata"]["labels"]["app.kubernetes.io/part-of"] == "speechmesh"


def test_every_stage_is_deployed(documents: list[Document]) -> None:
    assert pods(documents).keys() - {"triton"} == SETTINGS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_variables_are_fields_of_the_settings(
    documents: list[Document], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, values = stage_settings(documents, name, monkeypatch)
    prefix = str(settings.model_config["env_prefix"])
    fields = {f"{prefix}{field.upper()}" for field in type(settings).model_fields}
    assert values
    assert values.keys() <= fields


@pytest.mark.parametrize("name", SETTINGS)
def test_port_is_the_settings_port(
    documents: list[Document], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = stage_settings(documents, name, monkeypatch)
    assert container_ports(pods(documents)[name])["grpc"] == settings.port


@pytest.mark.parametrize("name", SETTINGS)
def test_running_streams_end_before_the_pod_does(
    documents: list[Document], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = stage_settings(documents, name, monkeypatch)
    assert settings.drain_delay_s > 0
    grace_s = pods(documents)[name]["spec"]["terminationGracePeriodSeconds"]
    assert grace_s >= settings.drain_delay_s + settings.drain_grace_s + 5


def test_a_pod_that_is_deleted_as_it_starts_ends_at_once(documents: list[Document]) -> None:
    """Process 1 of a namespace gets no signal before it has a handler, and Python imports for a second or more."""
    for name in SETTINGS:
        assert pods(documents)[name]["spec"]["shareProcessNamespace"] is True


def test_live_sessions_and_long_readings_outlive_a_rollout(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = stage_settings(documents, "frontend", monkeypatch)
    assert isinstance(settings, FrontendSettings)
    assert settings.drain_grace_s >= settings.live_idle_timeout_s


def test_targets_are_headless_services_with_that_port(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    frontend, _ = stage_settings(documents, "frontend", monkeypatch)
    vocoder, _ = stage_settings(documents, "vocoder", monkeypatch)
    assert isinstance(frontend, FrontendSettings)
    assert isinstance(vocoder, VocoderSettings)
    targets = {"acoustic": frontend.acoustic_target, "vocoder": frontend.vocoder_target}
    assert (vocoder.backend == "triton") == ("triton" in pods(documents))
    if vocoder.backend == "triton":
        targets["triton"] = vocoder.triton_url
    for name, target in targets.items():
        service = of_kind(documents, "Service")[name]
        assert service["spec"]["clusterIP"] == "None"
        (port,) = [each["port"] for each in service["spec"]["ports"] if each["name"] == "grpc"]
        assert target == f"dns:///{name}:{port}"


def test_services_lead_to_ports_of_pods(documents: list[Document]) -> None:
    services = of_kind(documents, "Service")
    assert {"frontend", "acoustic", "vocoder"} <= services.keys()
    assert services["frontend"]["spec"].get("clusterIP") is None
    for service in services.values():
        (name,) = matching(documents, {"matchLabels": service["spec"]["selector"]})
        ports = container_ports(pods(documents)[name])
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_deployments_select_their_own_pods_alone(documents: list[Document]) -> None:
    for name, deployment in of_kind(documents, "Deployment").items():
        assert matching(documents, deployment["spec"]["selector"]) == {name}
        for spread in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
            assert matching(documents, spread["labelSelector"]) == {name}


def test_every_deployment_has_an_autoscaler_that_owns_its_replicas(documents: list[Document]) -> None:
    deployments = of_kind(documents, "Deployment")
    targets = []
    for autoscaler in of_kind(documents, "HorizontalPodAutoscaler").values():
        spec = autoscaler["spec"]
        assert spec["scaleTargetRef"]["kind"] == "Deployment"
        assert 1 <= spec["minReplicas"] <= spec["maxReplicas"]
        targets.append(spec["scaleTargetRef"]["name"])
    assert sorted(targets) == sorted(deployments)
    for deployment in deployments.values():
        assert "replicas" not in deployment["spec"]


def test_every_deployment_has_a_disruption_budget_that_allows_a_drain(documents: list[Document]) -> None:
    covered: list[str] = []
    for budget in of_kind(documents, "PodDisruptionBudget").values():
        assert budget["spec"]["maxUnavailable"] >= 1
        covered += matching(documents, budget["spec"]["selector"])
    assert sorted(covered) == sorted(pods(documents))


def test_pods_are_locked_down(documents: list[Document]) -> None:
    for pod in pods(documents).values():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] >= 10_000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"] + spec.get("initContainers", []):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_every_container_has_requests_and_limits(documents: list[Document]) -> None:
    for pod in pods(documents).values():
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            for bound in ("requests", "limits"):
                assert {"cpu", "memory"} <= container["resources"][bound].keys()


def test_probes_are_three_and_lead_to_ports(documents: list[Document]) -> None:
    for pod in pods(documents).values():
        container = main_container(pod)
        ports = container_ports(pod)
        probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
        for probe in probes.values():
            (action,) = [probe[kind] for kind in ("grpc", "tcpSocket", "httpGet") if kind in probe]
            assert ports.get(action["port"], action["port"]) in ports.values()
        assert probes["readiness"]["grpc"] == {"port": ports["grpc"]}
        startup_s = probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"]
        assert startup_s >= 120


def test_a_rollout_has_not_failed_while_its_pods_may_still_start(documents: list[Document]) -> None:
    """600 s is what Kubernetes gives a Deployment that says nothing."""
    for deployment in of_kind(documents, "Deployment").values():
        startup = main_container(deployment["spec"]["template"])["startupProbe"]
        startup_s = startup["periodSeconds"] * startup["failureThreshold"]
        deadline_s = deployment["spec"].get("progressDeadlineSeconds", 600)
        assert deadline_s >= startup_s + 300  # its image comes first


def test_frontend_says_what_keeps_it_from_starting_before_it_is_killed(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = stage_settings(documents, "frontend", monkeypatch)
    assert isinstance(settings, FrontendSettings)
    startup = main_container(pods(documents)["frontend"])["startupProbe"]
    # Its patience begins when its voices are loaded.
    assert startup["periodSeconds"] * startup["failureThreshold"] >= settings.misfit_patience_s + 120


def test_vocoder_is_not_killed_for_a_triton_that_is_down(documents: list[Document]) -> None:
    pod = pods(documents)["vocoder"]
    container = main_container(pod)
    assert "tcpSocket" in container["startupProbe"]
    assert container["livenessProbe"]["grpc"] == {"port": container_ports(pod)["grpc"], "service": LIVENESS}


def test_only_the_calls_of_the_design_pass_the_network_policies(documents: list[Document]) -> None:
    deployed = pods(documents)
    policies = of_kind(documents, "NetworkPolicy")
    deny = policies["default-deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    edges: dict[str, set[tuple[str, str, int]]] = {"ingress": set(), "egress": set()}
    for policy in policies.values():
        for direction, peer_key in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                pods_alone = [peer for peer in rule.get(peer_key, []) if "podSelector" in peer]
                for peer in pods_alone:
                    for name in matching(documents, policy["spec"]["podSelector"]):
                        for other in matching(documents, peer["podSelector"]):
                            pair = (other, name) if direction == "ingress" else (name, other)
                            edges[direction] |= {(*pair, port["port"]) for port in rule["ports"]}
    calls = [("frontend", "acoustic"), ("frontend", "vocoder"), ("vocoder", "triton")]
    wanted = {(a, b, container_ports(deployed[b])["grpc"]) for a, b in calls if b in deployed}
    assert edges == {"ingress": wanted, "egress": wanted}


def test_every_pod_says_where_prometheus_scrapes_it_and_lets_it_in(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = of_kind(documents, "NetworkPolicy").values()
    for name, pod in pods(documents).items():
        annotations = pod["metadata"]["annotations"]
        assert annotations["prometheus.io/scrape"] == "true"
        port = int(annotations["prometheus.io/port"])
        assert container_ports(pod)["metrics"] == port
        if name in SETTINGS:
            assert stage_settings(documents, name, monkeypatch)[0].metrics_port == port
        monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
        allowed = [
            rule
            for policy in policies
            if name in matching(documents, policy["spec"]["podSelector"])
            for rule in policy["spec"].get("ingress", [])
            if {"namespaceSelector": monitoring} in rule.get("from", []) and {"port": port} in rule["ports"]
        ]
        assert allowed, name


def test_images_are_named_in_the_kustomization_alone(documents: list[Document]) -> None:
    images = yaml.safe_load((K8S / "base/kustomization.yaml").read_text())["images"]
    final = {f"{each.get('newName', each['name'])}:{each['newTag']}" for each in images}
    used = {
        container["image"]
        for pod in pods(documents).values()
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
    }
    assert used <= final
    for path in K8S.rglob("*.yaml"):
        for image in re.findall(r"^\s*(?:- )?image: (.*)$", path.read_text(), re.MULTILINE):
            assert image in {each["name"] for each in images}, path


def test_image_tags_are_pinned_to_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for image in yaml.safe_load((K8S / "base/kustomization.yaml").read_text())["images"]:
        if image["name"] == "tritonserver":
            assert re.fullmatch(r"\d\d\.\d\d-py3", image["newTag"])
        else:
            assert image["newTag"] == version
