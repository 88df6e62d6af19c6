"""The served vocoders: which model a stream gets, and what a chunk's priority is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from speechmesh.common import metrics
from speechmesh.common.bundle import TIERS, Tier, VoiceBundle, load_bundles
from speechmesh.common.errors import Incompatible, InvalidInput, Unavailable
from speechmesh.common.metrics import Labels, Values
from speechmesh.common.pressure import Steps
from speechmesh.common.tasks import TaskBag
from speechmesh.vocoder.backends import Priority, VocoderBackend, VocoderModel
from speechmesh.vocoder.backends.embedded import EmbeddedBackend
from speechmesh.vocoder.metering import begin
from speechmesh.vocoder.models import Models, Slot
from speechmesh.vocoder.ramp import ChunkCost
from speechmesh.vocoder.settings import VocoderSettings
from speechmesh.vocoder.tier_pressure import TierPressure
from speechmesh.vocoder.turns import Turns

# Chunks of either kind, urgent or not, that warm each Triton together: a few times what runs on a CPU at once, so that
# no load takes more memory.
_WARM_AT_ONCE = 16


def make_backend(settings: VocoderSettings) -> VocoderBackend:
    """The backend that the settings name."""
    if settings.backend == "embedded":
        return EmbeddedBackend(workers=settings.embedded_workers)
    # Only here, so that the embedded backend runs where tritonclient is not installed.
    from speechmesh.vocoder.backends.triton import TritonBackend  # noqa: PLC0415

    return TritonBackend(
        settings.triton_url,
        copies=settings.triton_instances,
        warm_at_once=max(settings.max_running_chunks, _WARM_AT_ONCE),
        timeout_ms=settings.triton_timeout_ms,
        attempt_timeout_ms=settings.triton_attempt_timeout_ms,
        resolve_interval_s=settings.triton_resolve_interval_s,
        max_message_bytes=settings.max_message_bytes,
    )


class VocoderEngine:
    """The vocoders of every voice in the folder, on one backend."""

    def __init__(self, settings: VocoderSettings, backend: VocoderBackend | None = None) -> None:
        self.settings = settings
        self.backend = backend or make_backend(settings)
        self.turns = Turns(
            max_running=self._max_running,
            max_waiting=settings.max_queued_chunks,
        )
        self._costs: defaultdict[str, ChunkCost] = defaultdict(ChunkCost)
        self.pressure = TierPressure(
            Steps(
                down_above=settings.auto_down_pressure,
                up_below=settings.auto_up_pressure,
                down_after_s=settings.auto_down_s,
                up_after_s=settings.auto_up_s,
            ),
            n_tiers=len(TIERS),
        )
        self.models = Models(
            self.backend,
            budget_bytes=settings.model_memory_mib * 2**20,
            drain_timeout_s=settings.unload_timeout_s,
        )
        self._loaded = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Loads the bundles and waits until the backend serves all of their vocoders.

        Raises:
            Incompatible: when a bundle is broken.
        """
        loop = asyncio.get_running_loop()
        bundles = await loop.run_in_executor(None, _read, self.settings.voices_dir)
        async with self.models.running(
            VocoderModel(bundle, tier) for bundle in bundles.values() for tier in bundle.tiers
        ):
            self._loaded = True
            async with TaskBag() as tasks:
                tasks.start(self.pressure.watch())
                with self._shown():
                    yield

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Shows what the metrics ask for."""
        begin()
        turns = self.turns
        with ExitStack() as stack:
            stack.enter_context(self.pressure.shown())
            stack.enter_context(metrics.VOCODER_QUEUED.shows(lambda: [(turns.n_waiting, {})]))
            stack.enter_context(metrics.VOCODER_RUNNING.shows(lambda: [(turns.n_running, {})]))
            stack.enter_context(metrics.VOCODER_MODELS_LOADED.shows(self._n_loaded))
            stack.enter_context(metrics.VOCODER_MODELS_MEMORY.shows(self._memory))
            yield

    def _n_loaded(self) -> Values:
        return [(float(slot.loaded), _labels(slot)) for slot in self.models.slots()]

    def _memory(self) -> Values:
        return [(slot.memory_bytes if slot.loaded else 0, _labels(slot)) for slot in self.models.slots()]

    async def load(self, voice: str, tier: str) -> list[Slot]:
        """Reads a voice's folder again and loads a tier of it, or all; new voices and changed files are taken in.

        Of a voice that has changed all tiers are loaded. When one cannot be, all stays as it was.

        Raises:
            InvalidInput: when there is no such voice or tier.
            Incompatible: when a bundle is broken, or the backend cannot load it.
            Overloaded: when there is no room in the memory budget now, or a tier stays in use.
            Unavailable: when the backend is down.
        """
        loop = asyncio.get_running_loop()
        bundles = await loop.run_in_executor(None, _read, self.settings.voices_dir)
        tiers = _pick(bundles, voice, tier)
        return await self.models.load(bundles[voice], tiers)

    async def unload(self, voice: str, tier: str) -> list[Slot]:
        """Unloads a tier of a voice, or all.

        Raises:
            InvalidInput: when there is no such voice or tier.
            Overloaded: when a tier stays in use.
        """
        bundles = self.models.bundles()
        tiers = _pick(bundles, voice, tier)
        return [await self.models.unload(VocoderModel(bundles[voice], name)) for name in tiers]

    def bundle(self, voice: str, revision: str) -> VoiceBundle:
        """The voice of a stream.

        Raises:
            Unavailable: while the vocoders are being loaded, or when the voice is here in another revision.
            Incompatible: when the voice is not served here.
        """
        if not self._loaded:
            raise Unavailable("the vocoder stage is loading its models")
        bundle = self.models.bundles().get(voice)
        if bundle is None:
            raise Incompatible(f"voice {voice!r} is not loaded in the vocoder stage")
        if revision and revision != bundle.revision:
            # While a changed voice is being rolled out, another replica may have the right one.
            raise Unavailable(f"voice {voice!r} is here in revision {bundle.revision}, not {revision}")
        return bundle

    def choose(self, bundle: VoiceBundle, tier: str, *, tiers_down: int = 0) -> VocoderModel:
        """The vocoder for a segment.

        Tier `auto` or empty: the best that the pressure here allows, at least `tiers_down` steps below
        the best there is; where the memory budget has no room for it now, one that is loaded.

        Raises:
            Incompatible: when the voice has no such tier.
        """
        tiers = bundle.tiers
        if tier in ("", "auto"):
            models = [VocoderModel(bundle, name) for name in tiers]
            models = [model for model in models if self.models.enabled(model)] or models
            level = max(self.pressure.level(), tiers_down)
            return self._with_room(models, min(level, len(models) - 1))
        chosen = next((name for name in tiers if name == tier), None)
        if chosen is None:
            raise Incompatible(
                f"voice {bundle.name!r} has no vocoder of tier {tier!r}; it has {', '.join(tiers)}"
            )
        return VocoderModel(bundle, chosen)

    def _with_room(self, models: Sequence[VocoderModel], wanted: int) -> VocoderModel:
        """The wanted one of a voice's models, or the nearest that is loaded if there is no room for it; cheaper first.

        When the stage is pressed, the better tiers are in use, so that there may be room for no other.
        """
        if self.models.has_room(models[wanted]):
            return models[wanted]
        others = [*models[wanted + 1 :], *reversed(models[:wanted])]
        return next((model for model in others if self.models.usable(model)), models[wanted])

    def _max_running(self) -> int:
        if self.settings.backend == "embedded":
            return self.settings.embedded_workers
        return self.backend.n_servers * self.settings.max_running_chunks

    def cost(self, model: VocoderModel) -> ChunkCost:
        """What the model's chunks take now."""
        return self._costs[model.label]

    def priority(self, slack_ms: float) -> Priority:
        """A chunk's priority from the audio its listener has left."""
        if slack_ms < self.settings.urgent_slack_ms:
            return Priority.URGENT
        return Priority.NORMAL if slack_ms < self.settings.relaxed_slack_ms else Priority.RELAXED


def _read(voices_dir: Path) -> dict[str, VoiceBundle]:
    """All bundles, their files hashed, which takes a while."""
    bundles = load_bundles(voices_dir)
    for bundle in bundles.values():
        _ = bundle.revision, bundle.vocoder_model_names
    return bundles


def _labels(slot: Slot) -> Labels:
    return {metrics.VOICE: slot.model.bundle.name, metrics.TIER: slot.model.tier}


def _pick(bundles: dict[str, VoiceBundle], voice: str, tier: str) -> list[Tier]:
    """A tier of a voice, or all of them.

    Raises:
        InvalidInput: when there is no such voice or tier.
    """
    if voice not in bundles:
        raise InvalidInput("voice", f"{voice!r} is not one of {', '.join(bundles)}")
    tiers = bundles[voice].tiers
    chosen = [name for name in tiers if tier in ("", name)]
    if not chosen:
        raise InvalidInput("tier", f"{tier!r} is not one of {', '.join(tiers)}")
    return chosen
