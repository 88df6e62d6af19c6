from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.audio.limiter import CEILING_DBTP, LOOK_AHEAD_MS, RELEASE_DB_PER_S, TruePeakLimiter
from tests.unit.frontend.audio.sounds import FloatArray, voiced


def limited(samples: FloatArray, cuts: list[int] = [], sample_rate_hz: int = 16_000) -> FloatArray:  # noqa: B006
    limiter = TruePeakLimiter(sample_rate_hz)
    pieces = np.split(samples, sorted(cuts))
    return np.concatenate([limiter.limit(piece, last=n == len(pieces) - 1) for n, piece in enumerate(pieces)])


def peak_db(samples: FloatArray) -> float:
    return float(20 * np.log10(np.max(np.abs(samples))))


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("gain_db", [3.0, 12.0])
def test_no_peak_is_over_the_ceiling_even_between_samples(sample_rate_hz: int, gain_db: float) -> None:
    loud = voiced(2 * sample_rate_hz, sample_rate_hz) * np.float32(10 ** (gain_db / 20) / 0.5)
    loud *= np.minimum(1, np.minimum(np.arange(len(loud)), np.arange(len(loud))[::-1]) / 100).astype(
        np.float32
    )
    out = limited(loud, sample_rate_hz=sample_rate_hz)
    assert len(out) == len(loud)
    assert peak_db(out) <= CEILING_DBTP + 1e-3
    between = soxr.resample(out, sample_rate_hz, 8 * sample_rate_hz, quality="VHQ")
    assert peak_db(between) <= CEILING_DBTP + 0.1
    assert peak_db(between) > CEILING_DBTP - 1.5  # and not turned down for nothing


def test_a_peak_between_samples_is_seen() -> None:
    """A tone at a quarter of the rate, whose samples are 3 dB below its peaks."""
    tone = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4).astype(np.float32)
    assert peak_db(tone) == pytest.approx(-3.0, abs=0.1)
    assert peak_db(limited(tone)[500:3500]) == pytest.approx(CEILING_DBTP - 3.0, abs=0.2)


def test_what_is_below_the_ceiling_passes_untouched() -> None:
    samples = voiced(16_000)
    np.testing.assert_array_equal(limited(samples), samples)


@given(st.lists(st.integers(0, 8000), max_size=10), st.floats(0.5, 8.0))
@settings(deadline=None, max_examples=30)
def test_the_cuts_cannot_be_heard(cuts: list[int], gain: float) -> None:
    loud = voiced(8000) * np.float32(gain)
    np.testing.assert_allclose(limited(loud, cuts), limited(loud), atol=2e-7)


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 48_000])
def test_it_is_less_than_five_milliseconds_behind(sample_rate_hz: int) -> None:
    limiter = TruePeakLimiter(sample_rate_hz)
    n_out = len(limiter.limit(voiced(sample_rate_hz, sample_rate_hz)))
    assert 0 < sample_rate_hz - n_out <= 0.005 * sample_rate_hz


def test_the_gain_falls_before_a_peak_and_recovers_steadily_after_it() -> None:
    quiet = np.full(16_000, 0.1, np.float32)
    quiet[8000] = 1.8
    gain_db = 20 * np.log10(limited(quiet) / quiet)
    deepest = gain_db[8000]
    assert deepest == pytest.approx(-20 * np.log10(1.8) + CEILING_DBTP, abs=0.1)
    ahead = round(2 * LOOK_AHEAD_MS * 16)
    assert np.all(gain_db[: 8000 - ahead] == 0.0)
    assert np.all(np.diff(gain_db[8000 - ahead : 8001]) <= 1e-5)
    recovered = gain_db[8000 + ahead : 8000 + ahead + 800]
    np.testing.assert_allclose(np.diff(recovered), RELEASE_DB_PER_S / 16_000, atol=1e-4)
    assert gain_db[-1] == 0.0
