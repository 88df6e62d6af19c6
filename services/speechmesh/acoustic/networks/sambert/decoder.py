"""Sambert's decoder: some frames a step, from its own last steps and from the memory that lies ahead.

PNCA, parallel attention to two bands (Li et al., "RobuTrans", 2020, and KAN-TTS): what a step needs of either lies
within the band, so that is all that is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.layers import (
    NORM_EPS,
    FeedForward,
    attend,
    merge_heads,
    prenet,
    split_heads,
)


@dataclass(frozen=True)
class Memory:
    """What the decoder reads: `inputs` [B, S, n_memory], each layer's keys and values [B, H, S, W], and `bands` [B]."""

    inputs: Tensor
    keys: list[Tensor]
    values: list[Tensor]
    n_steps: Tensor  # of each item [B]
    bands: Tensor

    @property
    def longest_band(self) -> int:
        """Of all items."""
        return int(self.bands.max())


@dataclass
class DecoderState:
    """What a step leaves to the next: the last frame [B, M]; of each layer keys and values [B, H, <= band, W]."""

    last: Tensor
    keys: list[Tensor]
    values: list[Tensor]


class Pnca(nn.Module):
    """Attention to the own past and to the memory ahead, with one query."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.decoder_num_units
        self.n_heads = config.decoder_num_heads
        self.layer_norm = nn.LayerNorm(units, eps=NORM_EPS)
        self.w_x_qkv = nn.Linear(units, 3 * units)
        self.fc_x = nn.Linear(units, units)
        self.w_h_kv = nn.Linear(config.n_memory, 2 * units)
        self.fc_h = nn.Linear(units, units)


class PncaLayer(nn.Module):
    """Attention to both bands, then a feed-forward network."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.pnca_attn = Pnca(config)
        self.pos_ffn = FeedForward(config.decoder_num_units, config.decoder_ffn_inner_dim, 1)


class _Decoder(nn.Module):
    """The layers under upstream's names."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.decoder_num_units
        self.prenet = prenet(config.num_mels, config.decoder_prenet_units, units)
        self.dec_in_proj = nn.Linear(config.n_memory + units, units)
        self.pnca = nn.ModuleList(PncaLayer(config) for _ in range(config.decoder_num_layers))
        self.ln = nn.LayerNorm(units, eps=NORM_EPS)
        self.dec_out_proj = nn.Linear(units, config.outputs_per_step * config.num_mels)


class MelDecoder(nn.Module):
    """Memory -> raw frames, step by step; items of different lengths and bands may share a batch."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self._scale = math.sqrt(config.decoder_num_units)
        self._n_mels, self._per_step = config.num_mels, config.outputs_per_step
        self.mel_dec = _Decoder(config)

    @property
    def layers(self) -> list[PncaLayer]:
        """The layers, typed."""
        return [layer for layer in self.mel_dec.pnca if isinstance(layer, PncaLayer)]

    def prepare(self, inputs: Tensor, n_frames: Tensor, log_durations: Tensor) -> Memory:
        """Keys and values of all of the memory at once. The bands follow from the longest token of each item."""
        longest = (log_durations.amax(1).exp() - 1.0) / self._per_step
        keys, values = [], []
        for layer in self.layers:
            key, value = layer.pnca_attn.w_h_kv(inputs).chunk(2, -1)
            keys.append(split_heads(key, layer.pnca_attn.n_heads))
            values.append(split_heads(value, layer.pnca_attn.n_heads))
        n_steps = -(-n_frames // self._per_step)
        return Memory(inputs, keys, values, n_steps, (longest + 0.5).long())

    def start(self, memory: Memory) -> DecoderState:
        """Silence before the first step, and nothing to look back at."""
        empty = [key[:, :, :0] for key in memory.keys]
        return DecoderState(memory.inputs.new_zeros(len(memory.inputs), self._n_mels), empty, list(empty))

    def step(self, t: int, memory: Memory, state: DecoderState) -> Tensor:
        """The raw frames of step `t` [B, r * M]; moves the state on."""
        dec, band = self.mel_dec, memory.longest_band
        frame = torch.cat((memory.inputs[:, t], dec.prenet(state.last)), dim=-1)
        x = dec.dec_in_proj(frame).unsqueeze(1) * self._scale  # [B, 1, C]
        first = max(t - band, 0)
        # 1 where a step of the past is within the item's own band, and where one ahead is and exists. [B, 1, 1, K]
        past = torch.arange(first, t + 1, device=x.device)
        past_mask = (past >= t - memory.bands.unsqueeze(1)).float()[:, None, None]
        ahead = torch.arange(t, min(t + band + 1, memory.inputs.shape[1]), device=x.device)
        end = torch.minimum(t + memory.bands + 1, memory.n_steps).unsqueeze(1)
        ahead_mask = ((ahead < end) | (ahead == t)).float()[:, None, None]
        ones = torch.ones(len(x), 1, 1, device=x.device)
        for i, layer in enumerate(self.layers):
            attention = layer.pnca_attn
            query, key, value = (
                split_heads(part, attention.n_heads)
                for part in attention.w_x_qkv(attention.layer_norm(x)).chunk(3, -1)
            )
            state.keys[i] = torch.cat((state.keys[i], key), dim=2)[:, :, -(band + 1) :]
            state.values[i] = torch.cat((state.values[i], value), dim=2)[:, :, -(band + 1) :]
            own = attend(query, state.keys[i], state.values[i], past_mask)
            window = slice(t, t + band + 1)
            read = attend(query, memory.keys[i][:, :, window], memory.values[i][:, :, window], ahead_mask)
            x = x + attention.fc_x(merge_heads(own)) + attention.fc_h(merge_heads(read))
            x = layer.pos_ffn(x, ones)
        raw: Tensor = dec.dec_out_proj(dec.ln(x)).squeeze(1)
        state.last = raw[:, -self._n_mels :]
        return raw
