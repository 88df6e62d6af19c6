"""English as a careful speaker reads it: every kind of the data file, and nothing known to fail that does not."""

from __future__ import annotations

import pytest

from speechmesh.frontend.english.normalise import normalise
from speechmesh.frontend.english.options import ReadingOptions
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

CASES = load_cases("english")


def read(case: Case) -> str:
    return as_heard(normalise(case.text, ReadingOptions(name_emoji=case.kind == "emoji named")))


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[Verdict]]:
    return judge(CASES, read)


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
def test_kind_is_read_right(verdicts: dict[str, list[Verdict]], kind: str) -> None:
    check_kind(verdicts[kind])


def test_what_is_read_wrong_is_known(
    verdicts: dict[str, list[Verdict]], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{table(verdicts)}")
    check_known_failures(verdicts, load_known_failures("english"))


def test_the_data_file_is_large_enough_to_tell() -> None:
    assert len(CASES) >= 300
