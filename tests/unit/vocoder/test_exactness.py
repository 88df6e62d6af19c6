"""Streaming equals offline: the real vocoder, window by window, against one run over the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.windows import SegmentWindows, trim


class Vocoder:
    def __init__(self, bundle: VoiceBundle) -> None:
        self.config = bundle.config.vocoders["balanced"]
        self.space = bundle.config.feature_space
        self._session = open_session(bundle.folder / self.config.model)

    def run(self, frames: FloatArray) -> FloatArray:
        return np.asarray(self._session.run(["wav"], {"mel": frames[None]})[0][0])

    def offline(self, mel: FloatArray) -> FloatArray:
        """The whole segment in one run, between silence."""
        context = self.config.context_frames
        silence = np.full((context, self.space.n_mels), self.space.silence, np.float32)
        samples = self.run(np.concatenate([silence, mel, silence]))
        return samples[context * self.space.hop_length : -context * self.space.hop_length]

    def streamed(self, mel: FloatArray, pieces: list[int]) -> FloatArray:
        """The segment in pieces that end at these frames."""
        config = self.config
        segment = SegmentWindows(
            config.ladder_frames, config.context_frames, self.space.n_mels, self.space.silence
        )
        sizes = itertools.cycle(config.ladder_frames)
        samples: list[FloatArray] = []
        start = 0
        for end in [*sorted(pieces), len(mel)]:
            segment.push(mel[start:end], start, last=end == len(mel) and start <= end)
            start = end
            while window := segment.next(next(sizes), urgent=True):
                samples.append(
                    trim(
                        self.run(window.frames),
                        window,
                        context=config.context_frames,
                        hop_length=self.space.hop_length,
                    )
                )
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


def test_the_graph_gives_the_audio_it_was_exported_with(vocoder: Vocoder, mel: FloatArray) -> None:
    with np.load("tests/data/bootstrap_example.npz") as example:
        np.testing.assert_allclose(vocoder.run(mel), example["audio"][0], atol=1e-5)


@given(st.data())
@settings(deadline=None, max_examples=12)
def test_streamed_audio_equals_offline_audio(vocoder: Vocoder, mel: FloatArray, data: st.DataObject) -> None:
    n_frames = data.draw(st.integers(1, len(mel)))
    pieces = data.draw(st.lists(st.integers(1, n_frames), max_size=3).map(lambda ends: sorted(set(ends))))
    part = mel[:n_frames]
    np.testing.assert_allclose(vocoder.streamed(part, pieces), vocoder.offline(part), atol=1e-4)
