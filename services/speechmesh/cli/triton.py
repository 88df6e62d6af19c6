"""`speechmesh triton`: the local Triton and its model repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from speechmesh.cli.console import fail, out
from speechmesh.common.errors import Incompatible

app = typer.Typer(help="The local Triton server and its model repository.", no_args_is_help=True)

FolderOption = Annotated[
    Path, typer.Option(envvar="SPEECHMESH_TRITON_FOLDER", help="Where the local Triton is installed.")
]
VoicesOption = Annotated[
    Path, typer.Option("--voices", envvar="SPEECHMESH_VOCODER_VOICES_DIR", help="Folder of voice bundles.")
]
DEFAULT_FOLDER = Path(".triton")


@app.command()
def install(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Install the Triton server binary (from PyPI) for local use."""
    from speechmesh.vocoder.triton import local  # noqa: PLC0415 - needs the vocoder extra

    try:
        local.install(folder.absolute())
    except (Incompatible, OSError) as error:
        fail(str(error))
    out.print(f"Triton is installed in {folder}", highlight=False, markup=False)


@app.command()
def repository(
    folder: Annotated[Path, typer.Argument(help="Where to write the model repository.")],
    voices: VoicesOption = Path("voices"),
    instances: Annotated[int, typer.Option(min=2, help="Instances of each model.")] = 2,
    kind: Annotated[str, typer.Option(help="Where instances run: cpu or gpu.")] = "cpu",
    max_batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Most chunks in one run, never less than the voice says; the memory of each instance grows with it. "
            "By default what the voice says, on a GPU 32 at least.",
        ),
    ] = None,
) -> None:
    """Write the Triton model repository of all voices; the stock Triton image loads it."""
    from speechmesh.vocoder.triton.repository import build_repository  # noqa: PLC0415

    if kind not in ("cpu", "gpu"):
        fail(f"--kind {kind!r} is not cpu or gpu", 2)
    try:
        names = build_repository(
            voices,
            folder,
            instances=instances,
            kind="gpu" if kind == "gpu" else "cpu",
            max_batch_size=max_batch_size,
        )
    except (Incompatible, OSError) as error:
        fail(str(error))
    out.print(f"{folder}: {', '.join(names)}", highlight=False, markup=False)


@app.command()
def serve(
    repository: Annotated[Path, typer.Option(help="Where the model repository is written.")],
    folder: FolderOption = DEFAULT_FOLDER,
    voices: VoicesOption = Path("voices"),
    grpc_port: Annotated[int, typer.Option(envvar="SPEECHMESH_TRITON_GRPC_PORT")] = 8001,
    metrics_port: Annotated[int, typer.Option(envvar="SPEECHMESH_TRITON_METRICS_PORT")] = 8002,
    instances: Annotated[
        int, typer.Option(min=2, envvar="SPEECHMESH_TRITON_INSTANCES", help="Instances of each model.")
    ] = 2,
    otlp: Annotated[str, typer.Option(help="OTLP/HTTP receiver, as http://host:4318.")] = "",
) -> None:
    """Serve the vocoders of all voices with the local Triton, in the foreground."""
    from speechmesh.vocoder.triton import local  # noqa: PLC0415
    from speechmesh.vocoder.triton.repository import build_repository  # noqa: PLC0415

    server = local.LocalTriton(folder.absolute())
    if not server.installed:
        fail(f"Triton is not installed in {folder}: run `speechmesh triton install --folder {folder}`")
    try:
        build_repository(voices, repository, instances=instances, link=True)
        environment = server.environment()
    except Incompatible as error:
        fail(str(error))
    local.remove_leftovers(grpc_port)
    command = server.command(
        repository.absolute(), grpc_port=grpc_port, metrics_port=metrics_port, otlp_endpoint=otlp
    )
    os.execve(command[0], command, environment)
