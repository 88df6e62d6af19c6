"""A voice that changed on disk is taken in whole: no tier is left at the old revision."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.settings import VocoderSettings


async def test_loading_one_tier_of_a_changed_voice_loads_all_of_them(
    voices_dir: Path, tmp_path: Path
) -> None:
    shutil.copytree(voices_dir / "bootstrap", tmp_path / "bootstrap")
    path = tmp_path / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"]["balanced"]
    voice["vocoders"] = {"high": dict(tier), "fast": dict(tier)}
    path.write_text(yaml.safe_dump(voice))
    engine = VocoderEngine(VocoderSettings(backend="embedded", voices_dir=tmp_path))
    async with engine.running():
        before = engine.bundle("bootstrap", "").revision
        assert [slot.model.tier for slot in await engine.load("bootstrap", "fast")] == ["fast"]
        voice["vocoders"]["fast"]["ladder_frames"] = [16, 32]
        path.write_text(yaml.safe_dump(voice))
        await engine.load("bootstrap", "fast")
        bundle = engine.bundle("bootstrap", "")
        assert bundle.revision != before
        for name in ("high", "fast"):
            async with engine.models.using(engine.choose(bundle, name)):
                pass
