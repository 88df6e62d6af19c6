"""The embedded backend: the vocoder's ONNX files in this process; where Triton has no build, and as a yardstick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import onnxruntime as ort

from speechmesh.common.errors import Internal
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Priority, VocoderModel


class EmbeddedBackend:
    """ONNX Runtime sessions with one thread each, run by a few workers."""

    name = "embedded"

    def __init__(self, *, workers: int) -> None:
        self._workers = workers
        self._sessions: dict[str, ort.InferenceSession] = {}

    @asynccontextmanager
    async def running(self, models: list[VocoderModel]) -> AsyncIterator[None]:
        """Loads and warms the models."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="vocoder") as executor:
            self._executor = executor
            loop = asyncio.get_running_loop()
            for model in models:
                self._sessions[model.name] = await loop.run_in_executor(executor, _load_warm, model)
            yield

    async def vocode(self, model: VocoderModel, frames: FloatArray, priority: Priority) -> FloatArray:
        """Samples of a window; see VocoderBackend."""
        del priority  # windows come in the order in which they shall run
        session = self._sessions[model.name]
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, _run, session, frames)
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            raise Internal("the vocoder failed on this window") from error

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
