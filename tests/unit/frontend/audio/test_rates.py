"""Speech of several rates as one stream: each stretch is what it is when resampled alone."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from speechmesh.frontend.audio.rates import RateConverter


def tone(seconds: float, rate_hz: int) -> np.ndarray:
    return np.sin(2 * np.pi * 440.0 * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("step", [160, 1000, 100_000])
def test_stretches_of_each_rate_are_resampled_alone(step: int) -> None:
    stretches = [(16_000, 0.31), (24_000, 0.2), (16_000, 0.1), (22_050, 0.25), (24_000, 0.15)]
    converter = RateConverter(16_000)
    out = []
    for rate_hz, seconds in stretches:
        samples = tone(seconds, rate_hz)
        out += [converter.convert(samples[at : at + step], rate_hz) for at in range(0, len(samples), step)]
    out.append(converter.finish())
    alone = [soxr.resample(tone(seconds, rate), rate, 16_000) for rate, seconds in stretches]
    np.testing.assert_allclose(np.concatenate(out), np.concatenate(alone), atol=1e-5)


def test_what_is_held_is_told() -> None:
    converter = RateConverter(16_000)
    n_out = 0
    for _ in range(20):
        n_out += len(converter.convert(tone(0.05, 24_000), 24_000))
        assert 0 <= converter.n_held < 0.1 * 16_000
    assert n_out + converter.n_held == pytest.approx(16_000)
    assert len(converter.finish()) == pytest.approx(16_000 - n_out, abs=1)
    assert converter.n_held == 0


def test_samples_of_the_streams_own_rate_pass_as_they_are() -> None:
    samples = tone(0.1, 16_000)
    converter = RateConverter(16_000)
    assert converter.convert(samples, 16_000) is samples
    assert not len(converter.finish())
