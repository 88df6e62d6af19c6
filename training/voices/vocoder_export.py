"""A trained vocoder as the stateful graph that the mesh streams, checked against the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch

from speechmesh.common.bundle import Tier, VocoderConfig
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.stateful import make_stateful
from speechmesh.vocoder.export.streaming import stream
from speechmesh.vocoder.networks.vocos import Vocos
from training.voices.computed_basis import compute_basis
from training.voices.features import load_features
from training.voices.half_weights import round_weights, store_halves
from training.voices.settings import VoiceSettings
from training.voices.vocoder_training import load_vocoder
from training.voices.work import Work, whole_file

# The network has learnt from the middle of utterances: it hears silence around each.
EDGE_FRAMES = 2
MAX_BATCH_SIZE = 8
_TOLERANCE = 1e-4
_CHECKED_FRAMES = 200


def export_vocoder(settings: VoiceSettings, work: Work, tier: Tier, path: Path) -> VocoderConfig:
    """Writes a tier's graph, and says how it streams.

    Raises:
        Incompatible: when streamed and whole differ by more than 1e-4.
    """
    network = load_vocoder(settings, work, tier)
    remove_offset(network)
    round_weights(network)
    with whole_file(path) as part:
        export_onnx(network, settings.feature_space.n_mels, part)
        stateful = make_stateful(onnx.load(str(part)))
        store_halves(stateful.model)
        compute_basis(stateful.model, network.head.istft.basis.numpy())
        onnx.save(stateful.model, str(part))
    config = VocoderConfig(
        model=path.name,
        stateful=stateful.config,
        edge_frames=EDGE_FRAMES,
        ladder_frames=settings.export_ladder_frames,
        max_batch_size=MAX_BATCH_SIZE,
    )
    mel = np.asarray(load_features(work, settings.speakers[0].name, "held_out")[0].mel, np.float32)
    mel = mel[:_CHECKED_FRAMES]
    silence = np.full((EDGE_FRAMES, mel.shape[1]), settings.feature_space.silence, np.float32)
    with torch.inference_mode():
        whole: FloatArray = network(torch.from_numpy(np.concatenate([silence, mel, silence]))[None])[
            0
        ].numpy()
    edge = EDGE_FRAMES * settings.feature_space.hop_length
    streamed = stream(open_session(path), config, settings.feature_space, mel, config.ladder_frames[0])
    difference = float(np.abs(streamed - whole[edge : len(whole) - edge]).max())
    if not difference <= _TOLERANCE:
        raise Incompatible(f"vocoder {tier}: streamed and whole differ by {difference:.1e}")
    return config


@torch.no_grad()
def remove_offset(network: Vocos) -> None:
    """Makes every frame's mean zero, in place, and with it that of the sound.

    A frame times a Hann window has the mean of its bin 0 less the real part of its bin 1, halved: it is zero when both
    bins are the same number. So the head says of bin 0 what it says of bin 1. (The imaginary part of bin 0 is nothing.)
    """
    n_bins = network.head.n_bins
    for parameter in (network.head.out.weight, network.head.out.bias):
        parameter[0] = parameter[1]  # logarithmic magnitudes
        parameter[n_bins] = parameter[n_bins + 1]  # phases
