"""Tones: mean contours, and whether a contour is nearest to its own tone's mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from speechmesh.acoustic.domain import AcousticResult
from speechmesh.common.features import FloatArray
from speechmesh.frontend.mandarin.pinyin import TONE_OF
from training.voices.shards import Features

Float64 = npt.NDArray[np.float64]

_POINTS = 10
_MIN_VOICED = 3
_SEMITONES = 12.0 / np.log(2.0)


def contours(
    tokens: Sequence[str], durations: npt.NDArray[np.int64], f0_hz: FloatArray
) -> list[tuple[int, Float64]]:
    """The tone and the contour of each final, ten points in semitones from the utterance's mean."""
    if not (f0_hz > 0).any():
        return []
    level = np.log(f0_hz[f0_hz > 0]).mean()
    found = []
    for token, end, n in zip(tokens, np.cumsum(durations), durations, strict=True):
        piece = f0_hz[end - n : end]
        at = np.flatnonzero(piece > 0)
        if token in TONE_OF and len(at) >= _MIN_VOICED:
            points = np.linspace(at[0], at[-1], _POINTS)
            found.append((TONE_OF[token], _SEMITONES * (np.interp(points, at, np.log(piece[at])) - level)))
    return found


def means(of: Sequence[tuple[int, Float64]]) -> dict[int, Float64]:
    """The mean contour of each tone that occurs."""
    return {
        tone: np.mean([contour for t, contour in of if t == tone], axis=0)
        for tone in sorted({t for t, _ in of})
    }


def confusion_percent(of: Sequence[tuple[int, Float64]], reference: dict[int, Float64]) -> float:
    """How many contours are nearest to the mean of another tone than their own."""
    order = list(reference)
    table = np.stack([reference[tone] for tone in order])
    wrong = sum(order[int(np.square(table - contour).sum(axis=1).argmin())] != tone for tone, contour in of)
    return 100.0 * wrong / max(len(of), 1)


def tone_figures(
    spoken: Sequence[tuple[Features, AcousticResult, FloatArray]], table: Sequence[str]
) -> dict[str, Any]:
    """Mean contours of the teacher's tones and the voice's, their distance, and how many would be mistaken."""
    taught: list[tuple[int, Float64]] = []
    made: list[tuple[int, Float64]] = []
    for item, result, f0_hz in spoken:
        tokens = [table[i] for i in item.tokens]
        taught += contours(tokens, item.durations, item.f0_hz)
        made += contours(tokens, result.frames_per_token, f0_hz)
    if not taught or not made:
        return {}
    of_teacher, of_voice = means(taught), means(made)
    both = [tone for tone in of_teacher if tone in of_voice]
    return {
        "teacher": {tone: contour.tolist() for tone, contour in of_teacher.items()},
        "voice": {tone: contour.tolist() for tone, contour in of_voice.items()},
        "rmse_semitones": {
            tone: float(np.sqrt(np.square(of_teacher[tone] - of_voice[tone]).mean())) for tone in both
        },
        "mistaken_percent": {
            "teacher": confusion_percent(taught, of_teacher),
            "voice": confusion_percent(made, of_teacher),
        },
    }
