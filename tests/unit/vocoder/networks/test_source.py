"""The source's noise and harmonics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from speechmesh.vocoder.networks.noise import PositionNoise
from speechmesh.vocoder.networks.nsf import HarmonicSource

N_SAMPLES = 1 << 18
N_ROWS = 8


@pytest.fixture(scope="module", params=[0, 1_000_000_000])
def noise(request: pytest.FixtureRequest) -> np.ndarray:
    index = torch.arange(request.param, request.param + N_SAMPLES)[None, None]
    return PositionNoise(N_ROWS)(index)[0].double().numpy()


def test_moments_are_those_of_the_normal_distribution(noise: np.ndarray) -> None:
    # Each bound is four deviations of the estimate from so many samples.
    bound = 4.0 / math.sqrt(N_SAMPLES)
    assert np.abs(noise.mean(axis=1)).max() < bound
    assert np.abs(noise.var(axis=1) - 1.0).max() < bound * math.sqrt(2.0)
    assert np.abs((noise**3).mean(axis=1)).max() < bound * math.sqrt(15.0)
    assert np.abs((noise**4).mean(axis=1) - 3.0).max() < bound * math.sqrt(96.0)


def test_the_distribution_is_normal_up_to_its_tails(noise: np.ndarray) -> None:
    for row in noise:
        share = np.arange(1, N_SAMPLES + 1) / N_SAMPLES
        normal = 0.5 * (1.0 + torch.erf(torch.from_numpy(np.sort(row) / math.sqrt(2.0))).numpy())
        assert np.abs(normal - share).max() * math.sqrt(N_SAMPLES) < 2.0  # Kolmogorov-Smirnov, p = 0.0007
    assert 4.0 < np.abs(noise).max() < 7.0


@pytest.mark.parametrize("power", [1, 2])
def test_rows_and_lags_are_uncorrelated(noise: np.ndarray, power: int) -> None:
    values = noise**power - (noise**power).mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    spectra = np.fft.rfft(values, n=2 * N_SAMPLES, axis=1)
    for first in range(N_ROWS):
        for second in range(first, N_ROWS):
            correlation = np.fft.irfft(spectra[first] * spectra[second].conj()) / N_SAMPLES
            lags = np.concatenate([correlation[: 1 << 14], correlation[-(1 << 14) :]])
            if first == second:
                assert lags[0] == pytest.approx(1.0)
                lags = lags[1:]
            assert np.abs(lags).max() * math.sqrt(N_SAMPLES) < 6.5  # of 2^20 values at most 4 in 10^4 tests


def test_the_spectrum_is_flat(noise: np.ndarray) -> None:
    power = np.abs(np.fft.rfft(noise, axis=1)[:, 1:-1]) ** 2 / N_SAMPLES
    bands = power[:, : power.shape[1] // 64 * 64].reshape(N_ROWS, 64, -1).mean(axis=2)
    assert np.abs(bands - 1.0).max() < 5.0 / math.sqrt(power.shape[1] // 64)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 8])
def test_noise_depends_on_the_position_alone(n_rows: int) -> None:
    noise = PositionNoise(n_rows)
    whole = noise(torch.arange(1000)[None, None])
    assert whole.shape == (1, n_rows, 1000)
    parts = [noise(torch.arange(a, b)[None, None]) for a, b in ((0, 17), (17, 400), (400, 1000))]
    torch.testing.assert_close(torch.cat(parts, dim=-1), whole, rtol=0, atol=1e-6)


def test_noise_stays_finite_where_its_period_ends() -> None:
    noise = PositionNoise(N_ROWS)(torch.arange((1 << 31) - 1000, (1 << 31) + 1000)[None, None])
    assert torch.isfinite(noise).all()
    assert 0.9 < noise.std() < 1.1


@pytest.mark.parametrize("rates", [(10, 5, 2, 2), (8, 8, 4), (5, 5, 4, 3)])
def test_harmonics_stay_in_phase_over_long_utterances(rates: tuple[int, ...]) -> None:
    hop, sample_rate, n_frames = math.prod(rates), 16000, 4000
    generator = torch.Generator().manual_seed(3)
    f0 = 60.0 + 700.0 * torch.rand(1, 1, n_frames, generator=generator)
    source = HarmonicSource(N_ROWS, sample_rate, rates)
    f0_held, _, start, index = source._hold(f0, torch.ones_like(f0))
    ours = source._cycles(f0_held, start, index).double().numpy()[0, 0]
    cycles = np.cumsum(np.repeat(f0.double().numpy()[0, 0], hop) / sample_rate)
    away = (ours - cycles + 0.5) % 1.0 - 0.5
    # Each frame's increment is rounded in float32, their sum is not.
    assert np.abs(away).max() < 1e-4
    np.testing.assert_array_equal(index[0, 0].numpy(), np.arange(n_frames * hop))


def test_the_source_is_loud_where_voiced_and_noise_elsewhere() -> None:
    source = HarmonicSource(N_ROWS, 16000, (10, 5, 2, 2))
    with torch.no_grad():
        source.ffn[0].weight.fill_(0.0)  # type: ignore[union-attr, operator]
        source.ffn[0].weight[0, 0] = 1.0  # type: ignore[union-attr, index]
        source.ffn[0].bias.fill_(0.0)  # type: ignore[union-attr, operator]
        voicing = torch.cat((torch.full((1, 1, 50), 0.6), torch.full((1, 1, 50), 0.59)), dim=-1)
        wave = source(torch.full((1, 1, 100), 200.0), voicing)[0, 0].numpy()
    voiced, unvoiced = wave[:10000], wave[10000:]
    spectrum = np.abs(np.fft.rfft(voiced * np.hanning(10000)))
    assert spectrum.argmax() == 200.0 * 10000 / 16000
    assert voiced.std() == pytest.approx(0.1 / math.sqrt(2.0), rel=0.02)
    assert unvoiced.std() == pytest.approx(0.1 / 3.0, rel=0.03)


def test_first_phases_differ_between_harmonics() -> None:
    phases = HarmonicSource(N_ROWS, 16000, (2,)).phases[0, :, 0]
    assert phases[0] == 0.0
    assert torch.pdist(torch.stack((phases.cos(), phases.sin()), dim=1)).min() > 0.3


def test_requests_repeat() -> None:
    source = HarmonicSource(N_ROWS, 16000, (4, 2))
    f0, voicing = torch.full((2, 1, 30), 150.0), torch.ones(2, 1, 30)
    first, second = source(f0, voicing), source(f0, voicing)
    assert torch.equal(first, second)
    torch.testing.assert_close(first[0], first[1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate", range(1, 33))
def test_no_rate_lets_nearest_neighbours_slip(rate: int) -> None:
    """Torch multiplies the position by 1/rate in float32, which some rates beyond those allowed do not survive."""
    frames = torch.arange(3000.0)[None, None]
    held = functional.interpolate(frames, scale_factor=float(rate), mode="nearest")
    assert torch.equal(held, frames.repeat_interleave(rate, dim=-1))
