"""What chunks cost with one thread, several models measured in turns: on a shared machine only ratios last."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np
import onnxruntime as ort

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.export.card import SpeedPoint

_BUDGET_S = 1.5
_FEWEST, _MOST = 3, 15
_BATCH, _BATCH_FRAMES = 4, 16

Key = TypeVar("Key", bound=Hashable)


def measure_speed(
    sessions: dict[Key, tuple[ort.InferenceSession, VocoderConfig]],
    reference: Key,
    space: FeatureSpace,
    mel: FloatArray,
    ladder_frames: tuple[int, ...],
) -> dict[Key, tuple[SpeedPoint, ...]]:
    """For each model the RTF of a stream under way in chunks of each size, and how many times `reference`'s speed.

    The fastest of several runs counts, as whatever else the machine does only ever slows.
    """
    points: dict[Key, list[SpeedPoint]] = {key: [] for key in sessions}
    for size in ladder_frames:
        runs = {key: _run(session, config, mel, size) for key, (session, config) in sessions.items()}
        best = _fastest(runs)
        audio_s = size * space.hop_length / space.sample_rate_hz
        for key, seconds in best.items():
            points[key].append(
                SpeedPoint(
                    frames=size,
                    rtf=round(seconds / audio_s, 6),
                    speedup=round(best[reference] / seconds, 3),
                )
            )
    return {key: tuple(of_key) for key, of_key in points.items()}


def measure_batching(session: ort.InferenceSession, config: VocoderConfig, mel: FloatArray) -> float:
    """How many times as fast a batch of four chunks runs as the four one after the other, in turns."""
    chunk = _chunk(config, mel, _BATCH_FRAMES)
    feeds = {"mel": np.repeat(chunk.frames[None], _BATCH, axis=0)}
    outputs = ["wav"]
    if chunk.state is not None:
        feeds["state"] = np.repeat(chunk.state[None], _BATCH, axis=0)
        feeds["last"] = np.zeros((_BATCH, 1), np.float32)
        outputs.append("next_state")

    def alone() -> None:
        for _ in range(_BATCH):
            run_chunk(session, chunk)

    best = _fastest({"alone": alone, "batch": lambda: session.run(outputs, feeds)})
    return best["alone"] / best["batch"]


def _run(
    session: ort.InferenceSession, config: VocoderConfig, mel: FloatArray, size: int
) -> Callable[[], object]:
    chunk = _chunk(config, mel, size)
    return lambda: run_chunk(session, chunk)


def _chunk(config: VocoderConfig, mel: FloatArray, size: int) -> Chunk:
    """A chunk of a stream under way, or a window."""
    width = size if config.stateful else size + 2 * (config.context_frames or 0)
    frames = np.resize(mel, (width, mel.shape[1]))
    state = np.zeros(config.stateful.state_size, np.float32) if config.stateful else None
    return Chunk(frames, state)


def _fastest(runs: dict[Key, Callable[[], object]]) -> dict[Key, float]:
    first = {key: _timed(run) for key, run in runs.items()}
    repeats = int(np.clip(_BUDGET_S / sum(first.values()), _FEWEST, _MOST))
    times: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in range(repeats):
        for key, run in runs.items():
            times[key].append(_timed(run))
    return {key: min(of_key) for key, of_key in times.items()}


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
