"""The log-mel extractor against what upstream's code computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.export.mels import LogMel
from speechmesh.vocoder.networks.checkpoint import load_checkpoint
from speechmesh.vocoder.networks.hifigan import V1


@pytest.mark.parametrize("name", ["vocos_tiny", "vocos_tiny_same"])
def test_mels_equal_those_of_vocos(goldens: Path, name: str) -> None:
    space = load_checkpoint(goldens / name).feature_space
    samples, expected = (
        np.load(goldens / name / "wav_in.npy")[0],
        np.load(goldens / name / "wav_in_mel.npy")[0].T,
    )
    mel = LogMel(space)(samples)
    assert mel.shape == expected.shape
    assert np.abs(mel - expected).max() < 5e-4


def test_slaney_mels_of_resynthesised_speech_are_those_it_was_made_of(
    bootstrap: VoiceBundle, example_mel: FloatArray
) -> None:
    with np.load(Path("tests/data/bootstrap_example.npz")) as arrays:
        mel = LogMel(bootstrap.config.feature_space)(arrays["audio"][0])
    assert np.abs(mel[: len(example_mel)] - example_mel).mean() < 0.25


def test_a_tone_lies_in_its_band_and_silence_at_the_floor() -> None:
    space = V1.feature_space
    time = np.arange(space.sample_rate_hz) / space.sample_rate_hz
    tone = LogMel(space)(np.sin(2 * np.pi * 1000.0 * time).astype(np.float32))
    assert tone.shape == (len(time) // space.hop_length, space.n_mels)
    # 15 of Slaney's mels are 1000 Hz, and 80 bands reach to 35.2, which is 8000 Hz.
    assert abs(int(tone[20].argmax()) - round(15.0 * 81 / 45.245) + 1) <= 1
    assert np.allclose(LogMel(space)(np.zeros(20_000, np.float32)), space.silence)


def test_logarithms_to_other_bases() -> None:
    samples = np.sin(np.arange(30_000) * 0.3).astype(np.float32)
    natural, decimal, decibel = (
        LogMel(V1.feature_space.model_copy(update={"log_base": base}))(samples)
        for base in ("e", "10", "decibel")
    )
    assert np.allclose(natural, decimal * np.log(10.0), atol=1e-4)
    assert np.allclose(decibel, decimal * 20.0, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_fft": 0, "win_length": 0}, "n_fft 0 is less than win_length 0 or hop_length 256"),
        ({"win_length": 2048}, "n_fft 1024 is less than win_length 2048"),
        ({"hop_length": 2048}, "n_fft 1024 is less than .* hop_length 2048"),
        ({"f_min_hz": 9000.0}, "f_min_hz 9000 is not below f_max_hz 8000"),
    ],
)
def test_windows_and_bands_that_cannot_be_are_refused_by_name(change: dict[str, float], message: str) -> None:
    with pytest.raises(Incompatible, match=message):
        LogMel(V1.feature_space.model_copy(update=change))


@pytest.mark.parametrize("change", [{"normalisation": "mean-std"}, {"kind": "latent"}, {"mel_scale": ""}])
def test_spaces_that_cannot_be_computed_are_refused(change: dict[str, str]) -> None:
    space: FeatureSpace = V1.feature_space.model_copy(update=change)
    with pytest.raises(Incompatible, match="cannot be computed"):
        LogMel(space)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(Incompatible, match="too few"):
        LogMel(V1.feature_space)(np.zeros(100, np.float32))
