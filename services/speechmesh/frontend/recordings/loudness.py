"""How loud a recording is: integrated loudness after ITU-R BS.1770-4, for one channel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray

_Float64 = npt.NDArray[np.float64]

_STEP_S, _STEPS_A_BLOCK = 0.1, 4  # blocks of 400 ms that overlap by three quarters
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_DB = -0.691
# The K weighting's shelf and high pass as analogue prototypes: frequency, quality, gain (De Man, "Evaluation of
# implementations of the EBU R128 loudness measurement", 2018).
_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.9744509555319, 0.7071752369554193, 3.99984385397
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087613982, 0.5003270373253953


def integrated_lufs(samples: FloatArray, sample_rate_hz: int) -> float:
    """Loudness of samples [N]; minus infinity where all is below the absolute gate.

    The weighting is applied to the power spectra of steps of 100 ms, not to the samples: within 0.1 LU for what is
    heard as speech, music or a chime, at a tenth of the memory.
    """
    powers = _block_powers(samples, sample_rate_hz)
    loud = powers[_lufs(powers) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return float("-inf")
    loud = loud[_lufs(loud) > float(_lufs(loud.mean())) + _RELATIVE_GATE_LU]
    return float(_lufs(loud.mean()))


def _block_powers(samples: FloatArray, sample_rate_hz: int) -> _Float64:
    """Mean squares of the weighted blocks; one block of a shorter sound."""
    step = max(round(_STEP_S * sample_rate_hz), 1)
    weights = _power_response(step, sample_rate_hz)
    n_steps = -(-len(samples) // step)
    squares = np.zeros(n_steps)
    for i in range(n_steps):
        part = samples[i * step : (i + 1) * step]
        spectrum = np.fft.rfft(part.astype(np.float64), step)
        squares[i] = float((weights * (spectrum.real**2 + spectrum.imag**2)).sum()) / step
    if len(samples) < _STEPS_A_BLOCK * step:
        return np.array([squares.sum() / len(samples)]) if len(samples) else np.zeros(0)
    whole = squares[: len(samples) // step]
    sums = np.concatenate([[0.0], np.cumsum(whole)])
    return np.asarray((sums[_STEPS_A_BLOCK:] - sums[:-_STEPS_A_BLOCK]) / (_STEPS_A_BLOCK * step))


def _power_response(n: int, sample_rate_hz: int) -> _Float64:
    """What the weighting makes of each bin's power in a transform of n real samples [n // 2 + 1], both halves told."""
    z = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    k = np.tan(np.pi * min(_SHELF_HZ / sample_rate_hz, 0.49))
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**0.499666774155
    shelf = (
        (high + band * k / _SHELF_Q + k * k)
        + 2 * (k * k - high) * z
        + (high - band * k / _SHELF_Q + k * k) * z * z
    ) / ((1.0 + k / _SHELF_Q + k * k) + 2 * (k * k - 1) * z + (1 - k / _SHELF_Q + k * k) * z * z)
    k = np.tan(np.pi * _HIGH_PASS_HZ / sample_rate_hz)
    norm = 1.0 + k / _HIGH_PASS_Q + k * k
    high_pass = (1 - 2 * z + z * z) / (
        1 + 2 * (k * k - 1) / norm * z + (1 - k / _HIGH_PASS_Q + k * k) / norm * z * z
    )
    power = np.abs(shelf * high_pass) ** 2
    power[1 : (n + 1) // 2] *= 2.0
    return np.asarray(power)


def _lufs(power: npt.ArrayLike) -> _Float64:
    return np.asarray(_OFFSET_DB + 10.0 * np.log10(np.maximum(power, 1e-20)))
