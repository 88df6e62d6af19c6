from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speechmesh.common.cache import BytesLru

PUTS = st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 60)), max_size=60)


@given(PUTS)
def test_it_keeps_the_last_used_that_fit_and_never_more(operations: list[tuple[bool, int, int]]) -> None:
    """Against the plainest model of it: a list, the last used behind."""
    cache: BytesLru[int, str] = BytesLru(100)
    expected: list[tuple[int, str, int]] = []
    for number, (puts, key, n_bytes) in enumerate(operations):
        entry = next((entry for entry in expected if entry[0] == key), None)
        if puts:
            cache.put(key, str(number), n_bytes)
            expected = [entry for entry in expected if entry[0] != key] + [(key, str(number), n_bytes)]
            while sum(size for *_, size in expected) > 100:
                expected.pop(0)
        else:
            assert cache.get(key) == (entry[1] if entry else None)
            if entry:
                expected = [each for each in expected if each is not entry] + [entry]
        assert cache.n_bytes == sum(size for *_, size in expected) <= 100
        assert len(cache) == len(expected)
    assert [cache.get(key) for key, *_ in expected] == [value for _, value, _ in expected]


def test_what_is_larger_than_the_cache_pushes_nothing_out() -> None:
    cache: BytesLru[str, int] = BytesLru(10)
    cache.put("small", 1, 5)
    cache.put("large", 2, 11)
    assert (cache.get("small"), cache.get("large"), cache.n_bytes) == (1, None, 5)


def test_a_value_that_outgrew_the_cache_takes_its_former_one_along() -> None:
    cache: BytesLru[str, int] = BytesLru(10)
    cache.put("a", 1, 5)
    cache.put("a", 2, 11)
    assert cache.get("a") is None
    assert cache.n_bytes == 0


def test_a_cleared_cache_is_empty() -> None:
    cache: BytesLru[str, int] = BytesLru(10)
    cache.put("a", 1, 5)
    cache.clear()
    assert (len(cache), cache.n_bytes, cache.get("a")) == (0, 0, None)
