"""The step that writes the report: a section of training/report.md a voice, and its figures."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

import torch

from speechmesh.common.bundle import load_bundle
from training.voices.figures import draw_figures
from training.voices.progress import duration_text
from training.voices.settings import REPOSITORY, VoiceSettings
from training.voices.training_loop import read_checkpoint
from training.voices.vocoder_training import checkpoint_of, finished_checkpoint_of
from training.voices.work import Work, read_json, whole_file

_DIFFERENCE = "word_error_difference_points"
_COLUMNS = (
    ("mcd_db", "MCD, dB", ".2f"),
    ("mr_stft", "MR-STFT", ".2f"),
    ("f0_rmse_hz", "F0 RMSE, Hz", ".1f"),
    ("voicing_error_percent", "voicing error, %", ".1f"),
    ("duration_error_ms", "duration error, ms", ".1f"),
    ("lufs", "LUFS", ".1f"),
    ("true_peak_dbfs", "true peak, dBFS", ".1f"),
)
# What a voice must hold: title, kinds of speech, figure, its part, format.
_PROMISED = (
    ("words wrong in the mesh within 2 points of the teacher's", "mesh", _DIFFERENCE, "value", "+.1f"),
    ("words wrong in copy-synthesis within 1 point", "copy", _DIFFERENCE, "value", "+.1f"),
    ("MCD of copy-synthesis under 1.5 dB", "copy", "mcd_db", "", ".2f"),
    ("F0 RMSE of copy-synthesis under 10 Hz", "copy", "f0_rmse_hz", "", ".1f"),
    ("voicing error of copy-synthesis under 8 %", "copy", "voicing_error_percent", "", ".1f"),
    ("true peak of full synthesis under -1 dBFS", "full", "true_peak_dbfs", "", ".1f"),
)
_HEAD = """# Voices: what the run made

Written by `python -m training.voices`. All figures are of held-out sentences, which were never learnt. `copy` is the
teacher's mels through the vocoder, `full` the teacher's tokens through the finished graphs, `mesh` the text through a
running mesh with Triton, the frontend's normalisation and G2P included. Word error rates are pocketsphinx's with a 95 %
bootstrap interval over sentences; the difference to the teacher's is paired by sentence. Distances of full synthesis
are along a time warp of the mels (60 sentences). The tracker of F0 is the same for teacher and voice.
"""


def write_report(settings: VoiceSettings, work: Work, target: Path | None = None) -> None:
    """Puts the voice's section into the report, other voices' sections as they are, and draws its figures.

    Nothing outside the work folder is written when the run's work folder is not in the repository's `.voices`.
    """
    inside = work.folder.resolve().is_relative_to(REPOSITORY / ".voices")
    target = target or (REPOSITORY / "training" if inside else work.folder)
    figures = draw_figures(settings, work, target / "figures")
    path = target / "report.md"
    old = path.read_text(encoding="utf-8") if path.is_file() else _HEAD
    section = f"<!-- {settings.name} -->\n{_section(settings, work, figures)}<!-- /{settings.name} -->\n"
    pattern = re.compile(rf"<!-- {settings.name} -->\n.*<!-- /{settings.name} -->\n", re.DOTALL)
    text = pattern.sub(lambda _: section, old) if pattern.search(old) else f"{old}\n{section}"
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def _section(settings: VoiceSettings, work: Work, figures: list[str]) -> str:
    bundle = load_bundle(work / "bundle")
    results = {
        s.name: read_json(work / "evaluation" / f"{s.name}.{bundle.revision}.json") for s in settings.speakers
    }
    speeds = read_json(work / "evaluation" / f"speed.{bundle.revision}.json")
    lines = [f"## {settings.name}", "", settings.description, "", *_criteria(results, speeds), ""]
    lines += [*_table(results), ""]
    for name, result in results.items():
        lines += _tones(name, result)
    lines += _costs(settings, work, speeds)
    lines += ["", *(f"![{Path(figure).stem}]({figure})" for figure in figures), ""]
    return "\n".join(lines)


def _criteria(results: dict[str, Any], speeds: dict[str, float]) -> list[str]:
    """What was promised, beside the worst of all speakers with each tier."""
    tiers = sorted({kind.rpartition(" ")[2] for of in results.values() for kind in of["kinds"]} - {"teacher"})
    lines = [
        f"| promised | {' | '.join(f'worst with `{tier}`' for tier in tiers)} |",
        "|" + "---|" * (1 + len(tiers)),
    ]
    for title, way, key, inner, form in _PROMISED:
        cells = []
        for tier in tiers:
            found = {
                speaker: figures[key][inner] if inner else figures[key]
                for speaker, result in results.items()
                if key in (figures := result["kinds"].get(f"{way} {tier}", {}))
            }
            worst = max(found, key=found.__getitem__, default=None)
            cells.append("-" if worst is None else f"{found[worst]:{form}} ({worst})")
        if set(cells) != {"-"}:
            lines.append(f"| {title} | {' | '.join(cells)} |")
    rtf = " | ".join(f"{speeds[tier]:.4f}" for tier in tiers)
    lines.append(f"| RTF of the vocoder, one thread: `high` under 0.05, `fast` under 0.005 | {rtf} |")
    both = " | ".join(f"{speeds['acoustic'] + speeds[tier]:.4f}" for tier in tiers)
    lines.append(f"| RTF with the acoustic model, one thread: `fast` under 0.01 | {both} |")
    return lines


def _table(results: dict[str, Any]) -> list[str]:
    names = ["speaker", "speech", "WER, % (95 %)", "against the teacher's", *(t for _, t, _ in _COLUMNS)]
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for speaker, result in results.items():
        for kind, figures in result["kinds"].items():
            cells = [
                _interval(figures.get("word_error_rate_percent"), ".1f"),
                _interval(figures.get(_DIFFERENCE) if kind != "teacher" else None, "+.1f"),
            ]
            cells += [format(figures[key], form) if key in figures else "-" for key, _, form in _COLUMNS]
            lines.append(f"| {speaker} | {kind} | {' | '.join(cells)} |")
    return lines


def _interval(of: dict[str, float] | None, form: str) -> str:
    if of is None:
        return "-"
    value, low, high = (format(of[name], form) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _tones(speaker: str, result: dict[str, Any]) -> list[str]:
    tones = result.get("tones")
    if not tones:
        return []
    off = ", ".join(f"tone {tone} {value:.2f}" for tone, value in tones["rmse_semitones"].items())
    mistaken = tones["mistaken_percent"]
    heard = ", ".join(
        f"{who} {of['syllables']:.1f} % of the syllables and {of['tones']:.1f} % of the tones"
        for who, of in result["syllable_error_percent"].items()
    )
    return [
        f"{speaker}: heard wrong by a listener that learnt the teachers' speech alone: {heard}.",
        f"{speaker}: mean contours differ from the teacher's by {off} semitones (RMS). A contour is nearer to another "
        f"tone's mean than to its own's in {mistaken['voice']:.1f} % ({mistaken['teacher']:.1f} % of the teacher's).",
        "",
    ]


def _costs(settings: VoiceSettings, work: Work, speeds: dict[str, float]) -> list[str]:
    bundle = work / "bundle"
    lines = ["| file | MB | RTF, one thread |", "|---|---|---|"]
    for file in sorted(bundle.glob("*.onnx")):
        part = file.stem.removeprefix("vocoder.")
        lines.append(f"| {file.name} | {file.stat().st_size / 1e6:.1f} | {speeds[part]:.4f} |")
    total = sum(file.stat().st_size for file in bundle.iterdir())
    lines += [f"| the whole bundle | {total / 1e6:.1f} | |", ""]
    steps = [path.stem for path in sorted((work / "done").glob("*.json"), key=lambda p: p.stat().st_mtime)]
    times = ", ".join(f"{step} {duration_text(work.seconds(step))} ({work.commit(step)})" for step in steps)
    seconds = sum(work.seconds(step) for step in steps)
    trained = [
        ("acoustic", "acoustic/checkpoint.pt"),
        *((f"vocoder {t}", checkpoint_of(t)) for t in settings.tiers),
        *((f"finishing {t}", finished_checkpoint_of(t)) for t in settings.tiers if settings.finishing),
    ]
    counts = ", ".join(f"{name} {read_checkpoint(work / path)['step']:,}" for name, path in trained)
    lines.append(
        f"Made in {duration_text(seconds)}, each step at the commit beside it: {times}. Steps: {counts}."
    )
    lines.append(f"On {_machine()}; PyTorch {torch.__version__}.")
    return lines


def _machine() -> str:
    model = ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        model = found[1] if found else ""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{len(os.sched_getaffinity(0))} cores {model or platform.machine()}{gpu}"
