"""Killing each stage in the middle of a request: the right error, and a mesh that recovers by itself."""

from __future__ import annotations

import json
import time

import grpc
import numpy as np
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


def test_killing_the_frontend_is_unavailable_and_passes(up_mesh: UpMesh) -> None:
    before = up_mesh.stage("frontend").pid
    with pytest.raises(SpeechError) as caught:
        speak_until_killed(up_mesh, "frontend")
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    wait_until_it_speaks(up_mesh)
    assert up_mesh.stage("frontend").pid != before


@pytest.mark.parametrize("stage", ["acoustic", "vocoder", "triton"])
def test_killing_a_stage_costs_a_pause_but_no_audio(up_mesh: UpMesh, stage: str) -> None:
    with Client(up_mesh.target) as client, client.synthesize(LONG_TEXT, timeout_s=120) as stream:
        undisturbed = np.frombuffer(stream.read(), "<i2").astype(int)
    before = up_mesh.stage(stage).pid
    disturbed = np.frombuffer(speak_until_killed(up_mesh, stage), "<i2").astype(int)
    assert len(disturbed) == len(undisturbed)
    assert np.max(np.abs(disturbed - undisturbed)) <= 4  # 1e-4 of full scale
    assert up_mesh.stage(stage).pid != before


def test_a_mesh_does_not_outlive_the_command_that_started_it(start_mesh: StartMesh) -> None:
    with start_mesh("--backend", "embedded") as mesh:
        stages = [mesh.stage(name) for name in ("acoustic", "vocoder", "frontend")]
        mesh.process.kill()
        gone, alive = psutil.wait_procs(stages, timeout=45)
        assert not alive
        assert len(gone) == 3


def test_a_killed_triton_leaves_nothing_behind(up_mesh: UpMesh) -> None:
    port = json.loads((up_mesh.run_dir / "mesh.json").read_text())["ports"]["triton"]
    before = stubs(port)
    up_mesh.stage("triton").kill()
    wait_until_it_speaks(up_mesh)
    after = stubs(port)
    assert len(after) == len(before) > 0
    assert not after & before  # the killed one's are gone


def stubs(port: int) -> set[int]:
    """The Python stubs of the Triton on this port, by process id."""
    return {process.pid for process in psutil.process_iter(["cmdline"]) if is_stub(process, port)}


def is_stub(process: psutil.Process, port: int) -> bool:
    command = " ".join(process.info["cmdline"] or ())
    return "triton_python_backend_stub" in command and f"speechmesh_triton_{port}_" in command
