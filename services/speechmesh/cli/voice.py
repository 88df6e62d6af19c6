"""`speechmesh voice`: public checkpoints become voices."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from speechmesh.cli.console import fail, out
from speechmesh.cli.export_steps import print_card, require_export_extra, shown_step
from speechmesh.common.errors import Incompatible, InvalidInput

app = typer.Typer(help="Voices: public checkpoints into bundles.", no_args_is_help=True)

KINDS = ("sambert-hifigan",)


@app.callback()
def _group() -> None:
    """Voices: public checkpoints into bundles."""


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help=f"What it is: {', '.join(KINDS)}.")],
    folder: Annotated[
        Path,
        typer.Argument(help="The model as it was downloaded; or one voice of it; or its voices.zip."),
    ],
    voice: Annotated[
        list[str] | None, typer.Option(help="Voice of the model, may be given again; default: all.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the bundle, of one voice; default: the voice's.")] = "",
    out_folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of voice bundles.")] = Path(
        "voices"
    ),
    tiers: Annotated[
        str, typer.Option(help="Vocoder tiers, with precisions if not the usual: high=fp32,fast=int8.")
    ] = "high,balanced,fast",
    acoustic: Annotated[str, typer.Option(help="Precision of the acoustic model: fp32 or int8.")] = "fp32",
    styles: Annotated[
        str,
        typer.Option(help="Emotions that the voice knows, as neutral,happy,sad; the first is the default."),
    ] = "",
    license_: Annotated[str, typer.Option("--license", help="The model's licence.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a bundle of that name.")] = False,
) -> None:
    """Make voice bundles of a public checkpoint: nothing to write, nothing to convert by hand."""
    if kind not in KINDS:
        fail(f"KIND: {kind!r} is not one of {', '.join(KINDS)}", 2)
    if acoustic not in ("fp32", "int8"):
        fail(f"--acoustic: {acoustic!r} is not fp32 or int8", 2)
    require_export_extra("jieba", "pypinyin", extra="export,mesh")
    from speechmesh.cli.imports import modelscope, sambert_hifigan  # noqa: PLC0415 - needs the export extra
    from speechmesh.vocoder.export.options import parse_tiers  # noqa: PLC0415

    try:
        with modelscope.voices_in(folder) as found:
            sources = modelscope.chosen(found, voice or [])
            if name and len(sources) > 1:
                names = ", ".join(source.name for source in sources)
                raise InvalidInput("--name", f"for one voice; choose it with --voice: {names}")
            for source in sources:
                started = time.monotonic()
                bundle, card = sambert_hifigan.import_voice(
                    source,
                    sambert_hifigan.Wanted(
                        name or sambert_hifigan.bundle_name(source.name),
                        out_folder,
                        parse_tiers(tiers, "cpu"),
                        tuple(part.strip() for part in styles.split(",") if part.strip()),
                        license_,
                        force,
                        "int8" if acoustic == "int8" else "fp32",
                    ),
                    shown_step,
                )
                print_card(card)
                speakers = ", ".join(speaker.name for speaker in bundle.config.speakers)
                out.print(
                    f"{bundle.folder}: speakers {speakers}; styles {', '.join(bundle.config.styles)}; "
                    f"done in {time.monotonic() - started:.0f} s",
                    highlight=False,
                    markup=False,
                )
    except InvalidInput as error:
        fail(str(error), 2)
    except Incompatible as error:
        fail(str(error))
