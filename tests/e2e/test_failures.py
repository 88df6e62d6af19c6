"""Killing each stage in the middle of a request: the right error, and a mesh that recovers by itself."""

from __future__ import annotations

import time

import grpc
import psutil
import pytest

from speechmesh.client import Client, SpeechError
from tests.e2e.conftest import StartMesh, UpMesh

LONG_TEXT = "This sentence is spoken again and again until somebody pulls the plug. " * 100


def speak_until_killed(mesh: UpMesh, stage: str) -> bytes:
    """Reads a long request slowly, kills the stage after a few chunks, and reads on."""
    audio = b""
    with Client(mesh.target) as client, client.synthesize(LONG_TEXT, timeout_s=120) as stream:
        for response in stream:
            audio += response.audio
            if response.sequence == 5:
                mesh.stage(stage).kill()
        assert stream.summary is not None
        assert len(audio) == round(stream.summary.audio_s * 32_000)
    return audio


def wait_until_it_speaks(mesh: UpMesh, within_s: float = 60.0) -> None:
    give_up_at = time.monotonic() + within_s
    while True:
        try:
            with Client(mesh.target) as client, client.synthesize("Back again.", timeout_s=10) as stream:
                assert len(stream.read()) > 16_000
                return
        except SpeechError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)


@pytest.mark.parametrize("stage", ["acoustic", "vocoder", "frontend"])
def test_killing_a_stage_after_audio_was_sent_is_unavailable_and_passes(up_mesh: UpMesh, stage: str) -> None:
    before = up_mesh.stage(stage).pid
    with pytest.raises(SpeechError) as caught:
        speak_until_killed(up_mesh, stage)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    if stage != "frontend":
        assert f"{stage} stage is unavailable" in str(caught.value)
        assert caught.value.retry_after_s
    wait_until_it_speaks(up_mesh)
    assert up_mesh.stage(stage).pid != before


def test_a_mesh_does_not_outlive_the_command_that_started_it(start_mesh: StartMesh) -> None:
    with start_mesh("--backend", "embedded") as mesh:
        stages = [mesh.stage(name) for name in ("acoustic", "vocoder", "frontend")]
        mesh.process.kill()
        gone, alive = psutil.wait_procs(stages, timeout=45)
        assert not alive
        assert len(gone) == 3


def test_killing_triton_costs_a_pause_but_no_audio(up_mesh: UpMesh) -> None:
    undisturbed = b""
    with Client(up_mesh.target) as client, client.synthesize(LONG_TEXT, timeout_s=120) as stream:
        undisturbed = stream.read()
    before = up_mesh.stage("triton").pid
    assert speak_until_killed(up_mesh, "triton") == undisturbed
    assert up_mesh.stage("triton").pid != before
