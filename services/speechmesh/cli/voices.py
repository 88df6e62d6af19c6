"""`speechmesh voices`: lists what can speak."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from speechmesh.cli.console import fail, out
from speechmesh.client import Client, SpeechError
from speechmesh.client.options import DEFAULT_TARGET, TIERS


def voices(
    target: Annotated[
        str,
        typer.Option("--target", "-t", envvar="SPEECHMESH_CLIENT_TARGET", help="The frontend, host:port."),
    ] = DEFAULT_TARGET,
    language: Annotated[str, typer.Option(help='Only voices of this language, as "en" or "en-US".')] = "",
) -> None:
    """List the voices of a running mesh."""
    try:
        with Client(target) as client:
            found = client.voices(language)
    except SpeechError as error:
        fail(str(error))
    tiers = {value: name for name, value in TIERS.items()}
    table = Table(Column("voice", no_wrap=True))  # the name is what one copies
    for name in ("languages", "speakers", "styles", "pitch", "energy", "tiers", "Hz", "revision", "licence"):
        table.add_column(name, overflow="fold")
    for voice in found:
        table.add_row(
            escape(voice.name),
            ", ".join(voice.languages),
            escape(", ".join(speaker.name for speaker in voice.speakers)),
            escape(", ".join(voice.styles)),
            _range(voice.capabilities.pitch_range_semitones, "st"),
            _range(voice.capabilities.energy_range_db, "dB"),
            ", ".join(tiers.get(tier, str(tier)) for tier in voice.quality_tiers),  # a server may be newer
            str(voice.sample_rate_hz),
            voice.revision,
            escape(voice.license),
        )
    out.print(table)


def _range(most: float, unit: str) -> str:
    """How far something may be shifted."""
    return f"±{most:g} {unit}" if most else "-"
