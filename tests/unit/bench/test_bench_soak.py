from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.soak.babble import Babble
from bench.soak.processes import Held, instance_of
from bench.soak.requests import MAX_WORDS, Request, requests
from bench.soak.verdict import Growth, growths, trend
from speechmesh.speech.v1 import speech_pb2 as pb

VOICES = [
    pb.Voice(
        name="anna",
        languages=["en-US"],
        speakers=[pb.Speaker(name="one"), pb.Speaker(name="two")],
        quality_tiers=[pb.QUALITY_TIER_HIGH, pb.QUALITY_TIER_FAST],
        capabilities=pb.Capabilities(pitch_range_semitones=3.0),
    ),
    pb.Voice(name="bao", languages=["zh-CN"], speakers=[pb.Speaker(name="yi")], quality_tiers=[2]),
]


def taken(n: int, seed: int = 1) -> list[Request]:
    return list(itertools.islice(requests(VOICES, seed), n))


def held(rss_kib: int, descriptors: int = 10, threads: int = 5) -> Held:
    return Held(rss_kib, rss_kib, rss_kib, rss_kib, rss_kib, descriptors, threads)


def growth(*series: Held) -> Growth:
    (found,) = growths([{"frontend": each} for each in series])
    return found


def test_equal_seeds_ask_equal_requests() -> None:
    assert taken(200) == taken(200)
    assert taken(200) != taken(200, seed=2)


def test_every_kind_of_request_is_asked() -> None:
    asked = taken(500)
    assert {request.options.voice for request in asked if not request.bad_field} == {"anna", "bao"}
    assert {"text", "voice.name", "prosody.rate"} <= {request.bad_field for request in asked}
    assert {None, 0, 1, 2, 3} == {request.leave_after for request in asked}
    assert len(set(asked)) < len(asked), "some are repeated"
    assert {"auto", "high", "fast"} <= {request.options.quality_tier for request in asked}


def test_pitch_is_shifted_only_where_the_voice_can() -> None:
    shifts = {"anna": [0.0], "bao": [0.0]}
    for request in taken(500):
        if not request.bad_field:
            shifts[request.options.voice].append(request.options.pitch_semitones)
    assert 1.0 < max(map(abs, shifts["anna"])) <= 3.0
    assert set(shifts["bao"]) == {0.0}


@given(st.integers(1, MAX_WORDS), st.integers(0, 1000))
def test_texts_have_as_many_words_as_asked_for_and_an_end(n_words: int, seed: int) -> None:
    babble = Babble(random.Random(seed))
    english = babble.english(n_words)
    # Two of the figures are of two words: "May 5", "7:30 PM".
    assert n_words <= len(english.split()) <= 2 * n_words
    assert english[-1] in ".?!"
    assert babble.mandarin(n_words)[-1] in "。？！"


def test_memory_within_two_percent_is_flat_also_when_it_falls() -> None:
    assert growth(*[held(1000)] * 3, *[held(1020)] * 3).flat
    assert growth(*[held(1000)] * 3, *[held(900)] * 3).flat


def test_memory_that_grew_above_two_percent_is_not_flat() -> None:
    assert not growth(*[held(1000)] * 3, *[held(1021)] * 3).flat


def test_one_reading_beside_the_others_decides_nothing() -> None:
    assert growth(held(900), held(1000), held(1000), held(1000), held(1100), held(1000)).flat


@pytest.mark.parametrize("late", [held(1000, descriptors=13), held(1000, threads=8)])
def test_three_more_descriptors_or_threads_at_the_end_are_not_flat(late: Held) -> None:
    assert not growth(held(1000), held(1000), late).flat


def test_a_thread_that_a_pool_starts_late_is_flat() -> None:
    assert growth(held(1000), held(1000), held(1000, threads=6)).flat


def test_descriptors_that_come_and_go_are_flat() -> None:
    assert growth(held(1, descriptors=12), held(1, descriptors=10), held(1, descriptors=11)).flat


def test_a_trend_is_not_moved_by_an_outlier() -> None:
    series = [100.0 + 2.0 * index for index in range(15)]
    series[7] = 5000.0
    assert trend(series).change == pytest.approx(28.0)
    assert trend(series).stands_out


def test_noise_without_a_trend_does_not_stand_out() -> None:
    dice = random.Random(0)
    assert not trend([dice.gauss(100.0, 10.0) for _ in range(15)]).stands_out


@pytest.mark.parametrize("series", [[], [3.0]])
def test_a_series_too_short_for_a_line_has_no_trend(series: list[float]) -> None:
    assert trend(series).change == 0.0


@pytest.mark.parametrize(
    ("argument", "instance"),
    [
        ("english.fast.1a2b3c4d_0_1", "english.fast_0_1"),
        ("mine.high_0_0", "mine.high_0_0"),
        ("/models/english.fast.1a2b3c4d_0_1", ""),
    ],
)
def test_a_stub_is_called_by_its_vocoder_without_the_digest(argument: str, instance: str) -> None:
    assert instance_of(["/x/triton_python_backend_stub", "/y/model.py", argument, "8"]) == instance
