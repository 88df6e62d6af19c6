"""Sambert's decoder as upstream runs it, step by step in eager PyTorch: what the seed baseline pays for a step.

Before each step masks of all steps against all are made anew; each layer attends to all of the past and to all of the
memory, and the masks leave a band of it. What comes is what our decoder gives, which keeps the band alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from speechmesh.acoustic.networks.sambert.layers import attend, length_mask, merge_heads, split_heads
from speechmesh.acoustic.networks.sambert.network import Sambert, SambertInput


def speak(network: Sambert, batch: SambertInput) -> Tensor:
    """The mels [1, T, M] of one item."""
    variances, memory, n_frames = network.understand(batch)
    raw = torch.cat(list(_decode(network, memory, n_frames, variances.log_durations)), dim=1)
    mask = length_mask(n_frames, raw.shape[1])
    decoded = raw * mask
    mel: Tensor = (decoded + network.mel_postnet(decoded, mask)) * mask
    return mel


def _decode(network: Sambert, inputs: Tensor, n_frames: Tensor, log_durations: Tensor) -> Iterator[Tensor]:
    """The frames of each step [1, r, M]."""
    decoder, config = network.mel_decoder, network.config
    memory = decoder.prepare(inputs, n_frames, log_durations)
    last = inputs.new_zeros(1, config.num_mels)
    past: list[tuple[Tensor, Tensor]] = []
    for t in range(inputs.shape[1]):
        own_mask, ahead_mask = _masks(inputs.shape[1], memory.longest_band)
        frame = torch.cat((inputs[:, t], decoder.mel_dec.prenet(last)), dim=-1)
        x = decoder.mel_dec.dec_in_proj(frame).unsqueeze(1) * config.decoder_num_units**0.5
        for i, layer in enumerate(decoder.layers):
            attention = layer.pnca_attn
            query, key, value = (
                split_heads(part, attention.n_heads)
                for part in attention.w_x_qkv(attention.layer_norm(x)).chunk(3, -1)
            )
            if t == 0:
                past.append((key, value))
            else:
                past[i] = torch.cat((past[i][0], key), dim=2), torch.cat((past[i][1], value), dim=2)
            own = attend(query, *past[i], own_mask[None, None, t : t + 1, : t + 1])
            read = attend(query, memory.keys[i], memory.values[i], ahead_mask[None, None, t : t + 1])
            x = x + attention.fc_x(merge_heads(own)) + attention.fc_h(merge_heads(read))
            x = layer.pos_ffn(x, torch.ones(1, 1, 1))
        raw = decoder.mel_dec.dec_out_proj(decoder.mel_dec.ln(x)).squeeze(1)
        last = raw[:, -config.num_mels :]
        yield raw.reshape(1, config.outputs_per_step, config.num_mels)


def _masks(n_steps: int, band: int) -> tuple[Tensor, Tensor]:
    """1 where a step may look [S, S]: at its past within the band, and at what lies ahead within it."""
    steps = torch.arange(n_steps)
    ahead = steps[None, :] - steps[:, None]
    return ((ahead <= 0) & (ahead >= -band)).float(), ((ahead >= 0) & (ahead <= band)).float()
