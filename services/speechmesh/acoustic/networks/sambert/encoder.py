"""Sambert's text encoder: a token's features, embedded and understood in their context."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.layers import NORM_EPS, FeedForward, SelfAttention

_KERNEL_SIZE = 3


class _Positions(nn.Module):
    """A table of sines and cosines, kept among the weights; beyond its end by the same formula."""

    position_enc: Tensor

    def __init__(self, n_positions: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("position_enc", positions(n_positions, channels).unsqueeze(0))

    def extend(self, n_positions: int) -> None:
        """Makes the table at least so long: a graph cannot go on by the formula."""
        n_known = self.position_enc.shape[1]
        if n_positions > n_known:
            further = positions(n_positions, self.position_enc.shape[2])[n_known:].to(self.position_enc)
            self.position_enc = torch.cat((self.position_enc, further.unsqueeze(0)), dim=1)

    def forward(self, length: int) -> Tensor:
        """[1, length, C]."""
        table = self.position_enc
        if length > table.shape[1]:
            table = positions(length, table.shape[2]).to(table).unsqueeze(0)
        return table[:, :length]


def positions(n_positions: int, channels: int) -> Tensor:
    """Sines, then cosines [P, C] of positions that count from 1."""
    half = channels // 2
    steps = torch.arange(half, dtype=torch.float32)
    rates = torch.exp(steps * (-math.log(10000.0) / max(half - 1, 1)))
    angles = torch.arange(1, n_positions + 1, dtype=torch.float32).unsqueeze(1) * rates
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class _Block(nn.Module):
    def __init__(self, config: SambertConfig, n_inputs: int) -> None:
        super().__init__()
        units = config.encoder_num_units
        self.slf_attn = SelfAttention(n_inputs, units, config.encoder_num_heads)
        self.pos_ffn = FeedForward(units, config.encoder_ffn_inner_dim, _KERNEL_SIZE)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = self.pos_ffn(self.slf_attn(x, mask), mask)
        return out


class _Encoder(nn.Module):
    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.encoder_num_units
        self.position_enc = _Positions(config.max_len, config.embedding_dim)
        self.fft = nn.ModuleList(
            _Block(config, units if i else config.embedding_dim) for i in range(config.encoder_num_layers)
        )
        self.ln = nn.LayerNorm(units, eps=NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.position_enc(x.shape[1])
        for block in self.fft:
            x = block(x, mask)
        out: Tensor = self.ln(x)
        return out


class TextEncoder(nn.Module):
    """Ids of a token's features [B, P, F] -> text [B, P, encoder_projection_units]."""

    def __init__(self, config: SambertConfig, tables: Mapping[str, int]) -> None:
        """`tables`: for each feature in their order the size of its table, by the name of its embedding."""
        super().__init__()
        self.names = list(tables)
        self._scale = math.sqrt(config.encoder_num_units)
        for name, size in tables.items():
            self.add_module(name, nn.Embedding(size, config.embedding_dim))
        self.ling_enc = _Encoder(config)
        self.ling_proj = nn.Linear(config.encoder_num_units, config.encoder_projection_units, bias=False)

    def extend(self, n_tokens: int) -> None:
        """Makes the table of positions at least so long."""
        self.ling_enc.position_enc.extend(n_tokens)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, P, 1]."""
        embedded = [self.get_submodule(name)(features[..., i]) for i, name in enumerate(self.names)]
        x = torch.stack(embedded).sum(0) * self._scale
        out: Tensor = self.ling_proj(self.ling_enc(x, mask))
        return out
