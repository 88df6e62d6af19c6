"""Checkpoints of the three families, as upstream's training writes them, into networks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import yaml
from torch import Tensor

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import NetworkConfig, parse
from speechmesh.common.networks.kantts_audio import KanTtsAudio
from speechmesh.common.networks.weights import load_network, read_weights, tensors_of
from speechmesh.vocoder.networks.hifigan import HiFiGan, HiFiGanConfig
from speechmesh.vocoder.networks.kantts import KanTtsHiFiGan, KanTtsHiFiGanConfig
from speechmesh.vocoder.networks.vocos import (
    Vocos,
    VocosBackboneConfig,
    VocosConfig,
    VocosFeatures,
    VocosHeadConfig,
)

Architecture = Literal["hifigan", "kantts_hifigan", "vocos"]

_VOCOS_TENSOR = "backbone.embed.weight"
_VOCOS_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
# The classes of upstream's Vocos that are served, by the section of config.yaml.
_VOCOS_CLASSES: dict[str, tuple[str, type[NetworkConfig]]] = {
    "feature_extractor": ("MelSpectrogramFeatures", VocosFeatures),
    "backbone": ("VocosBackbone", VocosBackboneConfig),
    "head": ("ISTFTHead", VocosHeadConfig),
}
_MAX_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """A network and what it takes."""

    architecture: Architecture
    network: torch.nn.Module  # eval mode, weight norm folded, no gradients
    feature_space: FeatureSpace
    n_parameters: int
    description: str


def load_checkpoint(path: Path, *, config: Path | None = None) -> Checkpoint:
    """Reads a vocoder's checkpoint; its family is told by its content.

    Args:
        path: A HiFi-GAN generator file (of torch.save or .safetensors) with config.json beside it; a Vocos
            folder, its weight file, or a .ckpt of its training; a KAN-TTS `voc` folder, one of its .pth files, or a
            ModelScope voice folder that contains `voc`. Of a KAN-TTS folder the checkpoint with the largest number
            is read.
        config: The configuration's file, where it does not lie where upstream puts it.

    Raises:
        Incompatible: naming the file and what is wrong with it.
    """
    weights = _weights_file(path)
    content = read_weights(weights)
    if isinstance(model := content.get("model"), dict) and "generator" in model:
        beside = weights.parent.parent if weights.parent.name == "ckpt" else weights.parent
        return _load_kantts(weights, model["generator"], config or beside / "config.yaml")
    if isinstance(trained := content.get("state_dict"), dict) and _VOCOS_TENSOR in trained:
        beside = weights.parent.parent if weights.parent.name == "checkpoints" else weights.parent
        kept = {
            name: value for name, value in trained.items() if str(name).startswith(("backbone.", "head."))
        }
        return _load_vocos(weights, kept, config or beside / "config.yaml")
    if _VOCOS_TENSOR in content:
        return _load_vocos(weights, content, config or weights.parent / "config.yaml")
    tensors = content.get("generator", content)
    if isinstance(tensors, dict) and any(
        str(name).removeprefix("module.").startswith(("conv_pre.", "generator.")) for name in tensors
    ):
        return _load_hifigan(weights, tensors, config or weights.parent / "config.json")
    raise Incompatible(
        f"{weights}: neither a HiFi-GAN generator nor a Vocos nor a KAN-TTS vocoder; it holds "
        f"{', '.join(str(name) for name in list(content)[:4]) or 'nothing'}"
    )


def _weights_file(path: Path) -> Path:
    """The file of weights that `path` means."""
    if not path.is_dir():
        return path
    folder = path / "voc" if (path / "voc").is_dir() else path
    if numbered := {
        int(match[1]): file
        for file in folder.glob("ckpt/checkpoint_*.pth")
        if (match := re.fullmatch(r"checkpoint_(\d{1,18})\.pth", file.name))
    }:
        return numbered[max(numbered)]
    for name in _VOCOS_WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise Incompatible(
        f"{path}: a folder with neither ckpt/checkpoint_<n>.pth (KAN-TTS) nor {' or '.join(_VOCOS_WEIGHTS)} "
        "(Vocos); of HiFi-GAN name the generator's file, of a ModelScope model one of its voices"
    )


def _load_hifigan(path: Path, values: dict[str, Any], config_path: Path) -> Checkpoint:
    """A generator of jik876's HiFi-GAN."""
    config = parse(HiFiGanConfig, _read_config(config_path), config_path)
    tensors = {name.removeprefix("generator."): value for name, value in tensors_of(values, path).items()}
    # Upstream reads 80 bins whatever num_mels says; its descendants go by num_mels.
    if config.num_mels != 80 and _input_channels(tensors) == 80:
        config = config.model_copy(update={"num_mels": 80})
    network = load_network(lambda: HiFiGan(config), tensors, path)
    title = f"HiFi-GAN, residual block {config.resblock}"
    return _checkpoint("hifigan", network, config.feature_space, title)


def _input_channels(tensors: dict[str, Tensor]) -> int:
    """How many bins the first convolution of a HiFi-GAN takes; 0 where it is not told."""
    for name in ("weight", "weight_v", "parametrizations.weight.original1"):
        tensor = tensors.get(f"conv_pre.{name}")
        if tensor is not None and tensor.dim() == 3:
            return tensor.shape[1]
    return 0


def _load_vocos(path: Path, values: dict[str, Any], config_path: Path) -> Checkpoint:
    """A Vocos with mel features; its training's configuration has the three sections among the model's arguments."""
    sections = _read_config(config_path)
    if isinstance(model := sections.get("model"), dict) and isinstance(model.get("init_args"), dict):
        sections = model["init_args"]
    parts = {}
    for section, (served, kind) in _VOCOS_CLASSES.items():
        values_of = sections.get(section)
        if not isinstance(values_of, dict):
            raise Incompatible(f"{config_path}: {section} is missing")
        name = str(values_of.get("class_path", "missing")).rpartition(".")[2]
        if name != served:
            raise Incompatible(f"{config_path}: {section}.class_path: {name}; only {served} is supported")
        parts[section] = parse(kind, values_of.get("init_args"), config_path, f"{section}.init_args")
    config = parse(VocosConfig, parts, config_path)
    tensors = tensors_of(values, path, ignore=("feature_extractor.",))
    _check_window(tensors.pop("head.istft.window", None), config.head.n_fft, path)
    network = load_network(lambda: Vocos(config), tensors, path)
    return _checkpoint("vocos", network, config.feature_space, f"Vocos, padding {config.head.padding}")


def _check_window(window: Tensor | None, n_fft: int, path: Path) -> None:
    """Refuses another window than ours, which upstream keeps among the weights though it never learns it."""
    if window is None:
        return
    if window.shape != (n_fft,) or not torch.allclose(window.float(), torch.hann_window(n_fft), atol=1e-3):
        raise Incompatible(f"{path}: head.istft.window is not the Hann window of {n_fft} samples")


def _load_kantts(path: Path, values: Any, config_path: Path) -> Checkpoint:
    """A generator of KAN-TTS."""
    sections = _read_config(config_path)
    # Voices keep it beside `voc` as well; training's own folders have it in the one file.
    if (
        "audio_config" not in sections
        and (shared := config_path.parent.parent / "audio_config.yaml").is_file()
    ):
        sections["audio_config"] = _read_config(shared).get("audio_config")
    audio = parse(KanTtsAudio, sections.get("audio_config"), config_path, "audio_config")
    try:
        arguments = sections["Model"]["Generator"]["params"] | {"audio": audio}
    except (KeyError, TypeError) as error:
        raise Incompatible(f"{config_path}: Model.Generator.params is missing or no mapping") from error
    config = parse(KanTtsHiFiGanConfig, arguments, config_path, "Model.Generator.params")
    network = load_network(lambda: KanTtsHiFiGan(config), tensors_of(values, path), path)
    title = f"KAN-TTS HiFi-GAN, {'causal' if config.causal else 'non-causal'}"
    title += ", with F0 source" if config.nsf_params else ""
    return _checkpoint("kantts_hifigan", network, config.feature_space, title)


def _read_config(path: Path) -> dict[str, Any]:
    """A configuration in JSON or YAML, of which JSON is a part as far as these files go.

    Raises:
        Incompatible: when there is no such file or it is neither.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise Incompatible(f"{path}: the configuration cannot be read: {error.strerror}") from error
    if len(text) > _MAX_CONFIG_BYTES:
        raise Incompatible(f"{path}: too large for a configuration")
    try:
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise Incompatible(f"{path}: broken: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise Incompatible(f"{path}: not a mapping of keys to values")
    return content


def _checkpoint(
    architecture: Architecture, network: torch.nn.Module, space: FeatureSpace, title: str
) -> Checkpoint:
    """The network with its description."""
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    size = f"{n_parameters / 1e6:.1f} M" if n_parameters >= 100_000 else f"{n_parameters:,}"
    description = f"{title}, {space.sample_rate_hz} Hz, hop {space.hop_length}, {size} parameters"
    return Checkpoint(architecture, network, space, n_parameters, description)
