"""Segments on the wire, given to the servicer without a server."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.servicer import AcousticServicer
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.v1 import acoustic_pb2 as pb
from speechmesh.common.errors import InvalidInput

CONTEXT: Any = SimpleNamespace(send_initial_metadata=AsyncMock())  # the servicer asks nothing else of it


async def n_frames(voices_dir: Path, segment: pb.Segment) -> int:
    """Frames that the test voice makes of a segment."""

    async def messages() -> AsyncIterator[pb.StreamFramesRequest]:
        yield pb.StreamFramesRequest(open=pb.StreamOptions(voice="bootstrap"))
        yield pb.StreamFramesRequest(segment=segment)

    settings = AcousticSettings(voices_dir=voices_dir)
    engine = AcousticEngine(settings)
    async with engine.running():
        responses = [
            each async for each in AcousticServicer(engine, settings).StreamFrames(messages(), CONTEXT)
        ]
    assert responses[-1].last
    return sum(responses[0].alignment.frames_per_token)


@pytest.mark.parametrize("rate", [math.nan, math.inf, -1.0, 1e-6, 1e6])
async def test_a_rate_that_no_listener_wants_is_refused_by_name(voices_dir: Path, rate: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        await n_frames(voices_dir, pb.Segment(tokens=[1, 5, 6, 1], rate=rate))
    assert caught.value.field == "segment.rate"


async def test_no_rate_is_the_voices_own(voices_dir: Path) -> None:
    own = await n_frames(voices_dir, pb.Segment(tokens=[1, 5, 6, 1]))
    assert own == await n_frames(voices_dir, pb.Segment(tokens=[1, 5, 6, 1], rate=1.0))
    assert own > await n_frames(voices_dir, pb.Segment(tokens=[1, 5, 6, 1], rate=2.0))
