"""What is asked of an export: checked before anything is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from speechmesh.common.bundle import Tier
from speechmesh.common.errors import InvalidInput

Precision = Literal["fp32", "fp16", "int8"]
Target = Literal["cpu", "gpu"]
TIERS: tuple[Tier, ...] = get_args(Tier)
LADDER_FRAMES = (8, 16, 32, 64, 128, 256)
MAX_BATCH_SIZE = 8

# Tiers of one precision differ in their bounds: `balanced` int8 leaves more layers in float32 than `fast`.
DEFAULT_PRECISIONS: dict[Target, dict[Tier, Precision]] = {
    "cpu": {"high": "fp32", "balanced": "int8", "fast": "int8"},
    "gpu": {"high": "fp32", "balanced": "fp16", "fast": "fp16"},
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Options:
    """An export: from which checkpoint, to what, judged by what."""

    checkpoint: Path
    name: str
    tiers: dict[Tier, Precision]
    out: Path
    target: Target = "cpu"
    config: Path | None = None
    feature_space: Path | None = None
    mels: Path | None = None
    wavs: Path | None = None
    voice: Path | None = None
    edge_frames: int = 0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            InvalidInput: naming the option.
        """
        require_name(self.name)
        if not self.checkpoint.exists():
            raise InvalidInput("CHECKPOINT", f"{self.checkpoint}: no such file or folder")
        if self.is_graph and self.feature_space is None:
            raise InvalidInput(
                "--feature-space", "an .onnx file does not say which mels it takes: name a YAML file"
            )
        if not self.is_graph and self.feature_space is not None:
            raise InvalidInput("--feature-space", "only for .onnx files; a checkpoint's configuration tells")
        if self.is_graph and self.config is not None:
            raise InvalidInput("--config", "only for checkpoints; an .onnx file takes --feature-space")
        if self.mels is not None and self.wavs is not None:
            raise InvalidInput("--wavs", "either --mels or --wavs")
        for option in ("config", "feature_space", "mels", "wavs", "voice"):
            path = getattr(self, option)
            if path is not None and not path.exists():
                raise InvalidInput(f"--{option.replace('_', '-')}", f"{path}: no such file or folder")
        if self.target == "gpu" and "int8" in self.tiers.values():
            raise InvalidInput(
                "--tiers", "int8 is for CPUs: on a GPU its layers would run on the CPU; take fp16"
            )

    @property
    def is_graph(self) -> bool:
        """Whether the checkpoint is an ONNX graph rather than a network's weights."""
        return self.checkpoint.suffix == ".onnx"

    def model_name(self, tier: Tier) -> str:
        """The name under which Triton serves a tier."""
        return f"{self.name}.{tier}"


def require_name(name: str) -> None:
    """Refuses what cannot name models, a voice bundle or their files.

    Raises:
        InvalidInput: naming the option.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "--name", f"{name!r} is not a name of lower-case letters, digits, - and _, 63 at most"
        )


def parse_target(text: str) -> Target:
    """`cpu` or `gpu`.

    Raises:
        InvalidInput: for anything else.
    """
    for target in get_args(Target):
        if text == target:
            return target  # type: ignore[no-any-return]
    raise InvalidInput("--target", f"{text!r} is not cpu or gpu")


def parse_tiers(text: str, target: Target) -> dict[Tier, Precision]:
    """Tiers and their precisions, best first, of `high,fast` or `high=fp32,fast=int8`.

    Raises:
        InvalidInput: naming what is unknown or said twice.
    """
    chosen: dict[Tier, Precision] = {}
    for part in text.split(","):
        name, _, precision = (piece.strip() for piece in part.partition("="))
        tier = next((tier for tier in TIERS if tier == name), None)
        if tier is None:
            raise InvalidInput("--tiers", f"{name!r} is not a tier; there are {', '.join(TIERS)}")
        if tier in chosen:
            raise InvalidInput("--tiers", f"{tier} is there twice")
        known: tuple[Precision, ...] = get_args(Precision)
        wanted = precision or DEFAULT_PRECISIONS[target][tier]
        if wanted not in known:
            raise InvalidInput("--tiers", f"{precision!r} is not a precision; there are {', '.join(known)}")
        chosen[tier] = next(p for p in known if p == wanted)
    return {tier: chosen[tier] for tier in TIERS if tier in chosen}
