"""A full-size vocoder, HiFi-GAN V1: engine by engine, and through the mesh. Its weights are random, its cost is not."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from bench import contenders, engines, scenarios
from bench.contenders import Contender
from bench.load import Window
from bench.scenarios import Plan, Tell
from speechmesh.common.bundle import load_bundle
from speechmesh.vocoder.export.card import Card
from speechmesh.vocoder.export.description import MODEL_FILE
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.options import Options
from speechmesh.vocoder.export.pipeline import export
from speechmesh.vocoder.export.steps import silent
from speechmesh.vocoder.networks import hifigan

# A segment of V1 computes for seconds: the window must see many of them.
_WINDOW = Window(warm_up_s=4.0, window_s=20.0)
_STREAMS = (1, 8, 32)
_N_MELS = 80
_SAMPLE_RATE_HZ, _HOP_LENGTH = 22050, 256
# The published configuration, as its file has it.
_CONFIG = {
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "num_mels": _N_MELS,
    "n_fft": 1024,
    "hop_size": _HOP_LENGTH,
    "win_size": 1024,
    "sampling_rate": _SAMPLE_RATE_HZ,
    "fmin": 0,
    "fmax": 8000,
}


@dataclass(frozen=True)
class FullSize:
    """HiFi-GAN V1 as every engine takes it; `graphs` are stateful ones by precision."""

    network: hifigan.HiFiGan
    offline: Path
    graphs: dict[str, Path]
    card: Card


def build(folder: Path) -> FullSize:
    """Exports the network as a user would, in full and in eight bits; refused when the eight bits are over a bound."""
    network = hifigan.HiFiGan.from_config(hifigan.V1, seed=0).eval()
    checkpoint = folder / "generator_v1"
    torch.save({"generator": network.state_dict()}, checkpoint)
    (folder / "config.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    options = Options(checkpoint, name="v1", tiers={"high": "fp32", "fast": "int8"}, out=folder / "models")
    card = export(options, "", silent)
    offline = folder / "offline.onnx"
    export_onnx(network, _N_MELS, offline)
    graphs: dict[str, Path] = {
        of_tier.precision: options.out / f"v1.{tier}" / MODEL_FILE for tier, of_tier in card.tiers.items()
    }
    return FullSize(network, offline, graphs, card)


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


def measure(like: Path, streams: Sequence[int] | None, tell: Tell) -> dict[str, Any]:
    """Both, and what the export says of the eight bits' quality."""
    with tempfile.TemporaryDirectory(prefix="speechmesh-bench-v1-") as scratch:
        folder = Path(scratch)
        tell("exporting HiFi-GAN V1")
        full_size = build(folder)
        fast = full_size.card.tiers["fast"]
        return {
            "quality": {
                "judged_on": full_size.card.material,
                "figures": fast.figures.model_dump() if fast.figures else {},
                "bounds": fast.bounds.model_dump() if fast.bounds else {},
            },
            "engines": by_engine(full_size, tell),
            "closed": through_the_mesh(full_size, like, folder, streams, tell),
        }


def voice(full_size: FullSize, precision: str, like: Path, folder: Path) -> Path:
    """A bundle that speaks with V1: the text and the acoustic model of the voice `like`, whose frames cost the same."""
    bundle = load_bundle(like)
    target = folder / f"v1-{precision}"
    shutil.copytree(like, target)
    shutil.copy2(full_size.graphs[precision], target / "v1.onnx")
    config = yaml.safe_load((like / "voice.yaml").read_text(encoding="utf-8"))
    config["name"] = target.name
    config["feature_space"] |= {"sample_rate_hz": _SAMPLE_RATE_HZ, "hop_length": _HOP_LENGTH}
    tier = next(tier for tier, each in full_size.card.tiers.items() if each.precision == precision)
    vocoder = full_size.card.config(tier, "v1.onnx")
    config["vocoders"] = {"high": vocoder.model_dump(mode="json", exclude_none=True)}
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
