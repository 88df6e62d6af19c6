"""The builders of random networks, which benches and other tests use."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from speechmesh.vocoder.networks import hifigan, kantts, vocos
from speechmesh.vocoder.networks.hifigan import HiFiGan, HiFiGanConfig
from speechmesh.vocoder.networks.kantts import KanTtsHiFiGan, KanTtsHiFiGanConfig
from speechmesh.vocoder.networks.vocos import Vocos


def check(network: nn.Module, n_mels: int, n_samples: int) -> None:
    mel = torch.randn(2, 20, n_mels, generator=torch.Generator().manual_seed(5))
    wav = network(mel)
    assert wav.shape == (2, n_samples)
    assert 0.1 < wav.std() < 0.3
    assert wav.abs().max() < 1.5
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("config", "millions"),
    [(hifigan.V1, 13.9), (hifigan.V2, 0.92), (hifigan.V3, 1.46)],
    ids=["V1", "V2", "V3"],
)
def test_hifigan(config: HiFiGanConfig, millions: float) -> None:
    network = HiFiGan.from_config(config)
    check(network, 80, 20 * 256)
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    assert n_parameters / 1e6 == pytest.approx(millions, rel=0.01)


def test_vocos() -> None:
    network = Vocos.from_config(vocos.MEL_24KHZ)
    check(network, 100, 19 * 256)
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(13.5, rel=0.01)


@pytest.mark.parametrize("config", [kantts.CAUSAL_16KHZ, kantts.NSF_16KHZ], ids=["causal", "nsf"])
def test_kantts(config: KanTtsHiFiGanConfig) -> None:
    check(KanTtsHiFiGan.from_config(config), config.n_mels, 20 * 200)


def test_a_seed_fixes_the_weights() -> None:
    first, second, other = (HiFiGan.from_config(hifigan.V2, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["conv_pre.weight"], other["conv_pre.weight"])


def test_causal_networks_see_nothing_of_the_future() -> None:
    network = KanTtsHiFiGan.from_config(kantts.CAUSAL_16KHZ)
    mel = torch.randn(1, 12, 80, generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(network(mel)[:, : 8 * 200], network(mel[:, :8]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("changes", [{"causal": True}, {"upsample_kernal_sizes": (20, 10, 5, 4)}])
def test_variants_without_a_golden_keep_the_length(changes: dict[str, object]) -> None:
    """A causal network with a source, and a transposed convolution that gives a sample too many."""
    values = kantts.NSF_16KHZ.model_dump() | {"channels": 32} | changes
    config = KanTtsHiFiGanConfig.model_validate(values)
    check(KanTtsHiFiGan.from_config(config), config.n_mels, 20 * 200)
