"""What is read instead of an element's text is words of its own, whatever it touches; plain text stays as it is."""

from __future__ import annotations

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.spoken import Pause
from speechmesh.frontend.written import Writing

Readers = dict[str, tuple[VoiceBundle, Reader]]


@pytest.fixture(scope="module")
def readers(english: VoiceBundle, mandarin: VoiceBundle) -> Readers:
    return {"en": (english, load_reader(english)), "zh": (mandarin, load_reader(mandarin))}


def plan(readers: Readers, body: str, language: str = "en") -> MarkedPlan:
    bundle, reader = readers[language]
    return Writing(reader, bundle.config).plan_ssml(f"<speak>{body}</speak>", 20, 8)


def said(made: MarkedPlan) -> str:
    """The words, with a slash where a segment ends and a comma at each pause inside one."""
    segments = [
        " ".join("," if isinstance(item, Pause) else item.text for item in segment.items)
        for segment in made.segments
    ]
    return " / ".join(segments)


def as_(kind: str, text: str) -> str:
    return f'<say-as interpret-as="{kind}">{text}</say-as>'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"Flight {as_('characters', 'BA')}{as_('digits', '123')}", "flight b a one two three"),
        (f"{as_('characters', 'B')}{as_('digits', '12')}", "b one two"),
        (f"Gate{as_('characters', 'B')}", "gate b"),
        (as_("digits", "4") + as_("digits", "5"), "four five"),
        (f"{as_('characters', 'ab')}{as_('cardinal', '34')} of", "a b thirty four of"),
        (f"Gate B{as_('cardinal', '12')}", "gate b twelve"),
        (f"Gate B<mark name='m'/>{as_('cardinal', '12')}", "gate b twelve"),
        (f"{as_('date', '3/5/2024')}at", "march fifth , twenty twenty four at"),
        (f"{as_('ordinal', '5')}floor", "fifth floor"),
        (f"Pay{as_('currency', '$5')}now", "pay five dollars now"),
        ('<sub alias="one">1</sub><sub alias="two">2</sub>', "one two"),
        ('A<sub alias="etc.">x</sub>and', "a et cetera and"),
        (f'<phoneme ph="kæt">x</phoneme>{as_("cardinal", "2")}', "x two"),
        (f'{as_("cardinal", "2")}<phoneme ph="kæt">x</phoneme>', "two x"),
    ],
)  # fmt: skip
def test_what_is_read_instead_of_a_text_is_words_of_its_own(readers: Readers, body: str, words: str) -> None:
    assert said(plan(readers, body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("un<emphasis level='none'>believ</emphasis>able", "unbelievable"),
        ("un<lang xml:lang='en-GB'>believ</lang>able", "unbelievable"),
        ("un<prosody rate='slow'>believ</prosody>able", "un / believ / able"),
        ('<sub alias="Bob">B.</sub>\'s son', "bob's son"),
        ('<sub alias="kilogram">kg</sub>s', "kilograms"),
        (f"{as_('characters', 'CPU')}s are", "c p u's are"),
        (f"({as_('cardinal', '5')}), yes", "five , yes"),
        (f"{as_('cardinal', '5')}. Yes", "five / yes"),
        (f"{as_('cardinal', '5')}-{as_('cardinal', '6')}", "five six"),
    ],
)
def test_what_belongs_to_a_word_stays_with_it(readers: Readers, body: str, words: str) -> None:
    assert said(plan(readers, body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"{as_('cardinal', '5')}kg", "five kilograms"),
        (f"{as_('cardinal', '5')} kg of it", "five kilograms of it"),
        (f"{as_('cardinal', '1')} kg of it", "one kilogram of it"),
        (f"a {as_('cardinal', '5')} km run", "a five kilometer run"),
        (f"{as_('cardinal', '5')}%", "five percent"),
        (f"B{as_('cardinal', '5')}kg", "b five kilograms"),
        (f"{as_('cardinal', '5')} in the box", "five in the box"),
        (f"{as_('cardinal', '4')}{as_('cardinal', '5')}kg", "four five kilograms"),
        (f"{as_('digits', '45')} kg", "four five k g"),
    ],
)
def test_a_number_counts_the_unit_behind_it(readers: Readers, body: str, words: str) -> None:
    assert said(plan(readers, body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<voice name="a1">Good morning</voice><voice name="b1">hi there</voice>', "good morning hi there"),
        ('<voice name="a1">Good morning</voice><voice name="a1">hi there</voice>', "good morning hi there"),
        ('<voice name="a1">Good morning</voice>hi<voice>there</voice>', "good morning hi there"),
        ('<voice name="a1">Bob</voice>\'s', "bob's"),
        ('<voice name="a1">Good morning.</voice><voice name="b1">Hi.</voice>', "good morning / hi"),
        ("<mstts:turn speaker='a'>Hi there</mstts:turn><mstts:turn speaker='b'>hi</mstts:turn>", "hi there / hi"),
    ],
)  # fmt: skip
def test_speakers_in_turn_say_words_of_their_own_though_one_voice_speaks_for_them(
    readers: Readers, body: str, words: str
) -> None:
    assert said(plan(readers, body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"第{as_('cardinal', '5')}章", "第五章"),
        (f"航班{as_('characters', 'BA')}{as_('digits', '123')}次", "航班ba一二三次"),
        (f"{as_('digits', '4')}{as_('digits', '5')}", "四五"),
        (f"{as_('cardinal', '5')}kg", "五千克"),
        (f"B{as_('cardinal', '12')}登机口", "b十二登机口"),
        (f"我们{as_('date', '2024-03-05')}去", "我们二零二四年三月五日去"),
        ('<voice name="a1">银</voice><voice name="b1">行</voice>', "银行"),
        (f"{as_('cardinal', '4')}{as_('cardinal', '5')}", "四,五"),
    ],
)
def test_chinese_pieces_touch_without_a_pause_unless_they_would_become_one_number(
    readers: Readers, body: str, words: str
) -> None:
    assert said(plan(readers, body, "zh")).replace(" ", "") == words


def test_latin_words_in_chinese_are_parted(readers: Readers) -> None:
    body = '<sub alias="one">1</sub><sub alias="two">2</sub>'
    assert said(plan(readers, body, "zh")) == "one two"


@pytest.mark.parametrize(
    ("body", "spans"),
    [
        (f"Gate B{as_('cardinal', '12')}at 5", ["Gate", "B", "12", "at", "5"]),
        (as_("digits", "45") + as_("digits", "6"), ["4", "5", "6"]),
        ('Go<sub alias="one two">1</sub>and <sub alias="three">3</sub>', ["Go", "1", "1", "and", "3"]),
        ('<voice name="a">Hi</voice><voice name="b">ho</voice>', ["Hi", "ho"]),
        (f"It is {as_('cardinal', '5')} now", ["It", "is", "5", "now"]),
        (f"a &amp; b{as_('cardinal', '5')}c", ["a", "&amp;", "b", "5", "c"]),
    ],
)
def test_blanks_between_pieces_leave_each_word_its_place(
    readers: Readers, body: str, spans: list[str]
) -> None:
    made = plan(readers, body)
    document = f"<speak>{body}</speak>"
    words = [word for segment in made.segments for word in segment.words]
    assert [document[word.start : word.end] for word in words] == spans


def test_an_amount_has_the_place_of_its_number_and_unit(readers: Readers) -> None:
    body = f"It is {as_('cardinal', '5')} kg <mark name='m'/>now"
    (segment,) = plan(readers, body).segments
    document = f"<speak>{body}</speak>"
    assert [document[word.start : word.end] for word in segment.words] == [
        *("It", "is", "5</say-as> kg", "5</say-as> kg", "now")
    ]
    assert [(mark.name, mark.word) for mark in segment.marks] == [("m", 4)]


@pytest.mark.parametrize(
    ("language", "body", "words"),
    [
        ("en", "foot<w>ball</w> and base<token>ball</token>s", "foot ball and base balls"),
        ("en", "<w>foot</w>ball", "foot ball"),
        ("en", "<w>Bob</w>'s <w>CPU</w>s (<w>two</w>)", "bob's c p u's , two"),
        ("en", "<w>foot</w> <w>ball</w>.", "foot ball"),
        ("zh", "<w>南京</w><w>市长</w><w>江大桥</w>先生", "南京 市长 江 大桥 先生"),
        ("zh", "<token>银</token>行", "银 行"),
        ("zh", "我们<w>走</w>。", "我们 走"),
    ],
)
def test_a_word_that_the_document_tells_is_no_part_of_another(
    readers: Readers, language: str, body: str, words: str
) -> None:
    assert said(plan(readers, body, language)) == words
