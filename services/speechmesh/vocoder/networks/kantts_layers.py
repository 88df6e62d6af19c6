"""Convolutions of KAN-TTS's vocoder: what a causal one may see, and where upstream cuts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class _PadLeft(torch.autograd.Function):
    """Zeros in front of the time axis, as one Pad node with constant pads.

    The exporter computes the pads of functional.pad within the graph, out of a dozen nodes, and folds them only
    in part.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, left: int) -> Tensor:
        """[B, C, T] -> [B, C, left + T]."""
        return functional.pad(x, (left, 0))

    @staticmethod
    def symbolic(g: Any, x: Any, left: int) -> Any:
        """The node; pads lists what goes in front of each axis, then what goes behind."""
        return g.op("Pad", x, g.op("Constant", value_t=torch.tensor([0, 0, left, 0, 0, 0])))


class PaddedConv1d(nn.Module):
    """A convolution [B, C, T] -> [B, C', T / stride] that looks to both sides, or only back if causal."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1, *, causal: bool
    ) -> None:
        super().__init__()
        reach = (kernel_size - 1) * dilation
        self.left = reach if causal else 0
        padding = 0 if causal else reach // 2
        self.conv1d = nn.Conv1d(in_channels, out_channels, kernel_size, dilation=dilation, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T / stride]."""
        out: Tensor = self.conv1d(_PadLeft.apply(x, self.left) if self.left else x)  # type: ignore[no-untyped-call]
        return out


class SourceConv1d(PaddedConv1d):
    """The excitation [B, 1, N] brought to the rate of a stage: [B, C, N / stride]."""

    def __init__(self, out_channels: int, stride: int, *, causal: bool) -> None:
        super().__init__(1, out_channels, 1, causal=causal)
        kernel_size = 1 if stride == 1 else 2 * stride
        self.left = kernel_size - 1 if causal else 0
        padding = 0 if causal else stride // 2 * (stride > 1)
        self.conv1d = nn.Conv1d(1, out_channels, kernel_size, stride=stride, padding=padding)


class TrimmedConvTranspose1d(nn.Module):
    """A transposed convolution [B, C, T] -> [B, C', T * scale]; causal ones drop all that looks ahead."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, scale: int, *, causal: bool
    ) -> None:
        super().__init__()
        padding = 0 if causal else (kernel_size - scale) // 2
        self.surplus = kernel_size - scale - 2 * padding
        self.deconv = nn.ConvTranspose1d(in_channels, out_channels, kernel_size, scale, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T * scale]."""
        out: Tensor = self.deconv(x)
        return out[..., : -self.surplus] if self.surplus else out
