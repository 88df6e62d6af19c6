"""The seed baseline of Sambert-HifiGan: a synchronous endpoint that runs both networks in eager PyTorch, one shot.

The networks are ours; they run as upstream runs them (see eager_decoder).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bench.eager_decoder import speak
from bench.seed_baseline import make_app, serve
from speechmesh.acoustic.families.sambert.symbols import EMOTIONS
from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert
from speechmesh.acoustic.networks.sambert.network import SambertInput
from speechmesh.common.bundle import load_bundle
from speechmesh.frontend.reader import load_reader
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

# Where the checkpoints lie beside the bundle that was made of them.
CHECKPOINTS = "checkpoints"
_S16_MAX = 32767.0
_MAX_WORDS = 1000


class EagerVoice:
    """Both networks as their checkpoints have them; PyTorch's own choice of threads."""

    def __init__(self, folder: Path) -> None:
        """Loads and warms the voice of a bundle from the checkpoints beside it."""
        bundle = load_bundle(folder)
        self.sample_rate_hz = bundle.config.feature_space.sample_rate_hz
        self._reader = load_reader(bundle)
        checkpoints = folder.resolve().parent / CHECKPOINTS
        self._acoustic = load_sambert(checkpoints).network
        self._vocoder = load_checkpoint(checkpoints / "voc").network
        self._emotion = EMOTIONS.index("emotion_neutral")
        self.speak("你好。")

    @torch.inference_mode()
    def speak(self, text: str) -> bytes:
        """PCM_S16LE of a whole text, each of its sentences in one run of each network."""
        pieces = []
        for segment in self._reader.plan(text, max_words=_MAX_WORDS, first_max_words=_MAX_WORDS).segments:
            read = self._reader.tokens(segment)
            columns = [np.array(read.tokens) - 1, *(np.array(ids) for ids in read.features.values())]
            features = torch.from_numpy(np.stack(columns, axis=1))[None]
            n = features.shape[1]
            batch = SambertInput(
                features,
                torch.full((1, n), self._emotion),
                torch.zeros((1, n), dtype=torch.int64),
                torch.tensor([n]),
            )
            pieces.append(self._vocoder(speak(self._acoustic, batch)).squeeze(0).numpy())
        samples = np.concatenate(pieces)
        coded: npt.NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * _S16_MAX).astype("<i2")
        return coded.tobytes()


if __name__ == "__main__":
    serve(make_app(EagerVoice(Path(sys.argv[1]))))
