from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speechmesh.acoustic.batch_limits import BatchLimits

HALF_MINUTES = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 400), st.floats(0, 90)), max_size=20)


def test_what_was_too_large_is_halved_and_doubles_again_in_time() -> None:
    limits = BatchLimits(8, 128)
    limits.shrink(8, 128, 100.0)
    limits.shrink(4, 64, 101.0)
    assert limits.at(102.0) == (2, 32)
    assert limits.at(131.5) == (4, 64)
    assert limits.at(161.5) == (8, 128)


def test_a_smaller_run_that_failed_counts_by_its_own_size() -> None:
    limits = BatchLimits(8, 128)
    limits.shrink(3, 40, 100.0)
    assert limits.at(100.0) == (1, 20)


def test_a_long_calm_gives_everything_back_at_once() -> None:
    limits = BatchLimits(8, 128)
    for _ in range(10):
        limits.shrink(1, 1, 100.0)
    assert limits.at(100.0) == (1, 1)
    assert limits.at(1000.0) == (8, 128)


@given(HALF_MINUTES)
def test_limits_stay_between_one_and_what_is_set(failures: list[tuple[int, int, float]]) -> None:
    limits, now = BatchLimits(8, 128), 0.0
    for n_items, n_tokens, later_s in failures:
        limits.shrink(n_items, n_tokens, now)
        for halved in (False, True):
            items, tokens = limits.at(now, halved=halved)
            assert 1 <= items <= max(n_items // 2, 1)
            assert 1 <= tokens <= max(n_tokens // 2, 1)
        now += later_s
        items, tokens = limits.at(now)
        assert items <= 8
        assert tokens <= 128
