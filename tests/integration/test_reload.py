"""A voice that changed on disk is taken in whole, or not at all; a new one is there with all of its tiers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.settings import VocoderSettings


def write_voice(voices_dir: Path, folder: Path, name: str = "bootstrap", **fast: Any) -> None:
    """The test voice with two tiers, `fast` with settings of its own."""
    shutil.copytree(voices_dir / "bootstrap", folder / name, dirs_exist_ok=True)
    path = folder / name / "voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"].pop("balanced")
    voice |= {"name": name, "vocoders": {"high": dict(tier), "fast": tier | fast}}
    path.write_text(yaml.safe_dump(voice))


def engine_of(voices_dir: Path, folder: Path) -> VocoderEngine:
    write_voice(voices_dir, folder)
    return VocoderEngine(VocoderSettings(backend="embedded", voices_dir=folder))


async def use_all(engine: VocoderEngine, bundle: VoiceBundle) -> None:
    for name in ("high", "fast"):
        async with engine.models.using(engine.choose(bundle, name)):
            pass


async def test_loading_one_tier_of_a_changed_voice_loads_all_of_them(
    voices_dir: Path, tmp_path: Path
) -> None:
    engine = engine_of(voices_dir, tmp_path)
    async with engine.running():
        before = engine.bundle("bootstrap", "").revision
        assert [slot.model.tier for slot in await engine.load("bootstrap", "fast")] == ["fast"]
        write_voice(voices_dir, tmp_path, ladder_frames=[16, 32])
        await engine.load("bootstrap", "fast")
        bundle = engine.bundle("bootstrap", "")
        assert bundle.revision != before
        await use_all(engine, bundle)


async def test_a_changed_voice_that_cannot_be_loaded_leaves_the_running_one_in_service(
    voices_dir: Path, tmp_path: Path
) -> None:
    engine = engine_of(voices_dir, tmp_path)
    async with engine.running():
        before = engine.bundle("bootstrap", "")
        (tmp_path / "bootstrap/broken.onnx").write_bytes(b"no graph")
        write_voice(voices_dir, tmp_path, model="broken.onnx")
        with pytest.raises(Exception, match=r"broken\.onnx failed"):
            await engine.load("bootstrap", "")
        assert engine.bundle("bootstrap", before.revision) == before
        assert all(slot.loaded for slot in engine.models.slots())
        await use_all(engine, before)


async def test_of_a_new_voice_one_tier_is_loaded_and_the_other_may_be_asked_for_or_unloaded(
    voices_dir: Path, tmp_path: Path
) -> None:
    engine = engine_of(voices_dir, tmp_path)
    async with engine.running():
        write_voice(voices_dir, tmp_path, "another")
        assert [slot.model.tier for slot in await engine.load("another", "fast")] == ["fast"]
        bundle = engine.bundle("another", "")
        await use_all(engine, bundle)
        assert [slot.model.tier for slot in await engine.unload("another", "")] == ["high", "fast"]
        with pytest.raises(Incompatible, match=r"another\.high is unloaded"):
            await use_all(engine, bundle)
