"""The loaded voices of the acoustic stage, each with its batcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.families import Acoustic, load_acoustic
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.common.bundle import VoiceBundle, load_bundles
from speechmesh.common.errors import Incompatible, Unavailable

Loader = Callable[[VoiceBundle], Acoustic]


@dataclass(frozen=True)
class LoadedVoice:
    """A voice that is loaded and warm."""

    bundle: VoiceBundle
    batcher: Batcher


class AcousticEngine:
    """Loads every voice at start and runs their batchers on one worker thread."""

    def __init__(self, settings: AcousticSettings, loader: Loader | None = None) -> None:
        self._settings = settings
        self._loader: Loader = loader or (lambda bundle: load_acoustic(bundle, threads=settings.threads))
        self.voices: dict[str, LoadedVoice] = {}
        self._loaded = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Loads and warms the voices, then serves until left.

        Raises:
            Incompatible: when a bundle is broken.
        """
        settings = self._settings
        loop = asyncio.get_running_loop()
        # One thread: the models take turns, the most urgent first, rather than sharing the cores.
        with ThreadPoolExecutor(1, thread_name_prefix="acoustic") as executor:
            bundles = await loop.run_in_executor(executor, load_bundles, settings.voices_dir)
            for bundle in bundles.values():
                model = await loop.run_in_executor(executor, self._loader, bundle)
                batcher = Batcher(
                    model,
                    executor,
                    frame_s=bundle.config.feature_space.frame_ms / 1000.0,
                    max_items=settings.max_batch_items,
                    max_tokens=settings.max_batch_tokens,
                    max_queued=settings.max_queued_segments,
                    max_under_way=settings.max_segments_under_way,
                )
                self.voices[bundle.name] = LoadedVoice(bundle, batcher)
            self._loaded = True
            tasks = [asyncio.create_task(voice.batcher.run()) for voice in self.voices.values()]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task

    def voice(self, name: str, revision: str) -> LoadedVoice:
        """A loaded voice.

        Raises:
            Unavailable: while the voices are being loaded.
            Incompatible: when it is not loaded here, or in another revision.
        """
        if not self._loaded:
            raise Unavailable("the acoustic stage is loading its voices")
        voice = self.voices.get(name)
        if voice is None:
            raise Incompatible(f"voice {name!r} is not loaded in the acoustic stage")
        if revision and revision != voice.bundle.revision:
            raise Incompatible(f"voice {name!r} is here in revision {voice.bundle.revision}, not {revision}")
        return voice
