"""One request's way through the vocoder, with the embedded backend."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Internal
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.settings import VocoderSettings
from speechmesh.vocoder.stream import FramesIn, VocoderStream

N_FRAMES = 160


@pytest.fixture
async def engine(voices_dir: Path) -> AsyncIterator[VocoderEngine]:
    engine = VocoderEngine(VocoderSettings(backend="embedded", voices_dir=voices_dir))
    async with engine.running():
        yield engine


def silence(n_frames: int) -> np.ndarray:
    return np.full((n_frames, 80), -8.0, np.float32)


async def n_samples_of(engine: VocoderEngine, frames: AsyncIterator[FramesIn], counted: list[int]) -> None:
    stream = VocoderStream(engine, engine.bundle("bootstrap", ""), "")
    async for out in stream.run(frames):
        counted.append(len(out.samples))


async def test_frames_at_hand_are_spoken_before_the_listener_runs_dry_however_late_more_come(
    engine: VocoderEngine,
) -> None:
    """Not enough for a full chunk, while the listener still has something: nothing but time tells that they must do."""
    heard: list[int] = []
    half = N_FRAMES // 2

    async def frames() -> AsyncIterator[FramesIn]:
        yield FramesIn(0, silence(half), 0, False, time.monotonic() + 0.2)
        for _ in range(600):
            # All of them but what the network holds back until it has seen what follows.
            if sum(heard) > 200 * (half - 40):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail(f"{sum(heard)} samples of {half} frames came while more were waited for")
        yield FramesIn(0, silence(half), half, True, time.monotonic())

    async with asyncio.timeout(60):
        await n_samples_of(engine, frames(), heard)
    assert sum(heard) == 200 * N_FRAMES


async def test_samples_that_are_not_finite_are_an_error_and_not_heard(engine: VocoderEngine) -> None:
    async def frames() -> AsyncIterator[FramesIn]:
        broken = silence(N_FRAMES)
        broken[50, 3] = np.nan
        yield FramesIn(0, broken, 0, True, time.monotonic() + 5.0)

    with pytest.raises(Internal, match=r"the vocoder bootstrap.* gave samples that are not finite"):
        await n_samples_of(engine, frames(), [])


async def test_a_segment_that_waits_for_room_is_not_bound_to_a_tier_that_goes_meanwhile(
    english: VoiceBundle,
) -> None:
    """The caller has not taken the first segment, so that the third has not begun, when the best tier is unloaded."""
    settings = VocoderSettings(backend="embedded", voices_dir=english.folder.parent, max_segments_ahead=1)
    engine = VocoderEngine(settings)
    asked: asyncio.Queue[int] = asyncio.Queue()

    async def frames() -> AsyncIterator[FramesIn]:
        for index in range(3):
            yield FramesIn(index, silence(8), 0, True, time.monotonic() + 5.0)
            asked.put_nowait(index + 1)

    async with engine.running(), asyncio.timeout(60):
        outs = VocoderStream(engine, english, "auto").run(frames())
        tiers = {}
        out = await anext(outs)
        tiers[out.segment_index] = out.model.tier
        assert await asked.get() == 1
        assert await asked.get() == 2
        await engine.unload("english", "high")
        async for out in outs:
            tiers[out.segment_index] = out.model.tier
    assert tiers == {0: "high", 1: "high", 2: "fast"}
