"""Sambert up to its decoder as one graph: encoder, variance adaptor, and the memory as the decoder's graph takes it.

Durations are said token by token, each hearing the one before: a loop inside, as in the decoder.

The graph (B batch, P tokens, F features, S steps of the longest item; the others as in sambert_decoder):
    features int64 [B, P, F]   emotion int64 [B, P]   lengths int64 [B]
    speaker  int64 [B, P], or float32 [B, P, D] in models that take a vector
    pace     float32 [B]       factor on durations, 1 for the voice's own
    first int64 [1] and n int64 []  of the loop over tokens: 0 and P
    -> durations int64 [B, P]; n_frames, n_steps, bands int64 [B]; projected, memory
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import onnx
import torch
from onnx import ModelProto, helper
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.acoustic.export.loops import export_step, looped, rename
from speechmesh.acoustic.networks.sambert.layers import length_mask
from speechmesh.acoustic.networks.sambert.network import Sambert
from speechmesh.acoustic.networks.sambert.variance import Variances

# Of one item.
MAX_TOKENS = 1000


class _BothWays(nn.Module):
    """An LSTM both ways over items of different lengths, each turned round by itself."""

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.forth, self.back = (
            nn.LSTM(lstm.input_size, lstm.hidden_size, batch_first=True) for _ in range(2)
        )
        for own, suffix in ((self.forth, ""), (self.back, "_reverse")):
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
                getattr(own, name).data = getattr(lstm, name + suffix).detach()

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """[B, P, C] -> [B, P, 2 * C']."""
        places = torch.arange(x.shape[1], device=x.device).unsqueeze(0)
        turned = (lengths.unsqueeze(1) - 1 - places).clamp(min=0).unsqueeze(-1)
        forth, _ = self.forth(x)
        back, _ = self.back(x.gather(1, turned.expand(-1, -1, x.shape[2])))
        return torch.cat((forth, back.gather(1, turned.expand(-1, -1, back.shape[2]))), dim=-1)


class _Understanding(nn.Module):
    """Tokens -> text with pitch and energy added, what the durations are said of, and speaker and emotion."""

    def __init__(self, network: Sambert) -> None:
        super().__init__()
        self.network = network
        adaptor = network.variance_adaptor
        self.predictors = nn.ModuleList((adaptor.pitch_predictor, adaptor.energy_predictor))
        self.both_ways = nn.ModuleList(
            _BothWays(p.blstm) for p in (adaptor.pitch_predictor, adaptor.energy_predictor)
        )
        self.embeddings = nn.ModuleList((adaptor.pitch_emb, adaptor.energy_emb))

    def forward(
        self, features: Tensor, emotion: Tensor, speaker: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        network = self.network
        mask = length_mask(lengths, features.shape[1])
        text = network.text_encoder(features, mask)
        emotion = network.emo_tokenizer(emotion)
        speaker = speaker if speaker.is_floating_point() else network.spk_tokenizer(speaker)
        context = torch.cat((text, speaker, emotion), dim=-1)
        for predictor, both_ways, embedding in zip(
            self.predictors, self.both_ways, self.embeddings, strict=True
        ):
            hidden = both_ways(predictor.fsmn(context, mask), lengths)  # type: ignore[operator]
            value = predictor.fc(hidden) * mask  # type: ignore[operator]
            text = text + embedding(value.transpose(1, 2)).transpose(1, 2)
        return text, torch.cat((text, speaker, emotion), dim=-1), speaker, emotion


class _DurationStep(nn.Module):
    """ln(frames + 1) of token `t`, from what was said of the one before."""

    def __init__(self, network: Sambert) -> None:
        super().__init__()
        predictor = network.variance_adaptor.duration_predictor
        self.prenet, self.lstm, self.fc = predictor.prenet, predictor.lstm, predictor.fc

    def forward(
        self, t: Tensor, said: Tensor, hidden: Tensor, cell: Tensor, context: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`said` [B, 1]; `hidden`, `cell` [layers, B, U]; `context` [B, P, C]."""
        x = torch.cat((self.prenet(said), context.index_select(1, t).squeeze(1)), dim=-1)
        out, (hidden, cell) = self.lstm(x.unsqueeze(1), (hidden, cell))
        return self.fc(out.squeeze(1)).relu(), hidden, cell


class _Remembering(nn.Module):
    """Durations and text -> the decoder's memory, as its graph takes it."""

    def __init__(self, network: Sambert) -> None:
        super().__init__()
        self.adaptor = network.variance_adaptor
        config, decoder = network.config, network.mel_decoder
        self._per_step, self._n_heads = config.outputs_per_step, config.decoder_num_heads
        scale = math.sqrt(config.decoder_num_units)
        projection = decoder.mel_dec.dec_in_proj
        self.register_buffer("weight", projection.weight[:, : config.n_memory].detach() * scale)
        self.register_buffer("bias", projection.bias.detach() * scale)
        linears = [layer.pnca_attn.w_h_kv for layer in decoder.layers]
        self.register_buffer("kept_weight", torch.cat([linear.weight for linear in linears]).detach())
        self.register_buffer("kept_bias", torch.cat([linear.bias for linear in linears]).detach())
        self._n_kept = 2 * len(linears)

    weight: Tensor
    bias: Tensor
    kept_weight: Tensor
    kept_bias: Tensor

    def forward(
        self, said: Tensor, text: Tensor, speaker: Tensor, emotion: Tensor, lengths: Tensor, pace: Tensor
    ) -> tuple[Tensor, ...]:
        """`said` [P, B, 1]: ln(frames + 1)."""
        mask = length_mask(lengths, text.shape[1]).squeeze(-1)
        log_durations = said.squeeze(-1).transpose(0, 1) * mask
        frames = (log_durations.exp() - 1.0) * pace.unsqueeze(1)
        durations = (frames + 0.5).floor().long()
        # Only text and durations are read.
        variances = Variances(text, log_durations, log_durations, log_durations, durations)
        memory, n_frames = self.adaptor.memory(variances, speaker, emotion)
        n_steps = (n_frames + (self._per_step - 1)) // self._per_step
        bands = (frames.amax(1) / self._per_step + 0.5).long()
        projected = functional.linear(memory, self.weight, self.bias)
        kept = functional.linear(memory, self.kept_weight, self.kept_bias)
        width = kept.shape[2] // self._n_kept // self._n_heads
        kept = kept.reshape(kept.shape[0], kept.shape[1], self._n_kept, self._n_heads, width)
        kept = kept.permute(2, 0, 3, 1, 4)  # [2L, B, H, S, W]
        behind = torch.zeros_like(kept[:, :, :, :1]).expand(-1, -1, -1, bands.max(), -1)  # type: ignore[call-overload]
        return durations, n_frames, n_steps, bands, projected, torch.cat((kept, behind), dim=3)


def export_reader(network: Sambert, path: Path) -> None:
    """Writes the graph."""
    network = copy.deepcopy(network)
    network.text_encoder.extend(MAX_TOKENS)
    config = network.config
    n_batch, n_tokens = 2, 7
    features = torch.ones(n_batch, n_tokens, len(network.text_encoder.names), dtype=torch.int64)
    of_tokens = torch.ones(n_batch, n_tokens, dtype=torch.int64)
    speaker = torch.zeros(n_batch, n_tokens, config.speaker_units) if config.speaker_embedding else of_tokens
    lengths = torch.full((n_batch,), n_tokens)
    pace = torch.ones(n_batch)
    by_token = {0: "B", 1: "P"}
    understanding = _Understanding(network).eval()
    text, context, speakers, emotions = understanding(features, of_tokens, speaker, lengths)
    first = export_step(
        understanding,
        (features, of_tokens, speaker, lengths),
        ("features", "emotion", "speaker", "lengths"),
        ("text", "context", "speakers", "emotions"),
        dict.fromkeys(("features", "emotion", "speaker", "text", "context", "speakers", "emotions"), by_token)
        | {"lengths": {0: "B"}},
        path,
    )
    units = config.dur_pred_lstm_units
    state = torch.zeros(2, n_batch, units)
    durations = looped(
        export_step(
            _DurationStep(network).eval(),
            (torch.zeros(1, dtype=torch.int64), torch.zeros(n_batch, 1), state, state.clone(), context),
            ("t", "said", "hidden", "cell", "context"),
            ("next_said", "next_hidden", "next_cell"),
            {
                **{key: {0: "B"} for key in ("said", "next_said")},
                **{key: {1: "B"} for key in ("hidden", "cell", "next_hidden", "next_cell")},
                "context": by_token,
            },
            path,
        ),
        carried={"said": "next_said", "hidden": "next_hidden", "cell": "next_cell"},
        constant=("context",),
        made="next_said",
        made_axes=("B", "one"),
        name="sambert_durations",
    )
    last = export_step(
        _Remembering(network).eval(),
        (torch.ones(n_tokens, n_batch, 1), text, speakers, emotions, lengths, pace),
        ("all_next_said", "text", "speakers", "emotions", "lengths", "pace"),
        ("durations", "n_frames", "n_steps", "bands", "projected", "memory"),
        {
            "all_next_said": {0: "P", 1: "B"},
            **dict.fromkeys(("text", "speakers", "emotions", "durations"), by_token),
            **{key: {0: "B"} for key in ("lengths", "pace", "n_frames", "n_steps", "bands")},
            "projected": {0: "B", 1: "S"},
            "memory": {1: "B", 3: "SK"},
        },
        path,
    )
    model = _joined(first, durations, last)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _joined(*models: ModelProto) -> ModelProto:
    """Graphs one after another as one: what an earlier one gives, a later one takes under the same name."""
    given: set[str] = set()
    taken: dict[str, onnx.ValueInfoProto] = {}
    graph = onnx.GraphProto(name="sambert_reader")
    for number, model in enumerate(models):
        own = model.graph
        outside = {value.name for value in (*own.input, *own.output)}
        rename(own, f"{number}/", outside)
        for value in own.input:
            if value.name not in given:
                taken.setdefault(value.name, value)
        given |= {value.name for value in own.output}
        graph.node.extend(own.node)
        graph.initializer.extend(own.initializer)
    graph.input.extend(taken.values())
    graph.output.extend(models[-1].graph.output)
    return helper.make_model(
        graph, opset_imports=list(models[0].opset_import), ir_version=models[0].ir_version
    )
