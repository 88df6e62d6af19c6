"""Losses on spectra: mels in the voice's feature space, magnitudes at several resolutions, and periodicity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from speechmesh.common.features import FeatureSpace
from speechmesh.vocoder.export.mels import mel_bands
from training.voices.discriminators import stft_magnitude

_RESOLUTIONS = ((2048, 320, 1280), (1024, 160, 640), (512, 80, 320), (256, 40, 128))  # n_fft, hop, window

# Three periods of the lowest voice, and the periods of 500 to 50 Hz.
_PERIODIC_WINDOW_S = 0.06
_SHORTEST_PERIOD_S, _LONGEST_PERIOD_S = 0.002, 0.02
# Of power, the strongest harmonics decide; of magnitude, the weak ones above them count, too.
_EXPONENTS = (2.0, 1.0)
# Strength of the strongest period from where on a frame is heard as voiced, and from where on wholly so.
_VOICED_FROM, _VOICED_WHOLLY = 0.45, 0.85


def reflected(samples: Tensor, around: int) -> Tensor:
    """Samples [B, N] with `around` more to either side, mirrored; less than N.

    As `functional.pad` does it, to the bit, but with a gradient that a GPU sums in the same order every time.
    """
    # A node of its own, where the parts' gradients meet before they meet those of other losses, as pad's do.
    x = samples.view_as(samples)
    return torch.cat([x[:, 1 : around + 1].flip(1), x, x[:, -around - 1 : -1].flip(1)], 1)


class SpectralLoss(nn.Module):
    """Distances of made samples [B, N] from real ones: `mel`, and `stft` as in Parallel WaveGAN (arXiv:1910.11480)."""

    bands: Tensor
    window: Tensor

    def __init__(self, space: FeatureSpace) -> None:
        super().__init__()
        self._space = space
        self.register_buffer("bands", torch.from_numpy(mel_bands(space)).float(), persistent=False)
        self.register_buffer("window", torch.hann_window(space.win_length), persistent=False)
        for _, _, width in _RESOLUTIONS:
            self.register_buffer(f"window_{width}", torch.hann_window(width), persistent=False)

    def mel(self, samples: Tensor) -> Tensor:
        """Log mels [B, M, T]."""
        space = self._space
        around = (space.n_fft - space.hop_length) // 2
        x = reflected(samples, around)
        spectrum = torch.stft(
            x, space.n_fft, space.hop_length, space.win_length, self.window, center=False, return_complex=True
        )
        magnitude = torch.view_as_real(spectrum).square().sum(-1).clamp(min=1e-9).sqrt()
        return (self.bands @ magnitude).clamp(min=space.log_floor).log()

    def forward(self, made: Tensor, real: Tensor) -> dict[str, Tensor]:
        """Samples [B, N] each."""
        terms = []
        for n_fft, hop_length, width in _RESOLUTIONS:
            window = getattr(self, f"window_{width}")
            a, b = (stft_magnitude(x, n_fft, hop_length, window).clamp(min=1e-4) for x in (made, real))
            terms.append(0.5 * (a - b).norm() / b.norm().clamp(min=1e-3) + (a.log() - b.log()).abs().mean())
        return {"mel": (self.mel(made) - self.mel(real)).abs().mean(), "stft": torch.stack(terms).mean()}


class PeriodicityLoss(nn.Module):
    """Distance of made samples' normalised autocorrelation from that of real ones, where those are voiced.

    Mels show little of how a low voice's harmonics hang together in phase: bands are wider than its pitch, and a
    network that matches all magnitudes may still put noise between the pulses, which is heard as a hoarse voice. The
    autocorrelation says how alike one period is to the next, whatever the phase.
    """

    window: Tensor
    own: Tensor

    def __init__(self, space: FeatureSpace) -> None:
        super().__init__()
        rate = space.sample_rate_hz
        self._hop = space.hop_length
        self._lags = slice(round(_SHORTEST_PERIOD_S * rate), round(_LONGEST_PERIOD_S * rate) + 1)
        width = round(_PERIODIC_WINDOW_S * rate)
        self._n_fft = 1 << (width + self._lags.stop - 1).bit_length()  # no lag of these wraps around
        window = torch.hann_window(width, periodic=False)
        own = torch.fft.irfft(torch.fft.rfft(window, self._n_fft).abs().square())
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("own", own[self._lags] / own[0], persistent=False)

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Samples [B, N] each, of at least the window's 60 ms."""
        of_made, of_real = self._powers(made), self._powers(real)
        strength = (self._autocorrelation(of_real) / self.own).amax(-1)
        voiced = ((strength - _VOICED_FROM) / (_VOICED_WHOLLY - _VOICED_FROM)).clamp(0.0, 1.0)
        terms = []
        for exponent in _EXPONENTS:
            a, b = (self._autocorrelation((x + 1e-7) ** (exponent / 2.0)) for x in (of_made, of_real))
            terms.append(((a - b).abs().mean(-1) * voiced).sum() / voiced.sum().clamp(min=1.0))
        return torch.stack(terms).mean()

    def _powers(self, samples: Tensor) -> Tensor:
        """Power spectra [B, T, F] of frames without their means."""
        frames = samples.unfold(-1, len(self.window), self._hop)
        frames = (frames - frames.mean(-1, keepdim=True)) * self.window
        return torch.view_as_real(torch.fft.rfft(frames, self._n_fft)).square().sum(-1)

    def _autocorrelation(self, spectra: Tensor) -> Tensor:
        """At the lags of pitch [B, T, L], as a part of that at none."""
        lags = torch.fft.irfft(spectra)
        return lags[..., self._lags] / (lags[..., :1] + 1e-6)
