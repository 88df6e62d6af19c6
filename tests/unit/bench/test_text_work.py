"""The texts that text work is measured with."""

from __future__ import annotations

import pytest

from bench.text_work import CASES, texts
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("language", ["english", "mandarin"])
def test_texts_are_about_as_long_as_said_and_hardly_ever_the_same(language: str) -> None:
    made = list(texts(REPOSITORY / CASES / f"{language}.tsv", 300))
    assert len(made) == 300
    assert len(set(made)) > 290
    lengths = sorted(map(len, made))
    assert 110 <= lengths[len(lengths) // 2] <= 150
    assert lengths[-1] < 240
