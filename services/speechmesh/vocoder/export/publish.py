"""A model repository's folders, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.protobuf import text_format

from speechmesh.common.bundle import Tier
from speechmesh.common.errors import InvalidInput
from speechmesh.vocoder.export.card import Card, card_path, to_markdown
from speechmesh.vocoder.export.description import MODEL_FILE, VocoderDescription
from speechmesh.vocoder.export.options import TIERS
from speechmesh.vocoder.triton.repository import model_config


@contextmanager
def workplace(out: Path, name: str) -> Iterator[Path]:
    """A folder beside the result for what is not finished; gone in the end, and those of dead exports too.

    Raises:
        InvalidInput: when nothing can be written there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("--out", f"{out}: {error.strerror}") from None
    for leftover in out.glob(f".{name}.*.partial"):
        if not _alive(leftover.name.removesuffix(".partial").rpartition(".")[2]):
            shutil.rmtree(leftover, ignore_errors=True)
    folder = out / f".{name}.{os.getpid()}.partial"
    try:
        folder.mkdir()
    except OSError as error:
        raise InvalidInput("--out", f"{out}: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(process: str) -> bool:
    # Ours has none yet: one that was killed had the same number, as in a container each may.
    if not process.isdecimal() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def publish(out: Path, work: Path, card: Card, models: dict[Tier, Path]) -> None:
    """Puts models and card in place; tiers of this name that are no longer among them go.

    The card goes first and comes last, so that an interrupted export is never taken for a finished one.
    """
    staged = work / "staged"
    for tier, model in models.items():
        _stage(staged / card.model_name(tier), card, tier, model)
    card_path(out, card.name).unlink(missing_ok=True)
    for tier in TIERS:
        target = out / card.model_name(tier)
        if target.exists():
            target.rename(work / f"old.{tier}")
        if tier in models:
            (staged / target.name).rename(target)
    markdown = out / f"{card.name}.card.md"
    for path, text in (
        (markdown, to_markdown(card)),
        (card_path(out, card.name), card.model_dump_json(indent=1)),
    ):
        written = work / path.name
        written.write_text(text + "\n" * (not text.endswith("\n")), encoding="utf-8")
        written.replace(path)


def _stage(folder: Path, card: Card, tier: Tier, model: Path) -> None:
    target = folder / MODEL_FILE
    target.parent.mkdir(parents=True)
    shutil.copyfile(model, target)
    config = card.config(tier, MODEL_FILE)
    description = VocoderDescription(
        name=card.model_name(tier), vocoder=config, feature_space=card.feature_space
    )
    description.write(folder)
    triton = model_config(description, instances=1, kind=card.target)
    (folder / "config.pbtxt").write_text(text_format.MessageToString(triton), encoding="utf-8")
