"""Discriminators of the vocoders' training, small enough for a CPU.

Multi-period as in HiFi-GAN (Kong et al., 2020, arXiv:2010.05646), at a quarter of its width; multi-resolution as in
UnivNet (Jang et al., 2021, arXiv:2106.07889), at half of its, with twice its hops and a stride over the bins from the
first layer on: as first published it takes nine tenths of a step on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

_PERIODS = (2, 3, 5, 7, 11)
_PERIOD_CHANNELS = (8, 32, 128, 256, 256)
_RESOLUTIONS = ((1024, 240, 960), (512, 120, 480), (256, 60, 240))  # n_fft, hop, window
_RESOLUTION_CHANNELS = 16
_SLOPE = 0.1

Judged = tuple[Tensor, list[Tensor]]
"""Scores, and the layers' outputs by which features are matched."""


class PeriodDiscriminator(nn.Module):
    """Looks at every `period`-th sample."""

    def __init__(self, period: int) -> None:
        super().__init__()
        self._period = period
        widths = (1, *_PERIOD_CHANNELS)
        strides = [3] * (len(widths) - 2) + [1]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(i, o, (5, 1), (stride, 1), (2, 0)))
            for i, o, stride in zip(widths, widths[1:], strides, strict=False)
        )
        self.last = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, samples: Tensor) -> Judged:
        """Samples [B, N]."""
        x = functional.pad(samples, (0, -samples.shape[1] % self._period))
        x = x.reshape(len(x), 1, -1, self._period)
        return _judge(self.layers, self.last, x)


class ResolutionDiscriminator(nn.Module):
    """Looks at magnitudes of one short-time Fourier transform."""

    window: Tensor

    def __init__(self, n_fft: int, hop_length: int, win_length: int) -> None:
        super().__init__()
        self._n_fft, self._hop_length, self._win_length = n_fft, hop_length, win_length
        self.register_buffer("window", torch.hann_window(win_length), persistent=False)
        width = _RESOLUTION_CHANNELS
        shapes = [*[((3, 9), (1, 2))] * 4, ((3, 3), (1, 1))]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(width if i else 1, width, kernel, stride, (kernel[0] // 2, kernel[1] // 2)))
            for i, (kernel, stride) in enumerate(shapes)
        )
        self.last = weight_norm(nn.Conv2d(width, 1, 3, 1, 1))

    def forward(self, samples: Tensor) -> Judged:
        """Samples [B, N]."""
        magnitude = stft_magnitude(samples, self._n_fft, self._hop_length, self.window)
        return _judge(self.layers, self.last, magnitude.transpose(1, 2).unsqueeze(1))


class Discriminators(nn.Module):
    """All of them."""

    def __init__(self) -> None:
        super().__init__()
        self.all = nn.ModuleList(
            [
                *(PeriodDiscriminator(p) for p in _PERIODS),
                *(ResolutionDiscriminator(*r) for r in _RESOLUTIONS),
            ]
        )

    def forward(self, samples: Tensor) -> list[Judged]:
        """Samples [B, N]."""
        return [discriminator(samples) for discriminator in self.all]


def stft_magnitude(samples: Tensor, n_fft: int, hop_length: int, window: Tensor) -> Tensor:
    """Magnitudes [B, F, T] of samples [B, N]; with a gradient at silence, too."""
    spectrum = torch.stft(
        samples, n_fft, hop_length, len(window), window, return_complex=True, pad_mode="constant"
    )
    return torch.view_as_real(spectrum).square().sum(-1).clamp(min=1e-9).sqrt()


def _judge(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> Judged:
    features = []
    for layer in layers:
        x = functional.leaky_relu(layer(x), _SLOPE)
        features.append(x)
    return last(x), features


def discriminator_loss(real: list[Judged], made: list[Judged]) -> Tensor:
    """Least squares: real speech shall score 1, made speech 0."""
    terms = [(1.0 - r).square().mean() + m.square().mean() for (r, _), (m, _) in zip(real, made, strict=True)]
    return torch.stack(terms).mean()


def adversarial_loss(made: list[Judged]) -> Tensor:
    """Least squares: made speech shall score 1."""
    return torch.stack([(1.0 - score).square().mean() for score, _ in made]).mean()


def feature_matching_loss(real: list[Judged], made: list[Judged]) -> Tensor:
    """Mean distance of the layers' outputs, as a part of their size."""
    terms = [
        (a.detach() - b).abs().mean() / a.detach().abs().mean().clamp(min=1e-4)
        for (_, of_real), (_, of_made) in zip(real, made, strict=True)
        for a, b in zip(of_real, of_made, strict=True)
    ]
    return torch.stack(terms).mean()
