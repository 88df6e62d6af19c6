"""The baseline of the Sambert benchmark makes what the network makes: it may be slow, not wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.eager_decoder import speak
from speechmesh.acoustic.networks.sambert.checkpoint import input_of, load_sambert
from speechmesh.acoustic.networks.sambert.network import SambertInput

GOLDENS = Path("tests/data/goldens/sambert")


@pytest.mark.parametrize("case", ["short_neutral_F7", "long_neutral_F7"])
@torch.inference_mode()
def test_decoding_as_upstream_does_gives_the_networks_mel(case: str) -> None:
    voice = load_sambert(GOLDENS / "voices/tiny_a")
    text = (GOLDENS / "golden/tiny_a" / case / "symbols.txt").read_text(encoding="utf-8").split("\t")[1]
    features, emotion, speaker = (tensor[None] for tensor in input_of(voice, text))
    batch = SambertInput(features, emotion, speaker, torch.tensor([features.shape[1]]))
    torch.testing.assert_close(speak(voice.network, batch), voice.network(batch).mel, atol=1e-5, rtol=0)
