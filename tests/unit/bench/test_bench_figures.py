import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Chunk, Stream, audio_within_s, cell, gaps_s, percentile, ratio, single

_SILENT, _LOUD = False, True


def _stream(started_s: float, *chunks: tuple[float, float], ended_s: float | None = None) -> Stream:
    made = [Chunk(at_s, audio_s, _LOUD) for at_s, audio_s in chunks]
    return Stream(started_s, made, ended_s if ended_s is not None else made[-1].at_s)


def test_audio_that_comes_in_time_leaves_no_gap() -> None:
    assert gaps_s(_stream(0.0, (1.0, 0.5), (1.5, 0.5), (1.7, 2.0)).chunks) == []


def test_playback_stands_still_until_a_late_chunk_comes() -> None:
    # Dry at 1.5 until 1.75; then half a second more is there, dry at 2.25 until 3.
    assert gaps_s(_stream(0.0, (1.0, 0.5), (1.75, 0.5), (3.0, 1.0)).chunks) == [0.25, 0.75]


def test_audio_in_hand_makes_up_for_a_late_chunk() -> None:
    assert gaps_s(_stream(0.0, (1.0, 0.5), (1.1, 5.0), (6.0, 1.0)).chunks) == []


def test_one_chunk_and_none_have_no_gap() -> None:
    assert gaps_s(_stream(0.0, (9.0, 1.0)).chunks) == []
    assert gaps_s([]) == []


@given(
    st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.01, 5.0)), min_size=1, max_size=20),
)
def test_playing_and_standing_still_add_up_to_the_end_of_playback(steps: list[tuple[float, float]]) -> None:
    at_s, chunks = 0.0, []
    for wait_s, audio_s in steps:
        at_s += wait_s
        chunks.append(Chunk(at_s, audio_s, _LOUD))
    end_s = chunks[0].at_s
    for chunk in chunks:
        end_s = max(end_s, chunk.at_s) + chunk.audio_s
    played_s = sum(chunk.audio_s for chunk in chunks)
    assert sum(gaps_s(chunks)) == pytest.approx(end_s - chunks[0].at_s - played_s, abs=1e-6)


def test_ttfa_waits_for_audio_that_can_be_heard() -> None:
    stream = Stream(1.0, [Chunk(2.0, 0.1, _SILENT), Chunk(3.5, 0.1, _LOUD)], 4.0)
    assert (stream.first_byte_s, stream.ttfa_s, stream.total_s) == (1.0, 2.5, 3.0)


def test_silence_alone_has_no_ttfa() -> None:
    assert math.isinf(Stream(0.0, [Chunk(1.0, 1.0, _SILENT)], 1.0).ttfa_s)
    assert single(Stream(0.0, [Chunk(1.0, 1.0, _SILENT)], 1.0))["ttfa_ms"] is None


def test_percentiles_lie_between_ranks() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50) == 2.5
    assert percentile([1.0, 2.0], 95) == pytest.approx(1.95)
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 50) is None
    assert percentile([1.0, math.inf, math.inf], 99) == math.inf


def test_throughput_counts_what_arrived_in_the_window_whoever_began_before() -> None:
    streams = [_stream(0.0, (0.9, 1.0), (1.0, 2.0), (1.9, 4.0)), _stream(1.5, (2.0, 8.0))]
    assert audio_within_s(streams, 1.0, 2.0) == 6.0
    assert cell(streams, 1.0, 2.0)["rtfx"] == 6.0


def test_waiting_counts_streams_that_began_in_the_window_whenever_they_end() -> None:
    before, within, after = _stream(0.5, (1.5, 1.0)), _stream(1.5, (4.0, 1.0)), _stream(2.0, (2.1, 1.0))
    found = cell([before, within, after], 1.0, 2.0)
    assert (found["streams"], found["complete"], found["ttfa_ms"]["p50"]) == (1, 1, 2500.0)


def test_a_gap_counts_from_over_50_ms() -> None:
    smooth, torn = _stream(0.0, (0.1, 0.1), (0.24, 0.1)), _stream(0.0, (0.1, 0.1), (0.26, 0.1))
    found = cell([smooth, torn], 0.0, 1.0)
    assert found["gap_share"] == 0.5
    assert found["gap_s"] == pytest.approx(0.04 + 0.06)


def test_failed_streams_are_counted_by_their_error_and_have_no_figures() -> None:
    failed = [Stream(0.0, [], 1.0, "UNAVAILABLE"), Stream(0.0, [Chunk(0.1, 1.0, _LOUD)], 1.0, "INTERNAL")]
    found = cell([*failed, failed[0]], 0.0, 1.0)
    assert found["errors"] == {"INTERNAL": 1, "UNAVAILABLE": 2}
    assert found["complete"] == 0
    assert found["gap_share"] is None
    assert found["ttfa_ms"] == {"p50": None, "p95": None, "p99": None}
    assert single(failed[0]) == {"error": "UNAVAILABLE"}


def test_ratios_need_both_sides() -> None:
    assert ratio(1.0, 2.0) == 0.5
    assert ratio(None, 2.0) is None
    assert ratio(1.0, None) is None
    assert ratio(1.0, 0.0) is None
