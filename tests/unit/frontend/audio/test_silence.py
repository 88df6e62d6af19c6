from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.audio.silence import MAX_HELD_S, SilenceTrimmer
from tests.unit.frontend.audio.sounds import FloatArray

RATE_HZ = 16_000
MS = RATE_HZ // 1000


def sound(*parts: tuple[str, int]) -> FloatArray:
    """Silence (a faint hiss) and speech (a square wave), each so many milliseconds long."""
    rng = np.random.default_rng(3)
    pieces = [
        rng.uniform(-0.002, 0.002, ms * MS) if kind == "silence" else 0.1 * np.sign(np.sin(np.arange(ms * MS) + 0.5))
        for kind, ms in parts
    ]  # fmt: skip
    return np.concatenate(pieces).astype(np.float32)


def trimmed(
    samples: FloatArray, leading_ms: int | None, trailing_ms: int | None, cuts: list[int] = []  # noqa: B006
) -> FloatArray:  # fmt: skip
    trimmer = SilenceTrimmer(RATE_HZ, leading_ms, trailing_ms)
    return np.concatenate([trimmer.trim(p, may_end=True) for p in np.split(samples, sorted(cuts))])


SPEECH = (("silence", 200), ("speech", 100), ("silence", 300), ("speech", 50), ("silence", 400))


@pytest.mark.parametrize(
    ("leading_ms", "trailing_ms", "begin_ms", "end_ms"),
    [
        (None, None, 0, 1050), (0, None, 200, 1050), (50, None, 150, 1050), (500, None, 0, 1050), (None, 0, 0, 650),
        (None, 100, 0, 750), (None, 1000, 0, 1050), (30, 40, 170, 690),
    ],
)  # fmt: skip
def test_the_silence_at_the_ends_is_at_most_what_was_asked_for(
    leading_ms: int | None, trailing_ms: int | None, begin_ms: int, end_ms: int
) -> None:
    samples = sound(*SPEECH)
    np.testing.assert_array_equal(
        trimmed(samples, leading_ms, trailing_ms), samples[begin_ms * MS : end_ms * MS]
    )


@given(
    st.lists(st.integers(0, 1050 * MS), max_size=12),
    st.sampled_from([None, 0, 30, 250]),
    st.sampled_from([None, 0, 30, 350]),
)
@settings(deadline=None, max_examples=60)
def test_cuts_make_no_difference(cuts: list[int], leading_ms: int | None, trailing_ms: int | None) -> None:
    samples = sound(*SPEECH)
    np.testing.assert_array_equal(
        trimmed(samples, leading_ms, trailing_ms, cuts), trimmed(samples, leading_ms, trailing_ms)
    )


def test_what_is_audible_is_never_held_back() -> None:
    trimmer = SilenceTrimmer(RATE_HZ, 0, 0)
    for piece in np.split(sound(*SPEECH), range(160, 1050 * MS, 160)):
        out = trimmer.trim(piece, may_end=True)
        audible = np.flatnonzero(np.abs(piece) > 0.05)
        if len(audible):
            assert len(out) > 0
            assert out[-1] == piece[audible[-1]]


def test_silence_that_more_follows_is_not_held_back() -> None:
    trimmer = SilenceTrimmer(RATE_HZ, None, 0)
    speech, silence = sound(("speech", 20)), sound(("silence", 100))
    assert len(trimmer.trim(np.concatenate([speech, silence]), may_end=False)) == 120 * MS
    assert len(trimmer.trim(silence, may_end=True)) == 0
    assert len(trimmer.trim(silence, may_end=False)) == 200 * MS


def test_no_more_is_held_back_than_the_bound() -> None:
    trimmer = SilenceTrimmer(RATE_HZ, None, 0)
    trimmer.trim(sound(("speech", 20)), may_end=True)
    n_out = sum(len(trimmer.trim(sound(("silence", 1000)), may_end=True)) for _ in range(13))
    assert n_out == (13 - MAX_HELD_S) * RATE_HZ


@pytest.mark.parametrize(
    ("leading_ms", "trailing_ms", "kept_ms"),
    [(None, None, 300), (50, None, 50), (0, None, 0), (500, None, 300), (None, 20, 20), (50, 20, 20), (20, 50, 20)],
)  # fmt: skip
def test_of_a_stream_of_silence_is_kept_what_both_bounds_allow(
    leading_ms: int | None, trailing_ms: int | None, kept_ms: int
) -> None:
    trimmer = SilenceTrimmer(RATE_HZ, leading_ms, trailing_ms)
    pieces = [trimmer.trim(piece, may_end=True) for piece in np.split(sound(("silence", 200)), 2)]
    pieces.append(trimmer.finish(sound(("silence", 100))))
    assert sum(map(len, pieces)) == kept_ms * MS
    assert trimmer.decided


def test_the_position_is_where_the_next_sample_will_be_heard() -> None:
    trimmer = SilenceTrimmer(RATE_HZ, 50, 0)
    trimmer.trim(sound(("silence", 120)), may_end=True)
    assert (trimmer.decided, trimmer.position) == (False, 120 * MS)
    trimmer.trim(sound(("silence", 80), ("speech", 100)), may_end=True)
    assert trimmer.decided
    assert (trimmer.position, trimmer.n_left_out) == (150 * MS, 150 * MS)
    assert len(trimmer.trim(sound(("silence", 40)), may_end=True)) == 0
    assert trimmer.position == 190 * MS
