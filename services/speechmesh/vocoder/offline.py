"""A vocoder over frames that are all there: the service's windows, without the service."""

from __future__ import annotations

import numpy as np

from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.windows import SegmentWindows, trim


def vocode(bundle: VoiceBundle, tier: Tier, frames: FloatArray) -> FloatArray:
    """Samples [N] of one segment's frames [T, M], window by window.

    Raises:
        Incompatible: when the frames are not of the voice's feature space.
    """
    config, space = bundle.config.vocoders[tier], bundle.config.feature_space
    if frames.ndim != 2 or frames.shape[1] != space.n_mels:
        raise Incompatible(f"frames of shape {frames.shape} are not [T, {space.n_mels}]")
    session = open_session(bundle.folder / config.model)
    segment = SegmentWindows(config.ladder_frames, config.context_frames, space.n_mels, space.silence)
    segment.push(frames.astype(np.float32), 0, last=True)
    pieces = []
    while window := segment.next(config.ladder_frames[-1], urgent=False):
        (samples,) = session.run(["wav"], {"mel": window.frames[None]})
        pieces.append(trim(samples[0], window, context=config.context_frames, hop_length=space.hop_length))
    return np.concatenate(pieces)
