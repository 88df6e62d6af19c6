"""The acoustic stage below its transport: voices, one worker thread, one cache, one measure of pressure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext, suppress

from speechmesh.acoustic.aside import Aside
from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.families import Acoustic, estimate_memory, load_acoustic
from speechmesh.acoustic.frame_cache import FrameCache
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.stage_pressure import StagePressure
from speechmesh.acoustic.voices import LoadedVoice, Loader, Slot, Voices
from speechmesh.common import metrics
from speechmesh.common.bundle import VoiceBundle, load_bundles
from speechmesh.common.device_memory import DeviceMemoryReader
from speechmesh.common.errors import Incompatible, Unavailable
from speechmesh.common.memory import release_free
from speechmesh.common.metrics import Values
from speechmesh.common.niceness import give_way

_ALL = "*"


class AcousticEngine:
    """Runs the voices' batchers on one worker thread, and aside of it; voices are loaded on another one."""

    def __init__(self, settings: AcousticSettings, loader: Loader | None = None) -> None:
        self._settings = settings
        self._load: Loader = loader or (
            lambda bundle: load_acoustic(
                bundle,
                threads=settings.threads,
                device=settings.device,
                precision=settings.precision,
                device_memory_bytes=settings.device_memory_mib * 2**20,
            )
        )
        self._cache = FrameCache(settings.frame_cache_mib * 2**20)
        self.pressure = StagePressure(
            settings,
            device_memory=DeviceMemoryReader() if settings.device == "cuda" else None,
            n_queued=self._n_queued,
            on_memory_step=self._relieve_memory,
        )
        # One thread: the models take turns, the most urgent first, rather than sharing the cores.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="acoustic")
        # A run on a GPU holds no core that giving way would free.
        self._aside_worker = (
            ThreadPoolExecutor(1, thread_name_prefix="acoustic-aside", initializer=give_way)
            if settings.device == "cpu"
            else None
        )
        self._aside = Aside(self._aside_worker) if self._aside_worker else None
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="acoustic-loader")
        self._voices = Voices(
            self._load,
            self._start,
            self._settle,
            self._loader,
            budget_bytes=settings.model_memory_mib * 2**20,
            room_timeout_s=settings.room_timeout_s,
        )
        self._loaded = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Loads and warms the voices that are to be, then serves until left.

        Raises:
            Incompatible: when a bundle is broken, or the settings name voices that are not there or do not fit.
        """
        with self._worker, self._aside_worker or nullcontext(), self._loader, self._shown():
            slots = await asyncio.get_running_loop().run_in_executor(self._loader, self._read)
            preload = _preload(self._settings.preload, slots)
            async with self._voices.running(slots.values(), preload):
                self._loaded = True
                watch = asyncio.create_task(self.pressure.watch())
                try:
                    yield
                finally:
                    watch.cancel()
                    with suppress(asyncio.CancelledError):
                        await watch

    def slots(self) -> list[Slot]:
        """Every voice that can be served; none before the first ones are loaded."""
        return self._voices.slots() if self._loaded else []

    @asynccontextmanager
    async def voice(self, name: str, revision: str) -> AsyncIterator[LoadedVoice]:
        """Holds a voice in memory, for a stream's life; loads it first if it must be.

        Raises:
            Unavailable: while the first voices are being loaded, or when it is here in another revision.
            Incompatible: when it is not in the voices' folder, or cannot be loaded.
            Overloaded: when the voices in use leave no room for it.
        """
        if not self._loaded:
            raise Unavailable("the acoustic stage is loading its voices")
        slot = next((slot for slot in self._voices.slots() if slot.bundle.name == name), None)
        if slot is None:
            raise Incompatible(f"voice {name!r} is not in the acoustic stage's folder")
        if revision and revision != slot.bundle.revision:
            # While a changed voice is being rolled out, another replica may have the right one.
            raise Unavailable(f"voice {name!r} is here in revision {slot.bundle.revision}, not {revision}")
        async with self._voices.using(slot) as voice:
            yield voice

    def _read(self) -> dict[str, Slot]:
        """All bundles, their files hashed and measured, which takes a while."""
        bundles = load_bundles(self._settings.voices_dir)
        for bundle in bundles.values():
            _ = bundle.revision
        device, precision = self._settings.device, self._settings.precision
        return {
            name: Slot(bundle, estimate_memory(bundle, device, precision)) for name, bundle in bundles.items()
        }

    def _start(self, bundle: VoiceBundle, model: Acoustic) -> LoadedVoice:
        settings = self._settings
        batcher = Batcher(
            model,
            self._worker,
            aside=self._aside,
            frame_s=bundle.config.feature_space.frame_ms / 1000.0,
            max_items=settings.max_batch_items,
            max_tokens=settings.max_batch_tokens,
            max_queued=settings.max_queued_segments,
            max_under_way=settings.max_segments_under_way,
            voice=bundle.name,
            pressure=self.pressure,
        )
        return LoadedVoice(bundle, batcher, self._cache, asyncio.create_task(batcher.run()))

    def _settle(self) -> asyncio.Future[None]:
        """A thread takes one run after the other: when this one's turn has come, those before are over."""
        loop = asyncio.get_running_loop()
        threads = [self._worker] if self._aside_worker is None else [self._worker, self._aside_worker]
        return asyncio.ensure_future(_all(loop.run_in_executor(thread, _nothing) for thread in threads))

    def _n_queued(self) -> int:
        return sum(slot.voice.batcher.n_queued for slot in self._voices.slots() if slot.voice)

    def _relieve_memory(self) -> None:
        self._cache.clear()
        self._loader.submit(release_free)
        for slot in self._voices.slots():
            if slot.voice is not None:
                self._worker.submit(slot.voice.batcher.give_back)

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Shows what the metrics ask for."""
        with ExitStack() as stack:
            stack.enter_context(self.pressure.shown())
            stack.enter_context(metrics.ACOUSTIC_CACHE_BYTES.shows(lambda: [(self._cache.n_bytes, {})]))
            stack.enter_context(metrics.ACOUSTIC_QUEUED.shows(self._of_batchers(lambda b: b.n_queued)))
            stack.enter_context(metrics.ACOUSTIC_UNDER_WAY.shows(self._of_batchers(lambda b: b.n_under_way)))
            stack.enter_context(metrics.ACOUSTIC_VOICES_LOADED.shows(self._n_loaded))
            stack.enter_context(metrics.ACOUSTIC_VOICES_MEMORY.shows(self._memory))
            yield

    def _of_batchers(self, count: Callable[[Batcher], int]) -> Callable[[], Values]:
        return lambda: [
            (count(voice.batcher) if (voice := slot.voice) else 0, {metrics.VOICE: slot.bundle.name})
            for slot in self._voices.slots()
        ]

    def _n_loaded(self) -> Values:
        return [(sum(slot.voice is not None for slot in self._voices.slots()), {})]

    def _memory(self) -> Values:
        return [
            (slot.memory_bytes if slot.voice else 0, {metrics.VOICE: slot.bundle.name})
            for slot in self._voices.slots()
        ]


async def _all(waits: Iterable[asyncio.Future[None]]) -> None:
    """Waits for all of them."""
    await asyncio.gather(*waits)


def _nothing() -> None:
    """Does nothing."""


def _preload(wanted: str, slots: dict[str, Slot]) -> list[str] | None:
    """The voices that the setting names; None for all.

    Raises:
        Incompatible: when one is not there.
    """
    if wanted.strip() == _ALL:
        return None
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if unknown := [name for name in names if name not in slots]:
        raise Incompatible(
            f"SPEECHMESH_ACOUSTIC_PRELOAD names {', '.join(unknown)}, not one of {', '.join(slots)}"
        )
    return names
