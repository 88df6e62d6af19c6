"""Terminal output that the sub-commands share."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

out = Console(soft_wrap=True)  # a line is a line, also in a pipe
err = Console(stderr=True, soft_wrap=True)

BAR_WIDTH = 44


def fail(message: str, code: int = 1) -> NoReturn:
    """Prints a one-line error and exits."""
    err.print(f"[bold red]error:[/] {escape(message)}", highlight=False)
    raise typer.Exit(code)


def bar(start: float, duration: float, total: float) -> str:
    """A waterfall bar: blank until `start`, filled for `duration`, of `total` (all in one unit)."""
    scale = BAR_WIDTH / max(total, 1e-9)
    lead = min(int(start * scale), BAR_WIDTH - 1)
    return " " * lead + "█" * max(1, min(round(duration * scale), BAR_WIDTH - lead))
