"""Log-mel spectrograms of audio, in a checkpoint's own feature space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace, FloatArray

# Slaney's scale: linear below this, logarithmic above.
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_LINEAR_HZ = 200.0 / 3.0
_SLANEY_STEP = np.log(6.4) / 27.0


class LogMel:
    """Computes what a vocoder takes from audio: magnitudes of windows in mel bands, as logarithms.

    Slaney's scale comes with bands of equal area, as librosa has it; HTK's with bands of equal height, as torchaudio.
    Centred: frame i is in the middle of a window around sample i * hop. Otherwise around the middle of its hop.

    Raises:
        Incompatible: for latents, normalised mels, scales other than these, and windows or bands that cannot be.
    """

    def __init__(self, space: FeatureSpace) -> None:
        if space.kind != "mel" or space.normalisation != "none" or space.mel_scale not in ("slaney", "htk"):
            kind = space.normalisation if space.normalisation != "none" else space.mel_scale or space.kind
            raise Incompatible(f"features of kind {kind!r} cannot be computed from audio here")
        # A voice can be served without these, so that a file may leave them out.
        if not max(space.win_length, space.hop_length, 2) <= space.n_fft:
            raise Incompatible(
                f"n_fft {space.n_fft} is less than win_length {space.win_length} or hop_length {space.hop_length}"
            )
        if space.f_min_hz >= (space.f_max_hz or space.sample_rate_hz / 2):
            raise Incompatible(f"f_min_hz {space.f_min_hz:g} is not below f_max_hz {space.f_max_hz:g}")
        self._space = space
        self._width = space.win_length or space.n_fft
        left = (space.n_fft - self._width) // 2
        self._window = np.zeros(space.n_fft)
        self._window[left : left + self._width] = np.hanning(self._width + 1)[:-1]
        self._bands = mel_bands(space)

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Samples [N] in -1..1 -> frames [T, M]: T = N / hop, and one more if centred."""
        space = self._space
        padding = space.n_fft // 2 if space.centred else (space.n_fft - space.hop_length) // 2
        if len(samples) <= padding:
            raise Incompatible(f"{len(samples)} samples are too few for a window of {space.n_fft}")
        padded = np.pad(samples.astype(np.float64), padding, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, space.n_fft)[:: space.hop_length]
        magnitudes = np.abs(np.fft.rfft(frames * self._window, axis=1))
        return logarithm(magnitudes @ self._bands.T, space).astype(np.float32)


def logarithm(values: npt.NDArray[np.float64], space: FeatureSpace) -> npt.NDArray[np.float64]:
    """The values, none below the space's floor, in its logarithm."""
    if space.log_base == "none":
        return values
    factor = {"e": 1.0, "10": 1.0 / np.log(10.0), "decibel": 20.0 / np.log(10.0)}[space.log_base]
    return np.asarray(factor * np.log(np.maximum(values, space.log_floor or np.finfo(np.float32).tiny)))


def mel_bands(space: FeatureSpace) -> npt.NDArray[np.float64]:
    """Triangular bands [M, n_fft / 2 + 1] over the bins of a magnitude spectrum."""
    to_mel, to_hz = (
        (_hz_to_slaney, _slaney_to_hz) if space.mel_scale == "slaney" else (_hz_to_htk, _htk_to_hz)
    )
    f_max_hz = space.f_max_hz or space.sample_rate_hz / 2
    low, high = to_mel(np.array([space.f_min_hz, f_max_hz]))
    corners = to_hz(np.linspace(low, high, space.n_mels + 2))
    bins = np.linspace(0.0, space.sample_rate_hz / 2, space.n_fft // 2 + 1)
    rising = (bins[None] - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins[None]) / np.diff(corners)[1:, None]
    bands = np.maximum(np.minimum(rising, falling), 0.0)
    if space.mel_scale == "slaney":
        bands *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return bands


def _hz_to_slaney(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _SLANEY_BREAK_HZ / _SLANEY_LINEAR_HZ
    above = knee + np.log(np.maximum(hz, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_STEP
    return np.where(hz < _SLANEY_BREAK_HZ, hz / _SLANEY_LINEAR_HZ, above)


def _slaney_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _SLANEY_BREAK_HZ / _SLANEY_LINEAR_HZ
    above = _SLANEY_BREAK_HZ * np.exp((np.maximum(mel, knee) - knee) * _SLANEY_STEP)
    return np.where(mel < knee, mel * _SLANEY_LINEAR_HZ, above)


def _hz_to_htk(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def _htk_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
