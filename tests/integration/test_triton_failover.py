"""Real Tritons that die, hang and come back under running streams: nothing is lost, nothing sounds different."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.backends import Chunk, Priority, VocoderModel
from speechmesh.vocoder.backends.triton import TritonBackend
from speechmesh.vocoder.triton.repository import build_repository
from tests.integration.triton import Triton, running, unbatch

_N_STREAMS = 8
_N_CHUNKS = 30
_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def repository(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voices' models, unbatched, so that equal chunks give equal bits in whatever company they run."""
    folder = tmp_path_factory.mktemp("models")
    for name in build_repository(voices_dir, folder, instances=1, link=True):
        unbatch(folder / name / "config.pbtxt")
    return folder


@pytest.fixture(scope="module")
def tritons(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Triton]]:
    """Two running servers; each test leaves them running."""
    servers = [Triton(repository, tmp_path_factory.mktemp("triton") / "log") for _ in range(2)]
    with running(servers):
        yield servers


@pytest.fixture(scope="module")
def model(bootstrap: VoiceBundle) -> VocoderModel:
    return VocoderModel(bootstrap, next(iter(bootstrap.config.vocoders)))


@asynccontextmanager
async def backend_for(servers: list[Triton], model: VocoderModel) -> AsyncIterator[TritonBackend]:
    backend = TritonBackend(
        ",".join(server.url for server in servers),
        timeout_ms=30_000,
        attempt_timeout_ms=2_000,
        resolve_interval_s=1.0,
        max_message_bytes=1 << 24,
    )
    async with asyncio.timeout(_WITHIN_S), backend.running([model]):
        await eventually(lambda: n_healthy(backend) == len(servers))
        yield backend


def n_healthy(backend: TritonBackend) -> int:
    return sum(endpoint.healthy for endpoint in backend.endpoints())


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(_WITHIN_S):
        while not true():  # noqa: ASYNC110 - looked at from outside
            await asyncio.sleep(0.02)


class Streams:
    """Several streams side by side, each in fixed chunks: `samples` come, `n_chunks` counts them."""

    def __init__(self, backend: TritonBackend, model: VocoderModel) -> None:
        self._backend = backend
        self._model = model
        self.n_chunks = 0

    async def run(self) -> list[FloatArray]:
        return await asyncio.gather(*[self._stream(number) for number in range(_N_STREAMS)])

    async def _stream(self, number: int) -> FloatArray:
        """One segment, as VocoderStream runs it: each chunk with the state of the one before, if there is one."""
        config = self._model.config
        sizes = [config.first_chunk_frames, *([config.ladder_frames[0]] * (_N_CHUNKS - 1))]
        around = 2 * (config.context_frames or 0)
        frames = np.random.default_rng(number).normal(-4, 2, (sum(sizes) + around, self._model.n_mels))
        frames = frames.astype(np.float32)
        samples, state = [], None
        for start, size in zip(itertools.accumulate(sizes, initial=0), sizes, strict=False):
            last = start + size + around == len(frames)
            chunk = Chunk(frames[start : start + size + around], state, last)
            vocoded = await self._backend.vocode(self._model, chunk, Priority.NORMAL)
            state = vocoded.state
            samples.append(vocoded.samples)
            self.n_chunks += 1
        return np.concatenate(samples)


@pytest.fixture(scope="module")
async def undisturbed(tritons: list[Triton], model: VocoderModel) -> list[FloatArray]:
    async with backend_for(tritons, model) as backend:
        return await Streams(backend, model).run()


async def run_disturbed(
    backend: TritonBackend, model: VocoderModel, undisturbed: list[FloatArray], disturb: Callable[[], None]
) -> None:
    """Runs the streams, disturbs them in the middle, and compares."""
    streams = Streams(backend, model)
    running = asyncio.create_task(streams.run())
    await eventually(lambda: streams.n_chunks >= _N_STREAMS * _N_CHUNKS // 3)
    disturb()
    for got, wanted in zip(await running, undisturbed, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert streams.n_chunks == _N_STREAMS * _N_CHUNKS
    # Calls that nobody waits for any more last until their server is found to hang, which others may see to the end of
    # their streams without.
    await eventually(lambda: all(endpoint.outstanding == 0 for endpoint in backend.endpoints()))


async def follow(backend: TritonBackend, health: list[bool]) -> None:
    async for healthy in backend.healthy():
        health.append(healthy)


async def test_a_killed_triton_costs_nothing_and_is_admitted_again(
    tritons: list[Triton], model: VocoderModel, undisturbed: list[FloatArray]
) -> None:
    async with backend_for(tritons, model) as backend:
        await run_disturbed(backend, model, undisturbed, tritons[0].kill)
        assert [endpoint.address for endpoint in backend.endpoints() if endpoint.healthy] == [tritons[1].url]
        assert sum(endpoint.n_redone for endpoint in backend.endpoints()) > 0
        tritons[0].start()
        await eventually(lambda: n_healthy(backend) == 2)
        before = {endpoint.address: endpoint.n_chunks for endpoint in backend.endpoints()}
        await Streams(backend, model).run()
        assert all(endpoint.n_chunks > before[endpoint.address] for endpoint in backend.endpoints())


async def test_a_triton_that_hangs_costs_a_delay_and_is_admitted_again(
    tritons: list[Triton], model: VocoderModel, undisturbed: list[FloatArray]
) -> None:
    async with backend_for(tritons, model) as backend:
        try:
            await run_disturbed(backend, model, undisturbed, lambda: tritons[0].send(signal.SIGSTOP))
            await eventually(lambda: n_healthy(backend) == 1)
        finally:
            tritons[0].send(signal.SIGCONT)
        await eventually(lambda: n_healthy(backend) == 2)


async def test_a_triton_that_is_told_to_stop_costs_nothing(
    tritons: list[Triton], model: VocoderModel, undisturbed: list[FloatArray]
) -> None:
    async with backend_for(tritons, model) as backend:
        await run_disturbed(backend, model, undisturbed, lambda: tritons[0].send(signal.SIGTERM))
        await eventually(lambda: n_healthy(backend) == 1)
    tritons[0].kill()
    tritons[0].start()


async def test_a_lone_triton_that_is_killed_and_restarted_fails_nothing(
    tritons: list[Triton], model: VocoderModel, undisturbed: list[FloatArray]
) -> None:
    lone = tritons[1]

    def restart() -> None:
        lone.kill()
        lone.start()

    async with backend_for([lone], model) as backend:
        health: list[bool] = []
        following = asyncio.create_task(follow(backend, health))
        await run_disturbed(backend, model, undisturbed, restart)
        assert health == [True, False, True]
    await following
