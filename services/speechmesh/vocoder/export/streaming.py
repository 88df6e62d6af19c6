"""A vocoder's session over whole utterances: streamed as the service does, and at one go."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from speechmesh.common.bundle import StatefulConfig, VocoderConfig
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.cutters import new_cutter


def stream(
    session: ort.InferenceSession,
    config: VocoderConfig,
    space: FeatureSpace,
    mel: FloatArray,
    max_frames: int,
) -> FloatArray:
    """Samples [N] of an utterance's frames [T, M], in chunks or windows of `max_frames`, a step of the ladder."""
    cutter = new_cutter(config, space)
    cutter.push(mel, 0, last=True)
    pieces, state = [], None
    while cut := cutter.next(max_frames, urgent=False):
        vocoded = run_chunk(session, Chunk(cut.frames, state, cut.last))
        pieces.append(cutter.trim(vocoded.samples, cut))
        state = vocoded.state
    return np.concatenate(pieces)


def whole(
    session: ort.InferenceSession, config: VocoderConfig, space: FeatureSpace, mel: FloatArray
) -> FloatArray:
    """What `stream` must give: the utterance in one run, between the silence that its way of cutting puts there."""
    around = config.edge_frames if config.stateful else config.context_frames or 0
    if around:
        silence = np.full((around, mel.shape[1]), space.silence, np.float32)
        mel = np.concatenate([silence, mel, silence])
    samples = run_chunk(session, Chunk(mel, last=True)).samples
    edge = around * space.hop_length
    return samples[edge : len(samples) - edge]


def describe_stateful(session: ort.InferenceSession, space: FeatureSpace) -> StatefulConfig:
    """How a graph that is stateful already streams, measured on it.

    Raises:
        Incompatible: when its samples do not fit its frames.
    """
    shapes = {value.name: value.shape for value in [*session.get_inputs(), *session.get_outputs()]}
    state_size = shapes["next_state"][1]
    if not isinstance(state_size, int):
        raise Incompatible("the width of `next_state` is not fixed in the graph")
    frames = np.zeros((_PROBE_FRAMES, space.n_mels), np.float32)
    expected = _PROBE_FRAMES * space.hop_length
    lag = expected - len(run_chunk(session, Chunk(frames)).samples)
    trailing = expected - len(run_chunk(session, Chunk(frames, last=True)).samples)
    if not 0 <= trailing <= lag < expected:
        raise Incompatible(f"{_PROBE_FRAMES} frames do not bring {expected} samples, less a lag")
    return StatefulConfig(
        state_size=state_size,
        lag_samples=lag,
        trailing_samples=trailing,
        min_first_frames=lag // space.hop_length + 1,
    )


# More than any vocoder's look-ahead.
_PROBE_FRAMES = 128
