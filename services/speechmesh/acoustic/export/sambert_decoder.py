"""Sambert's decoder as one graph that makes several steps a run: the loop is inside.

A step of the network is a few hundred small operators, and PyTorch spends nearly all of its time between them. Here one
step is exported as it is and becomes the body of an ONNX `Loop`, so that frames leave in pieces of as many steps as the
caller asks for, and a run costs no more than its operators.

The graph (B batch, H heads, W width of a head, K = longest band + 1, S steps of the longest item, L layers, U units):
    first    int64 [1]      step to begin with          n        int64 []     how many to make
    last     [B, M]         frame made last, zeros at the start
    own      [2L, B, H, K, W]  keys and values of the last K steps, layer by layer, zeros at the start
    projected [B, S, U]     the memory's part of each step's input
    memory   [2L, B, H, S + K - 1, W]  keys and values of the memory, zeros behind its end
    bands, n_steps  int64 [B]
    -> frames [n, B, r * M]; next_last, next_own
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path

import onnx
import torch
from onnx import GraphProto, ModelProto, TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.acoustic.networks.sambert.decoder import MelDecoder, PncaLayer
from speechmesh.acoustic.networks.sambert.network import Sambert

OPSET = 17
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
        projected: Tensor,
        memory: Tensor,
        bands: Tensor,
        n_steps: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See the module; `t` int64 [1]."""
        width = own.shape[3]
        slots = torch.arange(width, device=own.device)
        past = t - (width - 1) + slots  # the step that each slot of the past holds
        ahead = t + slots
        within_past = (past >= 0) & (past >= t - bands.unsqueeze(1))
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


_CARRIED = ("last", "own")
_CONSTANT = ("projected", "memory", "bands", "n_steps")


def export_decoder(network: Sambert, path: Path) -> None:
    """Writes the graph."""
    config = network.config
    step = DecoderStep(network.mel_decoder, config.n_memory, config.num_mels).eval()
    _export_step(step, config.decoder_num_layers, config.decoder_num_heads, config.decoder_num_units, path)
    model = onnx.load(str(path))
    model = _looped(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _export_step(step: DecoderStep, n_layers: int, n_heads: int, n_units: int, path: Path) -> None:
    width, n_batch, n_steps = 3, 2, 5
    head = n_units // n_heads
    arguments = (
        torch.ones(1, dtype=torch.int64),
        torch.zeros(n_batch, step._n_mels),
        torch.zeros(2 * n_layers, n_batch, n_heads, width, head),
        torch.zeros(n_batch, n_steps, n_units),
        torch.zeros(2 * n_layers, n_batch, n_heads, n_steps + width - 1, head),
        torch.full((n_batch,), width - 1),
        torch.full((n_batch,), n_steps),
    )
    axes = {
        **{
            "last": {0: "B"},
            "own": {1: "B", 3: "K"},
            "projected": {0: "B", 1: "S"},
            "memory": {1: "B", 3: "SK"},
        },
        **{"bands": {0: "B"}, "n_steps": {0: "B"}, "raw": {0: "B"}, "next_last": {0: "B"}},
        "next_own": {1: "B", 3: "K"},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter announces its retirement with every call
        torch.onnx.export(
            step,
            arguments,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["t", *_CARRIED, *_CONSTANT],
            output_names=["raw", "next_last", "next_own"],
            dynamic_axes=axes,
        )


def _looped(step: ModelProto) -> ModelProto:
    """The step's graph as the body of a loop around it; what does not change stands outside."""
    inner = step.graph
    body = GraphProto()
    body.name = "step"
    body.input.extend(
        [
            helper.make_tensor_value_info("iteration", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            *(_value(inner.input, name) for name in _CARRIED),
        ]
    )
    body.node.append(helper.make_node("Add", ["first", "iteration"], ["t"]))
    body.node.append(helper.make_node("Identity", ["go_on"], ["goes_on"]))
    body.node.extend(inner.node)
    body.output.append(helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []))
    body.output.extend(_value(inner.output, name) for name in ("next_last", "next_own", "raw"))
    loop = helper.make_node(
        "Loop", ["n", "", *_CARRIED], ["final_last", "final_own", "frames"], body=body, name="steps"
    )
    frames = helper.make_tensor_value_info("frames", TensorProto.FLOAT, ["n", "B", "RM"])
    final = [_value(inner.output, name) for name in ("next_last", "next_own")]
    for info, name in zip(final, ("final_last", "final_own"), strict=True):
        info.name = name
    outputs = [frames, *final]
    graph = helper.make_graph(
        [loop],
        "sambert_decoder",
        [
            helper.make_tensor_value_info("first", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            *(_value(inner.input, name) for name in (*_CARRIED, *_CONSTANT)),
        ],
        outputs,
        list(inner.initializer),
    )
    return helper.make_model(graph, opset_imports=list(step.opset_import), ir_version=step.ir_version)


def _value(values: Iterable[onnx.ValueInfoProto], name: str) -> onnx.ValueInfoProto:
    found = onnx.ValueInfoProto()
    found.CopyFrom(next(value for value in values if value.name == name))
    return found
