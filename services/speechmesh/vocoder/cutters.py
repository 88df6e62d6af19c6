"""The way of cutting that a vocoder needs."""

from __future__ import annotations

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.features import FeatureSpace
from speechmesh.vocoder.chunks import SegmentChunks
from speechmesh.vocoder.cut import Cutter
from speechmesh.vocoder.windows import SegmentWindows


def new_cutter(config: VocoderConfig, space: FeatureSpace) -> Cutter:
    """A cutter for one segment: chunks for a stateful vocoder, windows for others.

    Raises:
        Incompatible: when silence is needed and the feature space has no value for it.
    """
    if config.stateful is None:
        return SegmentWindows(
            config.ladder_frames,
            config.context_frames or 0,
            n_mels=space.n_mels,
            hop_length=space.hop_length,
            silence=space.silence,
        )
    return SegmentChunks(
        config.ladder_frames,
        config.stateful.min_first_frames - 1,
        n_mels=space.n_mels,
        hop_length=space.hop_length,
        edge_frames=config.edge_frames,
        silence=space.silence if config.edge_frames else 0.0,
    )
