"""voice.yaml gets other vocoders and keeps every other character."""

from __future__ import annotations

import pytest
import yaml

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.export.voice_file import with_vocoders

VOCODERS = {
    "fast": VocoderConfig(model="f.onnx", precision="int8", context_frames=3, ladder_frames=(8, 16)),
    "high": VocoderConfig(model="h.onnx", context_frames=3, ladder_frames=(8, 16)),
}
OLD = """\
vocoders:   # the old ones
  balanced:
    model: vocoder.onnx
    # a comment inside
    context_frames: 4
    ladder_frames: [8]
"""
BEFORE = "format: 1   # kept\n\n# who\nname:   'x'\n"
AFTER = '\n# about the licence\nlicense: "MIT"\nspeakers:\n- {name: a,   id: 0}\n'


@pytest.mark.parametrize("before", ["", BEFORE])
@pytest.mark.parametrize("after", ["", AFTER])
def test_all_but_the_block_is_kept(before: str, after: str) -> None:
    text = with_vocoders(before + OLD + after, VOCODERS)
    assert text.startswith(before)
    assert text.endswith(after)
    block = text[len(before) : len(text) - len(after)]
    read = yaml.safe_load(block)
    assert list(read) == ["vocoders"]
    assert list(read["vocoders"]) == ["high", "fast"]
    for tier, values in read["vocoders"].items():
        assert VocoderConfig.model_validate(values) == VOCODERS[tier]
    others = {key: value for key, value in yaml.safe_load(text).items() if key != "vocoders"}
    assert others == (yaml.safe_load(before + after) or {})


def test_a_block_in_flow_style_is_replaced_too() -> None:
    text = with_vocoders(
        "name: x\nvocoders: {high: {model: a,\n  ladder_frames: [8]}}\nlicense: y\n", VOCODERS
    )
    assert yaml.safe_load(text)["license"] == "y"
    assert set(yaml.safe_load(text)["vocoders"]) == {"high", "fast"}


@pytest.mark.parametrize("text", ["name: x\n", "[1, 2]\n", "", "{name: x, vocoders: {}}\n"])
def test_a_file_without_the_block_is_refused(text: str) -> None:
    with pytest.raises(Incompatible, match="no block"):
        with_vocoders(text, VOCODERS)
