"""The embedded backend: the vocoder's ONNX files in this process; where Triton has no build, and as a yardstick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import onnxruntime as ort

from speechmesh.common.errors import Incompatible, Internal, Overloaded
from speechmesh.common.niceness import give_way
from speechmesh.common.runtime import is_out_of_memory, open_session
from speechmesh.vocoder.backends import (
    FIRST_STATE,
    LAST,
    NOT_LAST,
    Chunk,
    Priority,
    Vocoded,
    VocoderModel,
    warmup_chunks,
)


class EmbeddedBackend:
    """ONNX Runtime sessions with one thread each, run by a few workers, and by as many that give way to those."""

    name = "embedded"
    copies = 1
    n_servers = 1

    def __init__(self, *, workers: int) -> None:
        self._workers = workers
        self._sessions: dict[str, ort.InferenceSession] = {}

    @asynccontextmanager
    async def running(self, models: Sequence[VocoderModel]) -> AsyncIterator[None]:
        """Loads and warms the models."""
        with (
            ThreadPoolExecutor(self._workers, thread_name_prefix="vocoder") as executor,
            ThreadPoolExecutor(
                self._workers, thread_name_prefix="vocoder-aside", initializer=give_way
            ) as aside,
        ):
            self._executor, self._aside = executor, aside
            for model in models:
                await self.load(model)
            yield

    async def load(self, model: VocoderModel) -> None:
        """Opens and warms a session; see VocoderBackend."""
        loop = asyncio.get_running_loop()
        self._sessions[model.name] = await loop.run_in_executor(self._executor, _load_warm, model)

    async def unload(self, model: VocoderModel) -> None:
        """Lets go of a session; see VocoderBackend."""
        self._sessions.pop(model.name, None)

    async def vocode(self, model: VocoderModel, chunk: Chunk, priority: Priority) -> Vocoded:
        """Runs a chunk; see VocoderBackend."""
        # Of each kind, chunks come in the order in which they shall run.
        executor = self._executor if priority is Priority.URGENT else self._aside
        session = self._sessions[model.name]
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, run_chunk, session, chunk)
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            raise Internal("the vocoder failed on this chunk") from error

    async def healthy(self) -> AsyncIterator[bool]:
        """In process: always."""
        yield True


def run_chunk(session: ort.InferenceSession, chunk: Chunk) -> Vocoded:
    """Runs a chunk in a session of its vocoder's graph, stateful or not."""
    if len(session.get_inputs()) == 1:
        (wav,) = session.run(["wav"], {"mel": chunk.frames[None]})
        return Vocoded(np.asarray(wav[0], np.float32))
    feeds = {
        "mel": chunk.frames[None],
        "state": FIRST_STATE if chunk.state is None else chunk.state[None],
        "last": LAST if chunk.last else NOT_LAST,
    }
    if chunk.last:
        (wav,) = session.run(["wav"], feeds)
        return Vocoded(wav[0])
    wav, state = session.run(["wav", "next_state"], feeds)
    return Vocoded(wav[0], state[0])


def _load_warm(model: VocoderModel) -> ort.InferenceSession:
    """A session that has run.

    Raises:
        Incompatible: when the graph does not fit voice.yaml.
        Overloaded: when memory does not suffice.
    """
    path = model.bundle.folder / model.config.model
    session = open_session(path)
    for chunk in warmup_chunks(model):
        try:
            run_chunk(session, chunk)
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            if is_out_of_memory(error):
                raise Overloaded(f"memory does not suffice to warm {path}") from None
            raise Incompatible(f"{path}: does not fit vocoders.{model.tier} of voice.yaml: {error}") from None
    return session
