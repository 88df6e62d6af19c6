"""The component that lets the frontend's replicas share phrases by a Redis."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from speechmesh.frontend.settings import FrontendSettings
from tests.unit.deploy.manifests import SETTINGS, Document, matching, of_kind, render, stage_settings


def store_policies(documents: list[Document], port: int) -> dict[str, set[str]]:
    """The deployments of each policy that lets out to a port, wherever that is."""
    return {
        name: matching(documents, policy["spec"]["podSelector"])
        for name, policy in of_kind(documents, "NetworkPolicy").items()
        for rule in policy["spec"].get("egress", [])
        if port in [each["port"] for each in rule["ports"]] and "to" not in rule
    }


def test_the_frontend_is_told_of_the_store_and_let_out_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = render("overlays/shared-phrases")
    settings, _ = stage_settings(documents, "frontend", monkeypatch)
    assert isinstance(settings, FrontendSettings)
    url = urlsplit(settings.phrase_cache_redis_url.get_secret_value())
    assert url.scheme == "redis"
    assert url.port is not None
    assert store_policies(documents, url.port) == {"phrase-store": {"frontend"}}
    assert "frontend" in matching(
        documents, of_kind(documents, "NetworkPolicy")["dns"]["spec"]["podSelector"]
    )


def test_where_it_is_comes_from_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = render("overlays/shared-phrases")
    (secret,) = of_kind(documents, "Secret")
    assert secret.startswith("phrase-store-")  # a hash of its content, so that a change rolls the pods
    for document in documents:
        if document["kind"] != "Secret":
            assert "redis://" not in str(document)


def test_without_it_there_is_neither_store_nor_way(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = render("base")
    settings, _ = stage_settings(documents, "frontend", monkeypatch)
    assert isinstance(settings, FrontendSettings)
    assert not settings.phrase_cache_redis_url.get_secret_value()
    assert store_policies(documents, 6379) == {}
    assert SETTINGS.keys() <= of_kind(documents, "Deployment").keys()
