"""What must hold of English reading whatever the text: nothing is lost, spans are true, time is linear."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.english.normalise import normalise
from speechmesh.frontend.english.options import ReadingOptions
from speechmesh.frontend.segment import split_segments
from tests.unit.frontend.reading_cases import load_cases

TEXTS = [case.text for case in load_cases("english")]
OPTIONS = [ReadingOptions(), ReadingOptions(name_emoji=True)]
LENGTH = 100_000
MAX_SECONDS = 20.0

_RUN = re.compile(r"[A-Za-z0-9]+")


def check(text: str, options: ReadingOptions) -> None:
    spoken = normalise(text, options)
    covered = [False] * len(text)
    for sequence in (spoken.items, spoken.dropped):
        start = end = 0
        for item in sequence:
            assert 0 <= item.start <= item.end <= len(text)
            assert item.start >= start and item.end >= end, "spans go backwards"
            start, end = item.start, item.end
    for item in (*spoken.words, *spoken.dropped):
        covered[item.start : item.end] = [True] * (item.end - item.start)
    lost = [run[0] for run in _RUN.finditer(text) if not all(covered[run.start() : run.end()])]
    assert not lost, f"neither spoken nor reported: {lost}"
    assert all(re.fullmatch(r"[a-z][a-z']*", word.text) for word in spoken.words)
    assert all(run.text == text[run.start : run.end] for run in spoken.dropped)
    segments = split_segments(spoken)
    assert [word for segment in segments for word in segment.words] == list(spoken.words)


# Characters and snippets that recognisers look for, so that chance finds what they make of one another.
SIGNS = st.text(
    alphabet="aAbIxX0159.,:;!?-–—'\"()[]{}<>/\\|@#$€¥%&*_=+~^` \n½²°µ∈万元é你🙂👩🚀🇺🇸\u200d\ufe0f\u20e3\u0301αfKkMT",
    max_size=60,
)
SPLICED = st.lists(st.one_of(st.sampled_from(TEXTS), SIGNS), max_size=4).map("".join)


@st.composite
def cut_up(draw: st.DrawFn) -> str:
    """A case's text from somewhere to somewhere, joined to another's."""
    parts = []
    for text in draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3)):
        start = draw(st.integers(0, len(text)))
        parts.append(text[start : draw(st.integers(start, len(text)))])
    return "".join(parts)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=120), SIGNS, SPLICED, cut_up()), st.sampled_from(OPTIONS))
def test_nothing_is_lost_and_spans_are_true(text: str, options: ReadingOptions) -> None:
    check(text, options)


@pytest.mark.parametrize("options", OPTIONS, ids=["emoji dropped", "emoji named"])
def test_nothing_of_the_cases_is_lost(options: ReadingOptions) -> None:
    for text in TEXTS:
        check(text, options)


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_the_same_text_is_read_the_same(text: str) -> None:
    assert normalise(text) == normalise(text)


@pytest.mark.parametrize(
    "unit",
    ["7", "....", "a.", "a.a.a.a", "1/1/1/1", "1/2 ", "a@b.c", "x@", "\"'", "“‘", "((", "[[", "[a](", "**", "_a", "``",
     "10.0.0.1:", "1,111", "1 111 ", "1'111", "1.111,", "+1-", "1:00-", "Jan 2020-", "1%-", "$x=", "\\frac{", "f(x)",
     "C6H", "万", "1万", "🙂", "👩\u200d", "🇺", "~~", "[^a", "http://a/", "<b ", "#a", "- ", "|", "\n",
     "Dr. ", "etc. ", "I "],
)  # fmt: skip
def test_reading_takes_time_in_proportion_to_the_text(unit: str) -> None:
    """A quadratic reading of this length takes minutes, a linear one about a second."""
    text = (unit * LENGTH)[:LENGTH]
    began = time.process_time()
    spoken = normalise(text, ReadingOptions(name_emoji=True))
    split_segments(spoken)
    assert time.process_time() - began < MAX_SECONDS
    assert len(spoken.items) < 5 * LENGTH
