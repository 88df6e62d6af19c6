"""The acoustic stage on a GPU says what it says on a CPU, in float32 and in float16, alone and in company."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path

import numpy as np
import pytest
from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Utterance
from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.acoustic.families.precision import Precision
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.device_memory import DeviceMemoryReader
from speechmesh.common.errors import Overloaded
from speechmesh.common.runtime import is_out_of_memory
from tests.unit.acoustic.alike import assert_sounds_alike, segments_of
from tests.unit.acoustic.test_sambert_family import VOICES, Served

# Against a CPU's float32, whose sums are in another order. Voices tell a difference of 1e-6 within as up to 1e-4 here
# and there.
MAX_RMS, MAX_ERROR = 2e-4, 5e-3
# Of Sambert, which goes on from its own frames; F0 may be off by a hundred times that, in Hz.
SAMBERT_ATOL = 1e-3
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16")


def assert_alike(precision: Precision, exact: AcousticResult, other: AcousticResult) -> None:
    if precision == "fp16":
        assert_sounds_alike(exact, other)
        return
    np.testing.assert_array_equal(exact.frames_per_token, other.frames_per_token)
    errors = np.abs(exact.frames - other.frames)
    assert np.sqrt(np.mean(np.square(errors, dtype=np.float64))) <= MAX_RMS
    assert errors.max() <= MAX_ERROR


@pytest.fixture(scope="module", params=["english", "mandarin"])
def voice(request: pytest.FixtureRequest) -> VoiceBundle:
    bundle: VoiceBundle = request.getfixturevalue(request.param)
    return bundle


@pytest.fixture(scope="module")
def on_cpu(voice: VoiceBundle) -> ParallelAcoustic:
    return ParallelAcoustic(voice, threads=4, precision="fp32")


@pytest.fixture(scope="module", params=PRECISIONS)
def on_gpu(request: pytest.FixtureRequest, voice: VoiceBundle) -> tuple[Precision, ParallelAcoustic]:
    return request.param, ParallelAcoustic(voice, 1, "cuda", request.param)


OnGpu = tuple[Precision, ParallelAcoustic]


def test_segments_alone_are_those_of_the_cpu(
    voice: VoiceBundle, on_cpu: ParallelAcoustic, on_gpu: OnGpu
) -> None:
    precision, model = on_gpu
    for segment in segments_of(voice, 24):
        assert_alike(precision, on_cpu.infer([segment])[0], model.infer([segment])[0])


@pytest.mark.parametrize("n", [2, 9, 64])
def test_a_batch_is_what_its_segments_are_alone(
    voice: VoiceBundle, on_cpu: ParallelAcoustic, on_gpu: OnGpu, n: int
) -> None:
    precision, model = on_gpu
    segments = segments_of(voice, n, seed=n)
    for segment, together in zip(segments, model.infer(segments), strict=True):
        assert_alike(precision, model.infer([segment])[0], together)
        assert_alike(precision, on_cpu.infer([segment])[0], together)


def test_auto_is_float16_where_that_holds(voice: VoiceBundle, caplog: pytest.LogCaptureFixture) -> None:
    half, automatic = (ParallelAcoustic(voice, 1, "cuda", precision) for precision in ("fp16", "auto"))
    assert not caplog.records
    (segment,) = segments_of(voice, 1)
    np.testing.assert_array_equal(half.infer([segment])[0].frames, automatic.infer([segment])[0].frames)


@pytest.mark.parametrize("name", VOICES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_sambert_says_what_upstream_says(name: str, tmp_path: Path) -> None:
    """Alone, then all of its cases together, begun at different times."""
    served = Served(name, tmp_path, "cuda")
    for case, item in enumerate(served.items):
        (stream,) = served.model.begin([item])
        pieces = []
        while not stream.finished:
            pieces += served.model.advance([stream], 8)
        served.check(np.concatenate(pieces), case, SAMBERT_ATOL)
    streams, made = [], [[] for _ in served.items]
    for item in served.items:
        streams += served.model.begin([item])
        for place, frames in enumerate(served.model.advance(streams, 2)):
            made[place].append(frames)
    while not all(stream.finished for stream in streams):
        for place, frames in enumerate(served.model.advance(streams, 8)):
            made[place].append(frames)
    for case, pieces in enumerate(made):
        served.check(np.concatenate(pieces), case, SAMBERT_ATOL)


LONG_TOKENS, CROWD = 300, 32


def long_segments(n: int) -> list[AcousticSegment]:
    return [
        AcousticSegment(np.full(LONG_TOKENS, 2 + number % 50), np.arange(LONG_TOKENS) % 4 == 3)
        for number in range(n)
    ]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_cudas_words_for_out_of_memory_are_understood(english: VoiceBundle, precision: Precision) -> None:
    model = ParallelAcoustic(english, 1, "cuda", precision, device_memory_bytes=96 * 2**20)
    with pytest.raises(Exception, match=r".") as caught:
        model.infer(long_segments(4 * CROWD))
    assert is_out_of_memory(caught.value), str(caught.value)
    model.give_back()
    assert len(model.infer(long_segments(1))) == 1


def test_a_limit_below_the_weights_is_no_room_rather_than_a_broken_voice(english: VoiceBundle) -> None:
    with pytest.raises(Overloaded, match="memory does not suffice"):
        ParallelAcoustic(english, 1, "cuda", "fp32", device_memory_bytes=2**20)


class Counting(ParallelAcoustic):
    """Notes the batches that it is asked for."""

    tried: list[int]

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Utterance]:
        self.tried.append(len(segments))
        return super().begin(segments)


async def test_a_crowd_that_finds_no_device_memory_is_spoken_in_halves(english: VoiceBundle) -> None:
    model = Counting(english, 1, "cuda", "auto", device_memory_bytes=96 * 2**20)
    model.tried = []
    segments = long_segments(CROWD)
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(
            model, executor, frame_s=0.0125, max_items=CROWD, max_tokens=10**6, max_queued=CROWD
        )

        async def speak(segment: AcousticSegment) -> np.ndarray:
            return np.concatenate(
                [piece.frames async for piece in batcher.stream(segment, 0.0, trace.INVALID_SPAN)]
            )

        speaking = [asyncio.create_task(speak(segment)) for segment in segments]
        await asyncio.sleep(0)
        task = asyncio.create_task(batcher.run())
        spoken = await asyncio.gather(*speaking)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert model.tried[:2] == [CROWD, CROWD // 2]
    exact = ParallelAcoustic(english, 4, precision="fp32")
    for segment, frames in zip(segments[:4], spoken[:4], strict=True):
        (result,) = exact.infer([segment])
        assert_sounds_alike(result, AcousticResult(frames, result.frames_per_token))


def test_what_was_taken_for_a_large_run_can_be_given_back(english: VoiceBundle) -> None:
    reader = DeviceMemoryReader()
    model = ParallelAcoustic(english, 1, "cuda")
    model.infer(long_segments(CROWD))
    full = reader()
    model.give_back()
    left = reader()
    assert full is not None
    assert left is not None
    assert 0 < left.used_bytes < full.used_bytes <= full.total_bytes
    assert full.used_bytes - left.used_bytes > 32 * 2**20
    assert full.total_bytes > 2**30


async def test_the_stage_serves_on_the_gpu_and_shows_its_memory(english: VoiceBundle) -> None:
    engine = AcousticEngine(
        AcousticSettings(
            voices_dir=english.folder.parent, device="cuda", max_batch_items=64, max_batch_tokens=8192
        )
    )
    async with engine.running(), engine.voice("english", english.revision) as voice:

        async def speak(segment: AcousticSegment) -> int:
            async with aclosing(voice.stream(segment, 0.0, trace.INVALID_SPAN)) as pieces:
                return sum([len(piece.frames) async for piece in pieces])

        segments = segments_of(english, 100)
        n_frames = await asyncio.gather(*(speak(segment) for segment in segments))
        assert min(n_frames) > 0
        await asyncio.to_thread(engine.pressure.read_device)
        assert {labels["state"] for _, labels in engine.pressure._device_bytes()} == {"used", "total"}
        engine._relieve_memory()  # as memory's pressure has it do
        assert await speak(segments[0]) == n_frames[0]
