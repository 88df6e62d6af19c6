"""How far a vocoder looks: measured on its graph, for those that have no stateful form."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.export.stateful import NotStreamable

_SHORTEST_FRAMES, _LONGEST_FRAMES = 128, 2048
_SEEDS = 3
# Not-a-number goes through sums and products whatever the weights, where a change by any finite number may be lost in
# rounding; but some operations, such as clipping, stop it.
_PERTURBATIONS = (4.0, 1e4, np.nan)


def context_frames(session: ort.InferenceSession, n_mels: int, hop_length: int) -> int:
    """Frames on each side that a frame's samples depend on.

    One frame of a random mel is changed; the samples that change at all tell who looks at it. Nothing is assumed
    of the layers; frames at several places and several mels are tried, and the widest counts.

    Raises:
        NotStreamable: when the samples depend on frames without limit.
    """
    n_frames = _SHORTEST_FRAMES
    while n_frames <= _LONGEST_FRAMES:
        widest = max(
            _measure(session, n_mels, hop_length, n_frames, seed, strength)
            for seed in range(_SEEDS)
            for strength in _PERTURBATIONS
        )
        # Half of the frames lie on each side: a wider field would not have been seen whole.
        if widest < n_frames // 2 - _SEEDS:
            return widest
        n_frames *= 2
    raise NotStreamable(f"each sample depends on more than {_LONGEST_FRAMES // 2} frames to a side")


def _measure(
    session: ort.InferenceSession, n_mels: int, hop_length: int, n_frames: int, seed: int, strength: float
) -> int:
    mel = np.random.default_rng(seed).standard_normal((n_frames, n_mels), dtype=np.float32)
    other, changed = mel.copy(), n_frames // 2 + seed
    other[changed] += strength * np.random.default_rng(seed + 1).standard_normal(n_mels)
    samples = np.flatnonzero(_run(session, mel) != _run(session, other))
    if len(samples) == 0:
        return 0
    first, last = int(samples[0]) // hop_length, int(samples[-1]) // hop_length
    return max(changed - first, last - changed, 0)


def _run(session: ort.InferenceSession, mel: FloatArray) -> FloatArray:
    (samples,) = session.run(["wav"], {"mel": mel[None]})
    return np.asarray(samples[0], np.float32)
