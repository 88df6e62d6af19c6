"""Graphs as a device runs them best: in float16 between durations and mel, without what a GPU plans anew each run.

Made from the bundle's file when the model is loaded. That needs the package `onnx`, which the extra `acoustic-gpu` has;
what runs on a CPU in float32 is the file as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

from speechmesh.acoustic.domain import AcousticResult
from speechmesh.common.errors import Incompatible
from speechmesh.common.runtime import Device

log = logging.getLogger(__name__)

Precision = Literal["auto", "fp32", "fp16"]
# Mels in float16 are to lie this near float32's, against what they vary by: 0.5 % of some 3 nepers is 0.13 dB, a tenth
# of what a listener tells. The default voices' lie at 60 dB or more.
MIN_AGREEMENT_DB = 46.0


def wants_half(precision: Precision, device: Device) -> bool:
    """Whether a graph is to run in float16, as far as it can; `auto` does so on a GPU.

    Raises:
        Incompatible: when float16 is asked for and `onnx` is not there.
    """
    if precision == "fp32" or (precision == "auto" and device == "cpu"):
        return False
    if has_onnx():
        return True
    if precision == "fp16":
        raise Incompatible("precision fp16 needs the package onnx, as the extra acoustic-gpu has it")
    log.warning("acoustic models run in fp32: fp16 needs the package onnx, as the extra acoustic-gpu has it")
    return False


def has_onnx() -> bool:
    """Whether graphs can be rewritten here."""
    return find_spec("onnx") is not None


def graph_for(path: Path, device: Device, *, half: bool) -> bytes | None:
    """The graph in a file as the device shall run it; None for as it is.

    Raises:
        Incompatible: when it cannot be read, or not be put into float16.
    """
    if not half and (device == "cpu" or not has_onnx()):
        return None
    import onnx  # noqa: PLC0415 - only this needs it

    from speechmesh.common.graphs.half import to_half  # noqa: PLC0415 - likewise
    from speechmesh.common.graphs.shifted import to_shifted_products  # noqa: PLC0415 - likewise

    try:
        model = onnx.load(str(path))
        if device == "cuda":
            model = to_shifted_products(model)
        if half:
            model = to_half(model)
        content: bytes = model.SerializeToString()
        return content
    except Exception as error:  # of protobuf, of onnx's checker, of the passes: they share no base
        raise Incompatible(f"{path}: cannot be put into the form that {device} runs best: {error}") from None


def disagreement(exact: Sequence[AcousticResult], half: Sequence[AcousticResult]) -> str:
    """In what results in float16 differ from those in float32 by more than they may; empty when in nothing."""
    for one, other in zip(exact, half, strict=True):
        if not np.array_equal(one.frames_per_token, other.frames_per_token):
            return "other durations"
    error = np.concatenate([one.frames - other.frames for one, other in zip(exact, half, strict=True)])
    signal = np.concatenate([one.frames for one in exact])
    noise = float(np.sqrt(np.mean(np.square(error, dtype=np.float64))))
    agreement_db = 20.0 * np.log10(float(signal.std()) / noise) if noise > 0.0 else np.inf
    if not agreement_db >= MIN_AGREEMENT_DB:  # NaN is not
        return f"mels that agree to {agreement_db:.0f} dB, not {MIN_AGREEMENT_DB:.0f}"
    return ""
