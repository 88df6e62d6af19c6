"""A finished bundle in a real mesh: text in, audio out, as its users will hear it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from speechmesh.client import Client, SpeechOptions
from speechmesh.common.bundle import Tier
from speechmesh.common.errors import Unavailable
from speechmesh.common.features import FloatArray
from training.voices.progress import say
from training.voices.settings import REPOSITORY

_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.1
_CALL_TIMEOUT_S = 120.0


@contextmanager
def running_mesh(bundle: Path) -> Iterator[str]:
    """`speechmesh up` with one voice, on free ports; gives the address of its frontend.

    Raises:
        Unavailable: when it does not start, with what it said.
    """
    triton = REPOSITORY / ".triton"
    backend = "triton" if (triton / "installed").exists() else "embedded"
    if backend == "embedded":
        say(f"no Triton in {triton} (`make setup`): the vocoder runs embedded")
    with tempfile.TemporaryDirectory(prefix="voices.mesh.") as folder:
        voices, run_dir, log = Path(folder, "voices"), Path(folder, "run"), Path(folder, "up.log")
        voices.mkdir()
        (voices / bundle.name).symlink_to(bundle.absolute())
        command = [sys.executable, "-m", "speechmesh.cli.main", "up", "--free-ports", "--backend", backend]
        command += ["--voices", str(voices), "--run-dir", str(run_dir), "--triton-folder", str(triton)]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield _target(process, run_dir / "mesh.json", log)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _target(process: subprocess.Popen[bytes], state: Path, log: Path) -> str:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            return str(json.loads(state.read_text(encoding="utf-8"))["target"])
        except FileNotFoundError:  # not ready
            time.sleep(_POLL_S)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise Unavailable(f"the mesh did not start: {tail}")


def spoken_by(target: str, speaker: str, tier: Tier, texts: Sequence[str]) -> list[FloatArray]:
    """What a mesh makes of each text, samples [N]."""
    options = SpeechOptions(speaker=speaker, quality_tier=tier, encoding="pcm_f32le")
    with Client(target) as client:
        return [_samples(client, text, options) for text in texts]


def _samples(client: Client, text: str, options: SpeechOptions) -> FloatArray:
    with client.synthesize(text, options, timeout_s=_CALL_TIMEOUT_S) as stream:
        return np.frombuffer(stream.read(), "<f4").astype(np.float32)
