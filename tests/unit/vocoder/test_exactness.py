"""Streaming equals offline: the bundled vocoder, cut as the service cuts, against one run over the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.cutters import new_cutter
from speechmesh.vocoder.offline import vocode


class Vocoder:
    def __init__(self, bundle: VoiceBundle) -> None:
        self.bundle = bundle
        self.config = bundle.config.vocoders["balanced"]
        self.space = bundle.config.feature_space
        self._session = open_session(bundle.folder / self.config.model)

    def run(self, mel: FloatArray) -> FloatArray:
        return run_chunk(self._session, Chunk(mel, last=True)).samples

    def offline(self, mel: FloatArray) -> FloatArray:
        """The whole segment in one run, with its silent edges."""
        edge = np.full((self.config.edge_frames, self.space.n_mels), self.space.silence, np.float32)
        trimmed = self.config.edge_frames * self.space.hop_length
        return self.run(np.concatenate([edge, mel, edge]))[trimmed:-trimmed]

    def streamed(self, mel: FloatArray, pieces: list[int]) -> FloatArray:
        """The segment in pieces that end at these frames."""
        cutter = new_cutter(self.config, self.space)
        sizes = itertools.cycle(self.config.ladder_frames)
        samples: list[FloatArray] = []
        state = None
        start = 0
        for end in [*sorted(pieces), len(mel)]:
            cutter.push(mel[start:end], start, last=end == len(mel) and start <= end)
            start = end
            while cut := cutter.next(next(sizes), urgent=True):
                vocoded = run_chunk(self._session, Chunk(cut.frames, state, cut.last))
                state = vocoded.state
                samples.append(cutter.trim(vocoded.samples, cut))
            if end == len(mel):
                break
        return np.concatenate(samples)


@pytest.fixture(scope="module")
def vocoder(bootstrap: VoiceBundle) -> Vocoder:
    return Vocoder(bootstrap)


@pytest.fixture(scope="module")
def mel() -> FloatArray:
    with np.load("tests/data/bootstrap_example.npz") as example:
        return np.asarray(example["mel"][0])


def test_the_graph_gives_the_audio_it_was_trained_to_give(vocoder: Vocoder, mel: FloatArray) -> None:
    with np.load("tests/data/bootstrap_example.npz") as example:
        np.testing.assert_allclose(vocoder.run(mel), example["audio"][0], atol=1e-5)


@given(st.data())
@settings(deadline=None, max_examples=12)
def test_streamed_audio_equals_offline_audio(vocoder: Vocoder, mel: FloatArray, data: st.DataObject) -> None:
    n_frames = data.draw(st.integers(1, len(mel)))
    pieces = data.draw(st.lists(st.integers(1, n_frames), max_size=3).map(lambda ends: sorted(set(ends))))
    part = mel[:n_frames]
    np.testing.assert_allclose(vocoder.streamed(part, pieces), vocoder.offline(part), atol=1e-5)


def test_the_stage_command_gives_the_same(vocoder: Vocoder, mel: FloatArray) -> None:
    np.testing.assert_allclose(vocode(vocoder.bundle, "balanced", mel), vocoder.offline(mel), atol=1e-5)
