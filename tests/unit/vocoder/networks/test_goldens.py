"""Our networks against what upstream's computed from the same files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from speechmesh.vocoder.networks.checkpoint import load_checkpoint
from speechmesh.vocoder.networks.kantts import KanTtsHiFiGan
from speechmesh.vocoder.networks.vocos import Vocos


def frames_first(mel: np.ndarray) -> torch.Tensor:
    """[B, M, T] or [M, T] as upstream has it -> [B, T, M]."""
    return torch.from_numpy(mel if mel.ndim == 3 else mel[None]).transpose(1, 2).contiguous()


def furthest(ours: torch.Tensor, theirs: np.ndarray) -> float:
    assert ours.dtype == torch.float32
    assert tuple(ours.shape) == theirs.shape
    return float(np.abs(ours.numpy() - theirs).max())


@pytest.mark.parametrize("case", ["", "_short"])
@pytest.mark.parametrize("folder", ["hifigan_tiny_rb1", "hifigan_tiny_rb2"])
def test_hifigan(goldens: Path, folder: str, case: str) -> None:
    network = load_checkpoint(goldens / folder / "g_00000000").network
    mel = np.load(goldens / folder / f"mel{case}.npy")
    audio = np.load(goldens / folder / f"audio{case}.npy")[:, 0]
    assert furthest(network(frames_first(mel)), audio) < 1e-5


@pytest.mark.parametrize("folder", ["vocos_tiny", "vocos_tiny_same"])
def test_vocos(goldens: Path, folder: str) -> None:
    network = load_checkpoint(goldens / folder).network
    assert isinstance(network, Vocos)
    mel = frames_first(np.load(goldens / folder / "mel.npy"))
    hidden = network.backbone(mel)
    assert furthest(hidden, np.load(goldens / folder / "backbone.npy")) < 1e-5
    assert furthest(network.head.out(hidden), np.load(goldens / folder / "head_out.npy")) < 1e-5
    assert furthest(network(mel), np.load(goldens / folder / "audio.npy")) < 1e-5


@pytest.mark.parametrize("folder", ["vocos_tiny", "vocos_tiny_same"])
def test_vocos_on_the_mel_of_a_recording(goldens: Path, folder: str) -> None:
    network = load_checkpoint(goldens / folder).network
    mel = np.load(goldens / folder / "wav_in_mel.npy")
    copy = np.load(goldens / folder / "wav_in_copy.npy")
    assert furthest(network(frames_first(mel)), copy.reshape(1, -1)) < 1e-5


@pytest.mark.parametrize(
    ("voice", "case"),
    [
        ("tiny_a", "short_happy_F7"),
        ("tiny_a", "tiny_happy_M7"),
        ("tiny_byte", "hello_neutral"),
        ("tiny_old", "short_fear_M7"),
    ],
)
def test_kantts(goldens: Path, voice: str, case: str) -> None:
    network = load_checkpoint(goldens / "kantts" / voice).network
    arrays = np.load(goldens / "kantts" / voice / f"{case}.npz")
    assert furthest(network(frames_first(arrays["voc_mel_in"])), arrays["audio"][:, 0]) < 2e-5


# Upstream sums phases in float32, ours are exact: its error grows with F0, and tiny_nsf sings higher.
@pytest.mark.parametrize(
    ("voice", "case", "tolerance"),
    [("tiny_nsf", "short_neutral_F7", 2e-4), ("tiny_se", "short_neutral", 2e-5)],
)
@pytest.mark.parametrize("suffix", ["", "_zero_noise"])
def test_kantts_with_source(goldens: Path, voice: str, case: str, tolerance: float, suffix: str) -> None:
    network = load_checkpoint(goldens / "kantts" / voice).network
    assert isinstance(network, KanTtsHiFiGan) and network.source_module is not None
    arrays = np.load(goldens / "kantts" / voice / f"{case}.npz")
    phase, noise = torch.from_numpy(arrays["nsf_phase"][0, :, 0]), torch.from_numpy(arrays["nsf_noise"])
    if suffix:
        phase, noise = torch.zeros_like(phase), torch.zeros_like(noise)
    mel = frames_first(arrays["voc_mel_in"])
    _, f0, voicing = network.split(mel)
    excitation = network.source_module.with_noise(f0, voicing, phase, noise)
    assert furthest(excitation, arrays[f"nsf_excitation{suffix}"]) < tolerance
    audio = network.forward_with_noise(mel, phase, noise)
    assert furthest(audio, arrays[f"audio{suffix}"][:, 0]) < tolerance
