"""A voice folder of ModelScope's `speech_sambert-hifigan_tts_*`, or of KAN-TTS's training, into a Sambert."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from torch import Tensor

from speechmesh.acoustic.families.sambert.symbols import BYTE_FEATURES, FEATURES, Symbols, parse_symbols
from speechmesh.acoustic.networks.sambert.config import SambertConfig
from speechmesh.acoustic.networks.sambert.network import Sambert, Tables
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import parse
from speechmesh.common.networks.kantts_audio import KanTtsAudio
from speechmesh.common.networks.weights import load_network, read_weights, tensors_of

_CHECKPOINT = re.compile(r"checkpoint_(\d{1,18})\.pth")
_AUDIO_SECTION = "audio_config"
_SECTION = "Model.KanTtsSAMBERT.params"
# Learnt with, but not used to speak.
_IGNORED = ("align_attention.",)
_MIN_F0_HZ = 30.0
_VOICED_FROM = 0.6


@dataclass(frozen=True)
class F0Scale:
    """How a normalised F0 becomes Hz: times `deviation`, plus `mean`; at least 30."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class SambertVoice:
    """A loaded acoustic model and what goes with it."""

    network: Sambert
    symbols: Symbols
    feature_space: FeatureSpace
    f0: F0Scale | None  # of models whose last two bins are F0 and voicing
    speaker_vector: npt.NDArray[np.float32] | None  # [D], of models that take one in place of an id


def load_sambert(folder: Path) -> SambertVoice:
    """Reads a voice's `am` folder; of several checkpoints the one with the largest number.

    Raises:
        Incompatible: naming the file and what is wrong with it.
    """
    am = folder / "am" if (folder / "am").is_dir() else folder
    config_path = am / "config.yaml"
    sections = _read_yaml(config_path)
    config = parse(SambertConfig, _section(sections, _SECTION, config_path), config_path, _SECTION)
    path = _newest(am)
    content = read_weights(path)
    if not isinstance(content.get("model"), dict):
        raise Incompatible(
            f"{path}: no `model` in it, as KAN-TTS writes; it holds {', '.join(map(str, content))[:80]}"
        )
    tensors = tensors_of(content["model"], path, ignore=_IGNORED)
    reads_bytes = "text_encoder.byte_index_emb.weight" in tensors
    symbols = Symbols(_speakers(sections, config_path), reads_bytes)
    tables = _tables(tensors, config, symbols, path)
    network = load_network(lambda: Sambert(config, tables), tensors, path)
    vector = _array(am / "se.npy", "speaker_units").reshape(-1) if config.speaker_embedding else None
    if vector is not None and vector.shape != (config.speaker_units,):
        raise Incompatible(
            f"{am / 'se.npy'}: has {vector.size} values, speaker_units is {config.speaker_units}"
        )
    audio = parse(KanTtsAudio, _section(sections, _AUDIO_SECTION, config_path), config_path, _AUDIO_SECTION)
    space = audio.feature_space(config.num_mels)
    return SambertVoice(network, symbols, space, _f0_scale(config, am), vector)


def denormalised(mel: npt.NDArray[np.float32], f0: F0Scale) -> npt.NDArray[np.float32]:
    """Mels [T, M] whose last two bins become F0 in Hz and a decision about voicing."""
    out = mel.copy()
    out[:, -2] = np.maximum(mel[:, -2] * f0.deviation + f0.mean, _MIN_F0_HZ)
    out[:, -1] = mel[:, -1] >= _VOICED_FROM
    return out


def _newest(am: Path) -> Path:
    numbered = {
        int(match[1]): file
        for file in am.glob("ckpt/checkpoint_*.pth")
        if (match := _CHECKPOINT.fullmatch(file.name))
    }
    if not numbered:
        raise Incompatible(f"{am}: no ckpt/checkpoint_<n>.pth in it")
    return numbered[max(numbered)]


def _tables(tensors: dict[str, Tensor], config: SambertConfig, symbols: Symbols, path: Path) -> Tables:
    names = BYTE_FEATURES if symbols.reads_bytes else FEATURES
    features = {name: _rows(tensors, f"text_encoder.{name}.weight", path) for name in names}
    n_emotions = _rows(tensors, "emo_tokenizer.weight", path)
    n_speakers = 0 if config.speaker_embedding else _rows(tensors, "spk_tokenizer.weight", path)
    sizes = features | {"emotion": n_emotions}
    symbols.check_sizes(sizes if config.speaker_embedding else sizes | {"speaker": n_speakers}, path)
    return Tables(features, n_speakers, n_emotions)


def _rows(tensors: dict[str, Tensor], name: str, path: Path) -> int:
    if name not in tensors or tensors[name].dim() != 2:
        raise Incompatible(f"{path}: missing: {name}")
    return tensors[name].shape[0]


def _speakers(sections: dict[str, Any], path: Path) -> tuple[str, ...]:
    unit = _section(sections, "linguistic_unit", path)
    language = unit.get("language", "PinYin")
    if language != "PinYin":
        raise Incompatible(f"{path}: linguistic_unit.language: {language!r}; only PinYin is supported")
    speakers = tuple(name.strip() for name in str(unit.get("speaker_list", "")).split(",") if name.strip())
    if not speakers:
        raise Incompatible(f"{path}: linguistic_unit.speaker_list is missing")
    return speakers


def _f0_scale(config: SambertConfig, am: Path) -> F0Scale | None:
    if not config.nsf:
        return None
    if config.nsf_norm_type == "global":
        low, high = config.nsf_f0_global_minimum, config.nsf_f0_global_maximum
        return F0Scale(low, high - low)
    values = _array(am / "mvn.npy", "F0 mean and deviation").reshape(-1)
    if values.size != 2 or not np.isfinite(values).all() or values[1] <= 0:
        raise Incompatible(f"{am / 'mvn.npy'}: is not a mean and a deviation of F0")
    return F0Scale(float(values[0]), float(values[1]))


def _array(path: Path, what: str) -> npt.NDArray[np.float32]:
    try:
        with path.open("rb") as file:  # given a path, numpy leaves a broken archive open
            return np.asarray(np.load(file, allow_pickle=False), np.float32)
    except (
        OSError,
        ValueError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
    ) as error:  # archives, too, are no arrays
        raise Incompatible(f"{path}: {what} cannot be read: {error}") from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Incompatible(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # see load_bundle
        raise Incompatible(f"{path}: broken: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise Incompatible(f"{path}: not a mapping of keys to values")
    return content


def _section(sections: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    value: Any = sections
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise Incompatible(f"{path}: {name} is missing or no mapping")
    return value


def input_of(voice: SambertVoice, symbols: str) -> tuple[Tensor, Tensor, Tensor]:
    """One item's `features` [P, F], `emotion` [P] and `speaker` [P] or [P, D], of a symbol sequence in text form."""
    encoded = voice.symbols.encode(parse_symbols(symbols))
    features, emotion = torch.from_numpy(encoded.features), torch.from_numpy(encoded.emotion)
    if voice.speaker_vector is None:
        return features, emotion, torch.from_numpy(encoded.speaker)
    return features, emotion, torch.from_numpy(voice.speaker_vector).expand(len(emotion), -1)
