"""The measured receptive field against the one that follows from the layers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from speechmesh.common.runtime import open_session
from speechmesh.vocoder.export.measure.receptive_field import context_frames
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.stateful import NotStreamable
from speechmesh.vocoder.networks.hifigan import V1, V3, HiFiGan, HiFiGanConfig

SMALL = {"upsample_initial_channel": 32}
LAYOUTS = {
    "V1": V1.model_copy(update=SMALL),
    "V3": V3.model_copy(update=SMALL),
    "one kernel": V1.model_copy(
        update=SMALL | {"resblock_kernel_sizes": (5,), "resblock_dilation_sizes": ((1, 2, 4),)}
    ),
}


def analytic_context(config: HiFiGanConfig) -> int:
    """By walking back from the samples of frame 1000 through every layer."""
    frame = 1000
    first, last = frame * config.hop_size, (frame + 1) * config.hop_size - 1
    first, last = first - 3, last + 3
    stages = zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True)
    blocks = zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
    reach = max(
        sum((kernel - 1) * d // 2 + ((kernel - 1) // 2 if config.resblock == "1" else 0) for d in dilations)
        for kernel, dilations in blocks
    )
    for rate, kernel in reversed(list(stages)):
        first, last = first - reach, last + reach
        padding = (kernel - rate) // 2
        first, last = -(-(first + padding - kernel + 1) // rate), (last + padding) // rate
    return max(frame - (first - 3), last + 3 - frame)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_measured_field_of_a_hifigan_is_the_analytic_one(layout: str, tmp_path: Path) -> None:
    config = LAYOUTS[layout]
    export_onnx(HiFiGan.from_config(config), config.num_mels, tmp_path / "g.onnx")
    measured = context_frames(open_session(tmp_path / "g.onnx"), config.num_mels, config.hop_size)
    assert measured == analytic_context(config)


class NeedsAll(nn.Module):
    """Every sample depends on the mean of all frames."""

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        return (mel - mel.mean(dim=1, keepdim=True))[..., 0]


def test_a_network_that_needs_the_whole_utterance_is_refused(tmp_path: Path) -> None:
    export_onnx(NeedsAll(), 4, tmp_path / "g.onnx")
    with pytest.raises(NotStreamable, match="depends on more than"):
        context_frames(open_session(tmp_path / "g.onnx"), 4, 1)
