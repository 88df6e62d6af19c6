"""The recogniser over many utterances, on every core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.export.measure.quality import transcribe

_SHARE = 25


def transcribe_all(utterances: Sequence[FloatArray], sample_rate_hz: int) -> list[str]:
    """What pocketsphinx hears in each utterance [N]; shares of them go to a process a core.

    The recogniser adapts to what it has heard, so shares are of fixed size: the result does not depend on the machine.
    """
    shares = [list(utterances[i : i + _SHARE]) for i in range(0, len(utterances), _SHARE)]
    n_processes = min(len(shares), len(os.sched_getaffinity(0)))
    if n_processes < 2:
        return [text for share in shares for text in transcribe(share, sample_rate_hz)]
    # Spawned: a fork would inherit the threads' locks of PyTorch and ONNX Runtime.
    with ProcessPoolExecutor(n_processes, multiprocessing.get_context("spawn")) as pool:
        heard = pool.map(transcribe, shares, [sample_rate_hz] * len(shares))
        return [text for share in heard for text in share]
