from __future__ import annotations

import numpy as np
import pytest

from speechmesh.frontend.audio_out import MarkTime, SegmentInfo, SpokenChunk, Times, WordTime

RATE_HZ = 16_000


def word(start_ms: float) -> WordTime:
    return WordTime("word", start_ms, start_ms + 10.0, 0, 4)


@pytest.mark.parametrize(("seconds", "lengths"), [(0, [0]), (2, [2]), (5, [2, 2, 1])])
def test_a_part_has_its_share_of_the_samples(seconds: int, lengths: list[int]) -> None:
    samples = np.arange(seconds * RATE_HZ, dtype=np.float32)
    segment = SegmentInfo(3, "word", 0, 4)
    parts = list(SpokenChunk(samples, 3, segment, Times()).parts(2 * RATE_HZ, 0.0, RATE_HZ))
    assert [len(part.samples) / RATE_HZ for part in parts] == lengths
    assert np.array_equal(np.concatenate([part.samples for part in parts]), samples)
    assert [part.segment for part in parts] == [segment, *[None] * (len(lengths) - 1)]


def test_a_part_tells_what_starts_in_it() -> None:
    """What starts before the chunk comes with its first part, and what starts in the pause behind it with the last."""
    starts_ms = [990.0, 1_000.0, 2_999.0, 3_000.0, 4_999.0, 5_000.0, 6_500.0]
    marks = [MarkTime("m", start_ms) for start_ms in starts_ms]
    times = Times([word(start_ms) for start_ms in starts_ms], marks=marks)
    chunk = SpokenChunk(np.zeros(5 * RATE_HZ, np.float32), 0, None, times)
    parts = list(chunk.parts(2 * RATE_HZ, 1_000.0, RATE_HZ))
    expected = [starts_ms[:3], starts_ms[3:5], starts_ms[5:]]
    assert [[word.start_ms for word in part.times.words] for part in parts] == expected
    assert [[mark.start_ms for mark in part.times.marks] for part in parts] == expected
