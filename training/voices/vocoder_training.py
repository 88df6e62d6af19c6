"""The step that trains a tier's vocoder: the service's own Vocos, on spectra first, then against discriminators."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from speechmesh.common.bundle import Tier
from speechmesh.vocoder.networks.vocos import (
    Vocos,
    VocosBackboneConfig,
    VocosConfig,
    VocosFeatures,
    VocosHeadConfig,
)
from training.voices.acoustic_training import update_average
from training.voices.discriminators import (
    Discriminators,
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
)
from training.voices.settings import FinishingSettings, TierSettings, VoiceSettings, load_settings
from training.voices.shards import shard_folders
from training.voices.spectral_losses import PeriodicityLoss, SpectralLoss
from training.voices.training_loop import Budget, read_checkpoint, train
from training.voices.work import Work, read_json

_WEIGHTS = {"mel": 15.0, "stft": 5.0, "adversarial": 1.0, "matching": 4.0}
# That of periodicity: it teaches early what the others hardly tell. Kept as high to the end it costs 0.15 dB of MCD.
_PERIODICITY_WEIGHT, _LAST_PERIODICITY_WEIGHT, _PERIODICITY_FALLS_FROM = 30.0, 6.0, 0.6
_BETAS = (0.8, 0.99)
_MAX_GRADIENT = 10.0
# The discriminators learn alone for this part of the training before the vocoder listens to them.
_HEAD_START = 0.01


def vocos_of(settings: VoiceSettings, tier: TierSettings) -> Vocos:
    """A fresh network whose first output is quiet, whatever the mel."""
    space = settings.feature_space
    config = VocosConfig(
        feature_extractor=VocosFeatures(
            sample_rate=space.sample_rate_hz,
            n_fft=space.n_fft,
            hop_length=space.hop_length,
            n_mels=space.n_mels,
            padding="same",
        ),
        backbone=VocosBackboneConfig(
            input_channels=space.n_mels,
            dim=tier.dim,
            intermediate_dim=tier.intermediate_dim,
            num_layers=tier.layers,
        ),
        head=VocosHeadConfig(dim=tier.dim, n_fft=tier.n_fft, hop_length=space.hop_length, padding="same"),
    )
    network = Vocos(config)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    module.bias.zero_()
        for block in network.backbone.convnext:
            block.gamma.fill_(1.0 / tier.layers)  # type: ignore[operator]
    return network


def periodicity_weight(part: float) -> float:
    """The weight of the periodicity loss when `part` of the training is done."""
    fallen = max(part - _PERIODICITY_FALLS_FROM, 0.0) / (1.0 - _PERIODICITY_FALLS_FROM)
    return _PERIODICITY_WEIGHT + (_LAST_PERIODICITY_WEIGHT - _PERIODICITY_WEIGHT) * fallen


class Pieces:
    """Random pieces of speech with their mels; which ones is a function of seed and step alone."""

    def __init__(self, works: list[tuple[VoiceSettings, Work]], segment_frames: int, seed: int) -> None:
        self._segment, self._seed = segment_frames, seed
        self._shards = [
            _Shard(work / "speech" / speaker.name / folder.name, folder, settings.feature_space.hop_length)
            for settings, work in works
            for speaker in settings.speakers
            for folder in shard_folders(work / "features" / speaker.name, "train")
        ]
        long_enough = [
            [(s, i) for i in range(len(shard.frames)) if shard.frames[i] >= segment_frames]
            for s, shard in enumerate(self._shards)
        ]
        self._items = [item for of_shard in long_enough for item in of_shard]
        frames = np.array([self._shards[s].frames[i] for s, i in self._items], np.float64)
        self._cumulative = np.cumsum(frames / frames.sum())

    def batch(self, step: int, n: int, predicted_share: float) -> tuple[Tensor, Tensor]:
        """Mels [B, T, M] and samples [B, T * hop]."""
        rng = np.random.default_rng([self._seed, step])
        mels, samples = [], []
        for chosen in np.searchsorted(self._cumulative, rng.random(n) * self._cumulative[-1]):
            shard, i = self._items[min(int(chosen), len(self._items) - 1)]
            predicted = rng.random() < predicted_share
            first = int(rng.integers(0, self._shards[shard].frames[i] - self._segment + 1))
            mel, pcm = self._shards[shard].piece(i, first, self._segment, predicted)
            mels.append(mel)
            samples.append(pcm)
        return torch.from_numpy(np.stack(mels)), torch.from_numpy(np.stack(samples))


class _Shard:
    """A shard's speech, its mels and those predicted of it, by memory map."""

    def __init__(self, speech: Path, features: Path, hop_length: int) -> None:
        self._hop = hop_length
        self._pcm = np.load(speech / "pcm.npy", mmap_mode="r")
        self._mel = np.load(features / "mel.npy", mmap_mode="r")
        self._predicted = np.load(features / "predicted.npy", mmap_mode="r")
        n_samples = [entry[2] for entry in read_json(speech / "index.json")]
        self._sample_starts = np.cumsum([0, *n_samples])
        # Whole hops only: what is left of the last one was padded.
        self.frames = [n // hop_length for n in n_samples]
        self._frame_starts = np.cumsum([0, *(-(-n // hop_length) for n in n_samples)])

    def piece(
        self, i: int, first: int, n_frames: int, predicted: bool
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Mel [T, M] and samples [T * hop] of an utterance's frames from `first` on."""
        frame = self._frame_starts[i] + first
        sample = self._sample_starts[i] + first * self._hop
        mel = (self._predicted if predicted else self._mel)[frame : frame + n_frames]
        pcm = self._pcm[sample : sample + n_frames * self._hop]
        return mel.astype(np.float32), pcm.astype(np.float32) / 32767.0


class VocoderTask:
    """Vocoder, running average of its weights, discriminators, and both optimisers."""

    def __init__(
        self, settings: VoiceSettings, tier: TierSettings, pieces: Pieces, device: torch.device
    ) -> None:
        self._tier, self._pieces, self._device = tier, pieces, device
        torch.manual_seed(tier.seed)
        self.network = vocos_of(settings, tier).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.discriminators = Discriminators().to(device)
        self._spectral = SpectralLoss(settings.feature_space).to(device)
        self._periodicity = PeriodicityLoss(settings.feature_space).to(device)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), tier.learning_rate, betas=_BETAS, weight_decay=0.01
        )
        self._judge_optimiser = torch.optim.AdamW(
            self.discriminators.parameters(), tier.discriminator_rate, betas=_BETAS
        )
        self._n_steps = 0

    def step(self, part: float, rate: float) -> dict[str, float]:
        """One update of the vocoder and, from `gan_from` on, one of the discriminators."""
        return self.update(part, rate, periodicity_weight(part))

    def update(self, part: float, rate: float, weight: float) -> dict[str, float]:
        """The same with another weight of periodicity."""
        tier = self._tier
        share = tier.predicted_share if part >= tier.predicted_from else 0.0
        mel, real = (x.to(self._device) for x in self._pieces.batch(self._n_steps, tier.batch, share))
        for optimiser, base in (
            (self._optimiser, tier.learning_rate),
            (self._judge_optimiser, tier.discriminator_rate),
        ):
            for group in optimiser.param_groups:
                group["lr"] = base * rate
        made = self._speak(mel)
        losses = dict(self._spectral(made, real))
        losses["periodicity"] = self._periodicity(made, real)
        teaching: list[Tensor] = []
        if part >= tier.gan_from:
            heard, teaching = self._hear(made[: tier.judged], real[: tier.judged])
            if part < min(tier.gan_from + _HEAD_START, 1.0):
                heard = {"judge": heard["judge"]}
            losses |= heard
        self._optimiser.zero_grad(set_to_none=True)
        weights = _WEIGHTS | {"periodicity": weight}
        terms = [weights[name] * loss for name, loss in losses.items() if name in weights]
        torch.stack(terms).sum().backward(inputs=list(self.network.parameters()))  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _MAX_GRADIENT)
        self._optimiser.step()
        if teaching:
            for parameter, gradient in zip(self.discriminators.parameters(), teaching, strict=True):
                parameter.grad = gradient
            nn.utils.clip_grad_norm_(self.discriminators.parameters(), _MAX_GRADIENT)
            self._judge_optimiser.step()
        self._n_steps += 1
        update_average(self.average, self.network, tier.average_decay, self._n_steps)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _speak(self, mel: Tensor) -> Tensor:
        """Samples [B, N] of mels [B, T, M]; the backbone in half, but not the head, whose phases need every digit."""
        with torch.autocast(self._device.type, torch.bfloat16):
            hidden = self.network.backbone(mel)
        samples: Tensor = self.network.head(hidden.float())
        return samples

    def _hear(self, made: Tensor, real: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        """What the discriminators say of `made`, and their own gradients.

        Vocoder and discriminators learn from one and the same run of the discriminators: two runs, one for each, take
        a quarter more time.
        """
        with torch.autocast(self._device.type, torch.bfloat16):
            of_real, of_made = self.discriminators(real), self.discriminators(made)
            judged = discriminator_loss(of_real, of_made)
            heard = {
                "adversarial": adversarial_loss(of_made).float(),
                "matching": feature_matching_loss(of_real, of_made).float(),
                "judge": judged.float(),
            }
        gradients = torch.autograd.grad(judged, list(self.discriminators.parameters()), retain_graph=True)
        return heard, list(gradients)

    def state(self) -> dict[str, Any]:
        """See Task."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "judge_optimiser": self._judge_optimiser.state_dict(),
            "n_steps": self._n_steps,
        }

    def load(self, state: dict[str, Any]) -> None:
        """See Task."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.discriminators.load_state_dict(state["discriminators"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._judge_optimiser.load_state_dict(state["judge_optimiser"])
        self._n_steps = state["n_steps"]


class FinishingTask:
    """A trained tier's further steps."""

    def __init__(self, task: VocoderTask, finishing: FinishingSettings) -> None:
        self._task, self._finishing = task, finishing
        self.state, self.load = task.state, task.load

    def step(self, part: float, rate: float) -> dict[str, float]:
        """See Task; of the tier's own training all is done."""
        del part
        return self._task.update(1.0, rate * self._finishing.rate, self._finishing.periodicity_weight)


def checkpoint_of(tier: Tier) -> str:
    """The checkpoint of a tier, below the work folder."""
    return f"vocoder.{tier}/checkpoint.pt"


def finished_checkpoint_of(tier: Tier) -> str:
    """The checkpoint of a tier's further steps, below the work folder."""
    return f"finished.{tier}/checkpoint.pt"


def train_vocoder(
    settings: VoiceSettings, work: Work, tier: Tier, seconds: float, device: torch.device
) -> None:
    """Trains one tier for `seconds`, or for the steps that the settings fix."""
    of_tier = settings.vocoders[tier]
    task = _task(settings, work, tier, device)
    if of_tier.warm_start is not None:
        content = read_checkpoint(work / checkpoint_of(of_tier.warm_start))
        task.discriminators.load_state_dict(content["task"]["discriminators"])
    budget = Budget(of_tier.steps, seconds)
    train(task, of_tier, budget, work / checkpoint_of(tier), f"vocoder {tier}")


def finish_vocoder(settings: VoiceSettings, work: Work, tier: Tier, device: torch.device) -> None:
    """Goes on with a trained tier for the further steps of the settings."""
    assert settings.finishing is not None
    task = _task(settings, work, tier, device)
    task.load(read_checkpoint(work / checkpoint_of(tier))["task"])
    finishing = FinishingTask(task, settings.finishing)
    budget = Budget(settings.finishing.steps, 0.0)
    checkpoint = work / finished_checkpoint_of(tier)
    train(finishing, settings.vocoders[tier], budget, checkpoint, f"finishing {tier}")


def _task(settings: VoiceSettings, work: Work, tier: Tier, device: torch.device) -> VocoderTask:
    of_tier = settings.vocoders[tier]
    heard = [(load_settings(name), work.sibling(name)) for name in settings.vocoder_hears]
    works = [(settings, work), *heard]
    return VocoderTask(settings, of_tier, Pieces(works, of_tier.segment_frames, of_tier.seed), device)


def load_vocoder(settings: VoiceSettings, work: Work, tier: Tier) -> Vocos:
    """The trained vocoder: the running average of its weights."""
    network = vocos_of(settings, settings.vocoders[tier])
    checkpoint = finished_checkpoint_of(tier) if settings.finishing else checkpoint_of(tier)
    network.load_state_dict(read_checkpoint(work / checkpoint)["task"]["average"])
    return network.eval().requires_grad_(False)
