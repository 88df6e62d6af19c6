"""Pieces that the HiFi-GAN families share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAKY_SLOPE = 0.1
# Upstream's last activation is called without a slope and so has the framework's default.
LAST_LEAKY_SLOPE = 0.01

# A convolution that keeps the length T: (in_channels, out_channels, kernel_size, dilation).
ConvFactory = Callable[[int, int, int, int], nn.Module]


def same_conv(in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1) -> nn.Conv1d:
    """A convolution [B, C, T] -> [B, C', T] that looks equally far to both sides; the kernel is odd."""
    padding = (kernel_size - 1) * dilation // 2
    return nn.Conv1d(in_channels, out_channels, kernel_size, dilation=dilation, padding=padding)


class PairedResidualBlock(nn.Module):
    """Residual steps of two convolutions, the first dilated, the second not: [B, C, T] -> [B, C, T].

    "Residual block 1" of HiFi-GAN (Kong et al., 2020, arXiv:2010.05646).
    """

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int], conv: ConvFactory) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(conv(channels, channels, kernel_size, d) for d in dilations)
        self.convs2 = nn.ModuleList(conv(channels, channels, kernel_size, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(functional.leaky_relu(dilated(functional.leaky_relu(x, LEAKY_SLOPE)), LEAKY_SLOPE))
        return x


class SingleResidualBlock(nn.Module):
    """Residual steps of one dilated convolution each: [B, C, T] -> [B, C, T]; "residual block 2"."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int], conv: ConvFactory) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv(channels, channels, kernel_size, d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        for dilated in self.convs:
            x = x + dilated(functional.leaky_relu(x, LEAKY_SLOPE))
        return x


def mean_of(blocks: Sequence[nn.Module], x: Tensor) -> Tensor:
    """The mean of the blocks' outputs, each of which gets the same x: [B, C, T] -> [B, C, T]."""
    total: Tensor = blocks[0](x)
    for block in blocks[1:]:
        total = total + block(x)
    return total / len(blocks)


@torch.no_grad()
def randomise(network: nn.Module, seed: int) -> None:
    """Random weights, the same for a seed, with which a signal keeps its order of magnitude from layer to layer.

    Gain 0.5: residual steps add to their input, so with more the last of a dozen would be far too loud.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if not isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
            continue
        fan_in = module.weight[0].numel()
        if isinstance(module, nn.ConvTranspose1d):  # its weight is [in, out, k], and k/stride terms overlap
            fan_in = module.in_channels * module.kernel_size[0] // module.stride[0]
        gain = 0.5 if isinstance(module, nn.Conv1d) and module.in_channels == module.out_channels else 1.0
        module.weight.normal_(0.0, gain / math.sqrt(fan_in), generator=generator)
        if module.bias is not None:
            module.bias.normal_(0.0, 0.01, generator=generator)


@torch.no_grad()
def scale_output(
    network: nn.Module, last: nn.Module, before: Callable[[Tensor], Tensor], n_mels: int, seed: int
) -> None:
    """Scales the `last` convolution so that `before(mel)`, its output, has a deviation of 0.2.

    Measured with a standard normal mel [1, 16, n_mels]; the tanh that follows is nearly linear there.
    """
    mel = torch.randn(1, 16, n_mels, generator=torch.Generator().manual_seed(seed))
    assert isinstance(last, nn.Conv1d) and last.bias is not None
    last.bias.zero_()
    last.weight.mul_(0.2 / before(mel).std())
    network.eval().requires_grad_(False)
