from __future__ import annotations

import pytest

from speechmesh.vocoder.ramp import ChunkCost, Ramp

LADDER = (2, 4, 8, 16, 32)
CONTEXT = 3


@pytest.mark.parametrize(
    ("slack_ms", "wait_ms", "ms_per_frame", "size"),
    [
        (-500.0, 0.0, 4.0, 2),  # late and nobody else there: the next audio soon
        (-500.0, 80.0, 4.0, 8),  # late in a crowd: 14 frames run for 56 ms, 22 for 88
        (-500.0, 900.0, 4.0, 16),  # late in a large crowd, but not longer than 100 ms
        (-500.0, 0.0, 1.0, 16),  # 16 frames and 6 of context run within 25 ms
        (1000.0, 0.0, 2.0, 32),  # time enough for the largest
        (1000.0, 0.0, 4.0, 16),  # 32 frames and 6 of context would run for 152 ms
        (1000.0, 0.0, 20.0, 2),  # all run over 100 ms
        (88.0, 0.0, 2.0, 16),  # back within half of the slack
        (188.0, 45.0, 2.0, 16),  # the same, the wait counted
        (1000.0, 0.0, 0.0, 2),  # nothing is known yet
    ],
)
def test_a_chunk_is_as_large_as_the_listener_can_wait_for(
    slack_ms: float, wait_ms: float, ms_per_frame: float, size: int
) -> None:
    cost = ChunkCost()
    cost.wait_ms, cost.ms_per_frame = wait_ms, ms_per_frame
    ramp = Ramp(LADDER, CONTEXT, frame_ms=10.0, max_chunk_ms=100.0)
    ramp.begun()
    assert ramp.max_frames(slack_ms, cost) == size


@pytest.mark.parametrize(
    ("urgent_wait_ms", "ms_per_frame", "size"),
    [
        (0.0, 0.0, 2),  # nothing is known yet
        (0.0, 0.5, 2),  # 20 ms of audio, the next within 4
        (40.0, 0.5, 8),  # the next within 47 ms: 40 ms would be dry
        (500.0, 0.5, 32),  # nothing lasts that long
        (500.0, 4.0, 16),  # and nothing runs longer than 100 ms
    ],
)
def test_the_first_audio_lasts_until_the_next_can_be_there(
    urgent_wait_ms: float, ms_per_frame: float, size: int
) -> None:
    cost = ChunkCost()
    cost.urgent_wait_ms, cost.ms_per_frame = urgent_wait_ms, ms_per_frame
    ramp = Ramp(LADDER, CONTEXT, frame_ms=10.0, max_chunk_ms=100.0)
    assert ramp.max_frames(-20.0, cost) == size


def test_only_urgent_chunks_tell_how_long_urgent_ones_wait() -> None:
    cost = ChunkCost()
    for _ in range(50):
        cost.note(10.0 + 5.0, n_frames=10, urgent=True)
        cost.note(10.0 + 500.0, n_frames=10)
    assert cost.urgent_wait_ms < 10.0 < cost.wait_ms


def test_the_cost_tells_the_wait_from_the_work() -> None:
    cost = ChunkCost()
    for wait_ms in (40.0, 0.0, *[30.0] * 100):
        cost.note(wait_ms + 100 * 0.2, n_frames=100)
    assert cost.ms_per_frame == pytest.approx(0.2, rel=1.0)
    assert cost.wait_ms + 100 * cost.ms_per_frame == pytest.approx(50.0, rel=0.1)
