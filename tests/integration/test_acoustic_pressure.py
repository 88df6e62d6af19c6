"""The acoustic stage under pressure, over real servers: cheaper vocoders first, then no new streams."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import yaml

from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.common.features import pack_frames
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.vocoder.v1 import vocoder_pb2, vocoder_pb2_grpc
from tests.integration.conftest import MakeMesh, Mesh

HIGH, FAST = pb.QUALITY_TIER_HIGH, pb.QUALITY_TIER_FAST


@pytest.fixture(scope="module")
def two_tiers(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test voice, its vocoder twice."""
    voices = tmp_path_factory.mktemp("voices")
    shutil.copytree(voices_dir / "bootstrap", voices / "bootstrap")
    path = voices / "bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    tier = voice["vocoders"]["balanced"]
    voice["vocoders"] = {"high": dict(tier), "fast": dict(tier)}
    path.write_text(yaml.safe_dump(voice))
    return voices


@pytest.fixture
async def nervous(make_mesh: MakeMesh, two_tiers: Path) -> AsyncIterator[Mesh]:
    """Its acoustic stage steps down for short waits, never to refusing; its vocoder stage never does."""
    shared = {"voices_dir": two_tiers}
    acoustic = {
        **{"up_pressure": 0.01, "down_pressure": 0.02, "refuse_pressure": 100.0},
        **{"pressure_down_s": 0.05, "pressure_up_s": 0.4, "frame_cache_mib": 0},
    }
    async with make_mesh(
        frontend=shared,
        acoustic=shared | acoustic,
        vocoder=shared | {"auto_down_pressure": 3.9, "auto_up_pressure": 3.8},
    ) as mesh:
        yield mesh


async def tier_of(mesh: Mesh, tier: str = "auto") -> int:
    async with mesh.client.synthesize("A few words.", SpeechOptions(quality_tier=tier)) as stream:
        tiers = [r.segment.quality_tier async for r in stream if r.HasField("segment")]
    assert len(tiers) == 1
    return tiers[0]


async def test_the_acoustic_stages_pressure_makes_auto_cheaper_until_it_is_gone(nervous: Mesh) -> None:
    assert await tier_of(nervous) == HIGH
    for _ in range(20):  # one crowd may be served before two steps are taken
        if FAST in await asyncio.gather(*(tier_of(nervous) for _ in range(60))):
            break
    else:
        pytest.fail("auto stayed up")
    assert await tier_of(nervous, "high") == HIGH
    for _ in range(100):
        if await tier_of(nervous) == HIGH:
            return
        await asyncio.sleep(0.2)
    pytest.fail("auto stayed down")


async def test_a_segment_that_has_begun_keeps_its_tier(nervous: Mesh) -> None:
    """Whatever is asked for in its midst; and a tier that was named is never another."""
    space_frames = np.zeros((40, 80), np.float32)

    def frames(index: int, first: int, tiers_down: int, tier: str = "") -> vocoder_pb2.StreamAudioRequest:
        return vocoder_pb2.StreamAudioRequest(
            frames=vocoder_pb2.SegmentFrames(
                segment_index=index,
                frames=pack_frames(space_frames, first),
                last=first > 0,
                tier=tier,
                tiers_down=tiers_down,
            )
        )

    requests = [
        vocoder_pb2.StreamAudioRequest(open=vocoder_pb2.StreamOptions(voice="bootstrap", tier="auto"))
    ]
    for index, (before, after, tier) in enumerate([(0, 1, ""), (1, 0, ""), (9, 9, ""), (1, 1, "high")]):
        requests += [frames(index, 0, before, tier), frames(index, 40, after, tier)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{nervous.vocoder.port}") as channel:
        stub = vocoder_pb2_grpc.VocoderServiceStub(channel)
        tiers: dict[int, set[str]] = {}
        async for response in stub.StreamAudio(iter(requests), timeout=60):
            tiers.setdefault(response.segment_index, set()).add(response.tier)
    assert tiers == {0: {"high"}, 1: {"fast"}, 2: {"fast"}, 3: {"high"}}


async def test_scarce_memory_refuses_new_streams_and_lets_running_ones_go_on(
    make_mesh: MakeMesh, two_tiers: Path
) -> None:
    acoustic = {"voices_dir": two_tiers, "memory_limit_mib": 1, "pressure_down_s": 2.0}
    shared = {"voices_dir": two_tiers}
    async with (
        make_mesh(frontend=shared, acoustic=acoustic, vocoder=shared) as mesh,
        grpc.aio.insecure_channel(f"127.0.0.1:{mesh.acoustic.port}") as channel,
    ):
        running = acoustic_pb2_grpc.AcousticServiceStub(channel).StreamFrames(timeout=60)
        await running.write(
            acoustic_pb2.StreamFramesRequest(open=acoustic_pb2.StreamOptions(voice="bootstrap"))
        )
        await running.write(acoustic_pb2.StreamFramesRequest(segment=segment(0)))
        assert (await running.read()).segment_index == 0
        refused = None
        async with asyncio.timeout(60):
            while refused is None:
                try:
                    await tier_of(mesh)
                except SpeechError as error:
                    refused = error
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.retry_after_s is not None
        assert "under pressure" in str(refused)
        await running.write(acoustic_pb2.StreamFramesRequest(segment=segment(1)))
        response = await running.read()
        assert (response.segment_index, response.last, response.tiers_down) == (1, True, 2)
        await running.done_writing()
        assert await running.read() is grpc.aio.EOF


def segment(index: int) -> acoustic_pb2.Segment:
    return acoustic_pb2.Segment(index=index, tokens=[1, 5, 6 + index, 1], slack_ms=1000)
