"""Frames that are not finite: no caller hears them, and no cache keeps them."""

from __future__ import annotations

import logging

import numpy as np

from speechmesh.common.errors import Internal
from speechmesh.common.features import FloatArray

log = logging.getLogger(__name__)


def finite_or_error(frames: FloatArray, voice: str) -> FloatArray | Internal:
    """Frames [n, M] of a voice as they are, or what the segment's callers are told where they are not finite.

    A vocoder makes noise or silence of such frames, and a cache would give them to all who ask for the same. Where the
    model went wrong - float16 ends at 65504 - is not known: another run would most likely say the same.
    """
    finite = np.isfinite(frames)
    if finite.all():
        return frames
    n_bad, n_nan = int((~finite.all(axis=1)).sum()), int(np.isnan(frames).sum())
    found = f"{n_nan} NaN and {finite.size - int(finite.sum()) - n_nan} infinite values"
    error = Internal(
        f"the acoustic model of voice {voice!r} gave {n_bad} of {len(frames)} frames that are not finite: {found}"
    )
    log.error("%s", error)
    return error
