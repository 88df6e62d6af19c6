"""The `speechmesh` command: wiring of its sub-commands."""

from __future__ import annotations

import sys

try:
    import typer
except ModuleNotFoundError:  # pragma: no cover - a client-only install
    sys.exit("the speechmesh command needs: pip install 'speechmesh[cli]'")

from speechmesh.cli import say, stage, trace, triton, up, voices

app = typer.Typer(
    name="speechmesh", help="Text to speech for other services.", no_args_is_help=True, add_completion=False
)
app.command("up")(up.up)
app.command("say")(say.say)
app.command("voices")(voices.voices)
app.command("trace")(trace.trace)
app.add_typer(stage.app, name="stage")
app.add_typer(triton.app, name="triton")

if __name__ == "__main__":
    app()
