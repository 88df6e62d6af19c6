"""What is asked for is checked first, and refused by the option's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from speechmesh.common.errors import InvalidInput
from speechmesh.vocoder.export.options import Options, parse_target, parse_tiers


def test_the_target_decides_the_precisions() -> None:
    assert parse_tiers("fast, high,balanced", "cpu") == {"high": "fp32", "balanced": "int8", "fast": "int8"}
    assert list(parse_tiers("fast,high", "gpu").items()) == [("high", "fp32"), ("fast", "fp16")]
    assert parse_tiers("high=fp16,fast=fp32", "cpu") == {"high": "fp16", "fast": "fp32"}


@pytest.mark.parametrize("text", ["best", "high,high", "fast=int4", "", "high,"])
def test_tiers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_tiers(text, "cpu")
    assert raised.value.field == "--tiers"


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(InvalidInput, match="--target"):
        parse_target("tpu")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Upper"}, "--name"),
        ({"name": "../escape"}, "--name"),
        ({"checkpoint": Path("nowhere")}, "CHECKPOINT"),
        ({"mels": Path("nowhere")}, "--mels"),
        ({"voice": Path("nowhere")}, "--voice"),
        ({"feature_space": Path("tests/data/voices/bootstrap/voice.yaml")}, "--feature-space"),
        ({"checkpoint": Path("tests/data/voices/bootstrap/vocoder.onnx")}, "--feature-space"),
        ({"mels": Path("tests/data"), "wavs": Path("tests/data")}, "--wavs"),
        ({"tiers": {"fast": "int8"}, "target": "gpu"}, "--tiers"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(changes: dict[str, object], field: str) -> None:
    fields: dict[str, object] = {
        "checkpoint": Path("tests/data/goldens/vocos_tiny"),
        "name": "a",
        "tiers": {"high": "fp32"},
        "out": Path("models"),
    }
    with pytest.raises(InvalidInput) as raised:
        Options(**{**fields, **changes})  # type: ignore[arg-type]
    assert raised.value.field == field
