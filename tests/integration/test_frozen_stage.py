"""A replica that is frozen, which its kernel answers for all the same, costs its streams a pause."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from speechmesh.client import Client
from tests.integration.metered import StageProcess

IntArray = npt.NDArray[np.int64]

# A frozen replica's connection is closed by pings after 15 s; before that, its streams have gone to another.
_DEADLINE_S = 5.0
_N_REQUESTS = 4


def samples(client: Client, n: int) -> IntArray:
    """The audio of the `n`th request."""
    audio = client.synthesize(f"Number {n}.", timeout_s=_DEADLINE_S).read()
    return np.frombuffer(audio, "<i2").astype(np.int64)


@pytest.mark.parametrize("frozen", ["acoustic", "vocoder"])
def test_a_stream_that_a_frozen_replica_does_not_take_goes_to_another(
    voices_dir: Path, tmp_path: Path, frozen: str
) -> None:
    with ExitStack() as stack:

        def start(name: str, n: int, **settings: object) -> StageProcess:
            stage = StageProcess(name, tmp_path / f"{name}{n}.log", voices_dir=voices_dir, **settings)
            stack.callback(stage.stop)
            stage.start()
            return stage

        replicas = {
            "acoustic": [start("acoustic", n) for n in range(1 + (frozen == "acoustic"))],
            "vocoder": [start("vocoder", n, backend="embedded") for n in range(1 + (frozen == "vocoder"))],
        }
        targets = {
            f"{name}_target": "ipv4:" + ",".join(stage.target for stage in stages)
            for name, stages in replicas.items()
        }
        frontend = start("frontend", 0, phrase_cache_mib=0, stage_answer_ms=500, **targets)
        for stage in (*replicas["acoustic"], *replicas["vocoder"], frontend):
            stage.wait_serving()
        with Client(frontend.target) as client:
            undisturbed = [samples(client, n) for n in range(_N_REQUESTS)]
            replicas[frozen][0].send(signal.SIGSTOP)
            for n, expected in enumerate(undisturbed):
                np.testing.assert_allclose(samples(client, n), expected, rtol=0, atol=4)  # 1e-4 of full scale
        failures = frontend.scrape().total("speechmesh_frontend_stage_failures_total", stage=frozen)
        assert failures >= 1  # it was asked, too
