"""A look-ahead limiter of the true peak: what is too loud is turned down before it comes, never cut off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray

CEILING_DBTP = -1.0  # EBU R 128's; what is left is for the codecs, which overshoot
LOOK_AHEAD_MS = 4.0
RELEASE_DB_PER_S = 60.0

# A chunk may be seconds long, and each of its samples is 8 bytes in a dozen arrays: parts of it stay in the caches.
_N_AT_ONCE = 8192

_Float64 = npt.NDArray[np.float64]

# The peaks between samples, by fourfold oversampling as in ITU-R BS.1770-4, annex 2: windowed sinc, a row a phase. With
# the 12 taps of the standard and a window that falls to 0, sharp consonants at 16 kHz came out 0.8 dB over the ceiling.
_N_TAPS = 16
_N_PHASES = 4
_KAISER_BETA = 3.0


def _phases() -> _Float64:
    taps = np.arange(_N_TAPS)[None, :] - (_N_TAPS // 2 - 1)
    at = taps - np.arange(1, _N_PHASES)[:, None] / _N_PHASES
    rows = np.sinc(at) * np.i0(_KAISER_BETA * np.sqrt(1.0 - (at / (_N_TAPS / 2)) ** 2))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


_PHASES = _phases()
_OVERSHOOT = float(np.abs(_PHASES).sum(axis=1).max())  # what the filter can make of samples of 1


class TruePeakLimiter:
    """Holds a stream under CEILING_DBTP. Cuts into chunks make no difference, and no sample is lost or added.

    The gain that a peak needs is held over the look-ahead before it and smoothed over as long, so that it is reached
    gradually and in time; afterwards it rises again by RELEASE_DB_PER_S. Without peaks the samples pass unchanged.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._window = round(LOOK_AHEAD_MS * sample_rate_hz / 1000.0)
        self._rise = RELEASE_DB_PER_S / sample_rate_hz  # dB a sample
        self._ceiling = 10.0 ** (CEILING_DBTP / 20.0)
        before = _N_TAPS // 2 - 1
        # What the next chunk needs: samples whose peaks or gains are not known yet, and what stands before them.
        self._heard = np.zeros(before, np.float64)
        self._needed_db = np.zeros(0)
        self._held_db: _Float64 | None = None
        self._waiting = np.zeros(0, np.float32)

    def limit(self, samples: FloatArray, *, last: bool = False) -> FloatArray:
        """Samples [N] in, those whose gain is known out [N']; `last` brings all that are left.

        What comes out is behind by the look-ahead and half of the peak filter: under 5 ms from 8 kHz on.
        """
        parts = [
            self._limited(samples[at : at + _N_AT_ONCE], last=last and at + _N_AT_ONCE >= len(samples))
            for at in range(0, max(len(samples), 1), _N_AT_ONCE)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _limited(self, samples: FloatArray, *, last: bool) -> FloatArray:
        waiting = np.concatenate([self._waiting, np.asarray(samples, np.float32)])
        needed_db = np.concatenate([self._needed_db, self._peak_gains_db(samples, last=last)])
        if last:
            needed_db = np.concatenate([needed_db, np.zeros(self._window - 1)])
        n_known = max(len(needed_db) - (self._window - 1), 0)
        self._waiting = waiting[n_known:]
        self._needed_db = needed_db[n_known:]
        if not n_known:
            return waiting[:0]
        least_db = _sliding_minimum(needed_db, self._window)
        if self._held_db is None:  # there was no time to fall in before a stream that begins loud
            self._held_db = np.full(self._window - 1, least_db[0])
        history = np.concatenate([self._held_db, self._released(least_db, self._held_db[-1])])
        self._held_db = history[-(self._window - 1) :]
        out = waiting[:n_known]
        if history.any():
            gains_db = np.convolve(history, np.full(self._window, 1.0 / self._window), "valid")
            out = (out * 10.0 ** (gains_db / 20.0)).astype(np.float32)
        return out

    def _peak_gains_db(self, samples: FloatArray, *, last: bool) -> _Float64:
        """The gain (0 or less) that each sample, or the curve from it to the next one, needs by itself [N].

        The gains lag by half of the filter, and `last` brings the rest.
        """
        after = _N_TAPS // 2
        heard = np.concatenate([self._heard, np.asarray(samples, np.float64), np.zeros(after if last else 0)])
        n = len(heard) - (_N_TAPS - 1)
        if n <= 0:
            self._heard = heard
            return np.zeros(0)
        self._heard = heard[n:]
        peaks = np.abs(heard[_N_TAPS // 2 - 1 :][:n])
        # Most of speech is so far below the ceiling that nothing between its samples can be above.
        if np.abs(heard).max() * _OVERSHOOT > self._ceiling:
            between = [np.abs(np.convolve(heard, row[::-1], "valid")) for row in _PHASES]
            peaks = np.maximum(peaks, np.max(between, axis=0))
        return np.asarray(-20.0 * np.log10(np.maximum(peaks / self._ceiling, 1.0)))

    def _released(self, least_db: _Float64, before_db: float) -> _Float64:
        """`least_db`, but rising no faster than the release: in dB a running minimum against a slope."""
        slope = self._rise * np.arange(1, len(least_db) + 1)
        running = np.minimum.accumulate(np.concatenate([[before_db], least_db - slope]))[1:]
        return np.asarray(np.minimum(running + slope, 0.0))


def _sliding_minimum(values: _Float64, window: int) -> _Float64:
    """The least of each `window` values that follow each other, by doubling."""
    least, covered = values, 1
    while covered < window:
        step = min(covered, window - covered)
        least = np.minimum(least[:-step], least[step:])
        covered += step
    return least
