"""The `speechmesh` command: wiring of its sub-commands."""

from __future__ import annotations

import sys

try:
    import typer
except ModuleNotFoundError:  # pragma: no cover - a client-only install
    sys.exit("the speechmesh command needs: pip install 'speechmesh[cli]'")

from speechmesh.cli import say, stage, trace, triton, up, vocoder, vocoder_control, voice, voices

app = typer.Typer(
    name="speechmesh", help="Text to speech for other services.", no_args_is_help=True, add_completion=False
)
app.command("up")(up.up)
app.command("say")(say.say)
app.command("voices")(voices.voices)
app.command("trace")(trace.trace)
app.add_typer(stage.app, name="stage")
app.add_typer(triton.app, name="triton")
app.add_typer(voice.app, name="voice")
app.add_typer(vocoder.app, name="vocoder")
vocoder.app.command("list")(vocoder_control.list_models)
vocoder.app.command("load")(vocoder_control.load)
vocoder.app.command("unload")(vocoder_control.unload)

if __name__ == "__main__":
    app()
