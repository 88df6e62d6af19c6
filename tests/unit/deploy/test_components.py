"""Components in any overlay: what an operator may put together renders, and does what the components say."""

from __future__ import annotations

import kubernetes_validate
import pytest

from tests.unit.deploy.manifests import (
    COMPONENTS,
    OPERATORS_GROUP,
    SETTINGS,
    Document,
    main_container,
    of_kind,
    pods,
    render,
    render_with,
    stage_settings,
)

# The others are the base with one component, and nothing else.
PLAIN = ["base", "overlays/cpu-small", "overlays/gpu"]
CHOICES = [*((each,) for each in COMPONENTS), tuple(COMPONENTS)]


def names(documents: list[Document]) -> set[tuple[str, str]]:
    return {(each["kind"], each["metadata"]["name"]) for each in documents}


@pytest.mark.parametrize("components", CHOICES, ids="+".join)
@pytest.mark.parametrize("kustomization", PLAIN)
def test_every_component_goes_with_every_overlay(kustomization: str, components: tuple[str, ...]) -> None:
    documents = render_with(kustomization, components)
    assert len(names(documents)) == len(documents)
    assert pods(documents).keys() == pods(render(kustomization)).keys()
    for document in documents:
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "speechmesh"
        if not document["apiVersion"].startswith(OPERATORS_GROUP):
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("kustomization", PLAIN)
def test_spans_of_every_stage_of_every_overlay_go_to_the_receiver(
    kustomization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = render_with(kustomization, ("tracing",))
    (receiver,) = [
        each["data"]["OTLP_ENDPOINT"]
        for name, each in of_kind(documents, "ConfigMap").items()
        if name.startswith("tracing-")
    ]
    for name in SETTINGS:
        assert stage_settings(documents, name, monkeypatch)[0].otlp_endpoint == receiver
    if "triton" in pods(documents):
        arguments = main_container(pods(documents)["triton"])["args"]
        assert "--trace-config=opentelemetry,url=$(OTLP_ENDPOINT)/v1/traces" in arguments
