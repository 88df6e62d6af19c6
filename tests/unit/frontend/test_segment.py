"""How a spoken text is cut into segments."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.segment import SpokenSegment, bounded, split_segments
from speechmesh.frontend.spoken import Pause, PauseMark, SpokenText, Word

MARKS = {mark.value: mark for mark in PauseMark}


def spoken(text: str) -> SpokenText:
    """A spoken text from words and marks between spaces; offsets count its characters."""
    items: list[Word | Pause] = []
    position = 0
    for token in text.split(" "):
        end = position + len(token)
        mark = MARKS.get(token)
        items.append(Pause(mark, position, end) if mark else Word(token, position, end))
        position = end + 1
    return SpokenText(tuple(items), ())


def pieces(segments: list[SpokenSegment]) -> list[str]:
    """Each segment as its words and marks, the final one included."""
    return [
        " ".join([item.mark.value if isinstance(item, Pause) else item.text for item in segment.items])
        + (f" {segment.final.value}" if segment.final else "")
        for segment in segments
    ]


def words(count: int, word: str = "la") -> str:
    return " ".join([word] * count)


def test_text_without_words_has_no_segments() -> None:
    assert split_segments(SpokenText((), ())) == []
    assert split_segments(SpokenText((Pause(PauseMark.ELLIPSIS, 0, 3),), ())) == []


def test_sentences_are_segments_and_keep_their_mark() -> None:
    text = "hello there . how are you ? fine ! bye"
    assert pieces(split_segments(spoken(text))) == ["hello there .", "how are you ?", "fine !", "bye"]


def test_short_sentence_keeps_its_inner_pauses() -> None:
    assert pieces(split_segments(spoken("go . yes , no ; maybe ."))) == ["go .", "yes , no ; maybe ."]


def test_paragraph_after_a_sentence_leaves_its_mark_audible() -> None:
    first, second = split_segments(spoken("ready ? ¶ go ."))
    assert (first.final, first.ends_paragraph) == (PauseMark.QUESTION, True)
    assert (second.final, second.ends_paragraph) == (PauseMark.STATEMENT, False)


def test_paragraph_alone_ends_a_sentence() -> None:
    title, text = split_segments(spoken("a title ¶ some text ."))
    assert (title.final, title.ends_paragraph) == (PauseMark.PARAGRAPH, True)
    assert pieces([text]) == ["some text ."]


def test_first_long_sentence_is_cut_at_its_first_clause() -> None:
    text = "on monday , we all went down to the sea side ."
    assert pieces(split_segments(spoken(text))) == ["on monday ,", "we all went down to the sea side ."]


def test_first_sentence_within_the_bound_stays_whole() -> None:
    assert pieces(split_segments(spoken("on monday , we went out ."))) == ["on monday , we went out ."]


def test_first_clause_of_one_word_is_no_segment() -> None:
    text = "well , on monday , we all went down to the sea ."
    assert pieces(split_segments(spoken(text))) == ["well , on monday ,", "we all went down to the sea ."]


def test_first_sentence_without_marks_is_not_forced_apart() -> None:
    assert len(split_segments(spoken(words(15) + " ."))) == 1


def test_later_sentences_are_cut_only_beyond_max_words() -> None:
    text = "go . " + words(9) + " , " + words(9) + " ."
    assert len(split_segments(spoken(text))) == 2


def test_long_sentence_is_cut_at_its_clauses_into_balanced_pieces() -> None:
    text = "go . " + " , ".join([words(7)] * 4) + " ."
    assert [len(segment.words) for segment in split_segments(spoken(text))] == [1, 14, 14]


def test_no_tiny_piece_where_it_can_be_avoided() -> None:
    text = f"go . {words(12)} , {words(2)} , {words(12)} ."
    sizes = [len(segment.words) for segment in split_segments(spoken(text))]
    assert sum(sizes) == 27
    assert min(sizes[1:]) > 2


def test_strong_pause_is_preferred_to_a_comma() -> None:
    text = f"go . {words(10)} ; {words(2)} , {words(10)} ."
    assert [len(segment.words) for segment in split_segments(spoken(text))] == [1, 10, 12]


def test_text_without_marks_is_cut_before_a_function_word() -> None:
    text = words(17) + " and " + words(12)
    first, second = split_segments(spoken(text))
    assert first.final is None
    assert second.words[0].text == "and"


def test_text_without_marks_or_function_words_is_cut_at_the_bound() -> None:
    sizes = [len(segment.words) for segment in split_segments(spoken(words(100)))]
    assert max(sizes) <= 20
    assert min(sizes) > 2


def test_words_of_one_token_stay_together() -> None:
    before = [Word("la", 3 * index, 3 * index + 2) for index in range(9)]
    token = [Word("la", 60, 69) for _ in range(6)]
    after = [Word("la", 70 + 3 * index, 72 + 3 * index) for index in range(9)]
    first, second = split_segments(SpokenText((*before, *token, *after), ()))
    assert {len(first.words), len(second.words)} == {9, 15}


def test_offsets_span_the_words_and_the_closing_mark() -> None:
    text = "hello there . bye"
    assert [text[s.start : s.end] for s in split_segments(spoken(text))] == ["hello there .", "bye"]


def test_bound_below_one_word_is_refused() -> None:
    with pytest.raises(ValueError, match="max_words"):
        split_segments(spoken("a"), max_words=0)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*MARKS, "and", "the", *["la"] * 8]), max_size=120),
    st.integers(1, 30),
    st.integers(0, 12),
)
def test_every_word_is_in_exactly_one_segment(
    tokens: list[str], max_words: int, first_max_words: int
) -> None:
    text = spoken(" ".join(tokens)) if tokens else SpokenText((), ())
    segments = split_segments(text, max_words=max_words, first_max_words=first_max_words)
    assert [word for segment in segments for word in segment.words] == list(text.words)
    for segment in segments:
        assert 1 <= len(segment.words) <= max_words
        assert isinstance(segment.items[0], Word) and isinstance(segment.items[-1], Word)
        assert segment.start == segment.words[0].start and segment.end >= segment.words[-1].end
        assert not any(isinstance(item, Pause) and item.mark.ends_sentence for item in segment.items)
    assert all(before.end <= after.start for before, after in itertools.pairwise(segments))


@pytest.mark.parametrize("word", ["k" * 5_000, "w" * 301, "a'" * 2_000, "你" * 900])
def test_a_word_without_end_is_cut_into_pieces_that_the_acoustic_stage_takes(word: str) -> None:
    segments = split_segments(spoken(f"one {word} two ."))
    read = [item for segment in segments for item in segment.words]
    assert "".join(item.text for item in read).replace("'", "") == f"one{word}two".replace("'", "")
    assert all(item.text[0] != "'" for item in read)
    assert {(item.start, item.end) for item in read[1:-1]} == {(4, 4 + len(word))}
    # Three tokens a letter but for w, which has seven.
    assert all(sum(3 * len(i.text) + 4 * i.text.count("w") for i in s.words) <= 900 for s in segments)
    assert [segment.final for segment in segments] == [None] * (len(segments) - 1) + [PauseMark.STATEMENT]


def test_long_words_make_a_segment_of_fewer_and_keep_their_pauses() -> None:
    segments = split_segments(spoken(" , ".join(["x" * 90] * 10) + " !"))
    assert [len(segment.words) for segment in segments] == [2, 3, 3, 2]
    assert [segment.final for segment in segments] == [PauseMark.COMMA] * 3 + [PauseMark.EXCLAMATION]


def test_a_long_pronunciation_is_cut_too() -> None:
    word = Word("a", 0, 1, phones=("ax0",) * 600)
    parts = bounded(SpokenSegment((word, word), PauseMark.QUESTION, 0, 1))
    assert [len(item.phones) for part in parts for item in part.words] == [100] * 12
    assert [len(part.words) for part in parts] == [2] * 6
    assert [part.final for part in parts] == [None] * 5 + [PauseMark.QUESTION]


def test_no_first_segment_ends_within_a_telephone_number() -> None:
    items = (
        Word("call", 0, 4),
        Word("one", 5, 6),
        Pause(PauseMark.COMMA, 6, 7),
        Word("eight", 7, 10),
        Pause(PauseMark.COMMA, 10, 11),
        Word("five", 11, 14),
        Pause(PauseMark.COMMA, 14, 15),
        Word("now", 16, 19),
        Word("please", 20, 26),
    )
    segments = split_segments(SpokenText(items, ()), first_max_words=3)
    assert pieces(segments) == ["call one , eight , five ,", "now please"]


def test_a_long_code_is_cut_at_its_pauses_rather_than_at_none() -> None:
    groups = [[Word("one", 4 * at, 4 * at + 3)] * 3 for at in range(10)]
    items: list[Word | Pause] = []
    for at, group in enumerate(groups):
        items += [*group, Pause(PauseMark.COMMA, 4 * at + 3, 4 * at + 4)]
    segments = split_segments(SpokenText(tuple(items), ()), max_words=12, first_max_words=100)
    assert all(segment.final is PauseMark.COMMA for segment in segments)
