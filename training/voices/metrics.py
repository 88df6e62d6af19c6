"""How far speech is from other speech: pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.export.measure.quality import disagreement, plain_words

Float64 = npt.NDArray[np.float64]

_N_CEPSTRA = 24
_MCD_FACTOR = 10.0 / np.log(10.0) * np.sqrt(2.0)
_STFT_RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
_RESAMPLES = 1000


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def word_errors(text: str, heard: str) -> tuple[float, int]:
    """Wrong words and all words of one sentence."""
    result = disagreement([plain_words(text)], [plain_words(heard)])
    return result.words * result.n_words, result.n_words


def error_rate(errors: Sequence[tuple[float, int]], seed: int = 0) -> Interval:
    """Wrong words in per cent, with a bootstrap interval over the sentences (Bisani and Ney, 2004)."""
    table = np.array(errors, np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(table), (_RESAMPLES, len(table)))
    rates = table[chosen, 0].sum(axis=1) / np.maximum(table[chosen, 1].sum(axis=1), 1.0)
    low, high = np.percentile(rates, [2.5, 97.5])
    return Interval(100.0 * table[:, 0].sum() / max(table[:, 1].sum(), 1.0), 100.0 * low, 100.0 * high)


def error_difference(
    errors: Sequence[tuple[float, int]], reference: Sequence[tuple[float, int]], seed: int = 0
) -> Interval:
    """By how many points more words are wrong than in the reference's speech of the same sentences.

    Sentences are drawn in pairs: what makes a sentence hard for both says nothing of the difference.
    """
    table, other = np.array(errors, np.float64), np.array(reference, np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(table), (_RESAMPLES, len(table)))
    rates = [
        100.0 * of[chosen, 0].sum(axis=1) / np.maximum(of[chosen, 1].sum(axis=1), 1.0)
        for of in (table, other)
    ]
    low, high = np.percentile(rates[0] - rates[1], [2.5, 97.5])
    value = table[:, 0].sum() / max(table[:, 1].sum(), 1.0) - other[:, 0].sum() / max(other[:, 1].sum(), 1.0)
    return Interval(100.0 * value, low, high)


def mel_cepstral_distortion(a: FloatArray, b: FloatArray) -> Float64:
    """MCD in dB of each frame [T], of natural log mels [T, M] of equal lengths, by 24 cepstra without the first."""
    n_mels = a.shape[1]
    order, band = np.arange(1, _N_CEPSTRA + 1)[:, None], np.arange(n_mels)[None]
    cosines = np.cos(np.pi * order * (band + 0.5) / n_mels) * np.sqrt(2.0 / n_mels)
    difference = (a - b).astype(np.float64) @ cosines.T
    # Orthonormal cepstra of log amplitudes: sqrt(2 / M) of them is the usual c_k.
    return np.asarray(_MCD_FACTOR * np.sqrt(np.square(difference).sum(axis=1)) / np.sqrt(n_mels / 2.0))


def align(a: FloatArray, b: FloatArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices into two sequences of frames [T, M] that dynamic time warping pairs."""
    distance = np.sqrt(np.maximum(_squares(a)[:, None] + _squares(b)[None] - 2.0 * (a @ b.T), 0.0))
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0.0
    for i in range(len(a)):
        above = np.minimum(total[i, 1:], total[i, :-1])
        row = total[i + 1]
        for j in range(len(b)):
            row[j + 1] = distance[i, j] + min(above[j], row[j])
    i, j = len(a), len(b)
    pairs = []
    while i and j:
        pairs.append((i - 1, j - 1))
        best = int(np.argmin((total[i - 1, j - 1], total[i - 1, j], total[i, j - 1])))
        i, j = (i - 1, j - 1) if best == 0 else (i - 1, j) if best == 1 else (i, j - 1)
    left, right = np.array(pairs[::-1], np.int64).T
    return left, right


def _squares(x: FloatArray) -> FloatArray:
    return np.asarray(np.square(x).sum(axis=1))


def multi_resolution_stft(a: FloatArray, b: FloatArray) -> float:
    """Spectral convergence plus distance of log magnitudes, mean over three resolutions (arXiv:1910.11480)."""
    terms = []
    for n_fft, hop_length, width in _STFT_RESOLUTIONS:
        window = np.pad(np.hanning(width), (0, n_fft - width))
        x, y = (
            np.abs(
                np.fft.rfft(
                    np.lib.stride_tricks.sliding_window_view(np.pad(s, n_fft // 2), n_fft)[::hop_length]
                    * window
                )
            )
            for s in (a, b)
        )
        logs = np.abs(np.log(np.maximum(x, 1e-4)) - np.log(np.maximum(y, 1e-4))).mean()
        terms.append(np.linalg.norm(x - y) / max(float(np.linalg.norm(x)), 1e-6) + logs)
    return float(np.mean(terms))


@dataclass(frozen=True)
class PitchErrors:
    """F0 against a reference's, frame by frame: squared errors where both are voiced, and how often one alone is."""

    squared_hz: Float64
    n_frames: int
    n_voicing_errors: int


def pitch_errors(reference_hz: FloatArray, other_hz: FloatArray) -> PitchErrors:
    """Of two tracks [T] of equal lengths."""
    voiced, other = reference_hz > 0, other_hz > 0
    both = voiced & other
    squared = np.square(reference_hz[both].astype(np.float64) - other_hz[both])
    return PitchErrors(squared, len(voiced), int((voiced != other).sum()))
