"""What alerts and dashboard ask for, a running mesh exposes: metrics, labels, and the labels' values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from speechmesh.vocoder.triton.repository import build_repository
from tests.conftest import REPOSITORY
from tests.integration import mesh_scenes as scenes
from tests.integration.metered import MeteredMesh, Scrape, StageProcess, metered_mesh
from tests.integration.triton import Triton, running
from tests.unit.deploy.monitoring import TARGET_LABELS, Query, matches, parts, queries

# Prometheus' own.
OF_PROMETHEUS = {"up"}
Exposed = dict[str, list[dict[str, str]]]


def live(mesh: MeteredMesh, cached: StageProcess, triton: Triton) -> None:
    """All that makes a mesh show its metrics."""
    spoken_twice = MeteredMesh(mesh.acoustic, mesh.vocoder, cached)
    for _ in range(2):
        scenes.serve(spoken_twice)
    scenes.play(spoken_twice)
    scenes.starve(mesh, 5.0)
    with mesh.client() as client:
        stream = client.synthesize(scenes.LONG)
        responses = iter(stream)
        next(responses)
        triton.kill()
        triton.start()
        for _ in responses:
            pass


@pytest.fixture(scope="module")
def exposed(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exposed]:
    """Labels of every series of the three stages and of Triton, by the metric's name."""
    folder = tmp_path_factory.mktemp("mesh")
    build_repository(voices_dir, folder / "models", instances=1, link=True)
    triton = Triton(folder / "models", folder / "triton.log")
    settings: dict[str, object] = {"backend": "triton", "triton_url": triton.url, "max_chunk_ms": 5.0}
    with (
        running([triton]),
        metered_mesh(voices_dir, folder, frontend={"phrase_cache_mib": 0}, vocoder=settings) as mesh,
    ):
        targets = {"acoustic_target": mesh.acoustic.target, "vocoder_target": mesh.vocoder.target}
        played = REPOSITORY / "tests/data/recordings"
        cached = StageProcess(
            "frontend", folder / "cached.log", voices_dir=voices_dir, audio_dir=played, **targets
        )
        try:
            cached.start()
            cached.wait_serving()
            live(mesh, cached, triton)
            ports = [stage.metrics_port for stage in (*mesh.stages, cached)]
            found: Exposed = {}
            for port in (*ports, triton.ports.triton_metrics):
                for name, labels in Scrape(port).samples:
                    found.setdefault(name, []).append(dict(labels))
            yield found
        finally:
            cached.stop()


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.where)
def test_expressions_name_what_is_exposed(exposed: Exposed, query: Query) -> None:
    selectors, grouped_by = parts(query.tree)
    labels: set[str] = set()
    for selector in selectors:
        assert selector.name is not None
        if selector.name in OF_PROMETHEUS:
            continue
        assert selector.name in exposed
        series = exposed[selector.name]
        assert any(matches(selector, each) for each in series), f"{selector} takes none of {series}"
        labels |= {label for each in series for label in each}
    assert grouped_by <= labels | TARGET_LABELS
