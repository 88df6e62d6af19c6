"""What the acoustic stage works on, free of any transport."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from speechmesh.common.features import FloatArray


class Ending(Enum):
    """How a segment ends, which decides its intonation."""

    STATEMENT = "statement"
    QUESTION = "question"
    EXCLAMATION = "exclamation"
    CONTINUATION = "continuation"


@dataclass(frozen=True, slots=True)
class AcousticSegment:
    """One segment to synthesise.

    `tokens` [P] are ids of the voice's table; `word_ends` [P] is True on the last token of each word; `rate` is a
    factor on speed (2 is twice as fast); `speaker_id` indexes the model's embedding; `pitch_semitones` and `energy_db`
    shift the voice's own pitch and vocal effort, for models that can. `features` [P, F] are ids of what else a family
    wants to know of each token, and `style` is the voice's name for how it is spoken.
    """

    tokens: npt.NDArray[np.int64]
    word_ends: npt.NDArray[np.bool_]
    ending: Ending = Ending.STATEMENT
    speaker_id: int = 0
    rate: float = 1.0
    max_leading_pause_frames: int = 0
    pitch_semitones: float = 0.0
    energy_db: float = 0.0
    features: npt.NDArray[np.int64] | None = None
    style: str = ""


class Utterance(Protocol):
    """A segment under way in a model, which alone knows what it is; `frames_per_token` [P] is known from the start."""

    @property
    def frames_per_token(self) -> npt.NDArray[np.int64]:
        """Sums to the utterance's frames."""
        ...

    @property
    def finished(self) -> bool:
        """Whether all of its frames have been given."""
        ...


@dataclass(frozen=True, slots=True)
class AcousticResult:
    """What came of a segment: `frames` [T, M] and `frames_per_token` [P], which sums to T."""

    frames: FloatArray
    frames_per_token: npt.NDArray[np.int64]


def leading_surplus(frames_per_token: npt.NDArray[np.int64], max_frames: int) -> int:
    """Frames to cut off the first token, a pause, so that at most `max_frames` of it are left; 0 keeps all."""
    return max(int(frames_per_token[0]) - max_frames, 0) if max_frames > 0 else 0
