"""A vocoder over frames that are all there: the service's chunks, without the service."""

from __future__ import annotations

import numpy as np

from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.cutters import new_cutter


def vocode(bundle: VoiceBundle, tier: Tier, frames: FloatArray) -> FloatArray:
    """Samples [N] of one segment's frames [T, M], chunk by chunk.

    Raises:
        Incompatible: when the frames are not of the voice's feature space.
    """
    config, space = bundle.config.vocoders[tier], bundle.config.feature_space
    if frames.ndim != 2 or frames.shape[1] != space.n_mels:
        raise Incompatible(f"frames of shape {frames.shape} are not [T, {space.n_mels}]")
    if not len(frames):
        return np.zeros(0, np.float32)
    session = open_session(bundle.folder / config.model)
    cutter = new_cutter(config, space)
    cutter.push(frames.astype(np.float32), 0, last=True)
    pieces, state = [], None
    while cut := cutter.next(config.ladder_frames[-1], urgent=False):
        vocoded = run_chunk(session, Chunk(cut.frames, state, cut.last))
        pieces.append(cutter.trim(vocoded.samples, cut))
        state = vocoded.state
    return np.concatenate(pieces)
