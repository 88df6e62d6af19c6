"""Distances of audio: none of equal audio, what theory says of known changes, words by a recogniser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from speechmesh.common.features import FloatArray
from speechmesh.vocoder.export.measure.quality import (
    BALANCED,
    Bounds,
    Figures,
    compare,
    disagreement,
    plain_words,
    recogniser_missing,
    transcribe,
)

RATE = 16_000


@pytest.fixture(scope="module")
def speech() -> FloatArray:
    with np.load(Path("tests/data/bootstrap_example.npz")) as arrays:
        return np.asarray(arrays["audio"][0], np.float32)


def test_equal_audio_has_no_distance(speech: FloatArray) -> None:
    figures = compare([speech], [speech.copy()], RATE)
    assert figures.log_spectral_distance_db == 0.0
    assert figures.mel_cepstral_distortion_db == 0.0
    assert figures.excess(BALANCED) == 0.0


def test_a_gain_is_a_spectral_distance_but_no_cepstral_one() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.1
    figures = compare([noise], [noise * np.float32(10 ** (3 / 20))], RATE)
    assert figures.log_spectral_distance_db == pytest.approx(3.0, abs=0.05)
    assert figures.mel_cepstral_distortion_db == pytest.approx(0.0, abs=0.05)


def test_more_noise_is_further_away(speech: FloatArray) -> None:
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    distances = [compare([speech], [speech + level * noise], RATE) for level in (1e-4, 1e-3, 1e-2)]
    assert [d.log_spectral_distance_db for d in distances] == sorted(
        d.log_spectral_distance_db for d in distances
    )
    assert [d.mel_cepstral_distortion_db for d in distances] == sorted(
        d.mel_cepstral_distortion_db for d in distances
    )
    assert distances[0].excess(BALANCED) < 1.0 < distances[2].excess(BALANCED)


def test_audio_that_is_not_finite_is_infinitely_far(speech: FloatArray) -> None:
    broken = speech.copy()
    broken[5] = np.nan
    assert compare([speech], [broken], RATE).excess(BALANCED) == np.inf


def test_a_bound_of_nothing_allows_nothing() -> None:
    nothing = Bounds(log_spectral_distance_db=0, mel_cepstral_distortion_db=0, word_disagreement=0)
    figures = Figures(log_spectral_distance_db=1e-9, mel_cepstral_distortion_db=0.0, signal_to_noise_db=90.0)
    assert figures.excess(nothing) == np.inf


def test_words_count_only_where_the_text_is_known() -> None:
    figures = Figures(
        log_spectral_distance_db=0.0,
        mel_cepstral_distortion_db=0.0,
        signal_to_noise_db=0.0,
        n_words=100,
        word_disagreement=0.2,
    )
    assert figures.excess(BALANCED) == 0.0
    assert figures.model_copy(update={"words_count": True}).excess(BALANCED) == pytest.approx(4.0)
    # In ten words two may change by chance.
    assert figures.model_copy(update={"words_count": True, "n_words": 10}).excess(BALANCED) == pytest.approx(
        1.0
    )


def test_disagreement_is_the_rate_of_edits() -> None:
    apart = disagreement(["the cat sat", "on mats"], ["the cat sat down", "on mat"])
    assert apart.n_words == 5
    assert apart.words == pytest.approx(2 / 5)
    assert plain_words("Kick the ball, John's ball!") == "kick the ball john's ball"


def test_a_recogniser_hears_words_in_speech(speech: FloatArray) -> None:
    if missing := recogniser_missing():
        pytest.skip(missing)
    (text,) = transcribe([speech], RATE)
    assert len(text.split()) >= 5
    assert len(transcribe([np.zeros(RATE, np.float32)], RATE)[0].split()) <= 1
