from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.client.subtitles.cues import MAX_COLUMNS, Cue, Pacing, cues
from speechmesh.client.subtitles.files import srt, vtt
from speechmesh.client.subtitles.shown import shown
from speechmesh.client.subtitles.units import Break, Unit, units
from speechmesh.client.subtitles.words import Sentences, TimedWord

_TOKEN = re.compile(r"[\u4e00-\u9fff]{1,2}|\$?[\w']+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(r"[.!?。！？]")


def timed(text: str, ms: float = 300.0) -> list[TimedWord]:
    """Words as a voice would time them, a segment a sentence."""
    found, segment, at = [], 0, 0
    for i, match in enumerate(_TOKEN.finditer(text)):
        segment += bool(_SENTENCE_END.search(text, at, match.start()))
        at = match.end()
        found.append(TimedWord(*match.span(), i * ms, (i + 1) * ms, segment))
    return found


def cues_of(text: str, words: list[TimedWord], *, ssml: bool = False) -> list[Cue]:
    seen = shown(text, ssml=ssml)
    sentences, pacing = Sentences(seen), Pacing()
    closed = [s for word in words for s in sentences.add(word)] + list(sentences.finish(whole=True))
    made = [cue for sentence in closed for cue in cues(units(seen, sentence))]
    return [cue for one in made for cue in pacing.add(one)] + list(pacing.finish())


def lines(text: str) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues_of(text, timed(text))]


def columns(line: str) -> float:
    return Unit(line, 0, 0, False, Break.WORD).columns


def test_each_sentence_has_cues_of_its_own_in_the_callers_words() -> None:
    text = '"Well," he said,  "it\ncosts $5.50."   Nobody (really) cared!'
    assert lines(text) == [('"Well," he said, "it costs $5.50."',), ("Nobody (really) cared!",)]


def test_an_abbreviation_ends_no_sentence() -> None:
    text = "Dr. Smith came."
    words = [TimedWord(0, 2, 0, 300), TimedWord(4, 9, 300, 600), TimedWord(10, 14, 600, 900)]
    assert [cue.lines for cue in cues_of(text, words)] == [("Dr. Smith came.",)]


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    text = (
        "When the climbers had reached the hut, which stood on a narrow ledge in the ice, "
        "they made a fire, and slept until the storm was over."
    )
    assert lines(text) == [
        ("When the climbers had reached the hut,", "which stood on a narrow ledge in the ice,"),
        ("they made a fire,", "and slept until the storm was over."),
    ]


def test_chinese_is_cut_between_words_and_no_line_begins_with_a_mark() -> None:
    text = "今天天气很好，我们一起去公园散步，然后在湖边的咖啡馆喝了一杯热巧克力，最后才慢慢走回家。明天见！"
    found = lines(text)
    assert "".join("".join(cue) for cue in found) == text
    assert found[-1] == ("明天见！",)
    for cue in found:
        for line in cue:
            assert len(line) <= 20
            assert line[0] not in "，。！"


def test_what_was_read_from_one_piece_of_text_is_one_word() -> None:
    text = "It costs $5."
    words = [
        TimedWord(0, 2, 0, 100), TimedWord(3, 8, 100, 300),
        TimedWord(9, 11, 300, 500), TimedWord(9, 11, 500, 900),
    ]  # fmt: skip
    assert cues_of(text, words) == [Cue(0, 1000, ("It costs $5.",))]


def test_white_space_in_a_words_place_parts_it_from_the_word_before() -> None:
    text = "At 3:45  PM."
    words = [TimedWord(0, 2, 0, 100), TimedWord(3, 7, 100, 200), TimedWord(7, 11, 200, 300)]
    assert cues_of(text, words) == [Cue(0, 1000, ("At 3:45 PM.",))]


def test_what_takes_long_to_say_is_cut_though_it_would_fit() -> None:
    text = "It costs $1,299.50 or so today, and $1,000 if you pay."
    assert [cue.lines for cue in cues_of(text, timed(text, 1200.0))] == [
        ("It costs $1,299.50 or so today,",),
        ("and $1,000 if you pay.",),
    ]


def test_of_a_document_only_its_text_is_shown() -> None:
    document = (
        "<?xml version='1.0'?><speak><!-- <b> --><p>Fish &amp; <emphasis level='strong'>chips</emphasis></p>"
        "<metadata>none</metadata><p>A <sub alias='World Wide Web'>WWW</sub>.<![CDATA[ <x>]]></p></speak>"
    )
    words = []
    for i, word in enumerate(("Fish", "chips", "A", "WWW")):
        start = document.index(f">{word}" if word in ("A", "WWW", "chips") else word) + (word != "Fish")
        words.append(TimedWord(start, start + len(word), i * 300, (i + 1) * 300, i // 2))
    assert [cue.lines for cue in cues_of(document, words, ssml=True)] == [("Fish & chips",), ("A WWW. <x>",)]


def test_a_text_that_was_not_spoken_to_its_end_is_shown_as_far_as_it_was() -> None:
    sentences = Sentences("One two three.")
    assert not [sentence for word in timed("One two three.")[:2] for sentence in sentences.add(word)]
    (sentence,) = sentences.finish(whole=False)
    assert [unit.text for unit in units("One two three.", sentence)] == ["One", "two"]


def test_a_cue_ends_where_a_long_silence_begins() -> None:
    words = [TimedWord(0, 3, 0, 300), TimedWord(4, 7, 5000, 5300)]
    assert cues_of("One two", words) == [Cue(0, 1000, ("One",)), Cue(5000, 6000, ("two",))]


@given(
    st.text(st.sampled_from("ab7'$ \n.,!?;—-()\"“”你好世界，。！（）é😀\u0300\x07"), max_size=400),
    st.sampled_from([1.0, 300.0]),
)
def test_cues_are_in_order_and_have_every_word_once_within_bounds(text: str, ms: float) -> None:
    words = timed(text, ms)
    found = cues_of(text, words)
    for before, after in pairwise(found):
        assert before.end_ms <= after.start_ms
    assert all(cue.start_ms < cue.end_ms for cue in found)
    shown_text = "".join("".join(cue.lines) for cue in found)
    assert re.sub(r"[\s\x07]", "", shown_text) == (re.sub(r"[\s\x07]", "", text) if words else "")
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        for line in cue.lines:
            assert line == line.strip() != ""
            is_one_piece = not re.search(r"\s|[\u4e00-\u9fff][^，。！）]|[^“（(][\u4e00-\u9fff（]", line)
            assert columns(line) <= MAX_COLUMNS or is_one_piece


@given(st.text(st.sampled_from("ab <>&{}\\/-—.!?你好\n"), min_size=1, max_size=200))
def test_files_hold_no_line_that_means_something_else(text: str) -> None:
    for number, cue in enumerate(cues_of(text, timed(text)), start=1):
        for written, head in ((srt(cue, number), 2), (vtt(cue), 2)):
            body = written.strip("\n").split("\n")[head if written[0] != "\n" else 1 :]
            assert len(body) == len(cue.lines)
            assert all(line.strip() for line in body)
        assert "-->" not in "".join(vtt(cue).split("\n")[2:])


def test_subrip_and_webvtt_as_their_players_read_them() -> None:
    cue = Cue(3_723_004, 3_725_500, ("a <b> & {\\an8} --> c", "second"))
    assert srt(cue, 7) == ("7\n01:02:03,004 --> 01:02:05,500\na <\u2060b> & {\u2060\\an8} --> c\nsecond\n\n")
    assert vtt(cue) == ("\n01:02:03.004 --> 01:02:05.500\na &lt;b&gt; &amp; {\\an8} --&gt; c\nsecond\n")


@pytest.mark.parametrize("entity", ["&#160;", "&quot;"])
def test_an_entity_is_one_character(entity: str) -> None:
    seen = shown(f"a{entity}b", ssml=True)
    assert len(seen) == len(entity) + 2
    assert "".join(seen) == {"&#160;": "a\xa0b", "&quot;": 'a"b'}[entity]
