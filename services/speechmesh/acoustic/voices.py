"""Which voices are in memory: on demand, within a memory budget."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field

from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families import Acoustic
from speechmesh.acoustic.frame_cache import FrameCache
from speechmesh.acoustic.jobs import Piece
from speechmesh.common import metrics
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.ending import is_ending
from speechmesh.common.errors import Incompatible, Overloaded
from speechmesh.common.memory import release_free
from speechmesh.common.runtime import is_out_of_memory

log = logging.getLogger(__name__)

Loader = Callable[[VoiceBundle], Acoustic]


@dataclass(eq=False)
class LoadedVoice:
    """A voice that is loaded and warm; `task` runs its batcher."""

    bundle: VoiceBundle
    batcher: Batcher
    cache: FrameCache
    task: asyncio.Task[None]

    async def stream(
        self, segment: AcousticSegment, slack_ms: float, span: trace.Span
    ) -> AsyncGenerator[Piece]:
        """A segment's frames, see FrameCache; counts how it ended."""
        outcome = "cancelled"
        revision = self.bundle.revision
        try:
            async with aclosing(self.cache.stream(self.batcher, revision, segment, slack_ms, span)) as pieces:
                async for piece in pieces:
                    if piece.timing is not None:
                        outcome = "served"
                    yield piece
        except Exception as error:
            outcome = "refused" if isinstance(error, Overloaded) else "failed"
            raise
        finally:
            if outcome == "cancelled" and is_ending():  # by our own shutdown
                outcome = "failed"
            labels = {metrics.VOICE: self.bundle.name, metrics.OUTCOME: outcome}
            metrics.ACOUSTIC_SEGMENTS.add(1, labels)

    async def stop(self) -> None:
        """Ends the batcher."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@dataclass(eq=False)
class Slot:
    """A voice, loaded or not. `memory_bytes` is what its family says it takes; `n_users` hold it or wait for it."""

    bundle: VoiceBundle
    memory_bytes: int
    voice: LoadedVoice | None = None
    loading: asyncio.Task[None] | None = None
    waits_for_room: bool = False
    n_users: int = 0
    used_at: float = 0.0


@dataclass
class Voices:
    """The voices of a stage. What is in use is never unloaded.

    Attributes:
        load: loads and warms a model; called on `loader`, which is not the thread that runs models.
        start: makes a loaded model a voice.
        settle: waits until no run of a voice that was stopped is under way.
        budget_bytes: for all voices in memory; 0: no limit.
        room_timeout_s: longest wait for room.
    """

    load: Loader
    start: Callable[[VoiceBundle, Acoustic], LoadedVoice]
    settle: Callable[[], asyncio.Future[None]]
    loader: Executor
    budget_bytes: int
    room_timeout_s: float
    _slots: dict[str, Slot] = field(default_factory=dict)
    _taken_bytes: int = 0
    # One looks for room at a time, in the order of their coming; a large voice is not starved by small ones.
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self, slots: Iterable[Slot], preload: Sequence[str] | None) -> AsyncIterator[None]:
        """Loads the voices in `preload`; None for all, as far as the budget reaches. The others wait to be asked for.

        Raises:
            Incompatible: when a voice is broken, or does not fit into the budget.
        """
        self._slots = {slot.bundle.name: slot for slot in slots}
        for slot in self._slots.values():
            if self.budget_bytes and slot.memory_bytes > self.budget_bytes:
                raise Incompatible(self._does_not_fit(slot))
        try:
            for name in self._slots if preload is None else preload:
                slot = self._slots[name]
                if self._fits(slot):
                    await self._load(slot)
                elif preload is None:
                    log.info("%s is not loaded: the memory budget is used up", name)
                else:
                    raise Incompatible(self._does_not_fit(slot))
            yield
        finally:
            await self._stop()

    def slots(self) -> list[Slot]:
        """Every voice, loaded or not, in the order of their folders."""
        return list(self._slots.values())

    @asynccontextmanager
    async def using(self, slot: Slot) -> AsyncIterator[LoadedVoice]:
        """Holds a voice in memory; loads it first if it must be, once for all who wait.

        Raises:
            Overloaded: when those in use leave no room for it in time, or memory does not suffice for it.
            Incompatible: when it cannot be loaded; the next to ask tries again.
        """
        slot.n_users += 1
        try:
            if slot.voice is None:
                if slot.loading is None:
                    slot.loading = asyncio.create_task(self._load(slot))
                    slot.loading.add_done_callback(_seen)
                await asyncio.shield(slot.loading)
            assert slot.voice is not None
            yield slot.voice
        finally:
            slot.n_users -= 1
            slot.used_at = time.monotonic()
            if not slot.n_users:
                if slot.loading is not None and slot.waits_for_room:
                    slot.loading.cancel()
                    slot.loading = None
                self._freed.set()

    async def _load(self, slot: Slot) -> None:
        task = asyncio.current_task()
        try:
            await self._make_room(slot)
            begun = time.monotonic()
            try:
                slot.voice = self.start(slot.bundle, await self._on_loader(slot))
            except BaseException:
                self._give_back(slot)
                raise
            slot.used_at = time.monotonic()
            if not slot.n_users:  # all who wanted it have left: it may go again
                self._freed.set()
            took_s = slot.used_at - begun
            metrics.ACOUSTIC_LOAD_TIME.record(took_s, {metrics.VOICE: slot.bundle.name})
            log.info(
                "%s is loaded, in %.1f s; about %.0f MiB", slot.bundle.name, took_s, slot.memory_bytes / 2**20
            )
        finally:
            if slot.loading is task:
                slot.loading = None

    async def _on_loader(self, slot: Slot) -> Acoustic:
        outcome = "failed"
        try:
            loading = asyncio.get_running_loop().run_in_executor(self.loader, self.load, slot.bundle)
            model = await loading
            outcome = "loaded"
            return model
        except Exception as error:
            if is_out_of_memory(error):
                raise Overloaded(f"memory does not suffice to load {slot.bundle.name}") from None
            raise
        finally:
            labels = {metrics.VOICE: slot.bundle.name, metrics.OUTCOME: outcome}
            metrics.ACOUSTIC_LOADS.add(1, labels)

    def _fits(self, slot: Slot) -> bool:
        return not self.budget_bytes or self._taken_bytes + slot.memory_bytes <= self.budget_bytes

    def _does_not_fit(self, slot: Slot) -> str:
        return (
            f"{slot.bundle.name} takes about {slot.memory_bytes / 2**20:.0f} MiB, which does not fit into the memory "
            f"budget of {self.budget_bytes / 2**20:.0f} MiB (SPEECHMESH_ACOUSTIC_MODEL_MEMORY_MIB)"
        )

    async def _make_room(self, slot: Slot) -> None:
        """Takes the memory of a voice out of the budget; unloads those that nobody has used for the longest."""
        slot.waits_for_room = True
        try:
            async with asyncio.timeout(self.room_timeout_s), self._looking:
                while not self._fits(slot):
                    idle = [each for each in self._slots.values() if each.voice and not each.n_users]
                    if idle:
                        await self._unload(min(idle, key=lambda each: each.used_at), slot)
                    else:
                        self._freed.clear()
                        await self._freed.wait()
                self._taken_bytes += slot.memory_bytes
        except TimeoutError:
            raise Overloaded(f"{slot.bundle.name} does not fit beside the voices that are in use") from None
        finally:
            slot.waits_for_room = False

    async def _unload(self, slot: Slot, other: Slot) -> None:
        voice, slot.voice = slot.voice, None
        assert voice is not None
        log.info("%s makes room for %s", slot.bundle.name, other.bundle.name)
        metrics.ACOUSTIC_EVICTIONS.add(1, {metrics.VOICE: slot.bundle.name})
        # It is brought to its end whoever stops waiting for it.
        closing = asyncio.create_task(self._close(slot, voice))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        del voice
        await asyncio.shield(closing)

    async def _close(self, slot: Slot, voice: LoadedVoice) -> None:
        await voice.stop()
        await self.settle()
        del voice
        await asyncio.get_running_loop().run_in_executor(self.loader, release_free)
        self._give_back(slot)

    def _give_back(self, slot: Slot) -> None:
        self._taken_bytes -= slot.memory_bytes
        self._freed.set()

    async def _stop(self) -> None:
        tasks = [slot.loading for slot in self._slots.values() if slot.loading] + list(self._closing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for slot in self._slots.values():
            if slot.voice is not None:
                await slot.voice.stop()
                slot.voice = None


def _seen(task: asyncio.Task[None]) -> None:
    """A loading that failed after all who waited had left fails for nobody."""
    if not task.cancelled():
        task.exception()
