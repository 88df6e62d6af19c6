"""The mels on which ranges are measured, and others on which the result is judged."""

from __future__ import annotations

import wave
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.export.mels import LogMel
from speechmesh.vocoder.export.synthetic_speech import synthetic_speech

_CALIBRATION_S, _HELD_OUT_S = 20.0, 12.0
_SHORTEST_FRAMES = 32
_SYNTHETIC_UTTERANCES, _SYNTHETIC_S = 9, 3.0
# Real mels may lie a little under the floor of their logarithm: acoustic models do not know it exactly.
_UNDER_FLOOR = 3.0


@dataclass(frozen=True)
class Utterance:
    """Frames [T, M], and what they say where that is known."""

    mel: FloatArray
    text: str = ""


@dataclass(frozen=True)
class Material:
    """Utterances to measure ranges on, others to judge by.

    `is_speech`: a recogniser may listen. `texts` of the held-out ones, where known: then it is English, too.
    """

    source: str
    calibration: list[FloatArray]
    held_out: list[FloatArray]
    is_speech: bool
    texts: list[str] = field(default_factory=list)


def from_mels(path: Path, space: FeatureSpace) -> Material:
    """Mels [T, M] in .npy and .npz files: one file, or all in a folder.

    Raises:
        InvalidInput: naming the file, when there is none or it holds no such array.
    """
    files = sorted([*path.glob("*.npy"), *path.glob("*.npz")]) if path.is_dir() else [path]
    if not files:
        raise InvalidInput("--mels", f"{path}: no .npy or .npz in this folder")
    utterances = [Utterance(mel) for file in files for mel in _arrays(file, space)]
    return split(utterances, space, f"{len(utterances)} mels of {path.name}", is_speech=True)


def _arrays(file: Path, space: FeatureSpace) -> list[FloatArray]:
    try:
        with file.open("rb") as content:  # given a path, numpy leaves a broken archive open
            loaded = np.load(content, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                arrays = [loaded]
            else:
                arrays = [loaded[name] for name in (["mel"] if "mel" in loaded else loaded.files)]
        if not all(isinstance(array, np.ndarray) for array in arrays):
            raise ValueError("holds what is no array")
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput("--mels", f"{file}: {error}") from None
    arrays = [array[0] if array.ndim == 3 and len(array) == 1 else array for array in arrays]
    for array in arrays:
        if array.ndim != 2 or array.dtype.kind != "f":
            raise InvalidInput(
                "--mels", f"{file}: an array of shape {array.shape} and type {array.dtype}, not [T, M]"
            )
        if array.shape[1] != space.n_mels:
            raise InvalidInput(
                "--mels", f"{file}: {array.shape[1]} bins a frame; the vocoder takes {space.n_mels}"
            )
        _check_values(file, array.astype(np.float32), space)
    return [array.astype(np.float32) for array in arrays]


def _check_values(file: Path, mel: FloatArray, space: FeatureSpace) -> None:
    if not np.isfinite(mel).all():
        raise InvalidInput("--mels", f"{file}: values that are not finite")
    try:
        floor = space.silence
    except Incompatible:  # normalised: any value may be
        return
    if mel.size and mel.min() < floor - _UNDER_FLOOR:
        raise InvalidInput(
            "--mels",
            f"{file}: values down to {mel.min():.1f}, where silence is {floor:.1f}: another feature space?",
        )


def from_wavs(folder: Path, space: FeatureSpace) -> Material:
    """Mels computed from the .wav files of a folder, PCM, any sample rate.

    Raises:
        InvalidInput: naming the file, when there is none or it is not PCM.
        Incompatible: when this feature space cannot be computed from audio.
    """
    files = sorted(folder.glob("*.wav")) if folder.is_dir() else [folder]
    if not files:
        raise InvalidInput("--wavs", f"{folder}: no .wav in this folder")
    try:
        extract = LogMel(space)
    except Incompatible as error:
        raise Incompatible(f"--wavs: {error}; give --mels") from None
    utterances = []
    for file in files:
        try:
            utterances.append(Utterance(extract(_read_wav(file, space.sample_rate_hz))))
        except (OSError, EOFError, wave.Error, Incompatible) as error:
            raise InvalidInput("--wavs", f"{file}: {error}") from None
        if sum(len(u.mel) for u in utterances) * space.frame_ms > 2000 * (_CALIBRATION_S + _HELD_OUT_S):
            break  # more than is used
    return split(utterances, space, f"{len(utterances)} recordings of {folder.name}", is_speech=True)


def _read_wav(file: Path, sample_rate_hz: int) -> FloatArray:
    with wave.open(str(file), "rb") as reader:
        width, channels, rate = reader.getsampwidth(), reader.getnchannels(), reader.getframerate()
        data = reader.readframes(reader.getnframes())
    if width not in (2, 4):
        raise InvalidInput("--wavs", f"{file}: {8 * width} bits a sample; 16 or 32 are read")
    if len(data) % (width * channels):
        raise InvalidInput("--wavs", f"{file}: is cut off in the middle of a sample")
    samples = np.frombuffer(data, f"<i{width}").reshape(-1, channels).mean(axis=1) / 2.0 ** (8 * width - 1)
    if rate != sample_rate_hz:
        import soxr  # noqa: PLC0415 - of the frontend extra; only for other sample rates

        samples = soxr.resample(samples, rate, sample_rate_hz)
    return np.asarray(samples, np.float32)


def from_speech(speak: Callable[[], list[Utterance]], space: FeatureSpace, source: str) -> Material:
    """What an acoustic model says; see `split`."""
    return split(speak(), space, source, is_speech=True)


def synthetic(space: FeatureSpace) -> Material:
    """Mels of synthetic sounds.

    Raises:
        Incompatible: when this feature space cannot be computed from audio.
    """
    extract = LogMel(space)
    utterances = [
        Utterance(extract(synthetic_speech(space.sample_rate_hz, _SYNTHETIC_S, seed)))
        for seed in range(_SYNTHETIC_UTTERANCES)
    ]
    return split(utterances, space, "synthetic sounds like speech", is_speech=False)


def noise(space: FeatureSpace) -> Material:
    """Standard normal frames, for checks of fp32 that any values serve."""
    random = np.random.default_rng(0)
    mels = [random.standard_normal((96, space.n_mels), dtype=np.float32) for _ in range(3)]
    return split([Utterance(mel) for mel in mels], space, "random frames", is_speech=False)


def split(utterances: list[Utterance], space: FeatureSpace, source: str, *, is_speech: bool) -> Material:
    """Every third utterance to judge by, the others to calibrate; a single one is cut in two.

    Raises:
        InvalidInput: when there is too little.
    """
    usable = [u for u in utterances if len(u.mel) >= _SHORTEST_FRAMES]
    if len(usable) == 1 and len(usable[0].mel) >= 2 * _SHORTEST_FRAMES:
        cut = len(usable[0].mel) * 3 // 5
        usable = [Utterance(usable[0].mel[:cut]), Utterance(usable[0].mel[cut:])]
    if len(usable) < 2:
        raise InvalidInput(
            "--mels",
            f"too little to calibrate and to judge by: at least {2 * _SHORTEST_FRAMES} frames are needed",
        )
    held_out = usable[1::3]
    calibration = [u for i, u in enumerate(usable) if i % 3 != 1]
    judged = _at_most(held_out, space, _HELD_OUT_S)
    texts = [u.text for u in judged]
    return Material(
        source,
        [u.mel for u in _at_most(calibration, space, _CALIBRATION_S)],
        [u.mel for u in judged],
        is_speech,
        texts if all(texts) else [],
    )


def _at_most(utterances: list[Utterance], space: FeatureSpace, seconds: float) -> list[Utterance]:
    """The first of them, together no longer than that; of a first one that is longer, the beginning."""
    left = round(1000.0 * seconds / space.frame_ms)
    kept = [utterances[0] if len(utterances[0].mel) <= left else Utterance(utterances[0].mel[:left])]
    for utterance in utterances[1:]:
        left -= len(kept[-1].mel)
        if len(utterance.mel) > left:
            break
        kept.append(utterance)
    return kept
