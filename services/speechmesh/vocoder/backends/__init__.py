"""Where the vocoder's networks run: one Protocol, Triton or in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from speechmesh.common.bundle import Tier, VocoderConfig, VoiceBundle
from speechmesh.common.features import FloatArray


class Priority(IntEnum):
    """Order of service, as in Triton: 1 is highest."""

    URGENT = 1
    NORMAL = 2
    RELAXED = 3


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
        """Name of the model in Triton."""
        return self.bundle.vocoder_model_name(self.tier)

    def window_shapes(self) -> list[tuple[int, int]]:
        """The shapes [T, M] that windows have, smallest first."""
        n_mels = self.bundle.config.feature_space.n_mels
        return [(size + 2 * self.config.context_frames, n_mels) for size in self.config.ladder_frames]


class VocoderBackend(Protocol):
    """Runs vocoder models on windows."""

    name: str

    def running(self, models: list[VocoderModel]) -> AbstractAsyncContextManager[None]:
        """Serves `models`, loaded and warm when entered; waits for a backend that is still starting."""
        ...

    async def vocode(self, model: VocoderModel, frames: FloatArray, priority: Priority) -> FloatArray:
        """Samples [T * hop_length] of a window's frames [T, M].

        A window whose caller is cancelled before it ran is dropped.

        Raises:
            Overloaded: the backend's queue is full.
            Unavailable: the backend is down.
        """
        ...

    def healthy(self) -> AsyncIterator[bool]:
        """Whether the backend serves: the state now, then each change."""
        ...
