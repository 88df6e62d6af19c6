"""Segments of any kind, and whether two models say them alike."""

from __future__ import annotations

import numpy as np

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Ending
from speechmesh.common.bundle import VoiceBundle

# Mels are natural logarithms of amplitudes: 0.015 is 0.13 dB. Listeners tell level differences of about 1 dB, of all
# bins and for longer than a frame; one frame may be off by 1.7 dB here. Of 64 segments of random tokens an H200 had one
# off by 0.0105, and its worst frame by 0.14.
MAX_RMS, MAX_FRAME_RMS = 0.015, 0.2


def segments_of(voice: VoiceBundle, n: int, seed: int = 0) -> list[AcousticSegment]:
    """Any tokens, of any speaker, rate, pitch and effort."""
    rng = np.random.default_rng(seed)
    return [
        AcousticSegment(
            np.concatenate([[1], rng.integers(2, len(voice.tokens), n_tokens), [1]]),
            rng.integers(0, 2, n_tokens + 2).astype(np.bool_),
            ending=Ending.QUESTION if number % 3 == 0 else Ending.STATEMENT,
            speaker_id=int(rng.integers(len(voice.config.speakers))),
            rate=float(rng.uniform(0.6, 1.6)),
            pitch_semitones=float(rng.uniform(-1, 1)) * voice.config.acoustic.pitch_range_semitones,
            energy_db=float(rng.uniform(-1, 1)) * voice.config.acoustic.energy_range_db,
        )
        for number, n_tokens in enumerate(rng.integers(1, 80, n))
    ]


def assert_sounds_alike(exact: AcousticResult, other: AcousticResult) -> None:
    np.testing.assert_array_equal(exact.frames_per_token, other.frames_per_token)
    errors = np.square(exact.frames - other.frames, dtype=np.float64)
    assert np.sqrt(errors.mean()) <= MAX_RMS
    assert np.sqrt(errors.mean(axis=1)).max() <= MAX_FRAME_RMS
