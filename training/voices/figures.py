"""Pictures for the report; none where matplotlib is not installed."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import VoiceBundle, load_bundle
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.export.mels import LogMel
from speechmesh.vocoder.offline import vocode
from training.voices.evaluate import segment_of
from training.voices.features import load_features
from training.voices.progress import say
from training.voices.settings import VoiceSettings
from training.voices.work import Work, read_json


def draw_figures(settings: VoiceSettings, work: Work, folder: Path) -> list[str]:
    """Writes the figures; their paths, relative to the folder above `folder`."""
    if find_spec("matplotlib") is None:
        say("no figures: matplotlib is not installed (pip install 'speechmesh[voices]')")
        return []
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    bundle = load_bundle(work / "bundle")
    made = []
    for speaker_id, speaker in enumerate(settings.speakers):
        path = folder / f"{settings.name}.{speaker.name}.png"
        _spectrograms(_panels(settings, work, bundle, speaker_id), path)
        made.append(path)
        result = read_json(work / "evaluation" / f"{speaker.name}.{bundle.revision}.json")
        if tones := result.get("tones"):
            path = folder / f"{settings.name}.{speaker.name}.tones.png"
            _tones(tones, path)
            made.append(path)
    return [f"{folder.name}/{path.name}" for path in made]


def _panels(
    settings: VoiceSettings, work: Work, bundle: VoiceBundle, speaker_id: int
) -> dict[str, FloatArray]:
    """Mels [T, M] of one held-out sentence: the teacher's, and of each kind of synthesis."""
    item = load_features(work, settings.speakers[speaker_id].name, "held_out")[0]
    log_mel = LogMel(settings.feature_space)
    frames = ParallelAcoustic(bundle, 1).infer([segment_of(item, speaker_id)])[0].frames
    panels = {"teacher": item.mel.astype(np.float32)}
    for tier in bundle.config.vocoders:
        panels[f"copy-synthesis, {tier}"] = log_mel(vocode(bundle, tier, panels["teacher"]))
        panels[f"full synthesis, {tier}"] = log_mel(vocode(bundle, tier, frames))
    return panels


def _spectrograms(panels: dict[str, FloatArray], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(len(panels), 1, figsize=(9, 1.9 * len(panels)), layout="constrained")
    for axis, (title, mel) in zip(axes, panels.items(), strict=True):
        axis.imshow(mel.T, origin="lower", aspect="auto", vmin=-9.0, vmax=1.0, cmap="magma")
        axis.set_title(title, fontsize=9)
        axis.set_ylabel("mel band")
    axes[-1].set_xlabel("frame")
    _save(figure, path)
    pyplot.close(figure)


def _tones(tones: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415

    names = sorted(tones["teacher"])
    figure, axes = pyplot.subplots(
        1, len(names), figsize=(2.2 * len(names), 2.4), sharey=True, layout="constrained"
    )
    for axis, name in zip(np.atleast_1d(axes), names, strict=True):
        axis.plot(tones["teacher"][name], label="teacher")
        axis.plot(tones["voice"].get(name, []), label="voice")
        axis.set_title(f"tone {name}", fontsize=9)
    np.atleast_1d(axes)[0].set_ylabel("semitones")
    np.atleast_1d(axes)[0].legend(fontsize=7)
    _save(figure, path)
    pyplot.close(figure)


def _save(figure: Any, path: Path) -> None:
    """As PNG with a palette, a third of the size: the figures are kept in the repository."""
    from PIL import Image  # noqa: PLC0415 - matplotlib brings it

    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(64).save(path, optimize=True)
