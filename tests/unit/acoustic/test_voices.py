"""Voices come and go within their budget: real models, loaded by the real engine."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from opentelemetry import trace

from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.families import Acoustic, estimate_memory, load_acoustic
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.voices import LoadedVoice
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, Internal, Overloaded, Unavailable

NAMES = ("ann", "ben", "cat")
# The test voice takes 16.2 MiB by its family's estimate.
ROOM_FOR_TWO, ROOM_FOR_ONE = 34, 17


@pytest.fixture(scope="module")
def voices(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One voice under three names."""
    folder = tmp_path_factory.mktemp("voices")
    for name in NAMES:
        shutil.copytree(voices_dir / "bootstrap", folder / name, copy_function=os.link)
        path = folder / name / "voice.yaml"
        voice = yaml.safe_load(path.read_text(encoding="utf-8")) | {"name": name}
        path.unlink()
        path.write_text(yaml.safe_dump(voice), encoding="utf-8")
    return folder


class Loading:
    """Loads real models, notes which, and can be held or fail."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.models: dict[str, weakref.ref[Acoustic]] = {}
        self.failures: list[Exception] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, bundle: VoiceBundle) -> Acoustic:
        self.names.append(bundle.name)
        self.open.wait()
        if self.failures:
            raise self.failures.pop()
        model = load_acoustic(bundle, threads=1)
        self.models[bundle.name] = weakref.ref(model)
        return model

    def alive(self, name: str) -> bool:
        return name in self.models and self.models[name]() is not None


@asynccontextmanager
async def engine_of(voices: Path, loading: Loading, **settings: Any) -> AsyncIterator[AcousticEngine]:
    engine = AcousticEngine(AcousticSettings(voices_dir=voices, **settings), loading)
    async with engine.running():
        try:
            yield engine
        finally:
            loading.open.set()


def loaded(engine: AcousticEngine) -> list[str]:
    return [slot.bundle.name for slot in engine.slots() if slot.voice is not None]


async def speak(voice: LoadedVoice, n_tokens: int = 20) -> np.ndarray:
    tokens = np.array([1, *range(2, 2 + n_tokens), 1], np.int64)
    segment = AcousticSegment(tokens, np.zeros(len(tokens), np.bool_))
    return np.concatenate([piece.frames async for piece in voice.stream(segment, 0.0, trace.INVALID_SPAN)])


async def ask(engine: AcousticEngine, name: str) -> np.ndarray:
    async with engine.voice(name, "") as voice:
        return await speak(voice)


async def test_by_default_every_voice_is_loaded_at_start(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading) as engine:
        assert loaded(engine) == list(NAMES)
    assert loading.names == list(NAMES)


async def test_voices_that_are_not_named_are_listed_and_load_when_asked_for(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="ben, ann") as engine:
        assert loading.names == ["ben", "ann"]
        assert [slot.bundle.name for slot in engine.slots()] == list(NAMES)
        assert len(await ask(engine, "cat")) > 0
        assert loaded(engine) == list(NAMES)


async def test_nothing_is_listed_or_given_before_the_first_are_loaded(voices: Path) -> None:
    loading = Loading()
    loading.open.clear()
    engine = AcousticEngine(AcousticSettings(voices_dir=voices), loading)

    async def serve() -> None:
        async with engine.running():
            pass

    serving = asyncio.create_task(serve())
    await asyncio.sleep(0.05)
    assert engine.slots() == []
    with pytest.raises(Unavailable):
        await ask(engine, "ann")
    loading.open.set()
    await serving


async def test_a_hundred_who_want_a_cold_voice_load_it_once(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="") as engine:
        results = await asyncio.gather(*(ask(engine, "ann") for _ in range(100)))
        assert loading.names == ["ann"]
        for frames in results:
            np.testing.assert_array_equal(frames, results[0])


async def test_a_failed_loading_fails_all_who_wait_and_the_next_tries_again(voices: Path) -> None:
    loading = Loading()
    loading.failures = [Incompatible("ann is broken")]
    async with engine_of(voices, loading, preload="", model_memory_mib=ROOM_FOR_ONE) as engine:
        outcomes = await asyncio.gather(*(ask(engine, "ann") for _ in range(10)), return_exceptions=True)
        assert {str(outcome) for outcome in outcomes} == {"ann is broken"}
        assert len(await ask(engine, "ann")) > 0
        assert loading.names == ["ann", "ann"]


async def test_a_voice_for_which_memory_did_not_suffice_may_be_asked_for_again(voices: Path) -> None:
    loading = Loading()
    loading.failures = [MemoryError()]
    async with engine_of(voices, loading, preload="") as engine:
        with pytest.raises(Overloaded, match="memory does not suffice to load ann"):
            await ask(engine, "ann")
        assert len(await ask(engine, "ann")) > 0


async def test_a_running_voice_goes_on_while_another_loads(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="ann", frame_cache_mib=0) as engine:
        loading.open.clear()
        waiting = asyncio.create_task(ask(engine, "ben"))
        await asyncio.sleep(0.02)
        for _ in range(3):
            assert len(await ask(engine, "ann")) > 0
        assert not waiting.done()
        loading.open.set()
        await waiting


async def test_the_voice_not_used_for_the_longest_makes_room_and_its_model_goes(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="ann,ben", model_memory_mib=ROOM_FOR_TWO) as engine:
        await ask(engine, "ben")
        await ask(engine, "ann")
        await ask(engine, "cat")
        assert loaded(engine) == ["ann", "cat"]
        assert [loading.alive(name) for name in NAMES] == [True, False, True]


async def test_a_voice_that_failed_on_a_segment_goes_all_the_same(
    voices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Errors have tracebacks, whose frames have the model."""
    caplog.set_level(logging.CRITICAL, "speechmesh.acoustic.batcher")  # pytest would keep the logged error
    loading = Loading()
    async with engine_of(voices, loading, preload="ann", model_memory_mib=ROOM_FOR_ONE) as engine:
        segment = AcousticSegment(np.array([10**6], np.int64), np.zeros(1, np.bool_))
        async with engine.voice("ann", "") as voice:
            with pytest.raises(Internal):
                await anext(voice.stream(segment, 0.0, trace.INVALID_SPAN))
        del voice
        await ask(engine, "ben")
        assert not loading.alive("ann")


async def test_voices_come_and_go_for_long_within_the_memory_of_two(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="", model_memory_mib=ROOM_FOR_TWO) as engine:
        for turn in range(12):
            await ask(engine, NAMES[turn % 3])
            assert len(loaded(engine)) <= 2
        assert sum(loading.alive(name) for name in NAMES) == 2


async def test_a_voice_in_use_stays_and_who_wants_another_waits_then_is_refused(voices: Path) -> None:
    loading = Loading()
    settings = {"preload": "ann", "model_memory_mib": ROOM_FOR_ONE, "room_timeout_s": 0.1}
    async with engine_of(voices, loading, **settings) as engine, engine.voice("ann", "") as voice:
        with pytest.raises(Overloaded, match="ben does not fit beside the voices that are in use"):
            await ask(engine, "ben")
        assert loaded(engine) == ["ann"]
        assert len(await speak(voice)) > 0


async def test_who_waits_for_room_gets_it_when_the_last_user_leaves(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="ann", model_memory_mib=ROOM_FOR_ONE) as engine:
        async with engine.voice("ann", ""):
            waiting = [asyncio.create_task(ask(engine, name)) for name in ("ben", "cat", "ben")]
            await asyncio.sleep(0.05)
            assert loading.names == ["ann"]
        for frames in await asyncio.gather(*waiting):
            assert len(frames) > 0


async def test_who_leaves_while_waiting_for_room_takes_no_voice_away(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="ann", model_memory_mib=ROOM_FOR_ONE) as engine:
        async with engine.voice("ann", ""):
            waiting = asyncio.create_task(ask(engine, "ben"))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
        await asyncio.sleep(0.02)
        assert loaded(engine) == ["ann"]
        assert len(await ask(engine, "ben")) > 0


async def test_who_leaves_while_it_loads_leaves_a_loaded_voice_that_can_go_again(voices: Path) -> None:
    loading = Loading()
    async with engine_of(voices, loading, preload="", model_memory_mib=ROOM_FOR_ONE) as engine:
        loading.open.clear()
        waiting = asyncio.create_task(ask(engine, "ann"))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        loading.open.set()
        assert len(await ask(engine, "ben")) > 0
        assert loaded(engine) == ["ben"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preload": "ann,dan"}, "SPEECHMESH_ACOUSTIC_PRELOAD names dan, not one of ann, ben, cat"),
        ({"model_memory_mib": 8}, "ann takes about 16 MiB, which does not fit"),
        ({"preload": "ann,ben,cat", "model_memory_mib": ROOM_FOR_TWO}, "cat takes about 16 MiB"),
    ],
)
async def test_settings_that_cannot_be_kept_stop_the_start(
    voices: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Incompatible, match=message):
        async with engine_of(voices, Loading(), **settings):
            pass


async def test_all_are_loaded_as_far_as_the_budget_reaches(voices: Path) -> None:
    async with engine_of(voices, Loading(), model_memory_mib=ROOM_FOR_TWO) as engine:
        assert loaded(engine) == ["ann", "ben"]
        assert [slot.memory_bytes for slot in engine.slots()] == [
            estimate_memory(slot.bundle) for slot in engine.slots()
        ]


async def test_an_unknown_voice_is_refused_and_another_revision_may_be_asked_for_again(voices: Path) -> None:
    async with engine_of(voices, Loading(), preload="") as engine:
        with pytest.raises(Incompatible, match="'dan' is not in the acoustic stage's folder"):
            await ask(engine, "dan")
        with pytest.raises(Unavailable, match="is here in revision"):
            async with engine.voice("ann", "other"):
                pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_of_a_voice_that_made_room_goes_back_to_the_system(voices: Path) -> None:
    """In a process of its own, whose memory nobody else changes. A voice holds 14 MiB."""
    command = [sys.executable, "-m", "tests.unit.acoustic.turns", str(voices)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    private_mib = [float(line) for line in printed.split()]
    assert len(private_mib) == 13
    # The first turns have what the runtime takes once; twelve voices that stayed would be 160 MiB.
    assert max(private_mib[3:]) - min(private_mib[3:]) < 7
