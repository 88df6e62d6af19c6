"""A listener for languages that no recogniser here understands: it hears initials, finals and tones.

A small network that learnt from the teacher's own speech, with its exact times, which token each frame belongs to. It
never hears the voice that it judges, so what it mistakes there and not in the teacher's held-out speech is the voice's
fault. It knows where tokens begin and end: it judges sounds, not rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.common.features import FloatArray
from speechmesh.frontend.mandarin.pinyin import INITIALS, TONE_OF
from training.voices.features import Statistics, load_features, load_statistics, token_table
from training.voices.progress import Progress
from training.voices.settings import VoiceSettings
from training.voices.shards import FeatureShards, Int64
from training.voices.work import Work, whole_file

FILE = "listener/weights.pt"
_WIDTH = 160
_DILATIONS = (1, 2, 4, 8)
_STEPS, _BATCH, _FRAMES, _RATE = 1500, 24, 160, 2e-3
_SEED = 5
_N_PITCH = 2


class Listener(nn.Module):
    """Normalised mels and pitch [B, T, M + 2] -> logits of tokens [B, T, K]."""

    def __init__(self, n_mels: int, n_tokens: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_mels + _N_PITCH, _WIDTH, 5, padding=2)
        self.layers = nn.ModuleList(
            nn.Conv1d(_WIDTH, 2 * _WIDTH, 3, padding=dilation, dilation=dilation) for dilation in _DILATIONS
        )
        self.norms = nn.ModuleList(nn.GroupNorm(1, _WIDTH) for _ in _DILATIONS)
        self.out = nn.Conv1d(_WIDTH, n_tokens, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.first(x.transpose(1, 2))  # [B, T, M + 2] -> [B, C, T]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + functional.glu(layer(norm(x)), dim=1)
        out: Tensor = self.out(functional.relu(x)).transpose(1, 2)
        return out


def inputs(mel: FloatArray, f0_hz: FloatArray, statistics: Statistics, speaker: int) -> FloatArray:
    """What the listener is given [T, M + 2]: normalised mels, the speaker's normalised pitch, and voicing."""
    voiced = f0_hz > 0
    log_f0 = np.log(np.where(voiced, f0_hz, 1.0))
    pitch = np.where(
        voiced, (log_f0 - statistics.log_f0_mean[speaker]) / statistics.log_f0_deviation[speaker], 0
    )
    normalised = (mel - np.array(statistics.mel_mean)) / np.array(statistics.mel_deviation)
    return np.concatenate([normalised, pitch[:, None], voiced[:, None]], axis=1).astype(np.float32)


def train_listener(settings: VoiceSettings, work: Work) -> None:
    """Teaches it the teachers' speech, and writes its weights."""
    torch.manual_seed(_SEED)
    statistics = load_statistics(work)
    shards = [load_features(work, speaker.name, "train") for speaker in settings.speakers]
    network = Listener(settings.feature_space.n_mels, len(token_table(settings)))
    optimiser = torch.optim.AdamW(network.parameters(), _RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_STEPS)
    progress = Progress("listener", _STEPS)
    for step in range(_STEPS):
        x, labels = _batch(shards, statistics, step)
        loss = functional.cross_entropy(network(x).flatten(0, 1), labels.flatten(), ignore_index=0)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        progress.advance(f"loss {float(loss.detach()):.3f}")
    with whole_file(work / FILE) as part:
        torch.save(network.state_dict(), part)


def _batch(shards: Sequence[FeatureShards], statistics: Statistics, step: int) -> tuple[Tensor, Tensor]:
    """Pieces [B, T, M + 2] and the token of each frame [B, T], 0 where an utterance was too short."""
    rng = np.random.default_rng([_SEED, step])
    xs, ys = [], []
    for _ in range(_BATCH):
        speaker = int(rng.integers(len(shards)))
        item = shards[speaker][int(rng.integers(len(shards[speaker])))]
        x = inputs(item.mel.astype(np.float32), item.f0_hz, statistics, speaker)
        y = np.repeat(item.tokens, item.durations)
        first = int(rng.integers(max(len(x) - _FRAMES, 0) + 1))
        x, y = x[first : first + _FRAMES], y[first : first + _FRAMES]
        xs.append(np.pad(x, ((0, _FRAMES - len(x)), (0, 0))))
        ys.append(np.pad(y, (0, _FRAMES - len(y))))
    return torch.from_numpy(np.stack(xs)), torch.from_numpy(np.stack(ys))


def load_listener(settings: VoiceSettings, work: Work) -> Listener:
    """The trained listener."""
    network = Listener(settings.feature_space.n_mels, len(token_table(settings)))
    network.load_state_dict(torch.load(work / FILE, weights_only=True))
    return network.eval()


@dataclass
class Heard:
    """How many syllables there were, and how many of them were heard as others."""

    n_syllables: int = 0
    wrong: int = 0
    wrong_tone: int = 0

    def percent(self) -> dict[str, float]:
        """Error rates of syllables, tones counted, and of tones alone."""
        n = max(self.n_syllables, 1)
        return {"syllables": 100.0 * self.wrong / n, "tones": 100.0 * self.wrong_tone / n}


@torch.inference_mode()
def listen(
    network: Listener, x: FloatArray, tokens: Int64, durations: Int64, table: Sequence[str], into: Heard
) -> None:
    """Adds what is heard in one utterance [T, M + 2] whose tokens [P] last `durations` [P]."""
    scores = network(torch.from_numpy(x)[None])[0].log_softmax(-1).numpy()
    ends = np.minimum(np.cumsum(durations), len(scores))
    wrong = False
    for token, end, n in zip(tokens, ends, durations, strict=True):
        name = table[token]
        if name not in TONE_OF and name not in INITIALS:
            continue
        piece = scores[max(end - n, 0) : end]
        heard = table[int(piece.sum(axis=0).argmax())] if len(piece) else ""
        wrong |= heard != name
        if name in TONE_OF:  # a final ends its syllable
            into.n_syllables += 1
            into.wrong += wrong
            into.wrong_tone += TONE_OF.get(heard) != TONE_OF[name]
            wrong = False
