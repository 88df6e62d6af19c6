"""The acoustic model: tokens in, mels out, all frames at once, with explicit durations, pitch and energy.

Blocks of ConvNeXt (Liu et al., 2022, arXiv:2201.03545) along time with a little attention among the tokens; length
regulation and the predictors as in FastSpeech 2 (Ren et al., 2020, arXiv:2006.04558), but with three points of pitch a
token, because a tone or a sentence's end is a contour, not a level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional

_ENCODER_KERNEL, _DECODER_KERNEL = 5, 7
_N_ATTENTIONS, _N_HEADS = 2, 2
_PREDICTOR_BLOCKS = 2
_LAYER_SCALE = 0.25
_MASKED = -1e4
_N_PUNCT = 3
_POINTS = 3
# Positions in the token, 0..1, at which pitch is given.
_POINT_SPACING = 1.0 / _POINTS


class AcousticConfig(BaseModel):
    """What shapes the network."""

    model_config = ConfigDict(frozen=True)

    n_tokens: int
    n_speakers: int
    n_mels: int
    width: int
    hidden: int
    encoder_blocks: int
    decoder_blocks: int


@dataclass(frozen=True)
class AcousticBatch:
    """Padded utterances, all that is real-valued normalised.

    `tokens`, `word_ends`, `durations`, `energy` [B, P]; `punct`, `speaker` [B]; `pitch` [B, P, 3]; `mel` [B, T, M].
    """

    tokens: Tensor
    word_ends: Tensor
    punct: Tensor
    speaker: Tensor
    durations: Tensor
    pitch: Tensor
    energy: Tensor
    mel: Tensor

    def to(self, device: torch.device) -> AcousticBatch:
        """The batch on another device."""
        return AcousticBatch(**{name: value.to(device) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Encoded:
    """Tokens understood: `hidden` [B, P, C] and `mask` [B, P, 1], 1 where there is a token."""

    hidden: Tensor
    mask: Tensor


@dataclass(frozen=True)
class AcousticOutput:
    """`mel` [B, T, M] and `frame_mask` [B, T, 1]; of the tokens `log_durations`, `energy` [B, P], `pitch` [B, P, 3]."""

    mel: Tensor
    frame_mask: Tensor
    token_mask: Tensor
    log_durations: Tensor
    pitch: Tensor
    energy: Tensor


class MaskedBlock(nn.Module):
    """A ConvNeXt block [B, T, C] -> [B, T, C] in which padding has no say."""

    def __init__(self, channels: int, hidden: int, kernel_size: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.wide = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), _LAYER_SCALE))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, T, 1]."""
        y = self.depthwise((x * mask).transpose(1, 2)).transpose(1, 2)  # [B, T, C] -> [B, C, T] -> [B, T, C]
        out: Tensor = x + self.scale * self.narrow(functional.gelu(self.wide(self.norm(y))))
        return out


class Attention(nn.Module):
    """Self-attention [B, P, C] -> [B, P, C] among the tokens that are there."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, P, 1]."""
        n_batch, n_tokens, channels = x.shape
        width = channels // _N_HEADS
        heads = self.query_key_value(self.norm(x)).reshape(n_batch, n_tokens, 3, _N_HEADS, width)
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)  # each [B, H, P, W]
        scores = query @ key.transpose(-1, -2) / math.sqrt(width)
        scores = scores + (1.0 - mask.transpose(1, 2).unsqueeze(1)) * _MASKED
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(n_batch, n_tokens, channels)
        out: Tensor = x + self.out(mixed)
        return out


class Predictor(nn.Module):
    """Hidden [B, P, C] -> values [B, P, K]."""

    def __init__(self, channels: int, hidden: int, n_values: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            MaskedBlock(channels, hidden, _ENCODER_KERNEL) for _ in range(_PREDICTOR_BLOCKS)
        )
        self.norm = nn.LayerNorm(channels)
        self.out = nn.Linear(channels, n_values)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, P, 1]."""
        for block in self.blocks:
            x = block(x, mask)
        out: Tensor = self.out(self.norm(x))
        return out


class Acoustic(nn.Module):
    """Encoder, predictors, length regulation, decoder; works on normalised mels, pitch and energy."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.config = config
        width, hidden = config.width, config.hidden
        self.token = nn.Embedding(config.n_tokens, width)
        self.word_end = nn.Embedding(2, width)
        self.punct = nn.Embedding(_N_PUNCT, width)
        self.speaker = nn.Embedding(config.n_speakers, width)
        self.decoder_speaker = nn.Embedding(config.n_speakers, width)
        self.encoder = nn.ModuleList(
            MaskedBlock(width, hidden, _ENCODER_KERNEL) for _ in range(config.encoder_blocks)
        )
        self.attention = nn.ModuleList(Attention(width) for _ in range(_N_ATTENTIONS))
        self.duration_predictor = Predictor(width, width, 1)
        self.pitch_predictor = Predictor(width, width, _POINTS)
        self.energy_predictor = Predictor(width, width, 1)
        self.pitch_in = nn.Linear(_POINTS, width)
        self.energy_in = nn.Linear(1, width)
        self.position_in = nn.Linear(5, width)
        self.decoder = nn.ModuleList(
            MaskedBlock(width, hidden, _DECODER_KERNEL) for _ in range(config.decoder_blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.n_mels)
        for table in (self.token, self.word_end, self.punct, self.speaker, self.decoder_speaker):
            nn.init.normal_(table.weight, 0.0, 0.3)

    def encode(self, tokens: Tensor, word_ends: Tensor, punct: Tensor, speaker: Tensor) -> Encoded:
        """Tokens [B, P] (0 is padding) and what goes with them, understood."""
        mask = (tokens > 0).to(self.token.weight.dtype).unsqueeze(-1)
        x = self.token(tokens) + self.word_end(word_ends)
        x = x + (self.punct(punct) + self.speaker(speaker)).unsqueeze(1)
        from_start = torch.cumsum(mask, dim=1) - 1.0
        to_end = mask.sum(dim=1, keepdim=True) - 1.0 - from_start
        half = self.config.width // 2
        x = x + 0.3 * torch.cat((_waves(from_start, half), _waves(to_end, half)), dim=-1)
        per_attention = len(self.encoder) // _N_ATTENTIONS
        for i, block in enumerate(self.encoder):
            x = block(x, mask)
            if (i + 1) % per_attention == 0 and (i + 1) // per_attention <= _N_ATTENTIONS:
                x = self.attention[(i + 1) // per_attention - 1](x, mask)
        return Encoded(x, mask)

    def predict_energy(self, encoded: Encoded, pitch: Tensor) -> Tensor:
        """Energy [B, P] of tokens that have this pitch [B, P, 3]."""
        x = encoded.hidden + self.pitch_in(pitch)
        energy: Tensor = self.energy_predictor(x, encoded.mask).squeeze(-1)
        return energy

    def decode(
        self,
        encoded: Encoded,
        speaker: Tensor,
        durations: Tensor,
        pitch: Tensor,
        energy: Tensor,
        n_frames: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Normalised mel [B, T, M] and its mask [B, T, 1]; `durations` [B, P] frames, `n_frames` T, a scalar."""
        x = encoded.hidden + self.pitch_in(pitch) + self.energy_in(energy.unsqueeze(-1))
        ends = torch.cumsum(durations, dim=1)
        # A tensor where it is exported: the length of the mel comes out of the graph. [1, T]
        times = torch.arange(n_frames, device=x.device).unsqueeze(0)  # type: ignore[call-overload]
        token = (times.unsqueeze(-1) >= ends.unsqueeze(1)).long().sum(-1)  # [B, T]: tokens that have ended
        frame_mask = (times < ends[:, -1:]).to(x.dtype).unsqueeze(-1)
        token = token.clamp(max=durations.shape[1] - 1)
        x = torch.gather(x, 1, token.unsqueeze(-1).expand(-1, -1, x.shape[2]))
        length = torch.gather(durations, 1, token).to(x.dtype)
        since = times - torch.gather(ends - durations, 1, token) + 0.5
        points = torch.gather(pitch, 1, token.unsqueeze(-1).expand(-1, -1, _POINTS))
        x = (
            x
            + self.position_in(_position(since, length, points))
            + self.decoder_speaker(speaker).unsqueeze(1)
        )
        for block in self.decoder:
            x = block(x, frame_mask)
        return self.out(self.norm(x)), frame_mask

    def forward(self, batch: AcousticBatch) -> AcousticOutput:
        """What training compares: mels at the given durations, pitch and energy, and what is predicted of those."""
        encoded = self.encode(batch.tokens, batch.word_ends, batch.punct, batch.speaker)
        log_durations = self.duration_predictor(encoded.hidden, encoded.mask).squeeze(-1)
        pitch = self.pitch_predictor(encoded.hidden, encoded.mask)
        energy = self.predict_energy(encoded, batch.pitch)
        n_frames = torch.tensor(batch.mel.shape[1])
        mel, frame_mask = self.decode(
            encoded, batch.speaker, batch.durations, batch.pitch, batch.energy, n_frames
        )
        return AcousticOutput(mel, frame_mask, encoded.mask.squeeze(-1), log_durations, pitch, energy)


def _waves(position: Tensor, channels: int) -> Tensor:
    """Sines and cosines [B, P, channels] of positions [B, P, 1]."""
    steps = torch.arange(0, channels, 2, device=position.device, dtype=position.dtype)
    angle = position * torch.exp(steps * (-math.log(1000.0) / channels))
    return torch.cat((angle.sin(), angle.cos()), dim=-1)


def _position(since: Tensor, length: Tensor, points: Tensor) -> Tensor:
    """Where each frame is in its token, and its pitch [B, T, 5]: part, from the start, to the end, length, pitch."""
    part = since / length.clamp(min=1.0)
    centres = (torch.arange(_POINTS, device=since.device, dtype=length.dtype) + 0.5) * _POINT_SPACING
    inside = part.clamp(0.5 * _POINT_SPACING, 1.0 - 0.5 * _POINT_SPACING).unsqueeze(-1)
    weights = (1.0 - (inside - centres).abs() / _POINT_SPACING).clamp(min=0.0)
    pitch = (weights * points).sum(-1)
    start = since.clamp(0.25, 40.0).log() / 2.0
    end = (length - since).clamp(0.25, 40.0).log() / 2.0
    return torch.stack((part, start, end, length.clamp(min=1.0).log() / 2.0, pitch), dim=-1)
