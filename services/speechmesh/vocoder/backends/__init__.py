"""Where the vocoder's networks run: one Protocol, Triton or in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from speechmesh.common.bundle import Tier, VocoderConfig, VoiceBundle
from speechmesh.common.features import FloatArray

# How a stateful graph is told where a chunk stands: by the widths of two inputs. See StatefulConfig.
FIRST_STATE: FloatArray = np.zeros((1, 1), np.float32)
NOT_LAST: FloatArray = np.zeros((1, 1), np.float32)
LAST: FloatArray = np.zeros((1, 2), np.float32)


class Priority(IntEnum):
    """Order of service, as in Triton: 1 is highest."""

    URGENT = 1
    NORMAL = 2
    RELAXED = 3


class ServedVocoder(Protocol):
    """What serving a network takes to know of it, wherever its file lies."""

    @property
    def name(self) -> str:
        """Name of the model in Triton."""
        ...

    @property
    def config(self) -> VocoderConfig:
        """How it streams."""
        ...

    @property
    def n_mels(self) -> int:
        """M: values in a frame."""
        ...


@dataclass(frozen=True)
class VocoderModel:
    """One tier of one voice, as a backend runs it."""

    bundle: VoiceBundle
    tier: Tier

    @property
    def config(self) -> VocoderConfig:
        """The tier's part of voice.yaml."""
        return self.bundle.config.vocoders[self.tier]

    @property
    def name(self) -> str:
        """Name of the model in Triton, another one for each revision of it."""
        return self.bundle.vocoder_model_names[self.tier]

    @property
    def label(self) -> str:
        """What people call it: `english.high`."""
        return self.bundle.vocoder_label(self.tier)

    @property
    def n_mels(self) -> int:
        """M: values in a frame."""
        return self.bundle.config.feature_space.n_mels


def warmup_chunks(model: ServedVocoder) -> list[Chunk]:
    """Chunks, all zeros, of every shape that streams begin and go on with; smallest first."""
    config = model.config
    if config.stateful is None:
        widths = [size + 2 * (config.context_frames or 0) for size in config.ladder_frames]
        return [Chunk(np.zeros((width, model.n_mels), np.float32)) for width in widths]
    first = Chunk(np.zeros((config.first_chunk_frames, model.n_mels), np.float32))
    state = np.zeros(config.stateful.state_size, np.float32)
    return [
        first,
        *(Chunk(np.zeros((size, model.n_mels), np.float32), state) for size in config.ladder_frames),
    ]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one run of a network takes.

    `frames` [T, M]. For stateful vocoders `state` [S] is what the segment's chunk before left, None for the first,
    and `last` says that the segment ends with these frames. Those without a state take windows: frames alone.
    """

    frames: FloatArray
    state: FloatArray | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Vocoded:
    """What comes of a chunk: samples [N], and the state [S] for the next one, if there will be one."""

    samples: FloatArray
    state: FloatArray | None = None


class VocoderBackend(Protocol):
    """Runs vocoder models on chunks."""

    name: str
    # Copies of each model that are loaded on a server.
    copies: int

    @property
    def n_servers(self) -> int:
        """Servers that take chunks now."""
        ...

    def running(self, models: Sequence[VocoderModel]) -> AbstractAsyncContextManager[None]:
        """Serves `models`, loaded and warm when entered; waits for a backend that is still starting."""
        ...

    async def vocode(self, model: VocoderModel, chunk: Chunk, priority: Priority) -> Vocoded:
        """Runs a chunk: a pure function, so it may be run again wherever a run was lost.

        A chunk whose caller is cancelled before it ran is dropped.

        Raises:
            Overloaded: the backend's queue is full.
            Unavailable: the backend is down.
        """
        ...

    async def load(self, model: VocoderModel) -> None:
        """Loads a model as its file is now, and warms it; one that is loaded is replaced.

        Raises:
            Incompatible: the backend does not have it, or cannot load it.
            Unavailable: the backend is down.
        """
        ...

    async def unload(self, model: VocoderModel) -> None:
        """Gives a model's memory back; nothing when it is not loaded."""
        ...

    def healthy(self) -> AsyncIterator[bool]:
        """Whether the backend serves: the state now, then each change."""
        ...
