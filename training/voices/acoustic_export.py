"""The acoustic model as the graph of the family `parallel`; see speechmesh.acoustic.families.parallel."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from training.voices.acoustic_network import Acoustic
from training.voices.acoustic_training import LIMIT, Normaliser, load_acoustic
from training.voices.features import load_features, load_statistics
from training.voices.half_weights import round_weights, store_halves
from training.voices.settings import VoiceSettings
from training.voices.work import Work, whole_file

OPSET = 17
_INPUTS = ["phones", "wordend", "punct", "speaker", "speed", "pitch", "energy"]
_SPEED = (0.3, 3.0)
_PITCH_SEMITONES, ENERGY_DB = 6.0, 9.0
_LONGEST_FRAMES = 160.0
_BIAS_UTTERANCES = 40


class ServedAcoustic(nn.Module):
    """The network with its normalisation, durations corrected for the bias of the logarithmic loss."""

    mel_mean: Tensor
    mel_deviation: Tensor
    pitch_per_semitone: Tensor
    duration_factor: Tensor

    def __init__(
        self, network: Acoustic, normaliser: Normaliser, duration_factor: list[float], headroom_db: float
    ) -> None:
        super().__init__()
        self.network = network
        statistics = normaliser.statistics
        self._energy_per_db = math.log(10.0) / 20.0 / statistics.energy_deviation
        deviations = torch.tensor(statistics.log_f0_deviation)
        headroom = math.log(10.0) / 20.0 * headroom_db
        self.register_buffer("mel_mean", torch.from_numpy(normaliser.mel_mean) - headroom)
        self.register_buffer("mel_deviation", torch.from_numpy(normaliser.mel_deviation))
        self.register_buffer("pitch_per_semitone", math.log(2.0) / 12.0 / deviations)
        self.register_buffer("duration_factor", torch.tensor(duration_factor))

    def forward(
        self,
        phones: Tensor,
        wordend: Tensor,
        punct: Tensor,
        speaker: Tensor,
        speed: Tensor,
        pitch: Tensor,
        energy: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """See the family; speed, pitch in semitones and energy in dB, each [1] or [B]."""
        network = self.network
        encoded = network.encode(phones, wordend, punct, speaker)
        mask = encoded.mask.squeeze(-1)
        frames = network.duration_predictor(encoded.hidden, encoded.mask).squeeze(-1).exp()
        frames = frames * speed.clamp(*_SPEED).reshape(-1, 1) * self.duration_factor[speaker].unsqueeze(1)
        durations = (frames.round().clamp(1.0, _LONGEST_FRAMES) * mask).long()
        shift = pitch.clamp(-_PITCH_SEMITONES, _PITCH_SEMITONES) * self.pitch_per_semitone[speaker]
        tone = network.pitch_predictor(encoded.hidden, encoded.mask) + shift.reshape(-1, 1, 1)
        tone = tone.clamp(-LIMIT, LIMIT)
        force = network.predict_energy(encoded, tone)
        shift = energy.clamp(-ENERGY_DB, ENERGY_DB) * self._energy_per_db
        force = (force + shift.reshape(-1, 1)).clamp(-LIMIT, LIMIT)
        n_frames = durations.sum(dim=1).max()
        mel, _ = network.decode(encoded, speaker, durations, tone, force, n_frames)
        return mel * self.mel_deviation + self.mel_mean, durations


@torch.inference_mode()
def duration_factors(settings: VoiceSettings, work: Work, network: Acoustic) -> list[float]:
    """For each speaker, how much longer the teacher's tokens are than the predicted ones, on what was learnt."""
    normaliser = Normaliser(load_statistics(work))
    factors = []
    for speaker, of in enumerate(settings.speakers):
        features = load_features(work, of.name, "train")
        taught = predicted = 0.0
        for i in range(0, len(features), max(len(features) // _BIAS_UTTERANCES, 1)):
            output = network(normaliser.batch([features[i]], [speaker]))
            taught += float(features[i].durations.sum())
            predicted += float((output.log_durations.exp() * output.token_mask).sum())
        factors.append(float(np.clip(taught / max(predicted, 1.0), 0.8, 1.25)))
    return factors


def export_acoustic(settings: VoiceSettings, work: Work, path: Path) -> None:
    """Writes the trained model."""
    network = load_acoustic(settings, work)
    round_weights(network)
    normaliser = Normaliser(load_statistics(work))
    factors = duration_factors(settings, work, network)
    served = ServedAcoustic(network, normaliser, factors, settings.headroom_db).eval()
    with whole_file(path) as part:
        _export(served, part)
        model = onnx.load(str(part))
        store_halves(model)
        onnx.checker.check_model(model)
        onnx.save(model, str(part))


def _export(served: ServedAcoustic, path: Path) -> None:
    tokens = torch.ones(2, 7, dtype=torch.int64)
    of_one = torch.ones(2, dtype=torch.int64)
    arguments = (
        *(tokens, torch.zeros_like(tokens), of_one, torch.zeros_like(of_one)),
        *(torch.ones(2), torch.zeros(2), torch.zeros(2)),
    )
    axes = {name: {0: "B", 1: "P"} for name in ("phones", "wordend", "dur")}
    axes |= {name: {0: "B"} for name in ("punct", "speaker")}
    axes |= {"mel": {0: "B", 1: "T"}, "speed": {0: "C_speed"}}
    axes |= {"pitch": {0: "C_pitch"}, "energy": {0: "C_energy"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter announces its retirement with every call
        torch.onnx.export(
            served,
            arguments,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=_INPUTS,
            output_names=["mel", "dur"],
            dynamic_axes=axes,
        )
