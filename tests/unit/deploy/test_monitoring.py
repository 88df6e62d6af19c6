"""Alerts, dashboard and what Prometheus is to scrape: they are well-formed, and alerts fire as they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deploy.manifests import (
    KUSTOMIZATIONS,
    MONITORED,
    OPERATORS_GROUP,
    Document,
    container_ports,
    matching,
    of_kind,
    pods,
    render,
)
from tests.unit.deploy.monitoring import Query, alerts, dashboard, parts, queries, rules_spec

DURATION = r"([0-9]+[smhd])+"
_FRONTEND = "speechmesh_frontend_"


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is missing (Debian's package prometheus has it)")
    return found


@pytest.mark.parametrize("kustomization", [each for each in KUSTOMIZATIONS if each != MONITORED])
def test_without_the_component_nothing_needs_the_operator(kustomization: str) -> None:
    assert not [each for each in render(kustomization) if each["apiVersion"].startswith(OPERATORS_GROUP)]


def test_the_operator_is_given_the_rules() -> None:
    (rules,) = of_kind(render(MONITORED), "PrometheusRule").values()
    assert rules["spec"] == rules_spec()


def test_prometheus_scrapes_every_pod() -> None:
    documents = render(MONITORED)
    (monitor,) = of_kind(documents, "PodMonitor").values()
    assert matching(documents, monitor["spec"]["selector"]) == pods(documents).keys()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    for pod in pods(documents).values():
        assert endpoint["port"] in container_ports(pod)


def test_alerts_know_the_jobs_by_the_names_that_they_get() -> None:
    documents = render(MONITORED)
    (monitor,) = of_kind(documents, "PodMonitor").values()
    (relabelling,) = monitor["spec"]["podMetricsEndpoints"][0]["relabelings"]
    assert relabelling["sourceLabels"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    labels = [pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods(documents).values()]
    jobs = {relabelling["replacement"].replace("$1", label) for label in labels}
    asked = {
        matcher.value
        for query in queries()
        for selector in parts(query.tree)[0]
        for matcher in selector.matchers.matchers
        if matcher.name == "job"
    }
    assert asked
    for pattern in asked:
        assert any(re.fullmatch(pattern, job) for job in jobs), pattern


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_alerts_say_what_is_wrong_and_what_to_look_at(alert: Document) -> None:
    assert re.fullmatch("Speechmesh[A-Za-z]+", alert["alert"])
    assert re.fullmatch(DURATION, alert["for"])
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"].keys() == {"summary", "description"}
    kept = parts(Query("", alert["expr"]).tree)[1]
    for label in re.findall(r"\$labels\.(\w+)", str(alert["annotations"])):
        assert not kept or label in kept | {"job"}, f"the expression drops {label}"


def test_no_two_alerts_have_a_name() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.where)
def test_expressions_are_promql(query: Query) -> None:
    assert parts(query.tree)[0]


def test_panels_lie_beside_each_other_in_rows() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert all(above["gridPos"]["y"] <= below["gridPos"]["y"] for above, below in pairwise(panels))
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    stages = ["Frontend", "Acoustic stage", "Vocoder stage", "Triton"]
    assert [row for row in rows if row in stages] == stages


def test_grafana_is_told_to_load_the_dashboard() -> None:
    config = of_kind(render(MONITORED), "ConfigMap")["speechmesh-dashboard"]
    assert json.loads(config["data"]["speechmesh.json"]) == dashboard()
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    names = [variable["name"] for variable in dashboard()["templating"]["list"]]
    assert names == ["datasource", "namespace", "voice"]


# Alerts at work, in Prometheus' own evaluation.


def rules_file(folder: Path) -> Path:
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump(rules_spec()))
    return path


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    done = subprocess.run(
        [promtool(), "check", "rules", str(rules_file(tmp_path))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def serving(**pods_of: int) -> list[str]:
    return [
        f'speechmesh_serving{{namespace="mesh",job="speechmesh-{job}",instance="{job}"}} {value}x60'
        for job, value in pods_of.items()
    ]


def metric(series: str, values: str, **labels: str) -> str:
    inside = ",".join(f'{key}="{value}"' for key, value in {"namespace": "mesh", **labels}.items())
    return f"{series}{{{inside}}} {values}x60"


def first_audio(late_a_minute: int) -> list[str]:
    """100 requests a minute, of which some were later than a second."""
    bucket, of_kind = _FRONTEND + "first_audio_duration_seconds_bucket", {"voice": "english", "kind": "text"}
    return [
        metric(bucket, f"0+{100 - late_a_minute}", le="0.1", **of_kind),
        metric(bucket, f"0+{100 - late_a_minute}", le="1.0", **of_kind),
        metric(bucket, "0+100", le="2.0", **of_kind),
        metric(bucket, "0+100", le="+Inf", **of_kind),
    ]


def share(part: str, whole: str, a_minute: int, **labels: str) -> list[str]:
    return [metric(part, f"0+{a_minute}", **labels), metric(whole, "0+100", **labels)]


def ends(failed_a_minute: int, code: str) -> list[str]:
    name = _FRONTEND + "requests_total"
    return [
        metric(name, f"0+{failed_a_minute}", outcome="failed", code=code),
        metric(name, "0+100", outcome="served", code="OK"),
    ]


def gapped(a_minute: int) -> list[str]:
    part, whole = _FRONTEND + "requests_gapped_total", _FRONTEND + "first_audio_duration_seconds_count"
    return share(part, whole, a_minute)


def degraded(a_minute: int) -> list[str]:
    part, whole = _FRONTEND + "segments_degraded_total", _FRONTEND + "segments_total"
    return share(part, whole, a_minute, voice="english")


def memory(used_mib: int) -> list[str]:
    target = {"job": "speechmesh-acoustic", "instance": "a"}
    return [
        metric("process_resident_memory_bytes", f"{used_mib * 2**20}+0", **target),
        # Our own metrics carry more labels than the process'.
        metric("speechmesh_memory_limit_bytes", f"{2**30}+0", otel_scope_name="speechmesh", **target),
    ]


def streams(under_way: int) -> list[str]:
    job = {"job": "speechmesh-frontend"}
    return [
        metric("speechmesh_streams_under_way", f"{under_way}+0", method="Synthesize", **job),
        metric("speechmesh_streams_limit", "100+0", **job),
    ]


def endpoints(healthy: int, unhealthy: int) -> list[str]:
    name = "speechmesh_vocoder_triton_endpoints"
    return [metric(name, f"{healthy}+0", state="healthy"), metric(name, f"{unhealthy}+0", state="unhealthy")]


def triton(queue_us: int) -> list[str]:
    names = "nv_inference_queue_duration_us", "nv_inference_compute_infer_duration_us"
    return [metric(names[0], f"0+{queue_us}"), metric(names[1], "0+1000")]


def one(name: str, values: str, **labels: str) -> list[str]:
    return [metric(name, values, **labels)]


UP = {"job": "speechmesh-triton", "instance": "t"}
ACOUSTIC = {"job": "speechmesh-acoustic", "reason": "limit"}
LOST = {"stage": "vocoder", "code": "UNAVAILABLE"}
LEVEL, REFUSED = "speechmesh_acoustic_pressure_level", "speechmesh_streams_refused_total"
FAILURES = _FRONTEND + "stage_failures_total"
# Of each alert: series with which it must fire within an hour, and such with which it must not.
CASES: dict[str, tuple[list[str], list[str]]] = {
    "FirstAudioSlow": (first_audio(10), first_audio(2)),
    "Gaps": (gapped(5), gapped(1)),
    "RequestsFail": (ends(5, "UNAVAILABLE"), ends(5, "DEADLINE_EXCEEDED")),
    "DeadlinesPass": (ends(10, "DEADLINE_EXCEEDED"), ends(10, "UNAVAILABLE")),
    "Refuses": (one(REFUSED, "0+4", **ACOUSTIC), one(REFUSED, "7+0", **ACOUSTIC)),
    "StreamsNearLimit": (streams(95), streams(50)),
    "Degraded": (degraded(30), degraded(10)),
    "StageDown": (serving(frontend=1, acoustic=1), serving(frontend=1, acoustic=1, vocoder=1)),
    "PodNotServing": (serving(frontend=1, acoustic=0), serving(frontend=1, acoustic=1)),
    "TargetDown": (one("up", "0+0", **UP), one("up", "1+0", **UP)),
    "MemoryNearLimit": (memory(1000), memory(500)),
    "Pressure": (one(LEVEL, "3+0"), one(LEVEL, "2+0")),
    "StageGoesAway": (one(FAILURES, "0+2", **LOST), one(FAILURES, "5+0", **LOST)),
    "TritonDown": (endpoints(0, 2), endpoints(1, 1)),
    "TritonEndpointDown": (endpoints(1, 1), endpoints(2, 0)),
    "TritonQueues": (triton(2000), triton(500)),
}


def test_every_alert_has_a_case() -> None:
    assert {f"Speechmesh{name}" for name in CASES} == {alert["alert"] for alert in alerts()}


def firing(alert: str, series: list[str], folder: Path) -> bool:
    """Whether Prometheus fires the alert an hour after the series began."""
    inputs = [dict(zip(("series", "values"), each.rsplit(" ", 1), strict=True)) for each in series]
    # It is to say that nothing fires: where something does, it fails, and tells what it got.
    expected: dict[str, Any] = {"eval_time": "59m", "alertname": alert, "exp_alerts": []}
    test = {
        "rule_files": [str(rules_file(folder))],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": inputs, "alert_rule_test": [expected]}],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    done = subprocess.run(
        [promtool(), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    told = done.stdout + done.stderr
    assert (done.returncode == 0) == ("FAILED" not in told), told
    assert done.returncode == 0 or f'alertname="{alert}"' in told, told
    return done.returncode != 0


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_when_it_should_and_not_else(name: str, tmp_path: Path) -> None:
    wrong, right = CASES[name]
    assert firing(f"Speechmesh{name}", wrong, tmp_path)
    assert not firing(f"Speechmesh{name}", right, tmp_path)
