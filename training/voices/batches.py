"""Which utterances make a batch: similar lengths together, within a budget of frames, in an order that can go on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Lengths are jittered by up to this many frames, so that epochs differ in who shares a batch.
_JITTER_FRAMES = 40


def plan_epoch(
    n_frames: npt.NDArray[np.int64], budget: int, seed: int, epoch: int
) -> list[npt.NDArray[np.int64]]:
    """Every utterance once, in batches whose padded size is at most `budget` frames (or of one utterance)."""
    rng = np.random.default_rng([seed, epoch])
    order = np.argsort(n_frames + rng.integers(0, _JITTER_FRAMES, len(n_frames)), kind="stable")
    batches: list[list[int]] = [[]]
    longest = 0
    for i in order:
        longest = max(longest, int(n_frames[i]))
        if batches[-1] and longest * (len(batches[-1]) + 1) > budget:
            batches.append([])
            longest = int(n_frames[i])
        batches[-1].append(int(i))
    shuffled = rng.permutation(len(batches))
    return [np.array(batches[i], np.int64) for i in shuffled]


class BatchOrder:
    """Batches without end, epoch after epoch; `state` says where it is."""

    def __init__(self, n_frames: npt.NDArray[np.int64], budget: int, seed: int) -> None:
        self._n_frames, self._budget, self._seed = n_frames, budget, seed
        self.state: tuple[int, int] = (0, 0)  # epoch, batches taken of it
        self._planned: tuple[int, list[npt.NDArray[np.int64]]] = (-1, [])

    def next(self) -> npt.NDArray[np.int64]:
        """Indices of the next batch's utterances."""
        epoch, taken = self.state
        if self._planned[0] != epoch:
            self._planned = (epoch, plan_epoch(self._n_frames, self._budget, self._seed, epoch))
        batches = self._planned[1]
        self.state = (epoch, taken + 1) if taken + 1 < len(batches) else (epoch + 1, 0)
        return batches[taken]


def padded(arrays: Sequence[npt.NDArray[np.generic]], dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    """Arrays [L, ...] of several lengths as one [B, longest, ...], zeros behind."""
    shape = (len(arrays), max(len(array) for array in arrays), *arrays[0].shape[1:])
    out = np.zeros(shape, dtype)
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out
