"""A full-size Sambert-HifiGan voice with random weights, laid out as ModelScope has them: its cost is a real one's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
import yaml

from speechmesh.acoustic.families.sambert.symbols import EMOTIONS, FEATURES
from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.network import Sambert, Tables
from speechmesh.vocoder.networks.kantts import CAUSAL_16KHZ, KanTtsHiFiGan

NAME = "sambert"
_SPECIAL = 3  # rows behind every table
_SPEAKERS = "F7,M7"
_AUDIO = {
    "sampling_rate": 16000,
    "hop_length": 200,
    "n_fft": 2048,
    "win_length": 1000,
    "fmin": 0.0,
    "fmax": 8000.0,
    "norm_type": "mean_std",
}
# The published sizes of the 16 kHz voices.
_SIZES: dict[str, Any] = {
    "max_len": 800,
    "embedding_dim": 512,
    "encoder_num_layers": 8,
    "encoder_num_heads": 8,
    "encoder_num_units": 128,
    "encoder_ffn_inner_dim": 1024,
    "encoder_projection_units": 32,
    "speaker_units": 32,
    "emotion_units": 32,
    "predictor_filter_size": 41,
    "predictor_fsmn_num_layers": 3,
    "predictor_num_memory_units": 128,
    "predictor_ffn_inner_dim": 256,
    "predictor_shift": 0,
    "predictor_lstm_units": 128,
    "dur_pred_prenet_units": [128, 128],
    "dur_pred_lstm_units": 128,
    "decoder_prenet_units": [256, 256],
    "decoder_num_layers": 12,
    "decoder_num_heads": 8,
    "decoder_num_units": 128,
    "decoder_ffn_inner_dim": 1024,
    "outputs_per_step": 3,
    "num_mels": 80,
    "postnet_filter_size": 41,
    "postnet_fsmn_num_layers": 4,
    "postnet_num_memory_units": 256,
    "postnet_ffn_inner_dim": 512,
    "postnet_shift": 17,
    "postnet_lstm_units": 128,
    "MAS": False,
}
# Four syllables a second, two phones each and half of a boundary.
_FRAMES_PER_TOKEN, _SPREAD_FRAMES = 8.0, 4.0


def write_model(folder: Path) -> None:
    """Writes the voice's `am` and `voc`."""
    torch.manual_seed(0)
    acoustic = Sambert(SambertConfig.model_validate(_SIZES), _tables()).eval()
    _pace(acoustic)
    linguistic = {"speaker_list": _SPEAKERS, "language": "PinYin"}
    sections: dict[str, Any] = {
        "audio_config": _AUDIO,
        "linguistic_unit": linguistic,
        "Model": {"KanTtsSAMBERT": {"params": _SIZES}},
    }
    _write(folder / "am", sections, {"model": acoustic.state_dict()})
    vocoder = KanTtsHiFiGan.from_config(CAUSAL_16KHZ)
    generator = CAUSAL_16KHZ.model_dump(mode="json", exclude={"audio"}, exclude_none=True)
    sections = {"audio_config": _AUDIO, "Model": {"Generator": {"params": generator}}}
    _write(folder / "voc", sections, {"model": {"generator": vocoder.state_dict()}})


def _tables() -> Tables:
    features = {name: len(table) + _SPECIAL for name, table in FEATURES.items()}
    return Tables(features, len(_SPEAKERS.split(",")) + _SPECIAL, len(EMOTIONS) + _SPECIAL)


@torch.no_grad()
def _pace(network: Sambert) -> None:
    """Durations as speech has them, which random weights do not say by themselves."""
    last = network.variance_adaptor.duration_predictor.fc
    last.weight.mul_(math.log(1.0 + _SPREAD_FRAMES / _FRAMES_PER_TOKEN) / float(last.weight.norm()))
    last.bias.fill_(math.log(_FRAMES_PER_TOKEN + 1.0))


def _write(folder: Path, sections: dict[str, Any], content: dict[str, Any]) -> None:
    (folder / "ckpt").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    torch.save(content, folder / "ckpt" / "checkpoint_1.pth")
