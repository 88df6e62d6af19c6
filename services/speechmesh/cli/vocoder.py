"""`speechmesh vocoder`: vocoders' checkpoints become models that the mesh and Triton serve."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from speechmesh.cli.console import fail, out
from speechmesh.cli.export_steps import print_card, require_export_extra, shown_step
from speechmesh.common.errors import Incompatible, InvalidInput

if TYPE_CHECKING:
    from speechmesh.vocoder.export.options import Options

app = typer.Typer(help="Vocoders: checkpoints into served models.", no_args_is_help=True)


@app.command()
def export(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            metavar="CHECKPOINT",
            help="HiFi-GAN generator, Vocos folder or file, KAN-TTS folder or file, or an .onnx graph mel -> wav.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the models: NAME.high, NAME.balanced, NAME.fast.")],
    tiers: Annotated[
        str, typer.Option(help="Tiers, with precisions if not the target's: high=fp32,fast=int8.")
    ] = "high,balanced,fast",
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the model repository is written.")
    ] = Path("models"),
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The checkpoint's configuration; default: beside it.")
    ] = None,
    feature_space: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For .onnx: YAML of the mels that the graph takes.")
    ] = None,
    mels: Annotated[
        Path | None,
        typer.Option(help="Real mels [T, M] to calibrate and to judge by: .npy, .npz or a folder of them."),
    ] = None,
    wavs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Recordings to compute such mels from.")
    ] = None,
    target: Annotated[str, typer.Option(help="Where the models will run: cpu or gpu.")] = "cpu",
    voice: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also put the tiers into this voice bundle.")
    ] = None,
    voices: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Voices; without mels, one of equal features speaks the calibration."
        ),
    ] = Path("voices"),
    edge_frames: Annotated[
        int,
        typer.Option(
            min=0, max=64, help="Frames of silence around each segment, for networks rough at the ends."
        ),
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Export again though nothing has changed.")] = False,
) -> None:
    """Make a Triton model repository of a checkpoint: streaming graphs, each precision checked against fp32."""
    from speechmesh.vocoder.export.options import Options, parse_target, parse_tiers  # noqa: PLC0415

    try:
        where = parse_target(target)
        options = Options(
            checkpoint=checkpoint,
            name=name,
            tiers=parse_tiers(tiers, where),
            out=out_folder,
            target=where,
            config=config,
            feature_space=feature_space,
            mels=mels,
            wavs=wavs,
            voice=voice,
            edge_frames=edge_frames,
        )
        _export(options, voices, force=force)
    except InvalidInput as error:
        fail(str(error), 2)
    except Incompatible as error:
        fail(str(error))


def _export(options: Options, voices: Path, *, force: bool) -> None:
    """Exports unless it is done already, and puts the tiers into the voice."""
    from speechmesh.cli.voice_speech import speaking_voices  # noqa: PLC0415 - needs the server extra
    from speechmesh.common.bundle import load_bundle  # noqa: PLC0415
    from speechmesh.vocoder.export.card import is_up_to_date, read_card  # noqa: PLC0415
    from speechmesh.vocoder.export.fingerprint import fingerprint  # noqa: PLC0415
    from speechmesh.vocoder.export.voice_file import place_in_voice  # noqa: PLC0415

    bundle = load_bundle(options.voice) if options.voice else None
    speakers = speaking_voices(bundle, voices)
    mark = fingerprint(options, speakers.fingerprint)
    card = read_card(options.out, options.name)
    if force or card is None or not is_up_to_date(card, options.out, mark):
        require_export_extra()
        from speechmesh.vocoder.export.pipeline import export as run  # noqa: PLC0415 - needs the export extra

        started = time.monotonic()
        card = run(options, mark, shown_step, voice=bundle, speakers=speakers.load())
        print_card(card)
        out.print(f"{options.out}: done in {time.monotonic() - started:.0f} s", highlight=False, markup=False)
    else:
        names = ", ".join(card.model_name(tier) for tier in card.tiers)
        out.print(f"{options.out}: {names}: up to date", highlight=False, markup=False)
    if options.voice is not None:
        changed = place_in_voice(card, options.out, options.voice)
        state = f"has the tiers {', '.join(card.tiers)}" if changed else "up to date"
        out.print(f"{options.voice}: {state}", highlight=False, markup=False)
