"""Sambert's decoder as one graph that makes several steps a run: the loop is inside.

A step of the network is a few hundred small operators, and PyTorch spends nearly all of its time between them. Here one
step is exported as it is and becomes the body of an ONNX `Loop`, so that frames leave in pieces of as many steps as the
caller asks for, and a run costs no more than its operators.

The graph (B batch, H heads, W width of a head, K = longest band + 1, S steps of the longest item, L layers, U units):
    first    int64 [1]      step of the memory given here to begin with, n int64 [] how many to make
    done     int64 [B]      steps made before those of the memory given here
    last     [B, M]         frame made last, zeros at the start
    own      [2L, B, H, K, W]  keys and values of the last K steps, layer by layer, zeros at the start
    projected [B, S, U]     the memory's part of each step's input
    memory   [2L, B, H, S + K - 1, W]  keys and values of the memory, zeros behind its end
    bands, n_steps  int64 [B]; n_steps of the memory given here
Streams that are at different steps may so share a run: each gives its memory from its own next step on.
    -> all_frames [n, B, r * M]; final_last, final_own
"""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.acoustic.export.loops import export_step, looped
from speechmesh.acoustic.networks.sambert.decoder import MelDecoder, PncaLayer
from speechmesh.acoustic.networks.sambert.network import Sambert

_MASKED = -1e9


class DecoderStep(nn.Module):
    """One step, with as few operators as the arithmetic allows.

    Attention to the past and to the memory ahead are one batch of two, and their two output layers are one; what the
    memory contributes to the input was projected before.
    """

    def __init__(self, decoder: MelDecoder, n_memory: int, n_mels: int) -> None:
        super().__init__()
        dec = decoder.mel_dec
        self._n_mels = n_mels
        self.prenet = dec.prenet
        (units,) = dec.ln.normalized_shape
        self._scale = math.sqrt(units)
        self.register_buffer("prenet_weight", dec.dec_in_proj.weight[:, n_memory:].detach() * self._scale)
        self.layers = nn.ModuleList(_StepLayer(layer) for layer in decoder.layers)
        self.ln, self.out = dec.ln, dec.dec_out_proj

    prenet_weight: Tensor

    def forward(
        self,
        t: Tensor,
        last: Tensor,
        own: Tensor,
        done: Tensor,
        projected: Tensor,
        memory: Tensor,
        bands: Tensor,
        n_steps: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See the module; `t` int64 [1]."""
        width = own.shape[3]
        slots = torch.arange(width, device=own.device)
        back = width - 1 - slots  # how many steps each slot of the past lies back
        ahead = t + slots
        within_past = (back <= (t + done).unsqueeze(1)) & (back <= bands.unsqueeze(1))
        within_ahead = (slots == 0) | ((slots <= bands.unsqueeze(1)) & (ahead < n_steps.unsqueeze(1)))
        mask = (1.0 - torch.stack((within_past, within_ahead)).float()) * _MASKED
        mask = mask[:, :, None, None]  # [2, B, 1, 1, K]
        window = memory.index_select(3, ahead)
        x = projected.index_select(1, t).squeeze(1) + functional.linear(self.prenet(last), self.prenet_weight)
        kept = []
        for i, layer in enumerate(self.layers):
            x, key, value = layer(x, own[2 * i], own[2 * i + 1], window[2 * i], window[2 * i + 1], mask)
            kept += [key, value]
        raw = self.out(self.ln(x))
        return raw, raw[:, -self._n_mels :], torch.stack(kept)


class _StepLayer(nn.Module):
    def __init__(self, layer: PncaLayer) -> None:
        super().__init__()
        attention, feed_forward = layer.pnca_attn, layer.pos_ffn
        self._n_heads = attention.n_heads
        self.norm, self.qkv = attention.layer_norm, attention.w_x_qkv
        weights = (attention.fc_x.weight, attention.fc_h.weight)
        self.register_buffer("out_weight", torch.cat(weights, dim=1).detach())
        self.register_buffer("out_bias", (attention.fc_x.bias + attention.fc_h.bias).detach())
        self.ffn_norm = feed_forward.layer_norm
        for name, convolution in (("w_1", feed_forward.w_1), ("w_2", feed_forward.w_2)):
            assert convolution.bias is not None
            self.register_buffer(f"{name}_weight", convolution.weight[..., 0].detach())
            self.register_buffer(f"{name}_bias", convolution.bias.detach())

    out_weight: Tensor
    out_bias: Tensor
    w_1_weight: Tensor
    w_1_bias: Tensor
    w_2_weight: Tensor
    w_2_bias: Tensor

    def forward(
        self,
        x: Tensor,
        keys: Tensor,
        values: Tensor,
        memory_keys: Tensor,
        memory_values: Tensor,
        mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`x` [B, U]; keys and values [B, H, K, W]; `mask` [2, B, 1, 1, K]."""
        batch, units = x.shape
        width = units // self._n_heads
        parts = self.qkv(self.norm(x)).reshape(batch, 3, self._n_heads, 1, width)
        query, key, value = parts[:, 0], parts[:, 1], parts[:, 2]
        keys = torch.cat((keys[:, :, 1:], key), dim=2)
        values = torch.cat((values[:, :, 1:], value), dim=2)
        both_keys, both_values = torch.stack((keys, memory_keys)), torch.stack((values, memory_values))
        scores = (query / math.sqrt(width)) @ both_keys.transpose(-1, -2) + mask
        read = scores.softmax(-1) @ both_values  # [2, B, H, 1, W]
        read = read.permute(1, 0, 3, 2, 4).reshape(batch, 2 * units)
        x = x + functional.linear(read, self.out_weight, self.out_bias)
        hidden = functional.linear(self.ffn_norm(x), self.w_1_weight, self.w_1_bias).relu()
        return x + functional.linear(hidden, self.w_2_weight, self.w_2_bias), keys, values


def export_decoder(network: Sambert, path: Path) -> None:
    """Writes the graph."""
    config = network.config
    step = DecoderStep(network.mel_decoder, config.n_memory, config.num_mels).eval()
    width, n_batch, n_steps = 3, 2, 5
    n_kept, heads = 2 * config.decoder_num_layers, config.decoder_num_heads
    head = config.decoder_num_units // heads
    arguments = {
        "t": torch.ones(1, dtype=torch.int64),
        "last": torch.zeros(n_batch, config.num_mels),
        "own": torch.zeros(n_kept, n_batch, heads, width, head),
        "done": torch.zeros(n_batch, dtype=torch.int64),
        "projected": torch.zeros(n_batch, n_steps, config.decoder_num_units),
        "memory": torch.zeros(n_kept, n_batch, heads, n_steps + width - 1, head),
        "bands": torch.full((n_batch,), width - 1),
        "n_steps": torch.full((n_batch,), n_steps),
    }
    axes = {
        **{
            "last": {0: "B"},
            "own": {1: "B", 3: "K"},
            "projected": {0: "B", 1: "S"},
            "memory": {1: "B", 3: "SK"},
        },
        **{name: {0: "B"} for name in ("done", "bands", "n_steps", "frames", "next_last")},
        "next_own": {1: "B", 3: "K"},
    }
    outputs = ["frames", "next_last", "next_own"]
    model = looped(
        export_step(step, list(arguments.values()), list(arguments), outputs, axes, path),
        carried={"last": "next_last", "own": "next_own"},
        constant=("done", "projected", "memory", "bands", "n_steps"),
        made="frames",
        made_axes=("B", "RM"),
        name="sambert_decoder",
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
