"""Loudness and peaks: ITU-R BS.1770-4, for one channel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray

Float64 = npt.NDArray[np.float64]

_BLOCK_S, _OVERLAP = 0.4, 4
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_DB = -0.691
# The filters of BS.1770 ring for a few tens of milliseconds; a transform with this much silence behind is exact.
_TAIL_S = 0.5
_PEAK_OVERSAMPLING = 4

# What lies below speech: offsets and their steps, which flite leaves in its pauses. A mean taken over the whole would
# only move them.
_RUMBLE_HZ = 30.0

# The two filters of the K weighting as analogue prototypes: frequency, quality, gain (from De Man's derivation of the
# standard's coefficients for 48 kHz, "Evaluation of implementations of the EBU R128 loudness measurement", 2018).
_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.9744509555319, 0.7071752369554193, 3.99984385397
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087613982, 0.5003270373253953


def k_weighting(sample_rate_hz: int) -> tuple[tuple[Float64, Float64], tuple[Float64, Float64]]:
    """Numerator and denominator of the shelf and of the high pass, each of three coefficients."""
    k = np.tan(np.pi * _SHELF_HZ / sample_rate_hz)
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**0.499666774155
    norm = 1.0 + k / _SHELF_Q + k * k
    shelf_b = np.array(
        [high + band * k / _SHELF_Q + k * k, 2 * (k * k - high), high - band * k / _SHELF_Q + k * k]
    )
    shelf_a = np.array([norm, 2 * (k * k - 1), 1 - k / _SHELF_Q + k * k])
    k = np.tan(np.pi * _HIGH_PASS_HZ / sample_rate_hz)
    norm_2 = 1.0 + k / _HIGH_PASS_Q + k * k
    pass_a = np.array([1.0, 2 * (k * k - 1) / norm_2, (1 - k / _HIGH_PASS_Q + k * k) / norm_2])
    return (shelf_b / norm, shelf_a / norm), (np.array([1.0, -2.0, 1.0]), pass_a)


def weighted(samples: FloatArray, sample_rate_hz: int) -> Float64:
    """Samples [N] through the K weighting [N], by way of the filters' frequency response."""
    n = len(samples) + int(_TAIL_S * sample_rate_hz)
    n = 1 << (n - 1).bit_length()
    z = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    response = np.ones(len(z), np.complex128)
    for b, a in k_weighting(sample_rate_hz):
        response *= (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    spectrum = np.fft.rfft(samples.astype(np.float64), n)
    return np.asarray(np.fft.irfft(spectrum * response, n)[: len(samples)])


def block_powers(samples: FloatArray, sample_rate_hz: int) -> Float64:
    """Mean squares of the weighted blocks of 400 ms, overlapping by three quarters; one block of a shorter sound."""
    squares = np.square(weighted(samples, sample_rate_hz))
    block = round(_BLOCK_S * sample_rate_hz)
    if len(squares) < block:
        return np.array([squares.mean()]) if len(squares) else np.zeros(0)
    starts = np.arange(0, len(squares) - block + 1, block // _OVERLAP)
    sums = np.concatenate([[0.0], np.cumsum(squares)])
    return np.asarray((sums[starts + block] - sums[starts]) / block)


def gated_lufs(powers: Float64) -> float:
    """Integrated loudness of blocks, pauses gated out; minus infinity when nothing is above the absolute gate."""
    loud = powers[_lufs(powers) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return -np.inf
    loud = loud[_lufs(loud) > float(_lufs(loud.mean())) + _RELATIVE_GATE_LU]
    return float(_lufs(loud.mean()))


def integrated_lufs(samples: FloatArray, sample_rate_hz: int) -> float:
    """Integrated loudness of a sound [N]."""
    return gated_lufs(block_powers(samples, sample_rate_hz))


def true_peak_dbfs(samples: FloatArray) -> float:
    """The peak between the samples too, by fourfold band-limited interpolation."""
    n = len(samples)
    if not n or not np.any(samples):
        return -np.inf
    spectrum = np.fft.rfft(samples.astype(np.float64))
    fine = np.fft.irfft(spectrum, n * _PEAK_OVERSAMPLING) * _PEAK_OVERSAMPLING
    return float(20.0 * np.log10(max(np.abs(fine).max(), np.abs(samples).max())))


def without_rumble(samples: FloatArray, sample_rate_hz: int) -> Float64:
    """Samples [N] through a second-order Butterworth high pass, forwards and backwards: no phase is changed."""
    n = len(samples) + int(_TAIL_S * sample_rate_hz)
    n = 1 << (n - 1).bit_length()
    hz = np.arange(n // 2 + 1) * (sample_rate_hz / n)
    gain = hz**4 / (hz**4 + _RUMBLE_HZ**4)
    return np.asarray(np.fft.irfft(np.fft.rfft(samples.astype(np.float64), n) * gain, n)[: len(samples)])


def finish(
    samples: FloatArray, sample_rate_hz: int, gain: float, peak_dbfs: float, fade_ms: float
) -> FloatArray:
    """Samples [N] without what is below speech, times `gain`, no true peak over `peak_dbfs`, faded at both ends."""
    out = without_rumble(samples, sample_rate_hz) * gain
    n_fade = min(round(fade_ms * sample_rate_hz / 1000.0), len(out) // 2)
    fade = np.sin(0.5 * np.pi * (np.arange(n_fade) + 0.5) / max(n_fade, 1)) ** 2
    out[:n_fade] *= fade
    out[len(out) - n_fade :] *= fade[::-1]
    excess_db = true_peak_dbfs(out.astype(np.float32)) - peak_dbfs
    return np.asarray(out * 10.0 ** (-max(excess_db, 0.0) / 20.0), np.float32)


def _lufs(power: npt.ArrayLike) -> Float64:
    return np.asarray(_OFFSET_DB + 10.0 * np.log10(np.maximum(power, 1e-20)))
