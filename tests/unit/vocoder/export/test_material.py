"""Mels to calibrate and to judge by: read, computed or made, and refused by name."""

from __future__ import annotations

import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.export.material import Utterance, from_mels, from_wavs, split, synthetic
from speechmesh.vocoder.export.synthetic_speech import synthetic_speech
from speechmesh.vocoder.networks.hifigan import V1

SPACE: FeatureSpace = V1.feature_space


def mel_of(n_frames: int, n_mels: int = 80, low: float = -11.0) -> FloatArray:
    return np.random.default_rng(n_frames).uniform(low, 1.0, (n_frames, n_mels)).astype(np.float32)


def write_wav(path: Path, samples: FloatArray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def test_one_mel_is_cut_into_what_calibrates_and_what_judges(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", mel=mel_of(200)[None], phones=np.arange(3))
    material = from_mels(tmp_path / "a.npz", SPACE)
    assert [len(mel) for mel in material.calibration] == [120]
    assert [len(mel) for mel in material.held_out] == [80]


def test_every_third_of_a_folder_judges(tmp_path: Path) -> None:
    for index in range(6):
        np.save(tmp_path / f"{index}.npy", mel_of(100 + index))
    material = from_mels(tmp_path, SPACE)
    assert [len(mel) for mel in material.held_out] == [101, 104]
    assert [len(mel) for mel in material.calibration] == [100, 102, 103, 105]


def test_texts_stay_with_the_utterances_that_judge() -> None:
    utterances = [Utterance(mel_of(100 + i), f"text {i}") for i in range(6)]
    assert split(utterances, SPACE, "", is_speech=True).texts == ["text 1", "text 4"]
    long = [Utterance(mel_of(600 + i), f"text {i}") for i in range(6)]
    assert split(long, SPACE, "", is_speech=True).texts == ["text 1"]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (mel_of(100, 100), "100 bins a frame; the vocoder takes 80"),
        (mel_of(100).astype(np.int16), "not \\[T, M\\]"),
        (np.zeros(100, np.float32), "not \\[T, M\\]"),
        (mel_of(100, low=-90.0), "another feature space"),
        (np.full((100, 80), np.nan, np.float32), "not finite"),
        (mel_of(20), "too little"),
    ],
)
def test_mels_that_do_not_fit_are_refused_by_name(tmp_path: Path, array: FloatArray, message: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InvalidInput, match=message) as raised:
        from_mels(tmp_path / "a.npy", SPACE)
    assert raised.value.field == "--mels"


def test_a_file_that_holds_no_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match=r"a\.npy"):
        from_mels(tmp_path, SPACE)
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InvalidInput, match=r"b\.npz"):
        from_mels(tmp_path / "b.npz", SPACE)
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as packed:
        packed.writestr("mel", b"nothing")
    with pytest.raises(InvalidInput, match=r"c\.npz"):
        from_mels(tmp_path / "c.npz", SPACE)
    with pytest.raises(InvalidInput, match=r"no \.npy"):
        from_mels(tmp_path / "..", SPACE)


def test_mels_of_recordings_at_any_rate(tmp_path: Path) -> None:
    for index, rate in enumerate((22050, 16000, 44100)):
        write_wav(tmp_path / f"{index}.wav", synthetic_speech(rate, 1.5, index), rate)
    material = from_wavs(tmp_path, SPACE)
    lengths = [len(mel) for mel in (*material.calibration, *material.held_out)]
    assert all(abs(length - 1.5 * 22050 / 256) < 2 for length in lengths)


def test_recordings_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(InvalidInput, match=r"a\.wav"):
        from_wavs(tmp_path, SPACE)
    write_wav(tmp_path / "b.wav", synthetic_speech(22050, 1.5, 0), 22050)
    (tmp_path / "b.wav").write_bytes((tmp_path / "b.wav").read_bytes()[:-1])
    with pytest.raises(InvalidInput, match=r"b\.wav: is cut off"):
        from_wavs(tmp_path / "b.wav", SPACE)
    normalised = SPACE.model_copy(update={"normalisation": "mean-std"})
    with pytest.raises(Incompatible, match="give --mels"):
        from_wavs(tmp_path, normalised)


def test_synthetic_speech_is_the_same_every_time_and_sounds() -> None:
    first, second = (synthetic(SPACE).held_out[0] for _ in range(2))
    assert np.array_equal(first, second)
    # Loud bands, silent ones, and change: what a calibration needs to see.
    assert first.max() > 0.0 and first.min() < SPACE.silence + 2.0
    assert np.diff(first, axis=0).std() > 0.3
