"""Noise as a function of the position: the same in every request and in every cut of a stream."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

# All whole numbers stay below this, and no product of two reaches 2^63.
_MODULUS = 1 << 31
_LOW = 1 << 16
_HIGH = _MODULUS // _LOW
_ROUNDS = 3
# Odd and large: the partner's leading digits come from all digits of the number.
_MULTIPLIER = 747_796_405
_KEY_STEP, _OFFSET_STEP = 0x4F1BBCDC, 0x2545F491


class PositionNoise(nn.Module):
    """Sample indices [B, 1, N] int64 -> standard normal noise [B, H, N] float32, independent over H and N.

    A counter-based generator with operations that ONNX knows for int64: each pair of rows steps through the
    numbers below 2^31 with a stride and an offset of its own, a few rounds of RC6's quadratic (Rivest et al.,
    1998) and a rotation, both one to one, scramble the number, and Box-Muller turns it and a partner into two
    normal values. It repeats after 2^31 samples, which is 13 hours at 44100 Hz.
    """

    strides: Tensor
    offsets: Tensor

    def __init__(self, n_rows: int) -> None:
        super().__init__()
        self.n_rows = n_rows
        pairs = torch.arange(1, (n_rows + 1) // 2 + 1, device="cpu")[None, :, None]  # [1, H/2, 1]
        # Odd strides reach every number before they repeat.
        self.register_buffer("strides", pairs * _KEY_STEP % _MODULUS // 2 * 2 + 1, persistent=False)
        self.register_buffer("offsets", pairs * _OFFSET_STEP % _MODULUS, persistent=False)

    def forward(self, index: Tensor) -> Tensor:
        """[B, 1, N] int64, at least 0 -> [B, H, N] float32."""
        number = (index % _MODULUS * self.strides + self.offsets) % _MODULUS  # [B, H/2, N]
        for _ in range(_ROUNDS):
            number = number * (2 * number + 1) % _MODULUS
            number = torch.div(number, _LOW, rounding_mode="trunc") + number % _LOW * _HIGH
        partner = number * _MULTIPLIER % _MODULUS
        # Half a step above zero, for the logarithm.
        radius = (-2.0 * ((number.float() + 0.5) / _MODULUS).log()).sqrt()
        angle = partner.float() * (2.0 * math.pi / _MODULUS)
        return torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)[:, : self.n_rows]
