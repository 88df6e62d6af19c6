"""The embedded backend: the vocoder's ONNX files in this process. Where Triton has no build, and the yardstick."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import onnxruntime as ort

from speechmesh.common.errors import Internal, Overloaded
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Priority, VocoderModel


@dataclass(order=True)
class _Job:
    priority: Priority
    number: int  # first come, first served within a priority
    session: ort.InferenceSession = field(compare=False)
    frames: FloatArray = field(compare=False)
    result: asyncio.Future[FloatArray] = field(compare=False)


class EmbeddedBackend:
    """ONNX Runtime sessions with one thread each, and workers that take the most urgent window first."""

    name = "embedded"

    def __init__(self, *, workers: int, max_queued: int) -> None:
        self._workers = workers
        self._queue: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue(max_queued)
        self._numbers = itertools.count()
        self._sessions: dict[str, ort.InferenceSession] = {}

    @asynccontextmanager
    async def running(self, models: list[VocoderModel]) -> AsyncIterator[None]:
        """Loads and warms the models and starts the workers."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="vocoder") as executor:
            loop = asyncio.get_running_loop()
            for model in models:
                self._sessions[model.name] = await loop.run_in_executor(executor, _load_warm, model)
            workers = [asyncio.create_task(self._work(executor)) for _ in range(self._workers)]
            try:
                yield
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def vocode(self, model: VocoderModel, frames: FloatArray, priority: Priority) -> FloatArray:
        """Samples of a window; see VocoderBackend."""
        result: asyncio.Future[FloatArray] = asyncio.get_running_loop().create_future()
        job = _Job(priority, next(self._numbers), self._sessions[model.name], frames, result)
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            raise Overloaded(f"{self._queue.maxsize} windows are queued, no more are taken") from None
        return await result

    async def _work(self, executor: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            job = await self._queue.get()
            if job.result.done():  # its caller left
                continue
            try:
                samples = await loop.run_in_executor(executor, _run, job.session, job.frames)
            except Exception as error:
                if not job.result.done():
                    failure = Internal("the vocoder failed on this window")
                    failure.__cause__ = error
                    job.result.set_exception(failure)
            else:
                if not job.result.done():
                    job.result.set_result(samples)

    async def healthy(self) -> AsyncIterator[bool]:
        """In process: always."""
        yield True


def _run(session: ort.InferenceSession, frames: FloatArray) -> FloatArray:
    (samples,) = session.run(["wav"], {"mel": frames[None]})
    return np.asarray(samples[0], np.float32)


def _load_warm(model: VocoderModel) -> ort.InferenceSession:
    session = open_session(model.bundle.folder / model.config.model)
    for shape in model.window_shapes():
        _run(session, np.zeros(shape, np.float32))
    return session
