"""The corpus' split, batches, statistics of errors, and the schedule of a training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.common.errors import Incompatible
from training.voices.batches import BatchOrder, plan_epoch
from training.voices.corpus import choose, fragments_of, read_text
from training.voices.metrics import (
    align,
    error_difference,
    error_rate,
    mel_cepstral_distortion,
    multi_resolution_stft,
    pitch_errors,
)
from training.voices.settings import CorpusSettings, load_settings
from training.voices.shards import Clip, read_clips, write_clips
from training.voices.training_loop import Budget, learning_rate
from training.voices.work import Work

CORPUS = CorpusSettings(text="text/english.txt.gz", sentences_per_speaker=300, fragments=100, held_out=50)


@pytest.fixture(scope="module")
def lines():
    return read_text(CORPUS)


def test_the_repositorys_text_is_enough_for_the_english_voice(lines):
    settings = load_settings("english")
    wanted = settings.corpus.sentences_per_speaker * len(settings.speakers) + settings.corpus.held_out
    assert len(lines) > wanted
    assert len(settings.speakers) >= 4


def test_no_speaker_learns_a_held_out_sentence_or_a_piece_of_one(lines):
    chosen = choose(lines, CORPUS, [300, 300])
    held_out = [s.text for s in chosen[0] if s.part == "held_out"]
    assert held_out == [s.text for s in chosen[1] if s.part == "held_out"]
    assert len(held_out) == 50
    pieces = {piece.lower() for line in held_out for piece in fragments_of(line)}
    for sentences in chosen:
        train = [s.text for s in sentences if s.part == "train"]
        assert len(train) == 350
        assert not set(train) & set(held_out)
        longer = {p for p in pieces if len(p) > 15}  # a common word may well be a piece of two lines
        assert not {text.lower().rstrip(".?!,") for text in train} & longer


def test_speakers_have_different_sentences_and_the_choice_is_always_the_same(lines):
    first, second = ({s.text for s in of if s.part == "train"} for of in choose(lines, CORPUS, [300, 300]))
    assert len(first & second) < 5
    assert choose(lines, CORPUS, [300, 300]) == choose(lines, CORPUS, [300, 300])


def test_too_few_lines_are_refused():
    with pytest.raises(Incompatible, match="too few"):
        choose(["a line that is long enough for it"], CORPUS, [5])


@given(st.lists(st.integers(1, 900), min_size=1, max_size=200), st.integers(300, 4000), st.integers(0, 5))
def test_every_utterance_is_in_one_batch_within_the_budget(lengths, budget, epoch):
    n_frames = np.array(lengths)
    batches = plan_epoch(n_frames, budget, 1, epoch)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert all(len(b) == 1 or n_frames[b].max() * len(b) <= budget for b in batches)


def test_the_order_of_batches_goes_on_from_its_state():
    n_frames = np.random.default_rng(0).integers(50, 500, 40)
    whole, broken = BatchOrder(n_frames, 1500, 3), BatchOrder(n_frames, 1500, 3)
    expected = [whole.next() for _ in range(30)]
    for _ in range(17):
        broken.next()
    resumed = BatchOrder(n_frames, 1500, 3)
    resumed.state = broken.state
    for batch in expected[17:]:
        np.testing.assert_array_equal(resumed.next(), batch)


def test_clips_come_back_from_disk(tmp_path):
    clips = [
        Clip(f"c{i}", "Text.", np.arange(10 * i + 5, dtype=np.int16), ("pau", "a"), (0.1, 0.2), (False, True))
        for i in range(3)
    ]
    write_clips(tmp_path / "train-0000", clips)
    for clip, read in zip(clips, read_clips(tmp_path / "train-0000"), strict=True):
        np.testing.assert_array_equal(clip.pcm, read.pcm)
        assert (clip.id, clip.tokens, clip.ends_s, clip.word_ends) == (
            *(read.id, read.tokens, read.ends_s),
            read.word_ends,
        )


def test_a_step_is_done_only_for_the_settings_it_was_done_with(tmp_path):
    work = Work(tmp_path)
    work.mark_done("speech", "abc", 3.0)
    assert work.is_done("speech", "abc")
    assert not work.is_done("speech", "abd")
    assert work.seconds("speech") == 3.0


def test_a_budget_ends_by_steps_or_by_time():
    assert Budget(steps=10, seconds=0.0).part(5, 1e9) == 0.5
    assert Budget(steps=None, seconds=100.0).part(5, 50.0) == 0.5
    assert Budget(steps=None, seconds=100.0).part(5, 500.0) == 1.0


def test_the_learning_rate_rises_then_falls():
    rates = [learning_rate(step / 1000, step, 100) for step in range(1001)]
    assert max(rates) == pytest.approx(0.98, abs=0.03)
    assert rates[0] < 0.02
    assert rates[-1] == pytest.approx(0.03)
    assert int(np.argmax(rates)) == pytest.approx(100, abs=2)


def test_the_interval_of_an_error_rate_holds_it():
    rate = error_rate([(1, 10), (0, 12), (3, 9), (2, 11)] * 20)
    assert rate.value == pytest.approx(100 * 6 / 42)
    assert rate.low < rate.value < rate.high


def test_a_lift_of_one_cosine_over_the_bands_has_the_distortion_of_its_cepstrum():
    bands = np.arange(80)
    a = np.zeros((3, 80), np.float32)
    b = np.tile(0.1 * np.cos(np.pi * 3 * (bands + 0.5) / 80), (3, 1)).astype(np.float32)
    # log amplitude = 0.1 cos: one cepstrum differs by 0.1.
    np.testing.assert_allclose(mel_cepstral_distortion(a, b), 10 / np.log(10) * np.sqrt(2) * 0.1, rtol=1e-4)
    np.testing.assert_allclose(mel_cepstral_distortion(a, a + 1.0), 0.0, atol=1e-4)  # loudness does not count


def test_warping_pairs_a_stretched_sequence_with_its_original():
    a = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    left, right = align(a, np.repeat(a, 2, axis=0))
    np.testing.assert_array_equal(left, right // 2)


def test_equal_sounds_are_at_no_distance():
    sound = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    assert multi_resolution_stft(sound, sound) == 0.0
    errors = pitch_errors(np.array([0, 100, 100, 0], np.float32), np.array([0, 110, 0, 0], np.float32))
    assert errors.squared_hz.tolist() == [100.0]
    assert errors.n_voicing_errors == 1


def test_a_difference_of_error_rates_is_told_by_pairs_of_sentences():
    hard = [(float(i % 5), 10) for i in range(100)]
    worse = [(errors + 0.1, n) for errors, n in hard]
    difference = error_difference(worse, hard)
    assert difference.value == pytest.approx(1.0)
    # Every pair differs by as much, so nothing is uncertain, however much the sentences differ.
    assert (difference.low, difference.high) == (pytest.approx(1.0), pytest.approx(1.0))
