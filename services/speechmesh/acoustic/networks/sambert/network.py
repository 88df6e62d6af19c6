"""Sambert whole: tokens in, mels out, batches of any lengths.

Written from the facts of KAN-TTS's present code; its parameters are named as upstream's are. Inference is without
chance: upstream's dropouts, the prenets' too, rest once the network has learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.decoder import MelDecoder
from speechmesh.acoustic.networks.sambert.encoder import TextEncoder
from speechmesh.acoustic.networks.sambert.layers import Fsmn, length_mask
from speechmesh.acoustic.networks.sambert.variance import VarianceAdaptor, Variances


@dataclass(frozen=True)
class Tables:
    """Sizes of the tables of symbols: of a token's features by the embeddings' names, of speakers and emotions."""

    features: Mapping[str, int]
    n_speakers: int  # 0 where a speaker is a vector
    n_emotions: int


@dataclass(frozen=True)
class SambertInput:
    """`features` [B, P, F], `emotion` [B, P] ids; `speaker` ids [B, P] or vectors [B, P, D]; `lengths` [B]."""

    features: Tensor
    emotion: Tensor
    speaker: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class SambertOutput:
    """`decoded` and `mel` (with the postnet) [B, T, M], 0 beyond an item's end; `n_frames` [B]."""

    decoded: Tensor
    mel: Tensor
    n_frames: Tensor
    variances: Variances


class Postnet(nn.Module):
    """What is added to the decoded mels [B, T, M]."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.fsmn = Fsmn(config.postnet)
        self.lstm = nn.LSTM(config.postnet_num_memory_units, config.postnet_lstm_units, batch_first=True)
        self.fc = nn.Linear(config.postnet_lstm_units, config.num_mels)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """`mask` [B, T, 1]."""
        out: Tensor = self.fc(self.lstm(self.fsmn(mel, mask))[0])
        return out


class Sambert(nn.Module):
    """Encoder, variance adaptor, decoder, postnet."""

    def __init__(self, config: SambertConfig, tables: Tables) -> None:
        super().__init__()
        self.config = config
        self.text_encoder = TextEncoder(config, tables.features)
        if tables.n_speakers:
            self.spk_tokenizer = nn.Embedding(tables.n_speakers, config.speaker_units)
        self.emo_tokenizer = nn.Embedding(tables.n_emotions, config.emotion_units)
        self.variance_adaptor = VarianceAdaptor(config)
        self.mel_decoder = MelDecoder(config)
        self.mel_postnet = Postnet(config)

    def understand(self, batch: SambertInput) -> tuple[Variances, Tensor, Tensor]:
        """Variances, the decoder's memory [B, S, n_memory], and frames of each item [B].

        Raises:
            ValueError: when an item has no frame at all.
        """
        mask = length_mask(batch.lengths, batch.features.shape[1])
        text = self.text_encoder(batch.features, mask)
        emotion = self.emo_tokenizer(batch.emotion)
        speaker = batch.speaker if batch.speaker.is_floating_point() else self.spk_tokenizer(batch.speaker)
        variances = self.variance_adaptor(text, speaker, emotion, mask, batch.lengths)
        if not bool(variances.durations.sum(1).all()):
            raise ValueError("every token has a duration of 0 frames")
        memory, n_frames = self.variance_adaptor.memory(variances, speaker, emotion)
        return variances, memory, n_frames

    def decode(self, memory: Tensor, n_frames: Tensor, log_durations: Tensor) -> Iterator[Tensor]:
        """The frames of one step after another [B, r, M], as decoded; those beyond an item's end mean nothing."""
        prepared = self.mel_decoder.prepare(memory, n_frames, log_durations)
        state = self.mel_decoder.start(prepared)
        for t in range(memory.shape[1]):
            raw = self.mel_decoder.step(t, prepared, state)
            yield raw.reshape(len(raw), self.config.outputs_per_step, self.config.num_mels)

    def forward(self, batch: SambertInput) -> SambertOutput:
        """Everything of every item."""
        variances, memory, n_frames = self.understand(batch)
        raw = torch.cat(list(self.decode(memory, n_frames, variances.log_durations)), dim=1)
        mask = length_mask(n_frames, raw.shape[1])
        decoded = raw * mask
        mel = (decoded + self.mel_postnet(decoded, mask)) * mask
        return SambertOutput(decoded, mel, n_frames, variances)
