"""Losses on spectra: mels in the voice's feature space, and magnitudes at several resolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.common.features import FeatureSpace
from speechmesh.vocoder.export.mels import mel_bands
from training.voices.discriminators import stft_magnitude

_RESOLUTIONS = ((2048, 320, 1280), (1024, 160, 640), (512, 80, 320), (256, 40, 128))  # n_fft, hop, window


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
        x = functional.pad(samples.unsqueeze(1), (around, around), mode="reflect").squeeze(1)
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
