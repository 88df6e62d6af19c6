"""The vocoders that ship, on a GPU as Triton runs them there: a CPU's samples in float32, its sound in float16."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.features import FloatArray
from speechmesh.common.graphs.half import to_half
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import NOT_LAST, Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.export.measure.quality import BALANCED, compare
from speechmesh.vocoder.export.streaming import stream
from tests.unit.acoustic.alike import segments_of

# A network that ends in sines of its own angles tells an error of float32 here and there 40 dB louder.
MIN_SIGNAL_TO_NOISE_DB = 70.0
CHUNK_FRAMES = 64


class Vocoder:
    """One tier of a voice: on the CPU, and on the GPU in both precisions."""

    def __init__(self, voice: VoiceBundle, tier: Tier) -> None:
        self.config, self.space = voice.config.vocoders[tier], voice.config.feature_space
        path = voice.folder / self.config.model
        self.on_cpu = open_session(path, threads=4)
        self.on_gpu = open_session(path, device="cuda")
        half = to_half(onnx.load(path)).SerializeToString()
        self.in_half = open_session(path, device="cuda", content=half)
        acoustic = ParallelAcoustic(voice, threads=4)
        self.mels = [acoustic.infer([segment])[0].frames for segment in segments_of(voice, 4)]

    def speak(self, session: ort.InferenceSession) -> list[FloatArray]:
        return [stream(session, self.config, self.space, mel, CHUNK_FRAMES) for mel in self.mels]


@pytest.fixture(scope="module", params=["english", "mandarin"])
def voice(request: pytest.FixtureRequest) -> VoiceBundle:
    bundle: VoiceBundle = request.getfixturevalue(request.param)
    return bundle


@pytest.fixture(scope="module", params=["high", "fast"])
def vocoder(request: pytest.FixtureRequest, voice: VoiceBundle) -> Vocoder:
    return Vocoder(voice, request.param)


def test_samples_are_those_of_the_cpu(vocoder: Vocoder) -> None:
    figures = compare(
        vocoder.speak(vocoder.on_cpu), vocoder.speak(vocoder.on_gpu), vocoder.space.sample_rate_hz
    )
    assert figures.signal_to_noise_db >= MIN_SIGNAL_TO_NOISE_DB


def test_in_half_precision_the_sound_is_that_of_the_best_tier(vocoder: Vocoder) -> None:
    figures = compare(
        vocoder.speak(vocoder.on_cpu), vocoder.speak(vocoder.in_half), vocoder.space.sample_rate_hz
    )
    assert figures.excess(BALANCED) < 1.0, figures.against(BALANCED)


def test_chunks_of_many_streams_in_a_batch_are_what_they_are_alone(vocoder: Vocoder) -> None:
    assert vocoder.config.stateful is not None
    first = vocoder.config.first_chunk_frames
    states, seconds = [], []
    for mel in vocoder.mels:
        state = run_chunk(vocoder.on_gpu, Chunk(mel[:first])).state
        assert state is not None
        states.append(state)
        seconds.append(mel[first : first + 16])
    feeds = {"mel": np.stack(seconds), "state": np.stack(states), "last": np.repeat(NOT_LAST, len(states), 0)}
    wavs, next_states = vocoder.on_gpu.run(["wav", "next_state"], feeds)
    for frames, state, wav, next_state in zip(seconds, states, wavs, next_states, strict=True):
        alone = run_chunk(vocoder.on_gpu, Chunk(frames, state))
        np.testing.assert_allclose(wav, alone.samples, atol=1e-4)
        np.testing.assert_allclose(next_state, alone.state, atol=1e-3)
