"""Words that a pronunciation was given for are said so, whatever they touch."""

from __future__ import annotations

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.lexicon import Lexicon, LexiconEntry
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.spoken import Word
from speechmesh.frontend.written import Writing


@pytest.fixture(scope="module")
def readers(bootstrap: VoiceBundle, mandarin: VoiceBundle) -> dict[str, tuple[Reader, VoiceBundle]]:
    return {"en": (load_reader(bootstrap), bootstrap), "zh": (load_reader(mandarin), mandarin)}


Readers = dict[str, tuple[Reader, VoiceBundle]]


def writing(readers: Readers, language: str, *entries: tuple[str, str, str]) -> Writing:
    reader, bundle = readers[language]
    lexicon = Lexicon.of([(f"lexicon[{i}]", LexiconEntry(*entry)) for i, entry in enumerate(entries)])
    return Writing(reader, bundle.config, [lexicon])


def words_of(readers: Readers, language: str, text: str, *entries: tuple[str, str, str]) -> list[Word]:
    plan = writing(readers, language, *entries).plan(text, 20, 8)
    return [word for segment in plan.segments for word in segment.words]


def words_of_document(readers: Readers, language: str, body: str) -> list[Word]:
    plan = writing(readers, language).plan_ssml(f"<speak>{body}</speak>", 20, 8)
    return [word for segment in plan.segments for word in segment.words]


@pytest.mark.parametrize(
    "text", ["Inc.We go", "We go, Inc.We", "go Inc.5 Inc.Inc.", "xInc. Inc.", '"Inc."we']
)
def test_an_entry_is_a_word_of_its_own_where_others_touch_it(readers: Readers, text: str) -> None:
    words = words_of(readers, "en", text, ("Inc.", "arpabet", "IH1 NG K"))
    told = [word for word in words if word.phones]
    assert len(told) == text.count("Inc.") - text.count("xInc.")
    assert all(text[word.start : word.end] == "Inc." for word in told)
    assert all(word.phones == ("ih1", "ng", "k") for word in told)
    assert not [word for word in words if "word" in word.text]


def test_the_rest_of_the_text_is_read_where_it_stands(readers: Readers) -> None:
    text = "It is Inc.We know 5 Inc.s"
    words = words_of(readers, "en", text, ("Inc.", "arpabet", "IH1 NG K"))
    assert [word.text for word in words] == ["it", "is", "inc.", "we", "know", "five", "inc.", "s"]
    assert [text[word.start : word.end].lower() for word in words] == "it is inc. we know 5 inc. s".split()


def test_an_s_behind_a_pronunciation_is_said(readers: Readers) -> None:
    document = words_of_document(readers, "en", '<phoneme ph="ʃɪvɔn">Siobhan</phoneme>\'s book')
    text = words_of(readers, "en", "Siobhan’s book", ("siobhan", "ipa", "ʃɪvɔn"))
    same = words_of(readers, "en", "Siobhan's book", ("siobhan", "ipa", "ʃɪvɔn"))
    for words in (document, text, same):
        assert [word.text for word in words] == ["siobhan's", "book"]
        assert words[0].phones[-2:] == ("n", "z")


@pytest.mark.parametrize("between", ["", "5", "a", "-", "/", "'", ".", "@"])
def test_two_pronunciations_in_a_row_are_two_words(readers: Readers, between: str) -> None:
    body = between.join(['<phoneme ph="kæt">x</phoneme>'] * 2)
    told = [word for word in words_of_document(readers, "en", body) if word.phones]
    assert [word.phones for word in told] == [("k", "ae1", "t")] * 2


def test_chinese_words_are_said_as_they_are_told(readers: Readers) -> None:
    words = words_of(
        readers,
        "zh",
        "我去重庆看曾某。",
        ("重庆", "pinyin", "zhong4 qing4"),
        ("曾某", "pinyin", "ceng2 mou3"),
    )
    assert [word.text for word in words if word.phones] == ["重庆", "曾某"]
    reader, bundle = readers["zh"]
    plan = writing(readers, "zh", ("重庆", "pinyin", "zhong4 qing4")).plan("我去重庆。", 20, 8)
    tokens = reader.tokens(plan.segments[0])
    assert [bundle.tokens[token] for token in tokens.tokens][-5:-1] == ["zh", "ong4", "q", "ing4"]


@pytest.mark.parametrize(
    "entry", [("a", "x" * 5_000, "b"), ("a", "arpabet", "X" * 400), ("a", "pinyin", "zhq" * 100)]
)
def test_what_is_wrong_with_an_entry_is_said_in_a_short_message(
    readers: Readers, entry: tuple[str, str, str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        writing(readers, "en", entry)
    assert len(str(caught.value)) < 300


def test_respellings_do_not_make_a_book_of_a_page(readers: Readers) -> None:
    entry = ("a", "respelling", "na " * 160)
    assert len(words_of(readers, "en", "a b a", entry)) == 2 * 160 + 1
    with pytest.raises(InvalidInput, match="lexicon: its respellings make"):
        words_of(readers, "en", "a b " * 100, entry)
    with pytest.raises(InvalidInput, match="lexicon: its respellings make"):
        writing(readers, "en", entry).plan_ssml(f"<speak>{'a b ' * 100}</speak>", 20, 8)


def test_breaks_in_one_place_are_a_minute_at_most(readers: Readers) -> None:
    pause = '<break time="10s"/>'
    document = f"<speak>{pause * 9}One.{pause * 1_000}Two.</speak>"
    plan = writing(readers, "en").plan_ssml(document, 20, 8)
    first, second = plan.segments
    assert (first.pause_before_ms, first.pause_after_ms) == (60_000.0, 60_000.0)
    assert second.pause_before_ms == 0.0
    assert [warning.code for warning in plan.warnings] == ["SSML_VALUE_CLAMPED"]


@pytest.mark.parametrize("body", ['Go.<break/>!!<mark name="m"/>', '<s>?</s><s>!!<mark name="m"/>)</s>Go.'])
def test_a_mark_among_signs_is_not_lost(readers: Readers, body: str) -> None:
    plan = writing(readers, "en").plan_ssml(f"<speak>{body}</speak>", 20, 8)
    assert [mark.name for segment in plan.segments for mark in segment.marks] == ["m"]


def test_warnings_are_short_whatever_was_written(readers: Readers) -> None:
    long = "x" * 3_000
    body = f'<say-as interpret-as="date">{long}</say-as><voice name="{long}">a</voice>'
    plan = writing(readers, "en").plan_ssml(f"<speak>{body}</speak>", 20, 8)
    assert len(plan.warnings) == 2
    assert all(len(warning.message) < 300 for warning in plan.warnings)


@pytest.mark.parametrize(
    ("role", "word", "phones"),
    [
        ("amazon:VB", "read", "r iy1 d"),
        ("amazon:VBD", "Read", "r eh1 d"),
        ("VBD", " read ", "r eh1 d"),
        ("other:x amazon:NN", "use", "y uw1 s"),
        ("amazon:JJ", "live", "l ay1 v"),
        ("amazon:VB", "records", "r ih0 k ao1 r d z"),
        ("amazon:NN", "records", "r eh1 k er0 d z"),
        ("amazon:VB", "wind", "w ay1 n d"),
        ("amazon:JJ", "close", "k l ow1 s"),
        ("amazon:DEFAULT", "bass", "b ey1 s"),
        ("amazon:SENSE_1", "bass", "b ae1 s"),
        ("amazon:SENSE_1", "lead", "l eh1 d"),
    ],
)
def test_a_homograph_is_said_in_its_role(readers: Readers, role: str, word: str, phones: str) -> None:
    body = f'They <w role="{role}">{word}</w> it.'
    words = words_of_document(readers, "en", body)
    assert [each.text for each in words] == ["they", word.strip().lower(), "it"]
    assert [" ".join(each.phones) for each in words] == ["", phones, ""]
    document = f"<speak>{body}</speak>"
    assert document[words[1].start : words[1].end] == word.strip()


@pytest.mark.parametrize(
    ("language", "role", "word"),
    [("en", "VB", "walk"), ("en", "NN", "lead"), ("en", "VB", "two words"), ("zh", "VB", "read")],
)
def test_a_role_that_tells_nothing_of_a_word_is_a_warning(
    readers: Readers, language: str, role: str, word: str
) -> None:
    plan = writing(readers, language).plan_ssml(f"<speak>a <w role='{role}'>{word}</w></speak>", 20, 8)
    assert [warning.code for warning in plan.warnings] == ["SSML_ATTRIBUTE_IGNORED"]
    assert [each.text for segment in plan.segments for each in segment.words][-1] == word.rsplit(maxsplit=1)[
        -1
    ]
