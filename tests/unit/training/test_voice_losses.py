"""What the vocoders' losses tell apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.voices.settings import load_settings
from training.voices.spectral_losses import PeriodicityLoss, SpectralLoss, reflected
from training.voices.vocoder_training import periodicity_weight

RATE_HZ = 16000


@pytest.fixture(scope="module")
def loss() -> PeriodicityLoss:
    return PeriodicityLoss(load_settings("english").feature_space)


def pulses(f0_hz: float, phase_s: float = 0.0, seed: int | None = None) -> torch.Tensor:
    """Half a second of a resonance rung at each period; with a seed, each time with another phase."""
    rng = np.random.default_rng(seed)
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    out = np.zeros_like(t)
    for start in np.arange(phase_s, 0.5, 1.0 / f0_hz):
        late = t - start
        turn = rng.uniform(0.0, 2.0 * np.pi) if seed is not None else 0.0
        out += (late >= 0) * np.exp(-150.0 * np.abs(late)) * np.sin(2.0 * np.pi * 900.0 * late + turn)
    return torch.from_numpy(0.3 * out)[None].float()


def test_a_voice_is_at_no_distance_from_itself_and_near_itself_begun_later(loss):
    voice = pulses(85.0)
    assert loss(voice, voice) == 0.0
    assert loss(pulses(85.0, phase_s=0.004), voice) < 0.01


def test_periods_that_differ_are_far_from_periods_alike(loss):
    voice = pulses(85.0)
    assert loss(pulses(85.0, seed=1), voice) > 10.0 * loss(pulses(85.0, phase_s=0.004), voice)
    assert loss(pulses(95.0), voice) > 10.0 * loss(pulses(85.0, phase_s=0.004), voice)


def test_where_the_real_speech_is_unvoiced_or_silent_nothing_is_asked(loss):
    torch.manual_seed(1)
    assert loss(pulses(85.0), 0.1 * torch.randn(1, RATE_HZ // 2)) < 0.01
    assert loss(pulses(85.0), torch.zeros(1, RATE_HZ // 2)) == 0.0


def test_it_can_be_learnt_from_silence(loss):
    made = torch.zeros(1, RATE_HZ // 2, requires_grad=True)
    loss(made, pulses(85.0)).backward()
    assert torch.isfinite(made.grad).all()


def test_its_weight_falls_towards_the_end():
    weights = [periodicity_weight(part) for part in (0.0, 0.6, 0.8, 1.0)]
    assert weights == pytest.approx([30.0, 30.0, 18.0, 6.0])


def test_mirrored_ends_are_those_of_pad_to_the_bit(loss, monkeypatch):
    # The losses' gradient, too: where parts of it are summed in another order, other weights come of a training.
    spectral = SpectralLoss(load_settings("english").feature_space)
    real = pulses(120.0)
    samples = real + 0.01 * torch.randn(real.shape, generator=torch.manual_seed(0))
    found = []
    for mirrored in (reflected, pad):
        monkeypatch.setattr("training.voices.spectral_losses.reflected", mirrored)
        made = samples.clone().requires_grad_()
        spoken = made.tanh()
        losses = [*spectral(spoken, real).values(), loss(spoken, real)]
        torch.stack(losses).sum().backward()
        found.append((*losses, made.grad))
    assert all(map(torch.equal, *found))


def pad(samples: torch.Tensor, around: int) -> torch.Tensor:
    return functional.pad(samples.unsqueeze(1), (around, around), mode="reflect").squeeze(1)
