"""What checkpoints are read, and what they are said to be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml

from speechmesh.common.features import FeatureSpace
from speechmesh.vocoder.networks.checkpoint import Checkpoint, load_checkpoint


def same_network(first: Checkpoint, second: Checkpoint) -> bool:
    theirs = second.network.state_dict()
    return all(torch.allclose(value, theirs[name]) for name, value in first.network.state_dict().items())


def generator_of(goldens: Path) -> dict[str, torch.Tensor]:
    content: dict[str, Any] = torch.load(goldens / "hifigan_tiny_rb1" / "g_00000000", weights_only=True)
    return content["generator"]


@pytest.fixture
def hifigan(goldens: Path, tmp_path: Path) -> Path:
    """A folder with config.json, for other files of the same weights."""
    shutil.copy(goldens / "hifigan_tiny_rb1" / "config.json", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "architecture", "description"),
    [
        (
            "hifigan_tiny_rb1/g_00000000",
            "hifigan",
            "HiFi-GAN, residual block 1, 22050 Hz, hop 256, 71,777 parameters",
        ),
        (
            "hifigan_tiny_rb2/g_00000000",
            "hifigan",
            "HiFi-GAN, residual block 2, 22050 Hz, hop 256, 38,753 parameters",
        ),
        ("vocos_tiny", "vocos", "Vocos, padding center, 24000 Hz, hop 256, 0.1 M parameters"),
        (
            "kantts/tiny_a",
            "kantts_hifigan",
            "KAN-TTS HiFi-GAN, causal, 16000 Hz, hop 200, 92,307 parameters",
        ),
        (
            "kantts/tiny_nsf/voc",
            "kantts_hifigan",
            "KAN-TTS HiFi-GAN, non-causal, with F0 source, 16000 Hz, hop 200, 20,861 parameters",
        ),
    ],
)
def test_the_family_is_told_by_the_content(
    goldens: Path, name: str, architecture: str, description: str
) -> None:
    checkpoint = load_checkpoint(goldens / name)
    assert checkpoint.architecture == architecture
    assert checkpoint.description == description
    assert checkpoint.n_parameters == sum(value.numel() for value in checkpoint.network.state_dict().values())
    assert not checkpoint.network.training
    assert not any(parameter.requires_grad for parameter in checkpoint.network.parameters())


def test_feature_spaces(goldens: Path) -> None:
    assert load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000").feature_space == FeatureSpace(
        kind="mel",
        sample_rate_hz=22050,
        hop_length=256,
        n_fft=1024,
        win_length=1024,
        n_mels=80,
        f_min_hz=0.0,
        f_max_hz=8000.0,
        log_base="e",
        log_floor=1e-5,
        mel_scale="slaney",
        centred=False,
    )
    centred = load_checkpoint(goldens / "vocos_tiny").feature_space
    assert centred == FeatureSpace(
        kind="mel",
        sample_rate_hz=24000,
        hop_length=256,
        n_fft=1024,
        win_length=1024,
        n_mels=100,
        f_max_hz=12000.0,
        log_base="e",
        log_floor=1e-7,
        mel_scale="htk",
        centred=True,
    )
    assert not load_checkpoint(goldens / "vocos_tiny_same").feature_space.centred
    plain = load_checkpoint(goldens / "kantts" / "tiny_byte").feature_space
    assert plain == FeatureSpace(
        kind="mel",
        sample_rate_hz=16000,
        hop_length=200,
        n_fft=2048,
        win_length=1000,
        n_mels=80,
        f_max_hz=8000.0,
        log_base="decibel",
        log_floor=1e-5,
        normalisation="kan-tts mean-std",
    )
    with_source = load_checkpoint(goldens / "kantts" / "tiny_se").feature_space
    assert with_source.differences(plain) == ["n_mels: 82 against 80"]


@pytest.mark.parametrize("prefix", ["", "generator."])
def test_hifigan_of_safetensors(goldens: Path, hifigan: Path, prefix: str) -> None:
    tensors = {prefix + name: value.contiguous() for name, value in generator_of(goldens).items()}
    safetensors.torch.save_file(tensors, hifigan / "voice.safetensors")
    ours = load_checkpoint(hifigan / "voice.safetensors")
    assert same_network(ours, load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000"))


def test_the_name_of_a_file_does_not_matter(goldens: Path, hifigan: Path) -> None:
    safetensors.torch.save_file(generator_of(goldens), hifigan / "generator_v1")
    torch.save({"generator": generator_of(goldens)}, hifigan / "model.safetensors")
    assert same_network(
        load_checkpoint(hifigan / "generator_v1"), load_checkpoint(hifigan / "model.safetensors")
    )


def test_hifigan_as_its_descendants_write_it(goldens: Path, hifigan: Path) -> None:
    """Trained on several GPUs, and with a number for the residual block."""
    torch.save(
        {"generator": {f"module.{name}": value for name, value in generator_of(goldens).items()}},
        hifigan / "g",
    )
    values = json.loads((hifigan / "config.json").read_text())
    (hifigan / "config.json").write_text(json.dumps(values | {"resblock": 1}))
    ours = load_checkpoint(hifigan / "g")
    assert same_network(ours, load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000"))


def test_weights_of_newer_weight_norm(goldens: Path, hifigan: Path) -> None:
    replaced = {
        name.replace(".weight_g", ".parametrizations.weight.original0").replace(
            ".weight_v", ".parametrizations.weight.original1"
        ): value
        for name, value in generator_of(goldens).items()
    }
    torch.save({"generator": replaced}, hifigan / "g_1")
    assert same_network(
        load_checkpoint(hifigan / "g_1"), load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000")
    )


def test_weights_without_weight_norm_and_of_half_precision(goldens: Path, hifigan: Path) -> None:
    reference = load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000")
    torch.save({"generator": reference.network.state_dict()}, hifigan / "g_1")
    assert same_network(load_checkpoint(hifigan / "g_1"), reference)
    halves = {name: value.half() for name, value in reference.network.state_dict().items()}
    torch.save({"generator": halves}, hifigan / "g_2")
    half = load_checkpoint(hifigan / "g_2").network
    assert all(value.dtype == torch.float32 for value in half.state_dict().values())
    mel = torch.from_numpy(np.load(goldens / "hifigan_tiny_rb1" / "mel_short.npy")).transpose(1, 2)
    torch.testing.assert_close(half(mel), reference.network(mel), rtol=0, atol=0.01)


def test_folding_equals_torchs_own(goldens: Path) -> None:
    tensors = generator_of(goldens)
    ups = load_checkpoint(goldens / "hifigan_tiny_rb1" / "g_00000000").network.state_dict()["ups.1.weight"]
    theirs = torch._weight_norm(tensors["ups.1.weight_v"], tensors["ups.1.weight_g"], 0)
    torch.testing.assert_close(ups, theirs)


def test_a_configuration_elsewhere(goldens: Path, tmp_path: Path) -> None:
    folder = goldens / "hifigan_tiny_rb1"
    shutil.copy(folder / "g_00000000", tmp_path / "generator_v1")
    ours = load_checkpoint(tmp_path / "generator_v1", config=folder / "config.json")
    assert same_network(ours, load_checkpoint(folder / "g_00000000"))


def test_hifigan_takes_80_bins_whatever_the_configuration_says(goldens: Path, hifigan: Path) -> None:
    shutil.copy(goldens / "hifigan_tiny_rb1" / "g_00000000", hifigan)
    values = json.loads((hifigan / "config.json").read_text())
    (hifigan / "config.json").write_text(json.dumps(values | {"num_mels": 100}))
    assert load_checkpoint(hifigan / "g_00000000").feature_space.n_mels == 80


def test_vocos_of_safetensors_and_without_buffers(goldens: Path, tmp_path: Path) -> None:
    folder = goldens / "vocos_tiny"
    shutil.copy(folder / "config.yaml", tmp_path)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    kept = {
        name: value
        for name, value in tensors.items()
        if not name.startswith("feature_extractor.") and name != "head.istft.window"
    }
    safetensors.torch.save_file(kept, tmp_path / "model.safetensors")
    ours = load_checkpoint(tmp_path)
    assert same_network(ours, load_checkpoint(folder / "pytorch_model.bin"))


def test_vocos_of_its_training(goldens: Path, tmp_path: Path) -> None:
    folder = goldens / "vocos_tiny"
    model = {
        "class_path": "vocos.experiment.VocosExp",
        "init_args": yaml.safe_load((folder / "config.yaml").read_text()),
    }
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"seed_everything": 4444, "model": model, "trainer": {}})
    )
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    tensors["multiperioddisc.discriminators.0.convs.0.bias"] = torch.zeros(32)
    (tmp_path / "checkpoints").mkdir()
    path = tmp_path / "checkpoints" / "last.ckpt"
    torch.save({"epoch": 3, "state_dict": tensors, "hyper_parameters": {"sample_rate": 24000}}, path)
    ours = load_checkpoint(path)
    assert same_network(ours, load_checkpoint(folder))
    assert ours.feature_space == load_checkpoint(folder).feature_space


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        ({}, {"f_min_hz": 0.0, "f_max_hz": 12000.0, "mel_scale": "htk"}),
        ({"f_min": 0, "f_max": 0}, {"f_min_hz": 0.0, "f_max_hz": 12000.0, "mel_scale": "htk"}),
        (
            {"f_min": 20, "f_max": 8000, "norm": "slaney", "mel_scale": "slaney"},
            {"f_min_hz": 20.0, "f_max_hz": 8000.0, "mel_scale": "slaney"},
        ),
        ({"norm": "slaney"}, {"mel_scale": "htk, norm slaney"}),
    ],
)
def test_the_mel_bands_of_vocos_and_its_descendants(
    goldens: Path, tmp_path: Path, further: dict[str, Any], expected: dict[str, Any]
) -> None:
    folder = Path(shutil.copytree(goldens / "vocos_tiny", tmp_path / "vocos"))
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["feature_extractor"]["init_args"] |= further
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    assert load_checkpoint(folder).feature_space.model_dump().items() >= expected.items()


def test_of_a_kantts_folder_the_largest_number(goldens: Path, tmp_path: Path) -> None:
    source = goldens / "kantts" / "tiny_old" / "voc"
    shutil.copy(goldens / "kantts" / "tiny_old" / "audio_config.yaml", tmp_path)
    shutil.copytree(source, tmp_path / "voc")
    for name in ("checkpoint_900.pth", "checkpoint_.pth", "checkpoint_best.pth"):
        (tmp_path / "voc" / "ckpt" / name).write_bytes(b"nothing")
    shutil.copy(source / "ckpt" / "checkpoint_0.pth", tmp_path / "voc" / "ckpt" / "checkpoint_1000.pth")
    by_folder = load_checkpoint(tmp_path)
    assert same_network(by_folder, load_checkpoint(tmp_path / "voc" / "ckpt" / "checkpoint_1000.pth"))


def test_kantts_with_audio_config_beside_it(goldens: Path, tmp_path: Path) -> None:
    shutil.copytree(goldens / "kantts" / "tiny_old", tmp_path / "voice")
    config = tmp_path / "voice" / "voc" / "config.yaml"
    text = config.read_text()
    start, end = text.index("audio_config:"), text.index("batch_max_steps:")
    config.write_text(text[:start] + text[end:])
    assert load_checkpoint(tmp_path / "voice").feature_space.n_fft == 2048
