"""The voices that ship: what their makers promise of every speaker, heard in a few sentences."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from speechmesh.acoustic.domain import AcousticSegment, Ending
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import TIERS, VoiceBundle
from speechmesh.frontend.reader import load_reader
from speechmesh.vocoder.offline import vocode
from training.voices.f0 import Tracker
from training.voices.loudness import block_powers, gated_lufs, true_peak_dbfs

TEXTS = {
    "english": ("The weather is nice today.", "Could you tell me where the station is?", "Stop!"),
    "mandarin": ("今天天气很好。", "你知道火车站在哪里吗？", "停！"),
}
MAX_BUNDLE_BYTES = 30_000_000
LUFS = -21.0


@pytest.fixture(scope="module", params=sorted(TEXTS))
def voice(request: pytest.FixtureRequest) -> VoiceBundle:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def model(voice: VoiceBundle) -> ParallelAcoustic:
    return ParallelAcoustic(voice, threads=1)


@pytest.fixture(scope="module")
def segments(voice: VoiceBundle) -> list[AcousticSegment]:
    """The voice's sentences, by its first speaker."""
    reader = load_reader(voice)
    found = []
    for text in TEXTS[voice.name]:
        plan = reader.plan(text, max_words=20, first_max_words=20)
        (segment,) = plan.segments
        tokens = reader.tokens(segment)
        ends = np.zeros(len(tokens.tokens), np.bool_)
        ends[[word.first_token + word.n_tokens - 1 for word in tokens.words]] = True
        ending = Ending.QUESTION if text[-1] in "?？" else Ending.STATEMENT
        found.append(AcousticSegment(np.array(tokens.tokens), ends, ending))
    return found


def audio(voice: VoiceBundle, model: ParallelAcoustic, segment: AcousticSegment) -> np.ndarray:
    return vocode(voice, "fast", model.infer([segment])[0].frames)


def median_f0_hz(samples: np.ndarray) -> float:
    track = Tracker(16_000, 200, 60.0, 500.0)(samples)
    return float(np.median(track[track > 0]))


def test_a_bundle_is_small_and_says_its_licence(voice: VoiceBundle) -> None:
    assert sum(file.stat().st_size for file in voice.folder.iterdir()) <= MAX_BUNDLE_BYTES
    assert voice.config.license == "Apache-2.0"
    assert (voice.folder / "LICENSE").is_file()
    assert "teachers" in (voice.folder / "CARD.md").read_text()
    assert set(voice.config.vocoders) <= set(TIERS)


def test_one_batch_holds_every_speaker_rate_and_pitch(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment]
) -> None:
    speakers = [speaker.id for speaker in voice.config.speakers]
    mixed = [
        replace(
            segment, speaker_id=speaker, rate=1.0 + 0.1 * i, pitch_semitones=float(i % 3), energy_db=-i % 4
        )
        for i, (segment, speaker) in enumerate(product(segments, speakers))
    ]
    assert len({model.batch_key(segment) for segment in mixed}) == 1
    for segment, together in zip(mixed, model.infer(mixed), strict=True):
        alone = model.infer([segment])[0]
        np.testing.assert_array_equal(together.frames_per_token, alone.frames_per_token)
        np.testing.assert_allclose(together.frames, alone.frames, atol=1e-4)


def test_every_speaker_is_level_without_clicks_or_dc(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment]
) -> None:
    loudness = {}
    for speaker in voice.config.speakers:
        spoken = [audio(voice, model, replace(s, speaker_id=speaker.id)) for s in segments]
        loudness[speaker.name] = gated_lufs(np.concatenate([block_powers(x, 16_000) for x in spoken]))
        for samples in spoken:
            assert true_peak_dbfs(samples) < -1.0, speaker.name
            assert np.abs(np.concatenate([samples[:80], samples[-80:]])).max() < 0.01, speaker.name
            assert abs(float(samples.mean())) < 1e-3, speaker.name
    assert max(loudness.values()) - min(loudness.values()) < 3.0, loudness
    assert np.mean(list(loudness.values())) == pytest.approx(LUFS, abs=2.0)


def test_speakers_differ(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment]
) -> None:
    pitches = [
        median_f0_hz(audio(voice, model, replace(segments[1], speaker_id=speaker.id)))
        for speaker in voice.config.speakers
    ]
    assert max(pitches) > 1.25 * min(pitches)


@pytest.mark.parametrize("part", [-1.0, -0.5, 0.5, 1.0])
def test_pitch_moves_by_what_was_asked(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment], part: float
) -> None:
    if voice.name == "mandarin":  # whose pitch follows from the tokens alone
        assert voice.config.acoustic.pitch_range_semitones == 0.0
        return
    semitones = part * voice.config.acoustic.pitch_range_semitones
    moved = []
    for speaker in voice.config.speakers:
        plain = replace(segments[1], speaker_id=speaker.id)
        tracks = [
            Tracker(16_000, 200, 60.0, 500.0)(audio(voice, model, segment))
            for segment in (plain, replace(plain, pitch_semitones=semitones))
        ]
        voiced = (tracks[0] > 0) & (tracks[1] > 0)
        moved.append(float(np.median(12.0 * np.log2(tracks[1][voiced] / tracks[0][voiced]))))
    # Where a speaker's own intonation is at its bound, a shift falls short.
    assert 0.5 * abs(semitones) < np.mean(moved) * np.sign(semitones) < 1.5 * abs(semitones), moved


def test_more_effort_is_louder(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment]
) -> None:
    levels = [
        float(np.std(audio(voice, model, replace(segments[1], energy_db=energy))))
        for energy in (-9.0, 0.0, 9.0)
    ]
    assert levels[0] < levels[1] < levels[2]


@pytest.mark.parametrize(
    "extreme",
    [{"rate": 0.5}, {"rate": 2.0}, {"pitch_semitones": 2.0}, {"energy_db": 9.0}, {"energy_db": -9.0}],
)
def test_nothing_that_may_be_asked_for_breaks_it(
    voice: VoiceBundle, model: ParallelAcoustic, segments: list[AcousticSegment], extreme: dict[str, float]
) -> None:
    plain, changed = audio(voice, model, segments[1]), audio(voice, model, replace(segments[1], **extreme))
    assert np.isfinite(changed).all()
    assert np.abs(changed).max() < 1.0
    assert len(changed) == pytest.approx(len(plain) / extreme.get("rate", 1.0), rel=0.15)


def test_a_question_sounds_otherwise_than_a_statement_of_the_same_words(english: VoiceBundle) -> None:
    reader = load_reader(english)
    (segment,) = reader.plan("Is it raining?", max_words=20, first_max_words=20).segments
    tokens = np.array(reader.tokens(segment).tokens)
    ends = np.zeros(len(tokens), np.bool_)
    model = ParallelAcoustic(english, threads=1)
    asked, told = model.infer(
        [AcousticSegment(tokens, ends, Ending.QUESTION), AcousticSegment(tokens, ends, Ending.STATEMENT)]
    )
    assert len(asked.frames) != len(told.frames) or np.abs(asked.frames - told.frames).max() > 0.1
