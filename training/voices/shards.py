"""Speech and features on disk: folders of a hundred utterances, each whole or absent, read by memory map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray
from training.voices.work import read_json, whole_folder, write_json

Int64 = npt.NDArray[np.int64]

_PCM = 32767.0


@dataclass(frozen=True)
class Clip:
    """Levelled speech [N], int16, of one sentence with its tokens: ids, ends in seconds, ends of words."""

    id: str
    text: str
    pcm: npt.NDArray[np.int16]
    tokens: tuple[str, ...]
    ends_s: tuple[float, ...]
    word_ends: tuple[bool, ...]

    @property
    def samples(self) -> FloatArray:
        """The speech in -1..1."""
        return np.asarray(self.pcm, np.float32) / _PCM


def to_pcm(samples: FloatArray) -> npt.NDArray[np.int16]:
    """Samples in -1..1 as int16."""
    return np.clip(np.round(samples * _PCM), -32768, 32767).astype(np.int16)


def write_clips(folder: Path, clips: Sequence[Clip]) -> None:
    """Writes a shard of speech."""
    with whole_folder(folder) as part:
        np.save(part / "pcm.npy", np.concatenate([c.pcm for c in clips]) if clips else np.zeros(0, np.int16))
        index = [[c.id, c.text, len(c.pcm), c.tokens, c.ends_s, list(map(int, c.word_ends))] for c in clips]
        write_json(part / "index.json", index)


def read_clips(folder: Path) -> Iterator[Clip]:
    """Reads a shard of speech."""
    pcm, start = np.load(folder / "pcm.npy", mmap_mode="r"), 0
    for name, text, n, tokens, ends_s, word_ends in read_json(folder / "index.json"):
        piece = pcm[start : start + n]
        yield Clip(name, text, piece, tuple(tokens), tuple(ends_s), tuple(map(bool, word_ends)))
        start += n


@dataclass(frozen=True)
class Features:
    """What is learnt of one utterance.

    `mel` [T, M] float16; `f0_hz` [T], 0 where unvoiced; of P tokens `tokens` ids, `word_ends`, `durations` in frames,
    sum T, `log_f0` [P, 3] at the thirds of each token, `energy` [P]; `question` as the graph's `punct`.
    """

    id: str
    text: str
    mel: npt.NDArray[np.float16]
    f0_hz: FloatArray
    tokens: Int64
    word_ends: Int64
    durations: Int64
    log_f0: FloatArray
    energy: FloatArray
    question: bool


_BY_FRAME = ("mel", "f0_hz")
_BY_TOKEN = ("tokens", "word_ends", "durations", "log_f0", "energy")


def write_features(folder: Path, features: Sequence[Features]) -> None:
    """Writes a shard of features."""
    with whole_folder(folder) as part:
        for name in (*_BY_FRAME, *_BY_TOKEN):
            np.save(part / f"{name}.npy", np.concatenate([getattr(f, name) for f in features]))
        write_json(
            part / "index.json", [[f.id, f.text, len(f.mel), len(f.tokens), f.question] for f in features]
        )


class FeatureShards:
    """The utterances of several shards of features, read when asked for."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._entries: list[tuple[int, str, str, slice, slice, bool]] = []
        self._arrays = [_load_arrays(folder) for folder in folders]
        for shard, folder in enumerate(folders):
            frame = token = 0
            for name, text, n_frames, n_tokens, question in read_json(folder / "index.json"):
                frames, tokens = slice(frame, frame + n_frames), slice(token, token + n_tokens)
                self._entries.append((shard, name, text, frames, tokens, question))
                frame, token = frame + n_frames, token + n_tokens

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, i: int) -> Features:
        shard, name, text, frames, tokens, question = self._entries[i]
        arrays = self._arrays[shard]
        values: dict[str, Any] = {key: arrays[key][frames] for key in _BY_FRAME} | {
            key: arrays[key][tokens] for key in _BY_TOKEN
        }
        return Features(id=name, text=text, question=question, **values)

    @cached_property
    def n_frames(self) -> Int64:
        """Frames of each utterance."""
        return np.array([frames.stop - frames.start for _, _, _, frames, _, _ in self._entries], np.int64)


def _load_arrays(folder: Path) -> dict[str, Any]:
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in (*_BY_FRAME, *_BY_TOKEN)}


def shard_folders(folder: Path, part: str) -> list[Path]:
    """The finished shards of a part of the corpus, in order."""
    return sorted(path for path in folder.glob(f"{part}-*") if (path / "index.json").is_file())
