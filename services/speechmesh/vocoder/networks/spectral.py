"""The inverse short-time Fourier transform as two transposed convolutions."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

# Below this the overlapping windows leave a sample undetermined.
_MIN_ENVELOPE = 1e-11


class InverseStft(nn.Module):
    """Spectra [B, K, T] of K = n_fft/2 + 1 bins -> samples [B, N], with a periodic Hann window.

    Each frame's inverse transform times the window is a sum of K cosines and K sines, and overlap-add of the
    frames is what a transposed convolution with the stride `hop_length` does. The windows' overlap, by which
    the sum is divided, comes out of the same operation on a signal of ones, so that it is right at the edges,
    where fewer frames overlap, whatever the number of frames.

    A window shorter than n_fft lies in the middle of the frame; the basis holds its `win_length` samples only,
    because the others are zero.

    Args:
        n_fft: Size of the transform in samples; even.
        hop_length: Distance of frames in samples.
        win_length: Length of the window in samples; even, at most n_fft.
        padding: What is cut off both ends. `center`: half a frame, so N = hop * (T-1), as torch.istft does.
            `same`: (win_length - hop) / 2, so N = hop * T.
    """

    basis: Tensor
    squared_window: Tensor

    def __init__(
        self, n_fft: int, hop_length: int, win_length: int, padding: Literal["center", "same"]
    ) -> None:
        super().__init__()
        if n_fft % 2 or win_length % 2 or not 0 < hop_length <= win_length <= n_fft:
            raise ValueError(
                f"n_fft {n_fft}, win_length {win_length}, hop_length {hop_length}: the first two must be even, "
                "and none larger than the one before"
            )
        if padding == "same" and (win_length - hop_length) % 2:
            raise ValueError(f"hop_length {hop_length} must be even with padding `same`")
        self.hop_length = hop_length
        # The middle of the frame is the middle of the window: what is cut off is counted from there.
        self.crop = win_length // 2 if padding == "center" else (win_length - hop_length) // 2
        # Constants are computed on the CPU even where a network is built on the meta device to learn shapes.
        window = torch.hann_window(win_length, dtype=torch.float64, device="cpu")
        self._require_overlap(window.square())
        self.register_buffer("basis", _basis(n_fft, window).float(), persistent=False)
        self.register_buffer("squared_window", window.square().float()[None, None], persistent=False)

    def _require_overlap(self, squared_window: Tensor) -> None:
        """Refuses windows that leave gaps, at the edges or between frames."""
        ones = torch.ones(1, 1, 8, dtype=torch.float64, device="cpu")
        envelope = functional.conv_transpose1d(ones, squared_window[None, None], stride=self.hop_length)
        length = envelope.shape[-1]
        if envelope[..., self.crop : length - self.crop].min() < _MIN_ENVELOPE:
            raise ValueError(f"hop_length {self.hop_length} leaves samples that no window covers")

    def forward(self, real: Tensor, imaginary: Tensor) -> Tensor:
        """Real and imaginary parts [B, K, T] each -> [B, N]; bins 0 and n_fft/2 have no imaginary part."""
        # Ones [B, 1, T], made of the input by a clip because the graph must not ask for the length T.
        ones = real[:, :1].clamp(1.0, 1.0)
        spectrum = torch.cat((real, imaginary), dim=1)
        sums = functional.conv_transpose1d(spectrum, self.basis, stride=self.hop_length, padding=self.crop)
        overlap = functional.conv_transpose1d(
            ones, self.squared_window, stride=self.hop_length, padding=self.crop
        )
        return (sums / overlap).squeeze(1)


def _basis(n_fft: int, window: Tensor) -> Tensor:
    """The windowed waves [n_fft + 2, 1, win_length], float64: first those of the real parts."""
    n_bins, win_length = n_fft // 2 + 1, len(window)
    # All bins but the first and the last stand for two, themselves and their mirror image.
    weight = torch.full((n_bins, 1), 2.0 / n_fft, dtype=torch.float64, device="cpu")
    weight[0] = weight[-1] = 1.0 / n_fft
    bins = torch.arange(n_bins, device="cpu")[:, None]
    samples = torch.arange(win_length, device="cpu")[None, :] + (n_fft - win_length) // 2
    angle = (bins * samples % n_fft) * (2.0 * torch.pi / n_fft)  # reduced while still whole: exact
    angle = angle.to(torch.float64)
    waves = torch.cat((weight * angle.cos(), -weight * angle.sin()))
    return (waves * window)[:, None, :]
