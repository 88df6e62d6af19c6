"""Which vocoder a segment gets: by the real engine, with the embedded backend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from speechmesh.common.bundle import TIERS
from speechmesh.common.errors import Incompatible, Overloaded, Unavailable
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.settings import VocoderSettings

# The test voice's network takes 12.9 MiB.
ROOM_FOR_ONE, ROOM_FOR_TWO = 13, 26


@pytest.fixture
def voices(voices_dir: Path, tmp_path: Path) -> Path:
    """The test voice with three tiers, which are one network."""
    shutil.copytree(voices_dir / "bootstrap", tmp_path / "bootstrap")
    path = tmp_path / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    voice["vocoders"] = dict.fromkeys(TIERS, voice["vocoders"]["balanced"])
    path.write_text(yaml.safe_dump(voice))
    return tmp_path


def engine_of(voices: Path, *, model_memory_mib: int = 0) -> VocoderEngine:
    return VocoderEngine(
        VocoderSettings(backend="embedded", voices_dir=voices, model_memory_mib=model_memory_mib)
    )


def auto(engine: VocoderEngine, tiers_down: int) -> str:
    return engine.choose(engine.bundle("bootstrap", ""), "auto", tiers_down=tiers_down).tier


async def test_auto_takes_a_cheaper_tier_for_which_room_can_be_made(voices: Path) -> None:
    engine = engine_of(voices, model_memory_mib=ROOM_FOR_ONE)
    async with engine.running():
        assert [slot.loaded for slot in engine.models.slots()] == [True, False, False]
        assert [auto(engine, tiers_down) for tiers_down in range(4)] == ["high", "balanced", "fast", "fast"]


async def test_auto_stays_with_a_loaded_tier_while_there_is_no_room_for_a_cheaper_one(voices: Path) -> None:
    engine = engine_of(voices, model_memory_mib=ROOM_FOR_ONE)
    async with engine.running():
        bundle = engine.bundle("bootstrap", "")
        async with engine.models.using(engine.choose(bundle, "high")):
            assert [auto(engine, tiers_down) for tiers_down in range(3)] == ["high"] * 3
            fast = engine.choose(bundle, "fast")  # who asks for a tier by name gets no other
            with pytest.raises(Overloaded):
                async with engine.models.using(fast):
                    pass
        assert auto(engine, 2) == "fast"


async def test_without_room_auto_takes_the_nearest_loaded_tier_a_cheaper_one_first(voices: Path) -> None:
    engine = engine_of(voices, model_memory_mib=ROOM_FOR_TWO)
    async with engine.running():
        bundle = engine.bundle("bootstrap", "")
        async with (
            engine.models.using(engine.choose(bundle, "high")),
            engine.models.using(engine.choose(bundle, "fast")),
        ):
            assert [auto(engine, tiers_down) for tiers_down in range(3)] == ["high", "fast", "fast"]


async def test_a_stream_of_another_revision_may_be_opened_again_elsewhere(voices: Path) -> None:
    engine = engine_of(voices)
    async with engine.running():
        with pytest.raises(Unavailable, match=r"'bootstrap' is here in revision .*, not other"):
            engine.bundle("bootstrap", "other")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "n_mels: 80",
            "n_mels: 100",
            r"does not fit vocoders.high of voice.yaml: [\s\S]*Got: 100 Expected: 80",
        ),
        ("state_size: 16713", "state_size: 100", "does not fit vocoders.high of voice.yaml"),
        ("model: vocoder.onnx", "model: acoustic.onnx", "acoustic.onnx: does not fit vocoders.high"),
    ],
)
async def test_a_vocoder_that_does_not_fit_its_voice_is_refused_when_it_is_loaded(
    voices_dir: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = Path(shutil.copytree(voices_dir / "bootstrap", tmp_path / "bootstrap")) / "voice.yaml"
    text = path.read_text().replace("balanced:", "high:")
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(Incompatible, match=message):
        async with engine_of(tmp_path).running():
            pass
