"""What a teacher says, and tokens with exact ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray
from training.voices.corpus import Sentence


@dataclass(frozen=True)
class Phone:
    """A token with the time at which it ends, in seconds; `ends_word` on the last one of each word."""

    token: str
    end_s: float
    ends_word: bool


@dataclass(frozen=True)
class Spoken:
    """A sentence as a teacher spoke it: samples [N] in -1..1 and its phones, which cover it."""

    sentence: Sentence
    samples: FloatArray
    sample_rate_hz: int
    phones: tuple[Phone, ...]


class TeacherVoice(Protocol):
    """A synthesiser that tells its phones' times."""

    def speak(self, sentences: Sequence[Sentence]) -> list[Spoken]:
        """Speaks what it can; a sentence that it cannot speak is missing from the result."""
        ...


def merge_pauses(phones: Sequence[Phone], pause: str) -> tuple[Phone, ...]:
    """Neighbouring pauses as one: the token table has one pause, however long."""
    merged: list[Phone] = []
    for phone in phones:
        if merged and phone.token == merged[-1].token == pause:
            merged.pop()
        merged.append(phone)
    return tuple(merged)


def frames_of(ends_s: Sequence[float], frames_per_s: float, n_frames: int) -> npt.NDArray[np.int64]:
    """Frames of each phone [P]: at least one each, and `n_frames` in all.

    The ends are rounded, not the lengths, so that nothing drifts.

    Raises:
        ValueError: when there are more phones than frames.
    """
    n = len(ends_s)
    if n > n_frames:
        raise ValueError(f"{n} phones do not fit into {n_frames} frames")
    bounds = np.round(np.asarray(ends_s, np.float64) * frames_per_s).astype(np.int64)
    bounds[-1] = n_frames
    order = np.arange(n)
    # From the left no end may be closer than a frame to the one before, from the right to the one after.
    bounds = np.maximum.accumulate(np.maximum(bounds, 1) - order) + order
    bounds = np.minimum(bounds, n_frames - (n - 1 - order))
    return np.diff(bounds, prepend=0)
