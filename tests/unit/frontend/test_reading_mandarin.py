"""Mandarin as a careful announcer reads it: every kind of the data files, and nothing known to fail that does not."""

from __future__ import annotations

import re

import pytest

from speechmesh.frontend.mandarin import g2p
from speechmesh.frontend.mandarin.normalise import normalise
from speechmesh.frontend.spoken import Word
from tests.unit.frontend.reading_cases import (
    Case,
    Verdict,
    as_heard,
    check_kind,
    check_known_failures,
    judge,
    load_cases,
    load_known_failures,
    table,
)

CASES, PINYIN_CASES = load_cases("mandarin"), load_cases("mandarin_pinyin")
# Blanks that stand neither beside a pause nor between two English words.
_NO_BLANK = re.compile(r"(?<![a-z'|]) (?!\|)|(?<=[a-z']) (?![a-z'|])")


def read(case: Case) -> str:
    """The words, without blanks as Chinese is written."""
    return _NO_BLANK.sub("", as_heard(normalise(case.text)))


def pronounce(case: Case) -> str:
    """The syllables, pauses left out."""
    said: list[str] = []
    phrase: list[Word] = []
    for item in (*normalise(case.text).items, None):
        if isinstance(item, Word):
            phrase.append(item)
            continue
        said += [syllable for word in g2p.spoken_syllables(phrase) for syllable in word]
        phrase = []
    return " ".join(said)


@pytest.fixture(scope="module")
def readings() -> dict[str, list[Verdict]]:
    return judge(CASES, read)


@pytest.fixture(scope="module")
def pronunciations() -> dict[str, list[Verdict]]:
    return judge(PINYIN_CASES, pronounce)


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
def test_kind_is_read_right(readings: dict[str, list[Verdict]], kind: str) -> None:
    check_kind(readings[kind])


@pytest.mark.parametrize("kind", sorted({case.kind for case in PINYIN_CASES}))
def test_kind_is_pronounced_right(pronunciations: dict[str, list[Verdict]], kind: str) -> None:
    check_kind(pronunciations[kind])


def test_what_is_read_wrong_is_known(
    readings: dict[str, list[Verdict]],
    pronunciations: dict[str, list[Verdict]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        print(f"\n{table(readings)}\n{table(pronunciations)}")
    check_known_failures(readings, load_known_failures("mandarin"))
    check_known_failures(pronunciations, load_known_failures("mandarin_pinyin"))


def test_the_data_files_are_large_enough_to_tell() -> None:
    assert len(CASES) + len(PINYIN_CASES) >= 300
