"""The step that trains the acoustic model, and the one that lets it speak for the vocoder."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from speechmesh.common.features import FloatArray
from training.voices.acoustic_network import Acoustic, AcousticBatch, AcousticConfig, AcousticOutput
from training.voices.batches import BatchOrder, padded
from training.voices.features import Statistics, load_features, load_statistics, token_table
from training.voices.progress import Progress
from training.voices.settings import AcousticSettings, VoiceSettings
from training.voices.shards import Features, FeatureShards, shard_folders
from training.voices.training_loop import Budget, read_checkpoint, train
from training.voices.work import Work, whole_file

CHECKPOINT = "acoustic/checkpoint.pt"
STATEMENT, QUESTION = 1, 2
# Control moves normalised pitch and energy no further than speech goes.
LIMIT = 3.5
_WEIGHTS = {"mel": 1.0, "duration": 0.3, "pitch": 0.1, "energy": 0.1}
_PREDICT_BATCH = 8


@dataclass(frozen=True)
class Normaliser:
    """Features in and out of the network's units."""

    statistics: Statistics

    @cached_property
    def mel_mean(self) -> FloatArray:
        """[M]."""
        return np.array(self.statistics.mel_mean, np.float32)

    @cached_property
    def mel_deviation(self) -> FloatArray:
        """[M]."""
        return np.array(self.statistics.mel_deviation, np.float32)

    def pitch(self, log_f0: FloatArray, speaker: int) -> FloatArray:
        """Normalised pitch [P, 3] of a speaker."""
        s = self.statistics
        normalised = (log_f0 - s.log_f0_mean[speaker]) / s.log_f0_deviation[speaker]
        return np.asarray(np.clip(normalised, -LIMIT, LIMIT), np.float32)

    def energy(self, energy: FloatArray) -> FloatArray:
        """Normalised energy [P]."""
        s = self.statistics
        normalised = (energy - s.energy_mean) / s.energy_deviation
        return np.asarray(np.clip(normalised, -LIMIT, LIMIT), np.float32)

    def mel(self, mel: FloatArray) -> FloatArray:
        """Normalised mel [T, M]."""
        return np.asarray((mel - self.mel_mean) / self.mel_deviation, np.float32)

    def batch(self, items: list[Features], speakers: list[int]) -> AcousticBatch:
        """Utterances as a batch."""
        return AcousticBatch(
            tokens=_tensor(padded([f.tokens for f in items], np.int64)),
            word_ends=_tensor(padded([f.word_ends for f in items], np.int64)),
            punct=torch.tensor([QUESTION if f.question else STATEMENT for f in items]),
            speaker=torch.tensor(speakers),
            durations=_tensor(padded([f.durations for f in items], np.int64)),
            pitch=_tensor(
                padded([self.pitch(f.log_f0, s) for f, s in zip(items, speakers, strict=True)], np.float32)
            ),
            energy=_tensor(padded([self.energy(f.energy) for f in items], np.float32)),
            mel=_tensor(padded([self.mel(f.mel.astype(np.float32)) for f in items], np.float32)),
        )


def _tensor(array: np.ndarray[Any, Any]) -> Tensor:
    return torch.from_numpy(array)


def network_of(settings: VoiceSettings) -> Acoustic:
    """A fresh network of the voice's size."""
    sizes = settings.acoustic
    return Acoustic(
        AcousticConfig(
            n_tokens=len(token_table(settings)),
            n_speakers=len(settings.speakers),
            n_mels=settings.feature_space.n_mels,
            width=sizes.width,
            hidden=sizes.hidden,
            encoder_blocks=sizes.encoder_blocks,
            decoder_blocks=sizes.decoder_blocks,
        )
    )


def losses_of(output: AcousticOutput, batch: AcousticBatch) -> dict[str, Tensor]:
    """Means over the frames and tokens that are there."""
    frames, tokens = output.frame_mask, output.token_mask
    n_frames, n_tokens = frames.sum(), tokens.sum()
    log_durations = batch.durations.clamp(min=1).float().log()
    return {
        "mel": ((output.mel.float() - batch.mel).abs() * frames).sum() / n_frames / batch.mel.shape[2],
        "duration": ((output.log_durations.float() - log_durations).square() * tokens).sum() / n_tokens,
        "pitch": ((output.pitch.float() - batch.pitch).square().mean(-1) * tokens).sum() / n_tokens,
        "energy": ((output.energy.float() - batch.energy).square() * tokens).sum() / n_tokens,
    }


class AcousticTask:
    """Network, running average of its weights, optimiser and the order of the data."""

    def __init__(self, settings: VoiceSettings, work: Work, device: torch.device) -> None:
        self._settings: AcousticSettings = settings.acoustic
        self._device = device
        torch.manual_seed(settings.acoustic.seed)
        self.network = network_of(settings).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.acoustic.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self._normaliser = Normaliser(load_statistics(work))
        shards = [load_features(work, speaker.name, "train") for speaker in settings.speakers]
        self._items = [(speaker, i) for speaker, of in enumerate(shards) for i in range(len(of))]
        self._shards = shards
        n_frames = np.concatenate([of.n_frames for of in shards])
        self._order = BatchOrder(n_frames, settings.acoustic.frames_per_batch, settings.acoustic.seed)
        self._n_steps = 0

    def step(self, part: float, rate: float) -> dict[str, float]:
        """One update."""
        chosen = [self._items[i] for i in self._order.next()]
        items = [self._shards[speaker][i] for speaker, i in chosen]
        batch = self._normaliser.batch(items, [speaker for speaker, _ in chosen]).to(self._device)
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.learning_rate * rate
        with torch.autocast(self._device.type, torch.bfloat16):
            output = self.network(batch)
        losses = losses_of(output, batch)
        self._optimiser.zero_grad(set_to_none=True)
        torch.stack([_WEIGHTS[name] * loss for name, loss in losses.items()]).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._n_steps += 1
        update_average(self.average, self.network, self._settings.average_decay, self._n_steps)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def state(self) -> dict[str, Any]:
        """See Task."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "order": self._order.state,
            "n_steps": self._n_steps,
        }

    def load(self, state: dict[str, Any]) -> None:
        """See Task."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._order.state = tuple(state["order"])
        self._n_steps = state["n_steps"]


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, n_steps: int) -> None:
    """Moves the running average of weights towards the network's; faster in the beginning, when they are bad."""
    share = 1.0 - min(decay, (1.0 + n_steps) / (10.0 + n_steps))
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, share)


def train_acoustic(settings: VoiceSettings, work: Work, seconds: float, device: torch.device) -> None:
    """Trains the acoustic model for `seconds`, or for the steps that the settings fix."""
    budget = Budget(settings.acoustic.steps, seconds)
    train(AcousticTask(settings, work, device), settings.acoustic, budget, work / CHECKPOINT, "acoustic")


def load_acoustic(settings: VoiceSettings, work: Work) -> Acoustic:
    """The trained model: the running average of its weights."""
    network = network_of(settings)
    network.load_state_dict(read_checkpoint(work / CHECKPOINT)["task"]["average"])
    return network.eval().requires_grad_(False)


def predict_mels(settings: VoiceSettings, work: Work, device: torch.device) -> None:
    """Writes, beside each shard's mels, those that the model makes of the same tokens, durations, pitch and energy."""
    network = load_acoustic(settings, work).to(device)
    normaliser = Normaliser(load_statistics(work))
    shards = [
        (speaker, folder)
        for speaker, of in enumerate(settings.speakers)
        for part in ("train", "held_out")
        for folder in shard_folders(work / "features" / of.name, part)
    ]
    progress = Progress("predicted mels", len(shards))
    for speaker, folder in shards:
        _predict_shard(network, normaliser, speaker, folder, device)
        progress.advance()


@torch.inference_mode()
def _predict_shard(
    network: Acoustic, normaliser: Normaliser, speaker: int, folder: Path, device: torch.device
) -> None:
    features = FeatureShards([folder])
    mels: list[FloatArray] = []
    for start in range(0, len(features), _PREDICT_BATCH):
        items = [features[i] for i in range(start, min(start + _PREDICT_BATCH, len(features)))]
        output = network(normaliser.batch(items, [speaker] * len(items)).to(device))
        made = output.mel.float().cpu().numpy() * normaliser.mel_deviation + normaliser.mel_mean
        mels += [mel[: len(item.mel)] for mel, item in zip(made, items, strict=True)]
    with whole_file(folder / "predicted.npy") as part, part.open("wb") as file:
        np.save(file, np.concatenate(mels).astype(np.float16))
