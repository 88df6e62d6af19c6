"""A full-size vocoder, HiFi-GAN V1: engine by engine, and through the mesh. Its weights are random, its cost is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml

from bench import contenders, engines, scenarios
from bench.contenders import Contender
from bench.load import Window
from bench.scenarios import Plan, Tell
from speechmesh.common.bundle import load_bundle
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.stateful import make_stateful
from speechmesh.vocoder.networks import hifigan

# A segment of V1 computes for seconds: the window must see many of them.
_WINDOW = Window(warm_up_s=4.0, window_s=20.0)
_STREAMS = (1, 8, 32)
_N_MELS = 80
_SAMPLE_RATE_HZ, _HOP_LENGTH = 22050, 256
_LADDER_FRAMES = (8, 16, 32, 64, 128)


@dataclass(frozen=True)
class FullSize:
    """HiFi-GAN V1 as every engine takes it."""

    network: hifigan.HiFiGan
    offline: Path
    graphs: dict[str, Path]
    stateful: dict[str, int]


def build(folder: Path) -> FullSize:
    """Makes the network and its graphs under `folder`."""
    network = hifigan.HiFiGan.from_config(hifigan.V1, seed=0).eval()
    offline = folder / "offline.onnx"
    export_onnx(network, _N_MELS, offline)
    graph = make_stateful(onnx.load(offline))
    fp32 = folder / "fp32.onnx"
    onnx.save(graph.model, fp32)
    return FullSize(network, offline, {"fp32": fp32}, graph.config.model_dump())


def by_engine(full_size: FullSize, tell: Tell) -> dict[str, Any]:
    """Five seconds of audio by each engine, with one thread and with all cores."""
    n_frames = round(engines.AUDIO_S * _SAMPLE_RATE_HZ / _HOP_LENGTH)
    mel = np.random.default_rng(0).standard_normal((n_frames, _N_MELS)).astype(np.float32)
    results = {}
    for threads in dict.fromkeys((1, os.cpu_count() or 1)):
        tell(f"HiFi-GAN V1 by engine, {threads} threads")
        results[f"{threads} threads"] = engines.measure(
            full_size.network, full_size.offline, full_size.graphs, mel, threads
        )
    return results


def voice(full_size: FullSize, precision: str, like: Path, folder: Path) -> Path:
    """A bundle that speaks with V1: the text and the acoustic model of the voice `like`, whose frames cost the same."""
    bundle = load_bundle(like)
    target = folder / f"v1-{precision}"
    shutil.copytree(like, target)
    shutil.copy2(full_size.graphs[precision], target / "v1.onnx")
    config = yaml.safe_load((like / "voice.yaml").read_text(encoding="utf-8"))
    config["name"] = target.name
    config["feature_space"] |= {"sample_rate_hz": _SAMPLE_RATE_HZ, "hop_length": _HOP_LENGTH}
    config["vocoders"] = {
        "high": {
            "model": "v1.onnx",
            "stateful": full_size.stateful,
            "ladder_frames": list(_LADDER_FRAMES),
            "max_batch_size": 1,
        }
    }
    assert bundle.config.feature_space.n_mels == _N_MELS
    (target / "voice.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return target


def through_the_mesh(
    full_size: FullSize, like: Path, folder: Path, streams: Sequence[int] | None, tell: Tell
) -> list[dict[str, Any]]:
    """V1 in closed loops: the mesh and, in turns, the same graphs bare."""
    cells = []
    for precision in full_size.graphs:
        folder_here = folder / precision
        folder_here.mkdir()
        bundle = voice(full_size, precision, like, folder_here)
        tell(f"starting V1 {precision}")
        with _running(("yardstick", "mesh"), bundle, folder_here / "run") as started:
            plan = Plan(concurrencies=tuple(streams or _STREAMS), rounds=1, window=_WINDOW)
            cells += [
                cell | {"contender": f"{cell['contender']} {precision}"}
                for cell in scenarios.closed_loops(started, plan, tell)
            ]
    return cells


@contextmanager
def _running(names: Sequence[str], voice_folder: Path, scratch: Path) -> Iterator[list[Contender]]:
    with ExitStack() as stack:
        yield [stack.enter_context(contenders.running(name, voice_folder, scratch)) for name in names]
