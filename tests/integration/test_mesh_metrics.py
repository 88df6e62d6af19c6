"""What the scrapes of a mesh's real processes tell after requests that were served, left, refused, and failed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from speechmesh.vocoder.triton.repository import build_repository
from tests.conftest import REPOSITORY
from tests.integration import mesh_scenes as scenes
from tests.integration.mesh_scenes import LONG, SENTENCES, VOICE, Change
from tests.integration.metered import MeteredMesh, StageProcess, eventually, metered_mesh
from tests.integration.triton import Triton, running

FRONTEND, VOCODER = "speechmesh_frontend_", "speechmesh_vocoder_"


@pytest.fixture(scope="module")
def mesh(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeteredMesh]:
    # What was said before would say nothing of the stages.
    frontend: dict[str, object] = {"phrase_cache_mib": 0, "max_streams": 3, "stage_patience_ms": 30_000}
    frontend["audio_dir"] = REPOSITORY / "tests/data/recordings"
    folder = tmp_path_factory.mktemp("mesh")
    with metered_mesh(voices_dir, folder, frontend=frontend, vocoder={"backend": "embedded"}) as running_mesh:
        yield running_mesh


@pytest.fixture
def impatient(mesh: MeteredMesh, voices_dir: Path, tmp_path: Path) -> Iterator[StageProcess]:
    """A frontend of the same mesh that waits for no stage."""
    settings = {"acoustic_target": mesh.acoustic.target, "vocoder_target": mesh.vocoder.target}
    stage = StageProcess("frontend", tmp_path / "log", voices_dir=voices_dir, stage_patience_ms=0, **settings)
    try:
        stage.start()
        stage.wait_serving()
        yield stage
    finally:
        stage.stop()


def test_every_stage_says_that_it_serves_and_what_it_may_take(mesh: MeteredMesh) -> None:
    limits = {stage.name: stage.scrape().total("speechmesh_streams_limit") for stage in mesh.stages}
    assert limits == {"acoustic": 256, "vocoder": 256, "frontend": 3}
    for stage in mesh.stages:
        scrape = stage.scrape()
        assert scrape.total("speechmesh_serving") == 1
        assert scrape.total("speechmesh_streams_refused_total", reason="limit") == 0
        memory_bytes = scrape.total("process_resident_memory_bytes")
        assert 0 < memory_bytes < scrape.total("speechmesh_memory_limit_bytes")


def test_a_served_request_shows_where_its_time_went(mesh: MeteredMesh) -> None:
    frontend, vocoder = Change(mesh.frontend), Change(mesh.vocoder)
    summary = scenes.serve(mesh)
    n = summary.n_segments
    assert n == 2
    of_voice = {"voice": VOICE, "tier": "balanced"}
    served = {"kind": "text", "voice": VOICE, "outcome": "served", "code": "OK"}
    frontend.becomes(1, FRONTEND + "requests_total", **served)
    assert frontend.of(FRONTEND + "requests_total") == 1
    assert frontend.of(FRONTEND + "characters_total", kind="text", voice=VOICE) == len(SENTENCES)
    assert frontend.of(FRONTEND + "segments_total", **of_voice) == n
    assert frontend.of(FRONTEND + "audio_seconds_total", **of_voice) == pytest.approx(summary.audio_s)
    assert frontend.of(FRONTEND + "first_audio_duration_seconds_count", kind="text", **of_voice) == 1
    first_audio_s = frontend.of(FRONTEND + "first_audio_duration_seconds_sum")
    assert first_audio_s == pytest.approx(summary.first_audio_ms / 1000.0, abs=0.002)
    stages = ("reading", "pronouncing", "acoustic", "vocoder", "coding")
    stage = FRONTEND + "stage_duration_seconds"
    assert [frontend.of(stage + "_count", stage=s, segment="first") for s in stages] == [1] * 5
    assert [frontend.of(stage + "_count", stage=s, segment="later") for s in stages] == [0, 1, 1, 1, 1]
    waits_s = [frontend.of(stage + "_sum", stage=s, segment="first") for s in stages[:4]]
    assert all(wait_s > 0 for wait_s in waits_s)
    assert sum(waits_s) <= first_audio_s
    vocoder.becomes(n, VOCODER + "segments_total", outcome="served", **of_voice)
    # The frontend may have cut silence off.
    assert vocoder.of(VOCODER + "audio_seconds_total", **of_voice) >= summary.audio_s - 0.001
    n_chunks = vocoder.of(VOCODER + "queue_duration_seconds_count", tier="balanced")
    assert n_chunks >= n
    assert vocoder.of(VOCODER + "queue_duration_seconds_count", priority="urgent") >= 1
    assert vocoder.of(VOCODER + "compute_duration_seconds_count", **of_voice) == n_chunks
    assert vocoder.of(VOCODER + "chunk_size_count", tier="balanced") == n_chunks
    # 80 frames a second; silence at the segments' ends is computed, too.
    n_frames = vocoder.of(VOCODER + "chunk_size_sum")
    assert 80 * summary.audio_s <= n_frames <= 80 * summary.audio_s + 100
    computed_s = vocoder.of(VOCODER + "compute_duration_seconds_sum")
    told_s = sum(each.compute_ms for each in summary.stages if each.stage == "vocoder") / 1000.0
    assert computed_s == pytest.approx(told_s, rel=0.2)


def test_ssml_is_a_kind_of_its_own(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    document = "<speak>Hello.</speak>"
    scenes.serve(mesh, document, ssml=True)
    frontend.becomes(1, FRONTEND + "requests_total", kind="ssml", outcome="served")
    assert frontend.of(FRONTEND + "characters_total", kind="ssml") == len(document)
    assert frontend.of(FRONTEND + "characters_total") == len(document)


def test_recordings_are_counted_by_what_became_of_them(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    summary = scenes.play(mesh)
    assert [warning.code for warning in summary.warnings] == ["AUDIO_LEFT_OUT"]
    recordings = FRONTEND + "recordings_"
    frontend.becomes(2, recordings + "total", outcome="played")
    assert frontend.of(recordings + "total", outcome="replaced") == 1
    assert frontend.of(recordings + "total") == 3
    assert frontend.of(recordings + "cache_requests_total", result="miss") == 1
    assert frontend.of(recordings + "cache_requests_total", result="hit") == 1
    assert frontend.of(recordings + "decode_duration_seconds_count") == 1
    assert frontend.of(FRONTEND + "stage_duration_seconds_count", stage="recording", segment="later") == 2
    # 100 ms of 16 kHz are kept for the next document.
    assert mesh.frontend.scrape().total(recordings + "size_bytes") == 1_600 * 4
    # What is played is nobody's: of the voice's audio is counted what it says.
    assert frontend.of(FRONTEND + "segments_total") == summary.n_segments - 2
    assert frontend.of(FRONTEND + "audio_seconds_total") == pytest.approx(summary.audio_s - 0.2, abs=0.01)


def test_a_caller_that_leaves_is_counted_in_every_stage(mesh: MeteredMesh) -> None:
    frontend, vocoder = Change(mesh.frontend), Change(mesh.vocoder)
    scenes.leave(mesh)
    frontend.becomes(1, FRONTEND + "requests_total", outcome="cancelled", code="CANCELLED", voice=VOICE)
    assert frontend.of(FRONTEND + "requests_total") == 1
    eventually(lambda: vocoder.of(VOCODER + "segments_total") > 0)
    assert vocoder.of(VOCODER + "segments_total", outcome="failed") == 0
    for stage in mesh.stages:
        eventually(lambda stage=stage: stage.scrape().total("speechmesh_streams_under_way") == 0)


def test_refusals_are_told_from_failures(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    scenes.be_refused(mesh)
    labels = {"outcome": "refused", "voice": "none", "kind": "text"}
    frontend.becomes(1, FRONTEND + "requests_total", code="INVALID_ARGUMENT", **labels)
    frontend.becomes(1, FRONTEND + "requests_total", code="RESOURCE_EXHAUSTED", **labels)
    assert frontend.of("speechmesh_streams_refused_total", reason="limit") == 1
    assert frontend.of(FRONTEND + "requests_total", outcome="failed") == 0


def test_a_deadline_that_passes_is_a_failure_and_a_slow_caller_has_no_gap(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    standing_still = scenes.be_late(mesh)
    frontend.becomes(1, FRONTEND + "requests_total", outcome="failed", code="DEADLINE_EXCEEDED")
    assert frontend.of(FRONTEND + "requests_total") == 1
    assert standing_still.of(FRONTEND + "gaps_duration_seconds_count") == 0


def test_a_dead_stage_fails_requests_that_do_not_wait(mesh: MeteredMesh, impatient: StageProcess) -> None:
    frontend = Change(impatient)
    scenes.fail(mesh, impatient)
    frontend.becomes(1, FRONTEND + "requests_total", outcome="failed", code="UNAVAILABLE", voice=VOICE)
    assert frontend.of(FRONTEND + "stage_failures_total", stage="acoustic", code="UNAVAILABLE") == 1
    assert frontend.of(FRONTEND + "stage_resumes_total", outcome="given_up") == 1
    assert frontend.of(FRONTEND + "stage_retries_total") == 0


def test_a_stage_that_comes_back_is_a_resume(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    summary = scenes.resume(mesh)
    frontend.becomes(1, FRONTEND + "requests_total", outcome="served")
    assert frontend.of(FRONTEND + "stage_failures_total", stage="acoustic") >= 1
    assert frontend.of(FRONTEND + "stage_retries_total") >= 1
    assert frontend.of(FRONTEND + "stage_resumes_total", outcome="resumed") == 1
    assert frontend.of(FRONTEND + "stage_resumes_total", outcome="given_up") == 0
    # What was made twice is heard, and counted, once.
    assert frontend.of(FRONTEND + "audio_seconds_total") == pytest.approx(summary.audio_s)
    assert frontend.of(FRONTEND + "segments_total") == summary.n_segments


def test_gaps_are_those_of_the_player(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    heard = scenes.starve(mesh, 6.0)
    assert heard.gap_s > 1.0, "the vocoder should have stood still for longer"
    frontend.becomes(1, FRONTEND + "requests_gapped_total", kind="text", voice=VOICE)
    assert frontend.of(FRONTEND + "gaps_duration_seconds_count", kind="text", voice=VOICE) >= 1
    gap_s = frontend.of(FRONTEND + "gaps_duration_seconds_sum")
    assert math.isclose(gap_s, heard.gap_s, rel_tol=0.1, abs_tol=0.15), (gap_s, heard)


def test_live_text_counts_turns_and_blames_no_gap_on_a_slow_writer(mesh: MeteredMesh) -> None:
    frontend = Change(mesh.frontend)
    scenes.converse(mesh)
    frontend.becomes(1, FRONTEND + "requests_total", kind="live", outcome="served")
    # Of the second turn some may not have been sent any more.
    first, second = (sum(map(len, turn)) for turn in scenes.TURNS)
    assert first < frontend.of(FRONTEND + "characters_total", kind="live") <= first + second
    assert frontend.of(FRONTEND + "live_turns_total") == 2
    assert frontend.of(FRONTEND + "live_turns_total", outcome="served") >= 1
    assert frontend.of(FRONTEND + "live_interruptions_total", voice=VOICE) == 1
    assert frontend.of(FRONTEND + "first_audio_duration_seconds_count", kind="live") == 2
    assert frontend.of(FRONTEND + "gaps_duration_seconds_count") == 0


def test_labels_have_few_values(mesh: MeteredMesh) -> None:
    allowed = {"voice", "outcome", "reason", "result", "operation", "method", "kind", "code", "tier"}
    allowed |= {"stage", "segment", "priority", "state", "le"}
    for stage in mesh.stages:
        scrape = stage.scrape()
        for (name, labels), _ in scrape.samples.items():
            if name.startswith("speechmesh_"):
                assert dict(labels).keys() <= allowed, name
                assert all(len(value) <= 20 for _, value in labels), (name, labels)


def test_tritons_are_counted_as_they_die_and_come_back(
    voices_dir: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    build_repository(voices_dir, tmp_path / "models", instances=1, link=True)
    tritons = [Triton(tmp_path / "models", tmp_path_factory.mktemp("triton") / "log") for _ in range(2)]
    urls = ",".join(triton.url for triton in tritons)
    settings: dict[str, object] = {"backend": "triton", "triton_url": urls, "max_chunk_ms": 5.0}
    endpoints = VOCODER + "triton_endpoints"
    with (
        running(tritons),
        metered_mesh(voices_dir, tmp_path, frontend={"phrase_cache_mib": 0}, vocoder=settings) as mesh,
    ):
        vocoder = mesh.vocoder
        eventually(lambda: vocoder.scrape().total(endpoints, state="healthy") == 2)
        assert vocoder.scrape().total(endpoints, state="unhealthy") == 0
        change = Change(vocoder)
        with mesh.client() as client:
            stream = client.synthesize(LONG)
            responses = iter(stream)
            next(responses)
            tritons[0].kill()
            for _ in responses:
                pass
        assert stream.summary is not None
        eventually(lambda: vocoder.scrape().total(endpoints, state="unhealthy") == 1)
        assert vocoder.scrape().total(endpoints, state="healthy") == 1
        assert change.of(VOCODER + "triton_ejections_total") >= 1
        assert change.of(VOCODER + "segments_total", outcome="served") == stream.summary.n_segments
        reasons = {labels["reason"] for labels in vocoder.scrape().labels(VOCODER + "triton_refusals_total")}
        assert reasons <= {"lost", "unready", "absent", "hung", "full", "waited", "broken"}
        tritons[0].start()
        eventually(lambda: vocoder.scrape().total(endpoints, state="healthy") == 2)
