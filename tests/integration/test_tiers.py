"""Tiers: a request gets the one it asks for; `auto` steps down under load, up again after it, and says so."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from speechmesh.client import AsyncClient, SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.conftest import MakeMesh, Mesh

TEXT = "First a short one. " + "Then comes a longer sentence that many listeners want to hear at once. " * 3
HIGH, FAST = pb.QUALITY_TIER_HIGH, pb.QUALITY_TIER_FAST


@pytest.fixture(scope="module")
async def mesh(
    make_mesh: MakeMesh, voices_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mesh]:
    """A voice of two tiers, one worker for many listeners, and an `auto` that is quick to change its mind."""
    voices = tmp_path_factory.mktemp("voices")
    shutil.copytree(voices_dir / "bootstrap", voices / "bootstrap")
    path = voices / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"]["balanced"]
    voice["vocoders"] = {"high": dict(tier), "fast": dict(tier)}
    path.write_text(yaml.safe_dump(voice))
    quick = {"auto_down_pressure": 0.02, "auto_up_pressure": 0.01, "auto_down_s": 0.1, "auto_up_s": 0.5}
    shared = {"voices_dir": voices}
    async with make_mesh(
        frontend=shared, acoustic=shared, vocoder=shared | quick | {"embedded_workers": 1}
    ) as running:
        yield running


async def tiers_of(client: AsyncClient, tier: str = "auto") -> list[int]:
    """The tier of each segment, as told with its first audio; the summary tells the same."""
    async with client.synthesize(TEXT, SpeechOptions(quality_tier=tier)) as stream:
        told = {
            response.segment.index: response.segment.quality_tier
            async for response in stream
            if response.HasField("segment")
        }
        assert stream.summary is not None
        stages = [stage for stage in stream.summary.stages if stage.stage == "vocoder"]
    assert {stage.segment_index: stage.quality_tier for stage in stages} == told
    return list(told.values())


@pytest.mark.parametrize(("tier", "expected"), [("high", HIGH), ("fast", FAST)])
async def test_a_request_gets_the_tier_it_asks_for(mesh: Mesh, tier: str, expected: int) -> None:
    assert set(await tiers_of(mesh.client, tier)) == {expected}


async def test_auto_steps_down_under_load_and_up_again_after_it(mesh: Mesh) -> None:
    assert (await tiers_of(mesh.client))[0] == HIGH
    crowd = await asyncio.gather(*(tiers_of(mesh.client) for _ in range(40)))
    assert any(FAST in tiers for tiers in crowd)
    for _ in range(100):
        if set(await tiers_of(mesh.client)) == {HIGH}:
            return
        await asyncio.sleep(0.2)
    pytest.fail("auto stayed down")
