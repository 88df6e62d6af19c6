from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from speechmesh.common.bundle import TIERS, Tier, VoiceBundle, load_bundle
from speechmesh.common.errors import Incompatible, Overloaded, Unavailable
from speechmesh.vocoder.backends import Chunk, Priority, Vocoded, VocoderModel
from speechmesh.vocoder.models import Models

MODEL_BYTES = 1000


class Backend:
    """Only keeps account of what is loaded."""

    name = "accounts"
    copies = 2
    n_servers = 1

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.names: set[str] = set()
        self.most_names = 0
        self.down = False
        self.refused: set[str] = set()
        self.go_on = asyncio.Event()  # cleared: loading takes its time
        self.go_on.set()
        self.warm = asyncio.Event()  # cleared: what is loaded takes its time to be warm
        self.warm.set()

    @asynccontextmanager
    async def running(self, models: Sequence[VocoderModel]) -> AsyncIterator[None]:
        self.loaded = [model.tier for model in models]
        self.names = {model.name for model in models}
        yield

    async def load(self, model: VocoderModel) -> None:
        if self.down:
            raise Unavailable("down")
        await asyncio.sleep(0)
        await self.go_on.wait()
        if model.tier in self.refused:
            raise Incompatible("refused")
        if model.name not in self.names:
            self.loaded.append(model.tier)
        self.names.add(model.name)
        self.most_names = max(self.most_names, len(self.names))
        await self.warm.wait()

    async def unload(self, model: VocoderModel) -> None:
        if model.name in self.names:
            self.names.remove(model.name)
            self.loaded.remove(model.tier)

    async def vocode(self, model: VocoderModel, chunk: Chunk, priority: Priority) -> Vocoded:
        raise NotImplementedError

    async def healthy(self) -> AsyncIterator[bool]:
        yield True


@pytest.fixture
def bundle(bootstrap: VoiceBundle, tmp_path: Path) -> VoiceBundle:
    """A voice of three tiers, whose files nobody opens."""
    shutil.copytree(bootstrap.folder, tmp_path / "bootstrap")
    path = tmp_path / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"]["balanced"] | {"model": "small.onnx"}
    voice["vocoders"] = dict.fromkeys(TIERS, tier)
    path.write_text(yaml.safe_dump(voice))
    (tmp_path / "bootstrap/small.onnx").write_bytes(bytes(MODEL_BYTES))
    return load_bundle(tmp_path / "bootstrap")


def models_of(bundle: VoiceBundle) -> dict[str, VocoderModel]:
    return {tier: VocoderModel(bundle, tier) for tier in TIERS}


def names_of(bundle: VoiceBundle) -> set[str]:
    return set(bundle.vocoder_model_names.values())


def changed(bundle: VoiceBundle, *, n_bytes: int = MODEL_BYTES, without: str = "") -> VoiceBundle:
    """The voice with other weights, and without a tier."""
    assert bundle.revision  # reckoned from the files as they are now
    (bundle.folder / "small.onnx").write_bytes(b"\1" * n_bytes)
    path = bundle.folder / "voice.yaml"
    voice = yaml.safe_load(path.read_text())
    voice["vocoders"].pop(without, None)
    path.write_text(yaml.safe_dump(voice))
    return load_bundle(bundle.folder)


def another(bundle: VoiceBundle) -> VoiceBundle:
    """The voice under another name."""
    folder = bundle.folder.parent / "another"
    shutil.copytree(bundle.folder, folder)
    path = folder / "voice.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"name": "another"}))
    return load_bundle(folder)


async def use(models: Models, model: VocoderModel) -> None:
    async with models.using(model):
        pass


def new_models(backend: Backend, *, room_for: int = 0) -> Models:
    return Models(backend, budget_bytes=room_for * MODEL_BYTES * backend.copies, drain_timeout_s=0.05)


async def test_without_a_budget_everything_is_loaded(bundle: VoiceBundle) -> None:
    backend = Backend()
    async with new_models(backend).running(models_of(bundle).values()):
        assert backend.loaded == ["high", "balanced", "fast"]


async def test_what_does_not_fit_is_loaded_when_asked_for_and_the_least_recently_used_makes_room(
    bundle: VoiceBundle,
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=2)
    async with models.running(model.values()):
        assert backend.loaded == ["high", "balanced"]
        async with models.using(model["high"]):
            pass
        async with models.using(model["fast"]):
            assert sorted(backend.loaded) == ["fast", "high"]
        async with models.using(model["balanced"]):
            assert sorted(backend.loaded) == ["balanced", "fast"]


async def test_what_is_in_use_is_not_pushed_out(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=1)
    async with models.running(model.values()), models.using(model["high"]):
        with pytest.raises(Overloaded, match="does not fit beside"):
            async with models.using(model["fast"]):
                pass
        assert backend.loaded == ["high"]


async def test_many_that_ask_at_once_load_it_once(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=2)

    async def use() -> None:
        async with models.using(model["fast"]):
            await asyncio.sleep(0)

    async with models.running(model.values()):
        await asyncio.gather(*(use() for _ in range(20)))
        assert backend.loaded.count("fast") == 1


@pytest.mark.parametrize("step", ["go_on", "warm"])
async def test_who_leaves_while_it_is_loaded_leaves_it_loaded_and_the_budget_kept(
    bundle: VoiceBundle, step: str
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=1)
    async with models.running(model.values()):
        getattr(backend, step).clear()
        asking = asyncio.create_task(use(models, model["fast"]))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        getattr(backend, step).set()
        await asyncio.sleep(0.01)
        assert backend.loaded == ["fast"]
        assert models.usable(model["fast"])
        await use(models, model["high"])
        assert backend.loaded == ["high"]


async def test_nothing_is_loaded_for_those_who_left_before_its_turn(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=1)
    async with models.running(model.values()):
        backend.go_on.clear()
        first = asyncio.create_task(use(models, model["balanced"]))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(use(models, model["fast"]))
        await asyncio.sleep(0.01)
        second.cancel()
        backend.go_on.set()
        await first
        await asyncio.sleep(0.01)
        assert backend.loaded == ["balanced"]


async def test_those_who_wait_for_two_in_the_room_of_one_do_not_take_it_from_each_other(
    bundle: VoiceBundle,
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=1)
    async with models.running(model.values()):
        backend.go_on.clear()
        asking = [asyncio.create_task(use(models, model[tier])) for tier in ("balanced", "fast")]
        await asyncio.sleep(0.01)
        n_loads = 0
        load = backend.load

        async def counted(model: VocoderModel) -> None:
            nonlocal n_loads
            n_loads += 1
            await load(model)

        backend.load = counted  # type: ignore[method-assign]
        backend.go_on.set()
        async with asyncio.timeout(5):
            ends = await asyncio.gather(*asking, return_exceptions=True)
        assert ends[0] is None
        assert ends[1] is None or isinstance(ends[1], Overloaded)
        assert n_loads <= 1


async def test_a_loading_that_nobody_waits_for_ends_with_the_models(bundle: VoiceBundle) -> None:
    def n_loadings() -> int:
        return sum("Models._load_wanted" in str(task.get_coro()) for task in asyncio.all_tasks())

    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=1)
    async with models.running(model.values()):
        backend.go_on.clear()
        asking = asyncio.create_task(use(models, model["fast"]))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait({asking})
        assert n_loadings() == 1
    assert n_loadings() == 0


async def test_one_larger_than_the_budget_is_refused_with_the_figures(bundle: VoiceBundle) -> None:
    models = Models(Backend(), budget_bytes=MODEL_BYTES, drain_timeout_s=0.05)
    with pytest.raises(Incompatible, match=r"more than the whole memory budget .*MODEL_MEMORY_MIB"):
        async with models.running(models_of(bundle).values()):
            pass


async def test_an_unloaded_one_is_not_loaded_because_somebody_asks(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(model.values()):
        await models.unload(model["fast"])
        assert not models.enabled(model["fast"])
        with pytest.raises(Incompatible, match="unloaded"):
            async with models.using(model["fast"]):
                pass
        await models.load(bundle, ["fast"])
        async with models.using(model["fast"]):
            assert "fast" in backend.loaded


async def test_unloading_waits_for_the_segments_under_way(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = Models(backend, budget_bytes=0, drain_timeout_s=30.0)
    async with models.running(model.values()):
        async with models.using(model["fast"]):
            unloading = asyncio.create_task(models.unload(model["fast"]))
            await asyncio.sleep(0)
            assert "fast" in backend.loaded
        await unloading
        assert "fast" not in backend.loaded


async def test_one_that_stays_in_use_stays_loaded(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(model.values()), models.using(model["fast"]):
        with pytest.raises(Overloaded, match="in use by 1 segments"):
            await models.unload(model["fast"])
        async with models.using(model["fast"]):
            assert "fast" in backend.loaded


async def test_an_unloading_that_is_given_up_while_it_waits_leaves_the_vocoder_in_service(
    bundle: VoiceBundle,
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = Models(backend, budget_bytes=0, drain_timeout_s=30.0)
    async with models.running(model.values()), models.using(model["fast"]):
        unloading = asyncio.create_task(models.unload(model["fast"]))
        await asyncio.sleep(0)
        assert not models.enabled(model["fast"])
        unloading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unloading
        assert models.enabled(model["fast"])
        await use(models, model["fast"])
        assert "fast" in backend.loaded


@pytest.mark.parametrize("gives_up", [True, False])
async def test_a_vocoder_that_was_unloaded_before_stays_so_when_it_is_unloaded_again(
    bundle: VoiceBundle, gives_up: bool
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(model.values()):
        await models.unload(model["fast"])
        unloading = asyncio.create_task(models.unload(model["fast"]))
        if gives_up:
            unloading.cancel()
        await asyncio.wait([unloading])
        assert not models.enabled(model["fast"])


@pytest.mark.parametrize("change", ["unload", "load"])
async def test_waiting_for_the_segments_of_one_voice_holds_up_no_other(
    bundle: VoiceBundle, change: str
) -> None:
    backend, model = Backend(), models_of(bundle)
    other = models_of(another(bundle))
    models = Models(backend, budget_bytes=4 * MODEL_BYTES * backend.copies, drain_timeout_s=30.0)
    async with models.running([*model.values(), *other.values()]):
        async with models.using(model["fast"]):
            changing = asyncio.create_task(
                models.unload(model["fast"]) if change == "unload" else models.load(bundle, ["fast"])
            )
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                await use(models, other["fast"])
            assert not changing.done()
        await changing
        assert other["fast"].name in backend.names


@pytest.mark.parametrize("change", ["unload", "load"])
async def test_what_waits_for_its_segments_to_end_keeps_its_room(bundle: VoiceBundle, change: str) -> None:
    backend, model = Backend(), models_of(bundle)
    other = models_of(another(bundle))
    models = Models(backend, budget_bytes=MODEL_BYTES * backend.copies, drain_timeout_s=30.0)
    async with models.running([model["fast"], other["fast"]]):
        async with models.using(model["fast"]):
            changing = asyncio.create_task(
                models.unload(model["fast"]) if change == "unload" else models.load(bundle, ["fast"])
            )
            await asyncio.sleep(0)
            assert not models.has_room(other["fast"])
            assert not models.has_room(model["fast"])  # it is about to go
            with pytest.raises(Overloaded, match="does not fit beside"):
                await use(models, other["fast"])
        await changing
        assert models.has_room(other["fast"])


async def test_a_changed_voice_is_loaded_beside_the_old_one_which_then_goes(bundle: VoiceBundle) -> None:
    backend, old = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(old.values()):
        new = changed(bundle)
        assert [slot.model.tier for slot in await models.load(new, ["fast"])] == list(TIERS)
        assert backend.names == names_of(new)
        assert not backend.names & names_of(bundle)
        assert backend.most_names == 6
        assert models.bundles() == {"bootstrap": new}
        await models.load(new, ["fast"])
        assert backend.names == names_of(new)


@pytest.mark.parametrize("tier", TIERS)
async def test_a_changed_voice_of_which_one_tier_is_refused_leaves_the_running_one_in_service(
    bundle: VoiceBundle, tier: Tier
) -> None:
    backend, old = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(old.values()):
        backend.refused = {tier}
        with pytest.raises(Incompatible, match="refused"):
            await models.load(changed(bundle), [])
        assert backend.names == names_of(bundle)
        assert models.bundles()["bootstrap"].revision == bundle.revision
        assert [slot.loaded for slot in models.slots()] == [True] * 3
        for model in old.values():
            async with models.using(model):
                pass


async def test_a_voice_that_is_refused_when_loaded_again_stays_in_service(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=2)
    async with models.running(model.values()):
        backend.refused = {"high"}
        with pytest.raises(Incompatible, match="refused"):
            await models.load(bundle, ["high"])
        assert backend.loaded == ["high", "balanced"]
        assert [slot.loaded for slot in models.slots()] == [True, True, False]
        await use(models, model["high"])


async def test_a_changed_voice_that_is_too_large_for_the_budget_leaves_the_running_one_in_service(
    bundle: VoiceBundle,
) -> None:
    backend, old = Backend(), models_of(bundle)
    models = new_models(backend, room_for=3)
    async with models.running(old.values()):
        with pytest.raises(Incompatible, match="more than the whole memory budget"):
            await models.load(changed(bundle, n_bytes=4 * MODEL_BYTES), ["fast"])
        async with models.using(old["fast"]):
            assert backend.names == names_of(bundle)


async def test_segments_wait_while_their_vocoder_is_loaded_again(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(model.values()):
        backend.go_on.clear()
        loading = asyncio.create_task(models.load(bundle, ["fast"]))
        await asyncio.sleep(0)
        using = asyncio.create_task(use(models, model["fast"]))
        await asyncio.sleep(0.01)
        assert not using.done()
        backend.go_on.set()
        await asyncio.gather(loading, using)


async def test_a_tier_that_a_changed_voice_has_no_more_is_unloaded_and_its_segments_begin_again(
    bundle: VoiceBundle,
) -> None:
    backend, old = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running(old.values()):
        new = changed(bundle, without="balanced")
        await models.load(new, [])
        assert backend.names == names_of(new)
        assert [slot.model.tier for slot in models.slots()] == ["high", "fast"]
        with pytest.raises(Unavailable, match="replaced"):
            await use(models, old["balanced"])


async def test_of_a_new_voice_the_tiers_that_were_not_loaded_wait_to_be_asked_for(
    bundle: VoiceBundle,
) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend)
    async with models.running([]):
        assert [slot.model.tier for slot in await models.load(bundle, ["fast"])] == ["fast"]
        assert backend.loaded == ["fast"]
        assert [slot.loaded for slot in models.slots()] == [False, False, True]
        await use(models, model["high"])
        assert backend.loaded == ["fast", "high"]
        await models.unload(model["balanced"])
        with pytest.raises(Incompatible, match="unloaded"):
            await use(models, model["balanced"])


async def test_a_segment_of_a_replaced_revision_is_told_to_begin_again(bundle: VoiceBundle) -> None:
    models = new_models(Backend())
    old = models_of(bundle)
    async with models.running(old.values()):
        await models.load(changed(bundle), ["fast"])
        with pytest.raises(Unavailable, match="replaced"):
            async with models.using(old["fast"]):
                pass


async def test_a_failed_load_leaves_it_unloaded_and_asked_for_again(bundle: VoiceBundle) -> None:
    backend, model = Backend(), models_of(bundle)
    models = new_models(backend, room_for=2)
    async with models.running(model.values()):
        backend.down = True
        with pytest.raises(Unavailable):
            async with models.using(model["fast"]):
                pass
        backend.down = False
        async with models.using(model["fast"]):
            assert "fast" in backend.loaded
