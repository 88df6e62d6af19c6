"""Which vocoders are loaded: on demand within a memory budget, and as an operator says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.errors import Incompatible, Overloaded, SpeechmeshError, Unavailable
from speechmesh.vocoder.backends import VocoderBackend, VocoderModel

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Slot:
    """A vocoder, loaded or not.

    `enabled` is the operator's word: what was unloaded is not loaded again because somebody asks for it.
    `memory_bytes` is what its weights take on each server. While it is `withdrawn`, for a change, no segment begins in
    it, and it is not unloaded for others. `loading` is under way for the `n_waiting` segments that asked for it.
    """

    model: VocoderModel
    memory_bytes: int
    loaded: bool = False
    enabled: bool = True
    withdrawn: bool = False
    n_users: int = 0
    n_waiting: int = 0
    loading: asyncio.Task[None] | None = None
    used_at: float = 0.0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()

    @property
    def usable(self) -> bool:
        """Whether a segment may begin in it at once."""
        return self.loaded and not self.withdrawn

    @property
    def in_use(self) -> bool:
        """Whether it must stay in memory."""
        return self.n_users > 0 or self.withdrawn or (self.loaded and self.n_waiting > 0)


class Models:
    """The vocoders of a backend. A segment uses one; what is used is neither unloaded nor replaced under it."""

    def __init__(self, backend: VocoderBackend, *, budget_bytes: int, drain_timeout_s: float) -> None:
        self._backend = backend
        self._budget_bytes = budget_bytes
        self._drain_timeout_s = drain_timeout_s
        # By voice and tier. A voice's are changed together, so that all are of one revision.
        self._voices: dict[str, dict[Tier, Slot]] = {}
        # One change of a voice at a time. It waits for segments under way, which shall hold up no other voice.
        self._changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Within it, one that loads or unloads at a time: what fits is reckoned with what is loaded.
        self._loading = asyncio.Lock()
        # Loadings that segments asked for, until they end.
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self, models: Iterable[VocoderModel]) -> AsyncIterator[None]:
        """Has the backend serve `models`, in their order as far as the budget reaches; the others wait to be asked for.

        Raises:
            Incompatible: when not even the first fits into the budget.
        """
        for model in models:
            self._voices.setdefault(model.bundle.name, {})[model.tier] = self._slot(model)
        first: list[Slot] = []
        for slot in self.slots():
            if self._fits(slot, first):
                first.append(slot)
        if not first and self._voices:
            raise Incompatible(self._too_large(self.slots()[0]))
        async with self._backend.running([slot.model for slot in first]):
            for slot in first:
                slot.loaded = True
            for slot in self.slots():
                if not slot.loaded:
                    log.info("%s is not loaded: the memory budget is used up", slot.model.label)
                    await self._backend.unload(slot.model)  # which a server may have loaded by itself
            try:
                yield
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

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
        return [slot for voice in self._voices.values() for slot in voice.values()]

    def bundles(self) -> dict[str, VoiceBundle]:
        """The voices whose vocoders these are, by name."""
        return {name: next(iter(slots.values())).model.bundle for name, slots in self._voices.items()}

    def enabled(self, model: VocoderModel) -> bool:
        """Whether segments may use it."""
        slot = self._find(model)
        return slot is not None and slot.enabled

    def usable(self, model: VocoderModel) -> bool:
        """Whether a segment would have it at once."""
        slot = self._find(model)
        return slot is not None and slot.usable

    def has_room(self, model: VocoderModel) -> bool:
        """Whether it is loaded, or fits now, beside what is in use; not while it is being replaced or unloaded."""
        slot = self._find(model)
        if slot is None or slot.withdrawn:
            return False
        return slot.loaded or self._fits(slot, [other for other in self._others(slot) if other.in_use])

    def _others(self, *but: Slot) -> list[Slot]:
        return [slot for slot in self.slots() if slot not in but]

    def _find(self, model: VocoderModel) -> Slot | None:
        return self._voices.get(model.bundle.name, {}).get(model.tier)

    @asynccontextmanager
    async def using(self, model: VocoderModel) -> AsyncIterator[None]:
        """Keeps a vocoder loaded while a segment needs it; loads it first if it must be.

        Raises:
            Incompatible: when an operator unloaded it.
            Overloaded: when it is not loaded and nothing can make room for it now.
            Unavailable: when another revision has replaced it, or the backend is down.
        """
        while not (slot := self._current(model)).usable:
            await self._wait_usable(slot)
        slot.n_users += 1
        slot.idle.clear()
        try:
            yield
        finally:
            slot.n_users -= 1
            slot.used_at = time.monotonic()
            if not slot.n_users:
                slot.idle.set()

    async def _wait_usable(self, slot: Slot) -> None:
        """Waits until a slot may be usable; loads it first if it must be, once for all who wait.

        Who leaves does not take the loading along that was begun: what a server then has in memory would not be known.
        """
        if slot.loading is None:
            slot.loading = asyncio.create_task(self._load_wanted(slot))
            self._tasks.add(slot.loading)
            slot.loading.add_done_callback(self._ended)
        slot.n_waiting += 1
        try:
            await asyncio.shield(slot.loading)
        finally:
            slot.n_waiting -= 1

    async def _load_wanted(self, slot: Slot) -> None:
        try:
            async with self._changing[slot.model.bundle.name]:
                if slot.loaded or not slot.n_waiting or self._current(slot.model) is not slot:
                    return
                async with self._loading:
                    if slot.n_waiting:
                        await self._load(slot, self._others(slot))
        finally:
            slot.loading = None

    def _ended(self, loading: asyncio.Task[None]) -> None:
        self._tasks.discard(loading)
        if not loading.cancelled():
            loading.exception()  # one that failed after all who waited had left fails for nobody

    def _current(self, model: VocoderModel) -> Slot:
        slot = self._find(model)
        if slot is None or slot.model.bundle.revision != model.bundle.revision:
            raise Unavailable(f"the vocoder {model.label} was replaced")
        if not slot.enabled:
            raise Incompatible(f"the vocoder {model.label} is unloaded")
        return slot

    async def load(self, bundle: VoiceBundle, tiers: Sequence[Tier]) -> list[Slot]:
        """Loads tiers of a voice, or loads them again, once no segment is under way in what they replace.

        Of a voice that has changed all tiers are loaded. Until all are, nothing is replaced, and when one cannot be
        loaded, everything is as it was. For that while, what is replaced is in memory as well, on top of the budget.

        Raises:
            Incompatible: when one does not fit into the budget at all, or the backend cannot load it.
            Overloaded: when others, that are in use, have the room; or what is to be replaced stays in use.
            Unavailable: when the backend is down.
        """
        async with self._changing[bundle.name]:
            known = self._voices.get(bundle.name, {})
            changed = any(slot.model.bundle.revision != bundle.revision for slot in known.values())
            wanted = bundle.tiers if changed else tiers
            replaced = [slot for tier, slot in known.items() if changed or tier in wanted]
            slots = {
                tier: self._slot(VocoderModel(bundle, tier))
                if changed or tier in wanted or tier not in known
                else known[tier]
                for tier in bundle.tiers
            }
            new = [slots[tier] for tier in wanted]
            async with self._withdrawn(replaced), self._loading:
                await self._load_all(new, replaced)
                self._voices[bundle.name] = slots
                await self._let_go(replaced, but=new)
            return new

    async def _load_all(self, slots: Sequence[Slot], replaced: Sequence[Slot]) -> None:
        """Loads slots in place of others; none of them stays loaded when one cannot be."""
        others = self._others(*replaced)
        try:
            for n_loaded, slot in enumerate(slots):
                await self._load(slot, [*others, *slots[:n_loaded]])
        except BaseException:
            await self._let_go(slots, but=replaced)
            raise

    async def _let_go(self, slots: Iterable[Slot], *, but: Sequence[Slot]) -> None:
        """Unloads models that no slot has any more; those of `but`, which may be the very same, stay."""
        stay = {slot.model.name for slot in but}
        for slot in slots:
            if slot.model.name not in stay:
                try:
                    await self._backend.unload(slot.model)
                except SpeechmeshError as error:
                    log.warning("%s is no longer used, but may be loaded still: %s", slot.model.name, error)

    async def unload(self, model: VocoderModel) -> Slot:
        """Unloads a vocoder once no segment is under way in it; new ones are refused from now on.

        When it is cancelled while segments are under way, the vocoder is left as it was.

        Raises:
            Overloaded: when it stays in use; it is then left as it was.
            Unavailable: when a revision without it has replaced it, or the backend is down.
        """
        async with self._changing[model.bundle.name]:
            slot = self._find(model)
            if slot is None:
                raise Unavailable(f"the vocoder {model.label} was replaced")
            enabled, slot.enabled = slot.enabled, False
            try:
                async with self._withdrawn([slot]), self._loading:
                    enabled = slot.loaded = False  # from here on it is unloaded, whatever the backend says
                    await self._backend.unload(slot.model)
            finally:
                slot.enabled = enabled
            return slot

    @asynccontextmanager
    async def _withdrawn(self, slots: Sequence[Slot]) -> AsyncIterator[None]:
        """Keeps segments from the slots; when entered, none is under way in them.

        Raises:
            Overloaded: when one stays in use.
        """
        for slot in slots:
            slot.withdrawn = True
        try:
            await self._wait_idle(slots)
            yield
        finally:
            for slot in slots:
                slot.withdrawn = False

    async def _wait_idle(self, slots: Sequence[Slot]) -> None:
        try:
            async with asyncio.timeout(self._drain_timeout_s):
                for slot in slots:
                    await slot.idle.wait()
        except TimeoutError:
            busy = next((slot for slot in slots if slot.n_users), slots[0])
            raise Overloaded(
                f"{busy.model.label} is in use by {busy.n_users} segments for over {self._drain_timeout_s:g} s"
            ) from None

    async def _load(self, slot: Slot, others: Sequence[Slot]) -> None:
        """Makes room among the others and loads. The locks are held."""
        await self._make_room(slot, others)
        begun = time.monotonic()
        await self._backend.load(slot.model)
        slot.loaded, slot.used_at = True, time.monotonic()
        log.info("%s is loaded, in %.1f s", slot.model.label, slot.used_at - begun)

    async def _make_room(self, slot: Slot, others: Sequence[Slot]) -> None:
        """Unloads what nobody uses, the least recently used first, until the slot fits beside the others.

        Raises:
            Incompatible: when it does not fit into the budget at all.
            Overloaded: when those that are in use have the room.
        """
        if not self._fits(slot, ()):
            raise Incompatible(self._too_large(slot))
        while not self._fits(slot, [other for other in others if other.loaded or other.in_use]):
            unused = [other for other in others if other.loaded and not other.in_use]
            if not unused:
                raise Overloaded(f"{slot.model.label} does not fit beside the vocoders that are in use")
            idle = min(unused, key=lambda each: each.used_at)
            log.info("%s makes room for %s", idle.model.label, slot.model.label)
            idle.loaded = False
            await self._backend.unload(idle.model)
