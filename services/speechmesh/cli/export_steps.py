"""What exports show: a spinner while a step runs, a line when it is done, and their results."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

from speechmesh.cli.console import err, fail, out
from speechmesh.common.errors import Incompatible, InvalidInput

if TYPE_CHECKING:
    from speechmesh.vocoder.export.card import Card
    from speechmesh.vocoder.export.steps import Step

_EXPORT_EXTRA = ("torch", "onnx", "onnxruntime", "safetensors", "tritonclient")


def require_export_extra(*further: str, extra: str = "export") -> None:
    """Ends the program, and says what to install, where something is missing."""
    missing = [module for module in (*_EXPORT_EXTRA, *further) if importlib.util.find_spec(module) is None]
    if missing:
        fail(f"this needs {', '.join(missing)}: pip install 'speechmesh[{extra}]'")


@contextmanager
def shown_step(title: str) -> Iterator[Step]:
    """A spinner while the step runs, a line when it is done."""
    from speechmesh.vocoder.export.steps import Step  # noqa: PLC0415

    started = time.monotonic()
    with err.status(title) as status:

        class Shown(Step):
            def detail(self, text: str) -> None:
                status.update(f"{title}: {text}")

        step = Shown()
        try:
            yield step
        except (Incompatible, InvalidInput):
            err.print(f"[red]✗[/] {title}", highlight=False)
            raise
    remark = f": {escape(step.remark)}" if step.remark else ""
    err.print(f"[green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]{remark}", highlight=False)


def print_card(card: Card) -> None:
    """The sizes and speeds of an export's tiers, and what is to be known of them."""
    for tier, of_tier in card.tiers.items():
        speed = of_tier.shown_speed
        out.print(
            f"{card.model_name(tier)}: {of_tier.precision}, {of_tier.n_bytes / 1e6:.1f} MB, RTF {speed.rtf:.4f} with "
            f"one thread, {speed.speedup:.2f} times fp32's speed",
            highlight=False,
        )
    for note in card.notes:
        out.print(f"note: {note}", highlight=False)
