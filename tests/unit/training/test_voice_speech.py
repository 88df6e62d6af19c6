"""Loudness, times and tokens of the teachers' speech."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.frontend.mandarin.pinyin import TOKENS, tokens_of
from speechmesh.frontend.mandarin.sandhi import third_tones
from training.voices.corpus import Sentence
from training.voices.f0 import Tracker
from training.voices.loudness import finish, integrated_lufs, k_weighting, true_peak_dbfs
from training.voices.settings import load_settings
from training.voices.teachers.espeak import Espeak, espeak_missing, espeak_text, phones_of
from training.voices.utterance import Phone, frames_of, merge_pauses

RATE = 16_000


def sine(hz: float, seconds: float, amplitude: float, rate: int = RATE) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_k_weighting_has_the_standards_coefficients_at_48_khz():
    (shelf_b, shelf_a), (pass_b, pass_a) = k_weighting(48_000)
    np.testing.assert_allclose(shelf_b, [1.53512485958697, -2.69169618940638, 1.19839281085285], atol=1e-8)
    np.testing.assert_allclose(shelf_a, [1.0, -1.69065929318241, 0.73248077421585], atol=1e-8)
    np.testing.assert_allclose(pass_b, [1.0, -2.0, 1.0])
    np.testing.assert_allclose(pass_a, [1.0, -1.99004745483398, 0.99007225036621], atol=1e-8)


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_full_scale_sine_of_997_hz_is_3_lufs_below_zero(rate):
    assert integrated_lufs(sine(997.0, 3.0, 1.0, rate), rate) == pytest.approx(-3.01, abs=0.05)


def test_pauses_do_not_count_for_loudness():
    speech = sine(500.0, 4.0, 0.1)
    with_pause = np.concatenate([speech, np.zeros(4 * RATE, np.float32)])
    assert integrated_lufs(with_pause, RATE) == pytest.approx(integrated_lufs(speech, RATE), abs=0.4)


def test_silence_has_no_loudness():
    assert integrated_lufs(np.zeros(RATE, np.float32), RATE) == -np.inf


def test_the_true_peak_lies_between_the_samples():
    # A quarter of the sample rate, sampled 45 degrees off its peaks.
    samples = np.sin(np.pi / 2 * np.arange(4096) + np.pi / 4).astype(np.float32)
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbfs(samples) == pytest.approx(0.0, abs=0.05)


def test_finished_speech_has_no_dc_no_clicks_and_no_peak_above_the_bound():
    samples = sine(200.0, 1.0, 0.5) + np.float32(0.2)
    done = finish(samples, RATE, gain=4.0, peak_dbfs=-1.5, fade_ms=5.0)
    assert true_peak_dbfs(done) <= -1.5 + 0.01
    assert abs(done.mean()) < 1e-3
    assert np.abs(done[[0, -1]]).max() < 1e-3


def test_an_offset_that_a_pause_alone_has_is_gone():
    samples = sine(200.0, 1.0, 0.5)
    samples[RATE // 4 : RATE * 3 // 4] = np.float32(0.1)
    done = finish(samples, RATE, gain=1.0, peak_dbfs=-1.5, fade_ms=5.0)
    assert abs(done[RATE * 3 // 8 : RATE * 5 // 8].mean()) < 2e-3


def test_what_is_below_speech_goes_and_the_lowest_voice_stays():
    low, rumble = sine(60.0, 1.0, 0.5), sine(10.0, 1.0, 0.5)
    middle = slice(RATE // 4, RATE * 3 // 4)
    assert np.abs(finish(rumble, RATE, 1.0, -1.5, 5.0)[middle]).max() < 0.02
    np.testing.assert_allclose(finish(low, RATE, 1.0, -1.5, 5.0)[middle], low[middle], atol=0.05)


@given(
    st.lists(st.floats(0.0, 0.4), min_size=1, max_size=40),
    st.integers(0, 60),
    st.sampled_from([62.5, 80.0, 93.75]),
)
def test_frames_sum_exactly_and_every_token_has_one(lengths, surplus, frames_per_s):
    ends = np.cumsum(lengths)
    n_frames = max(int(ends[-1] * frames_per_s) + surplus, len(lengths))
    frames = frames_of(list(ends), frames_per_s, n_frames)
    assert frames.sum() == n_frames
    assert frames.min() >= 1


def test_frames_are_rounded_ends_so_that_nothing_drifts():
    ends = [0.1 * (i + 1) for i in range(30)]
    frames = frames_of(ends, 62.5, 188)
    np.testing.assert_allclose(np.cumsum(frames)[:-1], np.round(np.array(ends[:-1]) * 62.5))


def test_more_tokens_than_frames_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        frames_of([0.1, 0.2, 0.3], 80.0, 2)


def test_neighbouring_pauses_become_one():
    phones = [
        Phone("pau", 0.1, False),
        Phone("pau", 0.3, False),
        Phone("a", 0.4, True),
        Phone("pau", 0.5, False),
    ]
    assert [(p.token, p.end_s) for p in merge_pauses(phones, "pau")] == [
        ("pau", 0.3),
        ("a", 0.4),
        ("pau", 0.5),
    ]


def test_the_tracker_follows_a_gliding_tone_and_leaves_noise_unvoiced():
    n = np.arange(2 * RATE)
    f0 = 120 + 40 * np.sin(2 * np.pi * n / RATE)
    phase = 2 * np.pi * np.cumsum(f0 / RATE)
    samples = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 12))
    samples[: RATE // 2] = np.random.default_rng(0).normal(0, 0.02, RATE // 2)
    tracked = Tracker(RATE, 200, 60.0, 300.0)(samples.astype(np.float32))
    assert len(tracked) == len(samples) // 200
    assert not tracked[:36].any()
    np.testing.assert_allclose(tracked[45:155], f0[100::200][45:155], atol=1.0)


@pytest.mark.parametrize(
    ("syllable", "tokens"),
    [
        ("zhong1", ["zh", "ong1"]),
        ("zi4", ["z", "ii4"]),
        ("shi2", ["sh", "iii2"]),
        ("ju2", ["j", "v2"]),
        ("xuan3", ["x", "van3"]),
        ("lv4", ["l", "v4"]),
        ("yuan2", ["van2"]),
        ("wo3", ["uo3"]),
        ("jiu3", ["j", "iou3"]),
        ("dui4", ["d", "uei4"]),
        ("lun2", ["l", "uen2"]),
        ("er2", ["er2"]),
        ("r5", ["er5"]),
        ("a5", ["a5"]),
    ],
)
def test_syllables_become_initials_and_finals_with_tones(syllable, tokens):
    assert tokens_of(syllable) == tokens
    assert set(tokens) <= set(TOKENS)


@pytest.mark.parametrize("text", ["", "ma", "ma6", "xyz1", "b4"])
def test_what_is_no_syllable_is_refused(text):
    with pytest.raises(ValueError, match="not numbered pinyin"):
        tokens_of(text)


def test_a_third_tone_before_a_third_one_is_spoken_as_a_second():
    assert third_tones(["ni3", "hao3"]) == ["ni2", "hao3"]
    assert espeak_text("ni3-hao3 ， shi4-jie4 。") == "ni2 hao3, shi4 jie4."


def test_espeaks_phones_become_tokens():
    events = [(0, "n"), (100, "i"), (200, "_|"), (220, "A"), (400, "_|"), (420, "_:")]
    phones = phones_of(events, 500, 1000, [["ni3"], ["a5"]])
    assert phones is not None
    assert [(p.token, p.end_s, p.ends_word) for p in phones] == [
        *[("n", 0.1, False), ("i3", 0.22, True), ("a5", 0.42, True), ("pau", 0.5, False)]
    ]


@pytest.mark.skipif(bool(espeak_missing()), reason=f"the teacher is missing: {espeak_missing()}")
def test_espeak_says_each_tone_with_a_contour_of_its_own():
    settings = load_settings("mandarin").speakers[0]
    sentence = Sentence("a", "train", "ma1 ma2 ma4 。")
    (spoken,) = Espeak(settings.teacher).speak([sentence])
    finals = [phone for phone in spoken.phones if phone.token.startswith("a")]
    assert [phone.token for phone in finals] == ["a1", "a2", "a4"]
    assert spoken.phones[-1].end_s == pytest.approx(len(spoken.samples) / spoken.sample_rate_hz, abs=1e-3)
    track = Tracker(spoken.sample_rate_hz, spoken.sample_rate_hz // 80, *settings.f0_hz)(spoken.samples)
    starts = [before.end_s for before, after in pairwise(spoken.phones) if after in finals]
    slopes = []
    for start, phone in zip(starts, finals, strict=True):
        piece = track[round(start * 80) : round(phone.end_s * 80)]
        voiced = piece[piece > 0]
        slopes.append(float(np.log2(voiced[-3:].mean() / voiced[:3].mean())))
    assert slopes[1] > slopes[0] > slopes[2]


def test_a_sentence_whose_syllables_do_not_match_is_left_out():
    assert phones_of([(0, "n"), (100, "i"), (200, "_|")], 300, 1000, [["ni3", "hao3"]]) is None
