"""What `speechmesh say` prints when all is said."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from speechmesh.cli.console import bar, err, out
from speechmesh.client.options import TIERS
from speechmesh.speech.v1 import speech_pb2 as pb


def print_warnings(summary: pb.Summary) -> None:
    """Prints what the caller should know."""
    for warning in summary.warnings:
        err.print(f"[yellow]warning:[/] {escape(warning.message)}", highlight=False)


def print_style_reading(reading: pb.StyleReading) -> None:
    """Prints what a style in plain words came to."""
    if not reading.understood:
        err.print("[yellow]warning:[/] no word of the style instruction was understood; nothing is changed")
        return
    changes = [f"style {reading.style}"] if reading.style else []
    changes += [f"rate {reading.rate:.2f}"] if reading.rate not in (0.0, 1.0) else []
    changes += [f"pitch {reading.pitch_semitones:+.1f} semitones"] if reading.pitch_semitones else []
    changes += [f"effort {reading.energy_db:+.1f} dB"] if reading.energy_db else []
    understood = escape(", ".join(reading.understood))
    err.print(f"style: {understood}: {escape(', '.join(changes)) or 'as it is'}", highlight=False)


def print_summary(summary: pb.Summary, first_audio_s: float, total_s: float, output: Path | None) -> None:
    """Prints how much was said, how fast."""
    where = f" -> {output}" if output else ""
    out.print(
        f"{summary.audio_s:.2f} s of audio{where}, first audio after {first_audio_s * 1000:.0f} ms, "
        f"all after {total_s * 1000:.0f} ms, RTF {total_s / max(summary.audio_s, 1e-9):.3f}",
        highlight=False,
        markup=False,
    )


def print_words(response: pb.SynthesizeResponse) -> None:
    """Prints when each word of a response is spoken."""
    for word in response.words:
        out.print(
            f"{word.start_ms:9.1f} {word.end_ms:9.1f}  {word.spoken_text}", highlight=False, markup=False
        )


def print_waterfall(summary: pb.Summary) -> None:
    """Prints the stages' times of a request as bars over time."""
    out.print(f"\nwhere the {summary.total_ms:.0f} ms went (after the request's arrival):", highlight=False)
    colours = {"text": "cyan", "acoustic": "green", "vocoder": "magenta"}
    for stage in summary.stages:
        label = stage.stage if stage.stage == "text" else f"{stage.stage} {stage.segment_index}"
        out.print(
            f"  {label:<13}[{colours.get(stage.stage, 'white')}]"
            f"{bar(stage.start_ms, stage.duration_ms, summary.total_ms):<45}[/]"
            f"{stage.start_ms:7.1f} +{stage.duration_ms:7.1f} ms, computed {stage.compute_ms:7.1f}, "
            f"queued {stage.queue_ms:6.1f}{_tier(stage)}",
            highlight=False,
        )
    out.print(f"  first audio left after {summary.first_audio_ms:.1f} ms", highlight=False)


def _tier(stage: pb.StageTiming) -> str:
    return next((f", {name}" for name, tier in TIERS.items() if tier and tier == stage.quality_tier), "")
