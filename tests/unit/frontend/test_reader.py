from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.reader import Reader, load_reader


@pytest.fixture(scope="module")
def reader(bootstrap: VoiceBundle) -> Reader:
    return load_reader(bootstrap)


def plan_of(reader: Reader, text: str):
    return reader.plan(text, max_words=20, first_max_words=8)


def test_a_segment_is_phones_between_pauses_with_a_pause_at_each_mark(
    reader: Reader, bootstrap: VoiceBundle
) -> None:
    segment = plan_of(reader, "Yes, the apple.").segments[0]
    tokens = [bootstrap.tokens[token] for token in reader.tokens(segment).tokens]
    assert tokens == "pau y eh1 s pau dh iy0 ae1 p ax0 l pau".split()


def test_words_know_their_tokens_and_their_place_in_the_text(reader: Reader) -> None:
    text = "It cost $5."
    segment = plan_of(reader, text).segments[0]
    tokens = reader.tokens(segment)
    assert [word.text for word in tokens.words] == ["it", "cost", "five", "dollars"]
    assert [text[word.start : word.end] for word in tokens.words] == ["It", "cost", "$5", "$5"]
    ends = [0]
    for word in tokens.words:
        assert word.first_token >= ends[-1]
        ends.append(word.first_token + word.n_tokens)


@pytest.mark.parametrize(
    ("text", "endings"),
    [
        ("Is it?", [Ending.QUESTION]),
        ("It is!", [Ending.EXCLAMATION]),
        ("It is", [Ending.STATEMENT]),
        ("It is (mostly)", [Ending.STATEMENT]),
        ("Dear Sir,", [Ending.CONTINUATION]),
        (
            "When the long rain had ended at last, everybody went out again.",
            [Ending.CONTINUATION, Ending.STATEMENT],
        ),
    ],
)
def test_the_ending_is_the_closing_marks(reader: Reader, text: str, endings: list[Ending]) -> None:
    plan = plan_of(reader, text)
    assert [plan.ending(index) for index in range(len(plan.segments))] == endings


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=150)
def test_any_text_gives_tokens_of_the_table(reader: Reader, text: str) -> None:
    plan = plan_of(reader, text)
    for segment in plan.segments:
        tokens = reader.tokens(segment)
        assert all(1 <= token <= 57 for token in tokens.tokens)
        assert tokens.tokens[0] == tokens.tokens[-1] == 1
        assert tokens.words
        assert all(word.n_tokens >= 1 for word in tokens.words)


def test_a_token_table_without_the_languages_phones_is_refused(bootstrap: VoiceBundle) -> None:
    voice = VoiceBundle(bootstrap.folder, bootstrap.config)
    voice.__dict__["tokens"] = tuple(token for token in bootstrap.tokens if token != "zh")
    with pytest.raises(Incompatible, match="the token table lacks zh"):
        load_reader(voice)


def test_an_unknown_reader_is_refused(bootstrap: VoiceBundle) -> None:
    frontend = bootstrap.config.frontend.model_copy(update={"reader": "klingon"})
    config = bootstrap.config.model_copy(update={"frontend": frontend})
    with pytest.raises(Incompatible, match=r"frontend\.reader 'klingon' is not one of english"):
        load_reader(VoiceBundle(bootstrap.folder, config))
