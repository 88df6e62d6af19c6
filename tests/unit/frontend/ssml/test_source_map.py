"""Maps from texts to the documents they came from."""

from __future__ import annotations

import pytest

from speechmesh.frontend.ssml.source_map import Run, SourceMap, merged


def test_a_span_over_several_runs_goes_from_the_first_source_to_the_last() -> None:
    sources = SourceMap((Run(3, 10, 13), Run(1, 13, 18, shared=True), Run(2, 18, 20)))
    assert len(sources) == 6
    assert sources.span(0, 6) == (10, 20)
    assert sources.span(1, 2) == (11, 12)
    assert sources.span(3, 4) == (13, 18)
    assert sources.span(2, 5) == (12, 19)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (-1, 1), (2, 1), (0, 4)])
def test_what_is_no_character_has_no_source(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no characters"):
        SourceMap((Run(3, 0, 3),)).span(start, end)


def test_runs_that_go_on_are_one() -> None:
    assert merged([Run(2, 0, 2), Run(1, 2, 3), Run(1, 3, 8, shared=True), Run(2, 3, 8, shared=True)]) == [
        Run(3, 0, 3),
        Run(3, 3, 8, shared=True),
    ]


def test_a_map_through_a_map_leads_to_the_first_source() -> None:
    text = SourceMap((Run(2, 5, 7), Run(1, 7, 12, shared=True)))  # "1", "2", "&amp;"
    spoken = SourceMap((Run(4, 0, 1, shared=True), Run(2, 1, 3), Run(3, 0, 3, shared=True)))
    through = spoken.through(text)
    assert [through.span(at, at + 1) for at in range(9)] == [
        *[(5, 6)] * 4,
        (6, 7),
        (7, 12),
        *[(5, 12)] * 3,
    ]
