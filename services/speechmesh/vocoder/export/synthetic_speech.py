"""Sounds like speech to a spectrogram: voices with formants, hisses and pauses; where no recording is at hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray

# Centres of the first three formants in Hz: the corners of the vowel chart (Peterson and Barney, 1952).
_VOWELS_HZ = ((270, 2290, 3010), (730, 1090, 2440), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
_FORMANT_WIDTH_HZ = 90.0
_PEAK = 0.5

Float64 = npt.NDArray[np.float64]


def synthetic_speech(sample_rate_hz: int, seconds: float, seed: int) -> FloatArray:
    """Samples [N] in -1..1, the same for equal arguments: syllables of a fricative and a vowel, and pauses."""
    random = np.random.default_rng(seed)
    pitch_hz = random.uniform(85.0, 230.0)
    pieces: list[Float64] = []
    n_samples = round(seconds * sample_rate_hz)
    while sum(len(piece) for piece in pieces) < n_samples:
        pieces.append(_hiss(random, sample_rate_hz, random.uniform(0.04, 0.11)))
        pieces.append(_vowel(random, sample_rate_hz, random.uniform(0.08, 0.25), pitch_hz))
        if random.random() < 0.2:
            pieces.append(1e-4 * random.standard_normal(round(0.15 * sample_rate_hz)))
    samples = np.concatenate(pieces)[:n_samples]
    return np.asarray(_PEAK * samples / np.abs(samples).max(), np.float32)


def _hiss(random: np.random.Generator, sample_rate_hz: int, seconds: float) -> Float64:
    """Noise of one band, as of s, sh or f, rising and falling."""
    n = round(seconds * sample_rate_hz)
    bins = np.fft.rfftfreq(n, 1.0 / sample_rate_hz)
    centre_hz = random.uniform(0.15, 0.45) * min(sample_rate_hz, 16_000)
    band = np.exp(-0.5 * np.square((bins - centre_hz) / 1200.0))
    noise = np.fft.irfft(np.fft.rfft(random.standard_normal(n)) * band, n)
    return 0.15 * random.uniform(0.3, 1.0) * np.hanning(n) * noise / max(float(noise.std()), 1e-9)


def _vowel(random: np.random.Generator, sample_rate_hz: int, seconds: float, pitch_hz: float) -> Float64:
    """Harmonics of a gliding pitch under formants that glide from one vowel to another."""
    n = round(seconds * sample_rate_hz)
    glide = np.linspace(random.uniform(0.85, 1.2), random.uniform(0.85, 1.2), n)
    phase = 2.0 * np.pi * np.cumsum(pitch_hz * glide) / sample_rate_hz
    start, end = (np.array(_VOWELS_HZ[i], float) for i in random.integers(0, len(_VOWELS_HZ), 2))
    formants = start[:, None] + (end - start)[:, None] * np.linspace(0.0, 1.0, n)
    samples = np.zeros(n)
    for harmonic in range(1, int(0.45 * sample_rate_hz / (1.2 * pitch_hz))):
        hz = harmonic * pitch_hz * glide
        gain = sum(
            1.0 / (1.0 + np.square((hz - f) / _FORMANT_WIDTH_HZ)) / (i + 1) for i, f in enumerate(formants)
        )
        samples += gain * np.sin(harmonic * phase)
    envelope = np.minimum(1.0, 8.0 * np.hanning(n))
    return envelope * (samples / max(float(samples.std()), 1e-9) + 0.003 * random.standard_normal(n))
