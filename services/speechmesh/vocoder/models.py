"""Which vocoders are loaded: on demand within a memory budget, and as an operator says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from speechmesh.common.errors import Incompatible, Overloaded, Unavailable
from speechmesh.vocoder.backends import VocoderBackend, VocoderModel

log = logging.getLogger(__name__)


@dataclass
class Slot:
    """A vocoder, loaded or not.

    `enabled` is the operator's word: what was unloaded is not loaded again because somebody asks for it.
    `memory_bytes` is what its weights take on each server.
    """

    model: VocoderModel
    memory_bytes: int
    loaded: bool = False
    enabled: bool = True
    n_users: int = 0
    used_at: float = 0.0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()


class Models:
    """The vocoders of a backend. A segment uses one; what is used is neither unloaded nor replaced under it."""

    def __init__(self, backend: VocoderBackend, *, budget_bytes: int, drain_timeout_s: float) -> None:
        self._backend = backend
        self._budget_bytes = budget_bytes
        self._drain_timeout_s = drain_timeout_s
        self._slots: dict[str, Slot] = {}
        # One change at a time: what fits is reckoned with what is loaded.
        self._changing = asyncio.Lock()

    @asynccontextmanager
    async def running(self, models: Iterable[VocoderModel]) -> AsyncIterator[None]:
        """Has the backend serve `models`, in their order as far as the budget reaches; the others wait to be asked for.

        Raises:
            Incompatible: when not even the first fits into the budget.
        """
        for model in models:
            self._slots[model.label] = self._slot(model)
        first: list[Slot] = []
        for slot in self._slots.values():
            if self._fits(slot, first):
                first.append(slot)
        if not first and self._slots:
            raise Incompatible(self._too_large(next(iter(self._slots.values()))))
        async with self._backend.running([slot.model for slot in first]):
            for slot in first:
                slot.loaded = True
            for slot in self._slots.values():
                if not slot.loaded:
                    log.info("%s is not loaded: the memory budget is used up", slot.model.label)
                    await self._backend.unload(slot.model)  # which a server may have loaded by itself
            yield

    def _slot(self, model: VocoderModel) -> Slot:
        size = (model.bundle.folder / model.config.model).stat().st_size
        return Slot(model, size * self._backend.copies)

    def _fits(self, slot: Slot, beside: Iterable[Slot]) -> bool:
        total = slot.memory_bytes + sum(each.memory_bytes for each in beside)
        return not self._budget_bytes or total <= self._budget_bytes

    def _too_large(self, slot: Slot) -> str:
        return (
            f"{slot.model.label} takes {slot.memory_bytes / 2**20:.0f} MiB, more than the whole memory budget of "
            f"{self._budget_bytes / 2**20:.0f} MiB (SPEECHMESH_VOCODER_MODEL_MEMORY_MIB)"
        )

    def slots(self) -> list[Slot]:
        """Every vocoder, in the order of voices and tiers."""
        return list(self._slots.values())

    def enabled(self, model: VocoderModel) -> bool:
        """Whether segments may use it."""
        slot = self._slots.get(model.label)
        return slot is not None and slot.enabled

    @asynccontextmanager
    async def using(self, model: VocoderModel) -> AsyncIterator[None]:
        """Keeps a vocoder loaded while a segment needs it; loads it first if it must be.

        Raises:
            Incompatible: when an operator unloaded it.
            Overloaded: when it is not loaded and nothing can make room for it now.
            Unavailable: when another revision has replaced it, or the backend is down.
        """
        while not (slot := self._current(model)).loaded:
            async with self._changing:
                if (slot := self._current(model)) and not slot.loaded:
                    await self._load(slot)
        slot.n_users += 1
        slot.idle.clear()
        try:
            yield
        finally:
            slot.n_users -= 1
            slot.used_at = time.monotonic()
            if not slot.n_users:
                slot.idle.set()

    def _current(self, model: VocoderModel) -> Slot:
        slot = self._slots[model.label]
        if not slot.enabled:
            raise Incompatible(f"the vocoder {model.label} is unloaded")
        if slot.model.bundle.revision != model.bundle.revision:
            raise Unavailable(f"the vocoder {model.label} was replaced")
        return slot

    async def load(self, model: VocoderModel) -> Slot:
        """Loads a vocoder, or loads it again from its file, once no segment is under way in what it replaces.

        Raises:
            Incompatible: when it does not fit into the budget at all, or the backend cannot load it.
            Overloaded: when others, that are in use, have the room; or it stays in use itself.
        """
        async with self._changing:
            slot = self._slots.get(model.label)
            if slot is not None:
                await self._drain(slot)
            new = self._slots[model.label] = self._slot(model)
            await self._load(new)
            if slot is not None and slot.model.name != model.name:
                await self._backend.unload(slot.model)
            return new

    async def unload(self, model: VocoderModel) -> Slot:
        """Unloads a vocoder once no segment is under way in it; new ones are refused from now on.

        Raises:
            Overloaded: when it stays in use; it is then left loaded.
        """
        async with self._changing:
            slot = self._slots[model.label]
            slot.enabled = False
            try:
                await self._drain(slot)
            except Overloaded:
                slot.enabled = slot.loaded = True
                raise
            await self._backend.unload(slot.model)
            return slot

    async def _drain(self, slot: Slot) -> None:
        slot.loaded = False  # who comes now waits for the change, or is refused
        try:
            async with asyncio.timeout(self._drain_timeout_s):
                await slot.idle.wait()
        except TimeoutError:
            slot.loaded = True
            raise Overloaded(
                f"{slot.model.label} is in use by {slot.n_users} segments for over {self._drain_timeout_s:g} s"
            ) from None

    async def _load(self, slot: Slot) -> None:
        """Makes room and loads. The lock is held."""
        if not self._fits(slot, ()):
            raise Incompatible(self._too_large(slot))
        for idle in sorted(self._slots.values(), key=lambda each: each.used_at):
            if self._fits(slot, self._loaded(slot)):
                break
            if idle.loaded and not idle.n_users and idle is not slot:
                log.info("%s makes room for %s", idle.model.label, slot.model.label)
                idle.loaded = False
                await self._backend.unload(idle.model)
        if not self._fits(slot, self._loaded(slot)):
            raise Overloaded(f"{slot.model.label} does not fit beside the vocoders that are in use")
        begun = time.monotonic()
        await self._backend.load(slot.model)
        slot.loaded, slot.used_at = True, time.monotonic()
        log.info("%s is loaded, in %.1f s", slot.model.label, slot.used_at - begun)

    def _loaded(self, but: Slot) -> list[Slot]:
        return [slot for slot in self._slots.values() if slot is not but and (slot.loaded or slot.n_users)]
