"""Layers that several parts of Sambert have. Masks are 1 where there is something, [B, P, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.acoustic.networks.sambert.config import FsmnConfig

# Upstream's; with torch's 1e-5 the mel is off by 2.5e-5.
NORM_EPS = 1e-6
_MASKED = -1e9


def prenet(n_inputs: int, units: Sequence[int], n_outputs: int | None = None) -> nn.Module:
    """Linear layers with ReLU, the last one, where there is one more, without."""
    return _Prenet(n_inputs, units, n_outputs)


class _Prenet(nn.Module):
    """As upstream numbers its layers: a Linear, a ReLU and, while it learns, a dropout each."""

    def __init__(self, n_inputs: int, units: Sequence[int], n_outputs: int | None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for n_units in units:
            layers += [nn.Linear(n_inputs, n_units), nn.ReLU(), nn.Identity()]
            n_inputs = n_units
        if n_outputs is not None:
            layers.append(nn.Linear(n_inputs, n_outputs))
        self.fcs = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[..., n_inputs] -> [..., n_outputs]."""
        out: Tensor = self.fcs(x)
        return out


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """[B, P, C] -> [B, H, P, C / H]."""
    batch, length, channels = x.shape
    return x.reshape(batch, length, n_heads, channels // n_heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, H, P, W] -> [B, P, H * W]."""
    batch, n_heads, length, width = x.shape
    return x.transpose(1, 2).reshape(batch, length, n_heads * width)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Attention [B, H, Q, W] of queries among keys [B, H, K, W]; `mask` [B or 1, 1, Q or 1, K] is 1 where they may."""
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    return (scores + (1.0 - mask) * _MASKED).softmax(-1) @ value


class SelfAttention(nn.Module):
    """Self-attention behind a norm [B, P, C] -> [B, P, D]; a residual only where the sizes agree."""

    def __init__(self, n_inputs: int, n_units: int, n_heads: int) -> None:
        super().__init__()
        self._n_heads = n_heads
        self.layer_norm = nn.LayerNorm(n_inputs, eps=NORM_EPS)
        self.w_qkv = nn.Linear(n_inputs, 3 * n_units)
        self.fc = nn.Linear(n_units, n_units)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, P, 1]."""
        query, key, value = (
            split_heads(part, self._n_heads) for part in self.w_qkv(self.layer_norm(x)).chunk(3, -1)
        )
        out: Tensor = self.fc(merge_heads(attend(query, key, value, mask.transpose(1, 2).unsqueeze(1))))
        return out + x if out.shape == x.shape else out


class FeedForward(nn.Module):
    """Two convolutions with a ReLU between, behind a norm, and a residual [B, P, C] -> [B, P, C]."""

    def __init__(self, n_units: int, n_hidden: int, kernel_size: int) -> None:
        super().__init__()
        self.w_1 = nn.Conv1d(n_units, n_hidden, kernel_size, padding=kernel_size // 2)
        self.w_2 = nn.Conv1d(n_hidden, n_units, 1)
        self.layer_norm = nn.LayerNorm(n_units, eps=NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, P, 1]."""
        y = (self.layer_norm(x) * mask).transpose(1, 2)  # [B, P, C] -> [B, C, P]
        out: Tensor = x + self.w_2(functional.relu(self.w_1(y))).transpose(1, 2)
        return out


class FsmnFeedForward(nn.Module):
    """What a layer hears [B, C, T] -> [B, n_memory, T]."""

    def __init__(self, n_inputs: int, n_hidden: int, n_memory: int) -> None:
        super().__init__()
        self.w_1 = nn.Conv1d(n_inputs, n_hidden, 1)
        self.w_2 = nn.Conv1d(n_hidden, n_memory, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        out: Tensor = self.w_2(functional.relu(self.w_1(x)))
        return out


class FsmnMemory(nn.Module):
    """A weighted sum of what was heard around each frame; `left` and `right` say how far."""

    def __init__(self, n_memory: int, filter_size: int, shift: int) -> None:
        super().__init__()
        around = (filter_size - 1) // 2
        self.left, self.right = around + shift, around - shift
        self.conv_dw = nn.Conv1d(n_memory, n_memory, filter_size, groups=n_memory, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        out: Tensor = x + self.conv_dw(functional.pad(x, (self.left, self.right)))
        return out


class Fsmn(nn.Module):
    """Feed-forward layers, each with a memory of what is around (Zhang et al., 2015, arXiv:1512.08301).

    [B, T, n_inputs] -> [B, T, n_memory].
    """

    def __init__(self, config: FsmnConfig) -> None:
        super().__init__()
        sizes = [config.n_inputs] + [config.n_memory] * (config.n_layers - 1)
        self.ffn_lst = nn.ModuleList(FsmnFeedForward(n, config.n_hidden, config.n_memory) for n in sizes)
        self.memory_block_lst = nn.ModuleList(
            FsmnMemory(config.n_memory, config.filter_size, shift) for shift in config.shifts
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, T, 1]."""
        x, mask = x.transpose(1, 2), mask.transpose(1, 2)  # [B, T, C] -> [B, C, T]
        for feed_forward, memory in zip(self.ffn_lst, self.memory_block_lst, strict=True):
            y = memory(feed_forward(x) * mask)
            x = y + x if y.shape == x.shape else y
        return x.transpose(1, 2)


def length_mask(lengths: Tensor, longest: int) -> Tensor:
    """1 where there is something: lengths [B] -> [B, longest, 1]."""
    places = torch.arange(longest, device=lengths.device)
    return (places < lengths.unsqueeze(1)).float().unsqueeze(-1)
