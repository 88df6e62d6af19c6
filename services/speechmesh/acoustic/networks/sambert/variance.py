"""Sambert's variance adaptor: pitch, energy and durations of the tokens, and the frames that come of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.layers import Fsmn, prenet

_EMBEDDING_KERNEL = 9


@dataclass(frozen=True)
class Variances:
    """Of tokens: `pitch`, `energy`, `log_durations` ln(frames + 1), `durations` in frames, all [B, P].

    `text` [B, P, C] has pitch and energy added.
    """

    text: Tensor
    pitch: Tensor
    energy: Tensor
    log_durations: Tensor
    durations: Tensor


class _Predictor(nn.Module):
    """A value a token: FSMN, an LSTM both ways, a line."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.fsmn = Fsmn(config.predictor)
        self.blstm = nn.LSTM(
            config.predictor_num_memory_units,
            config.predictor_lstm_units,
            batch_first=True,
            bidirectional=True,
        )
        self.fc = nn.Linear(2 * config.predictor_lstm_units, 1)

    def forward(self, x: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
        """[B, P, C] -> [B, P]; `mask` [B, P, 1], `lengths` [B]."""
        packed = pack_padded_sequence(self.fsmn(x, mask), lengths, batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.blstm(packed)[0], batch_first=True, total_length=x.shape[1])
        out: Tensor = self.fc(hidden).squeeze(-1) * mask.squeeze(-1)
        return out


class _DurationPredictor(nn.Module):
    """ln(frames + 1) of each token, which hears what it said of the one before."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.dur_pred_prenet_units
        self.prenet = prenet(1, units)
        self.lstm = nn.LSTM(
            units[-1] + config.n_context, config.dur_pred_lstm_units, num_layers=2, batch_first=True
        )
        self.fc = nn.Linear(config.dur_pred_lstm_units, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, P, C] -> [B, P]."""
        said = x.new_zeros(len(x), 1, 1)
        state: tuple[Tensor, Tensor] | None = None
        outputs = []
        for i in range(x.shape[1]):
            hidden, state = self.lstm(torch.cat((self.prenet(said), x[:, i : i + 1]), dim=-1), state)
            said = self.fc(hidden).relu()
            outputs.append(said)
        return torch.cat(outputs, dim=1).squeeze(-1)


class _DurationPositions(nn.Module):
    """Where a frame is in its token: sines on even channels, cosines on odd ones."""

    inv_timescales: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        exponents = 2 * (torch.arange(channels) // 2) / channels
        # Upstream's name; what it holds are the scales themselves.
        self.register_buffer("inv_timescales", 10000.0 ** exponents.float())

    def forward(self, places: Tensor) -> Tensor:
        """Places [B, T], 0 for a frame of padding -> [B, T, C]."""
        angles = places.unsqueeze(-1) / self.inv_timescales
        even = torch.arange(angles.shape[-1], device=angles.device) % 2 == 0
        return torch.where(even, angles.sin(), angles.cos())


class VarianceAdaptor(nn.Module):
    """Text, speaker and emotion of tokens -> variances, and the decoder's memory."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self._per_step = config.outputs_per_step
        channels, padding = config.encoder_projection_units, _EMBEDDING_KERNEL // 2
        self.pitch_predictor = _Predictor(config)
        self.energy_predictor = _Predictor(config)
        self.duration_predictor = _DurationPredictor(config)
        self.dur_position_encoder = _DurationPositions(channels)
        self.pitch_emb = nn.Conv1d(1, channels, _EMBEDDING_KERNEL, padding=padding)
        self.energy_emb = nn.Conv1d(1, channels, _EMBEDDING_KERNEL, padding=padding)

    def forward(
        self, text: Tensor, speaker: Tensor, emotion: Tensor, mask: Tensor, lengths: Tensor
    ) -> Variances:
        """`text`, `speaker`, `emotion` [B, P, *]; `mask` [B, P, 1]; `lengths` [B] on the CPU."""
        context = torch.cat((text, speaker, emotion), dim=-1)
        pitch = self.pitch_predictor(context, mask, lengths)
        energy = self.energy_predictor(context, mask, lengths)
        added = self.pitch_emb(pitch.unsqueeze(1)) + self.energy_emb(energy.unsqueeze(1))  # [B, C, P]
        text = text + added.transpose(1, 2)
        log_durations = self.duration_predictor(torch.cat((text, speaker, emotion), dim=-1))
        log_durations = log_durations * mask.squeeze(-1)
        durations = (log_durations.exp() - 1.0 + 0.5).floor().long()
        return Variances(text, pitch, energy, log_durations, durations)

    def memory(self, variances: Variances, speaker: Tensor, emotion: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's memory [B, S, n_memory], S steps of the longest item, and the frames of each item [B]."""
        ends = variances.durations.cumsum(1)
        n_frames = ends[:, -1]
        r = self._per_step
        # A tensor, not a number: how long the memory is comes out of the exported graph.
        total = (n_frames.max() + (r - 1)) // r * r
        times: Tensor = torch.arange(total, device=ends.device)  # type: ignore[call-overload]
        token = (times.view(1, -1, 1) >= ends.unsqueeze(1)).sum(-1)  # [B, T]: tokens that have ended
        inside = (times < n_frames.unsqueeze(1)).float()
        token = token.clamp(max=ends.shape[1] - 1)

        def spread(x: Tensor) -> Tensor:
            index = token.unsqueeze(-1).expand(-1, -1, x.shape[-1])
            return x.gather(1, index) * inside.unsqueeze(-1)

        starts = (ends - variances.durations).gather(1, token)
        text = spread(variances.text) + self.dur_position_encoder((times - starts + 1) * inside)
        grouped = text.reshape(text.shape[0], -1, r * text.shape[-1])
        return torch.cat((grouped, spread(speaker)[:, ::r], spread(emotion)[:, ::r]), dim=-1), n_frames
