"""The command: `python -m training.voices run english --work DIR --hours H`."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from speechmesh.common.errors import SpeechmeshError
from training.voices.bundle import install
from training.voices.settings import REPOSITORY, load_settings
from training.voices.steps import Context, run_steps, status, steps_of
from training.voices.training_loop import make_repeatable
from training.voices.work import Work

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


_TERMINATED = 128 + signal.SIGTERM


@app.callback()
def _end_in_order() -> None:
    # As an exception: the mesh that is listened to must not outlive a run that is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))


class _Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class _Options:
    voice: str
    work: Path | None
    hours: float | None
    device: _Device

    def context(self) -> Context:
        settings = load_settings(self.voice)
        device = _device(self.device)
        make_repeatable(device)
        folder = self.work or REPOSITORY / ".voices" / settings.name
        return Context(settings, Work(folder), self.hours or settings.hours, device)


Voice = Annotated[str, typer.Argument(help="A voice's name, or its settings file.")]
WorkFolder = Annotated[Path | None, typer.Option("--work", help="Work folder; .voices/NAME by default.")]
Hours = Annotated[float | None, typer.Option(help="Of the whole run; the settings' by default.")]
Device = Annotated[_Device, typer.Option(help="Of the trainings; auto takes a GPU where there is one.")]
Threads = Annotated[int, typer.Option(help="Of PyTorch; 0 takes what it finds.")]


@app.command()
def run(
    voice: Voice,
    work: WorkFolder = None,
    hours: Hours = None,
    device: Device = _Device.AUTO,
    threads: Threads = 0,
    until: Annotated[str | None, typer.Option(help="Stop after this step.")] = None,
    install_bundle: Annotated[bool, typer.Option("--install", help="Copy the bundle into voices/.")] = False,
) -> None:
    """Makes a voice, going on where an earlier run was stopped."""
    _set_threads(threads)
    context = _Options(voice, work, hours, device).context()
    if until is not None:
        _require_step(context, until)
    run_steps(context, until=until)
    if install_bundle:
        typer.echo(f"installed {install(context.work, context.settings.name)}")


@app.command()
def step(
    voice: Voice,
    name: Annotated[str, typer.Argument(help="The step, as `status` names it.")],
    work: WorkFolder = None,
    hours: Hours = None,
    device: Device = _Device.AUTO,
    threads: Threads = 0,
) -> None:
    """Does one step, even if it is done."""
    _set_threads(threads)
    context = _Options(voice, work, hours, device).context()
    _require_step(context, name)
    run_steps(context, only=name)


@app.command("status")
def show_status(voice: Voice, work: WorkFolder = None) -> None:
    """Tells what is done."""
    for line in status(_Options(voice, work, None, _Device.CPU).context()):
        typer.echo(line)


def _device(wanted: _Device) -> torch.device:
    there = torch.cuda.is_available()
    if wanted is _Device.CUDA and not there:
        raise typer.BadParameter("this PyTorch sees no GPU", param_hint="--device")
    return torch.device("cuda" if there and wanted is not _Device.CPU else "cpu")


def _require_step(context: Context, name: str) -> None:
    names = [step.name for step in steps_of(context.settings)]
    if name not in names:
        raise typer.BadParameter(f"{name} is not one of {', '.join(names)}")


def _set_threads(threads: int) -> None:
    if threads:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


if __name__ == "__main__":
    try:
        app()
    except SpeechmeshError as error:
        raise SystemExit(f"error: {error}") from None
