"""The text of a say-as, and what the normalisers make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.frontend.english.normalise import normalise as read_english
from speechmesh.frontend.spoken import Word
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.reading import plain_text
from speechmesh.frontend.ssml.say_as import say_as
from speechmesh.frontend.ssml.script import SayAs, SayAsKind


def english(text: str) -> str:
    """What the English reader says: letters' names in capitals, pauses as commas."""
    return " ".join(
        (item.text.upper() if item.letter_name else item.text) if isinstance(item, Word) else ","
        for item in read_english(text).items
    )


@pytest.mark.parametrize(
    ("kind", "text", "form", "said"),
    [
        ("characters", "FBI", "", "F B I"),
        ("characters", "a", "", "A"),
        ("characters", "C3P-0 x", "", "C three P dash zero X"),
        ("characters", "a1B2", "", "A one B two"),
        ("digits", "12-34", "", "one two three four"),
        ("telephone", "(781) 771-7777", "", "seven eight one , seven seven one , seven seven seven seven"),
        ("telephone", "2125550123", "", "two one two , five five five , zero one two three"),
        (
            "telephone",
            "+1 5550123 x12",
            "",
            "plus one , five five five zero one two three , extension one two",
        ),
        (
            "telephone",
            "2025551212x345",
            "",
            "two zero two , five five five , one two one two , extension three four five",
        ),
        ("cardinal", "12,345", "", "twelve thousand three hundred forty five"),
        ("cardinal", "2024", "", "two thousand twenty four"),
        ("cardinal", "-2.5", "", "minus two point five"),
        ("cardinal", "XIV", "", "fourteen"),
        ("cardinal", "05", "", "five"),
        ("cardinal", "007", "", "seven"),
        ("cardinal", "-00.50", "", "minus zero point five zero"),
        ("name", "JOHN SMITH", "", "john smith"),
        ("name", "ED", "", "ed"),
        ("name", "Dr. IDA O'NEIL JR", "", "doctor ida o'neil junior"),
        ("ordinal", "3", "", "third"),
        ("ordinal", "21st", "", "twenty first"),
        ("ordinal", "VIII", "", "eighth"),
        ("fraction", "3/4", "", "three quarters"),
        ("fraction", "5+1/2", "", "five and one half"),
        ("date", "3/5/2024", "mdy", "march fifth , twenty twenty four"),
        ("date", "3/5/2024", "dmy", "may third , twenty twenty four"),
        ("date", "2024-03-05", "ymd", "march fifth , twenty twenty four"),
        ("date", "20240305", "yyyymmdd", "march fifth , twenty twenty four"),
        ("date", "????0922", "yyyymmdd", "september twenty second"),
        ("date", "9/2024", "my", "september twenty twenty four"),
        ("date", "31.12.", "dm", "the thirty first of december"),
        ("date", "10-9", "dm", "the tenth of september"),
        ("date", "9-10", "md", "september tenth"),
        ("date", "5 March", "", "the fifth of march"),
        ("date", "5th March 1999", "dmy", "march fifth , nineteen ninety nine"),
        ("date", "3/5/24", "", "march fifth , twenty twenty four"),
        ("date", "1999", "y", "nineteen ninety nine"),
        ("date", "03/05/2024", "mm/dd/yyyy", "march fifth , twenty twenty four"),
        ("date", "05.03.2024", "dd.mm.yyyy", "march fifth , twenty twenty four"),
        ("date", "9/22", "mdy", "september twenty second"),
        ("date", "9/2024", "mdy", "september twenty twenty four"),
        ("date", "5 March 1999", "", "march fifth , nineteen ninety nine"),
        ("date", "March 1999", "", "march nineteen ninety nine"),
        ("date", "25/12/2024", "", "december twenty fifth , twenty twenty four"),
        ("time", "2:30pm", "hms12", "two thirty P M"),
        ("time", "1430", "hms24", "fourteen thirty"),
        ("time", "2:30", "hms12", "two thirty"),
        ("time", "14", "hms24", "fourteen hundred"),
        ("time", "1'21\"", "", "one minute twenty one seconds"),
        ("duration", "1:30:02", "", "one hour thirty minutes two seconds"),
        ("duration", "PT1H30M", "", "one hour thirty minutes"),
        ("duration", "1:30", "hm", "one hour thirty minutes"),
        ("currency", "42.01", "usd", "forty two U S dollars and one cent"),
        ("unit", "10 foot", "", "ten feet"),
        ("unit", "1 feet", "", "one foot"),
        ("unit", "20mile", "", "twenty miles"),
        ("unit", "-2.5 metre", "", "minus two point five metres"),
        ("unit", "5 square foot", "", "five square feet"),
        ("unit", "60 mile per hour", "", "sixty miles per hour"),
        ("unit", "10 km/h", "", "ten kilometers per hour"),
        ("unit", "10 in", "", "ten inches"),
        ("unit", "1/2inch", "", "one half inch"),
        ("unit", "3/4cup", "", "three quarters cup"),
        ("unit", "1/4kg", "", "one quarter kilogram"),
        ("unit", "1½ cups", "", "one and one half cups"),
        ("unit", "5 ft 10 inch", "", "five feet ten inches"),
        ("unit", "3 grog", "", "three grog"),
        ("expletive", "damn", "", "beep"),
    ],
)
def test_english(kind: str, text: str, form: str, said: str) -> None:
    rewritten = say_as(text, SayAs(SayAsKind(kind), form), "en-US")
    assert rewritten.is_understood
    assert english(rewritten.text) == said
    assert english(f"the {rewritten.text} is") == f"the {said} is"


@pytest.mark.parametrize(
    ("kind", "text", "form", "written"),
    [
        ("characters", "AB-12", "", "AB 杠 一 二"),
        ("digits", "007", "", "零 零 七"),
        ("telephone", "13800138000", "", "幺 三 八，零 零 幺 三，八 零 零 零"),
        ("cardinal", "2,024", "", "2024"),
        ("cardinal", "007", "", "7"),
        ("name", "李 MING", "", "李 MING"),
        ("ordinal", "3", "", "第3"),
        ("fraction", "1+1/2", "", "1又1/2"),
        ("unit", "5 kg", "", "5 kg"),
        ("date", "3/5/2024", "mdy", "二零二四年3月5日"),
        ("date", "2024-03-05", "", "二零二四年3月5日"),
        ("time", "2:05pm", "", "下午两点零5分"),
        ("duration", "2:30", "ms", "两分钟30秒"),
        ("currency", "42.01", "usd", "42.01美元"),
        ("expletive", "x", "", "哔"),
    ],
)
def test_chinese(kind: str, text: str, form: str, written: str) -> None:
    assert say_as(text, SayAs(SayAsKind(kind), form), "zh-CN").text == written


@pytest.mark.parametrize(("before", "said"), [("获得第", "5"), ("获得", "第5"), ("第一和", "第5")])
def test_the_sign_of_a_rank_is_not_said_again(before: str, said: str) -> None:
    rewritten = say_as("5", SayAs(SayAsKind.ORDINAL), "zh", before)
    assert rewritten.text == said
    assert [(run.length, run.start, run.end) for run in rewritten.sources.runs] == [(len(said), 0, 1)]


def test_the_days_order_follows_the_country_where_no_format_is_given() -> None:
    date = SayAs(SayAsKind.DATE)
    assert say_as("3/5/2024", date, "en-US").text.startswith("March")
    assert say_as("3/5/2024", date, "en-GB").text.startswith("May")


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("cardinal", "many", ""),
        ("ordinal", "last", ""),
        ("fraction", "1/0", ""),
        ("date", "13/13/2024", "mdy"),
        ("date", "--", "mdy"),
        ("date", "March", ""),
        ("time", "25:00", ""),
        ("duration", "long", ""),
        ("telephone", "none", ""),
        ("telephone", "²", ""),
        ("digits", "--", ""),
    ],
)
def test_what_is_none_of_its_kind_stays_as_it_is(kind: str, text: str, form: str) -> None:
    rewritten = say_as(text, SayAs(SayAsKind(kind), form), "en")
    assert (rewritten.text, rewritten.is_understood) == (text, False)
    assert rewritten.sources.span(0, len(text)) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "form"),
    [("2024-03-05", "mdy"), ("3/5/2024", "ymd"), ("3/5/2024", "weekday"), ("3/5/2024", "mdmy")],
)
def test_a_date_that_does_not_fit_its_format_is_read_as_without_one_and_the_format_is_named(
    text: str, form: str
) -> None:
    rewritten = say_as(text, SayAs(SayAsKind.DATE, form), "en-US")
    assert rewritten.text == "March fifth, twenty twenty four"
    assert rewritten.problem == f"'{text}' is no date of the format '{form}'; it is read as without one"


@pytest.mark.parametrize(
    ("text", "form", "detail", "said"),
    [
        ("1960-09-10", "yyyymmdd", "", "september tenth , nineteen sixty"),
        ("1960-09-10", "yyyymmdd", "1", "the tenth of september , nineteen sixty"),
        ("1960-09-10", "yyyymmdd", "2", "september tenth , nineteen sixty"),
        ("10/9/1960", "dmy", "", "september tenth , nineteen sixty"),
        ("10-9", "dm", "2", "september tenth"),
    ],
)
def test_the_detail_of_a_date_tells_whether_the_day_is_said_first(
    text: str, form: str, detail: str, said: str
) -> None:
    assert english(say_as(text, SayAs(SayAsKind.DATE, form, detail), "en-US").text) == said


@pytest.mark.parametrize(
    ("text", "form", "detail", "said", "in_chinese"),
    [
        ("14:30", "hms12", "", "two thirty P M", "下午两点30分"),
        ("00:15", "hms12", "", "twelve fifteen A M", "凌晨12点15分"),
        ("12:15", "hms12", "", "twelve fifteen", "12点15分"),
        ("9:15", "hms24", "2", "nine fifteen A M", "上午9点15分"),
        ("12:15", "hms24", "2", "twelve fifteen P M", "中午12点15分"),
        ("2:30pm", "hms24", "", "fourteen thirty", "14点30分"),
        ("2pm", "hms24", "", "fourteen hundred", "14点"),
        ("12:15am", "hms24", "", "zero fifteen", "0点15分"),
        ("2:30:05 p.m.", "hms12", "1", "fourteen thirty and five seconds", "14点30分5秒"),
        ("14:30", "hms", "", "fourteen thirty", "14点30分"),
        ("2:30pm", "", "", "two thirty P M", "下午两点30分"),
    ],
)
def test_the_format_and_the_detail_of_a_time_tell_whether_it_is_said_in_12_hours_or_24(
    text: str, form: str, detail: str, said: str, in_chinese: str
) -> None:
    what = SayAs(SayAsKind.TIME, form, detail)
    assert english(say_as(text, what, "en-US").text) == said
    assert say_as(text, what, "zh-CN").text == in_chinese


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("150th CT NE, Redmond, WA", "one hundred fiftieth court northeast , redmond , washington"),
        (
            "123 ELM ST, APT 4B, NEW YORK, NY 10001",
            "one twenty three elm street , apartment four B , new york , new york one zero zero zero one",
        ),
        (
            "12 ELM CT, HARTFORD, CT 06103",
            "twelve elm court , hartford , connecticut zero six one zero three",
        ),
        ("12 Elm CT, Hartford, CT", "twelve elm court , hartford , connecticut"),
        ("221B BAKER ST", "two twenty one B baker street"),
        ("1 O'NEIL DR, MCLEAN, VA", "one o'neil drive , mclean , virginia"),
        ("350 S MLK JR BLVD", "three fifty S M L K junior boulevard"),
        ("500 W 45TH ST STE 7", "five hundred west forty fifth street suite seven"),
        ("500 W 45TH TER", "five hundred west forty fifth terrace"),
        ("742 EVERGREEN TER", "seven forty two evergreen terrace"),
        ("123 Elm St, Anytown, USA", "one twenty three elm street , anytown , U S A"),
    ],
)
def test_capitals_of_an_address_are_words_states_and_directions(text: str, said: str) -> None:
    rewritten = say_as(text, SayAs(SayAsKind.ADDRESS), "en-US")
    assert english(rewritten.text) == said
    assert [rewritten.sources.span(at, at + 1) for at in range(len(text))] == [
        (at, at + 1) for at in range(len(text))
    ]


def test_what_is_none_of_its_kind_is_told_without_its_format() -> None:
    assert say_as("soon", SayAs(SayAsKind.DATE, "mdy"), "en").problem == "'soon' is no date"
    assert not say_as("3/5/2024", SayAs(SayAsKind.DATE, "mdy"), "en").problem


def test_another_language_reads_it_as_it_is() -> None:
    rewritten = say_as("123", SayAs(SayAsKind.DIGITS), "fr")
    assert (rewritten.text, rewritten.is_understood) == ("123", False)


def test_words_of_a_number_lead_back_to_its_digits_in_the_document() -> None:
    document = '<speak>Call <say-as interpret-as="telephone">55&#53; 12</say-as> now.</speak>'
    spoken = plain_text(parse_ssml(document).texts[1], "en")
    assert spoken.text == "five five five, one two"
    where = [spoken.sources.span(at, at + 1) for at in (0, 5, 10, 16, 20)]
    assert [document[start:end] for start, end in where] == ["5", "5", "&#53;", "1", "2"]


def test_an_alias_comes_from_what_it_stands_for() -> None:
    document = '<speak><sub alias="World Wide Web">W3C</sub><sub alias="">x</sub></speak>'
    web, nothing = (plain_text(text, "en") for text in parse_ssml(document).texts)
    assert web.text == "World Wide Web"
    assert document[slice(*web.sources.span(0, 5))] == "W3C"
    assert nothing.text == ""


@given(
    kind=st.sampled_from(SayAsKind),
    text=st.text(max_size=30) | st.text("0123456789/:-+.,' amp", max_size=20),
    form=st.sampled_from(["", "mdy", "yyyymmdd", "hms12", "ymdymd", "usd", "ms", "d", "y"]),
    language=st.sampled_from(["en-US", "en-GB", "zh", "de", ""]),
)
def test_any_text_is_rewritten_or_left(kind: SayAsKind, text: str, form: str, language: str) -> None:
    rewritten = say_as(text, SayAs(kind, form), language)
    assert len(rewritten.sources) == len(rewritten.text)
    assert bool(rewritten.text) == bool(text)
    last = 0
    for at in range(len(rewritten.text)):
        start, end = rewritten.sources.span(at, at + 1)
        assert last <= start < end <= len(text)
        last = start


@pytest.mark.parametrize(
    ("kind", "text", "form", "is_known"),
    [
        ("characters", "ab", "glyph", False),
        ("cardinal", "12", "usd", False),
        ("time", "3:45", "zzz", False),
        ("duration", "3:45", "x", False),
        ("currency", "3", "dollars", False),
        ("time", "3:45", "hms12", True),
        ("time", "3:45", "hm", True),
        ("duration", "3:45", "h:m", True),
        ("currency", "3", "usd", True),
        ("telephone", "5550123", "1", True),
        ("date", "3/5", "md", True),
    ],
)
def test_a_format_that_says_nothing_is_told(kind: str, text: str, form: str, is_known: bool) -> None:
    plain = say_as(text, SayAs(SayAsKind(kind)), "en-US")
    rewritten = say_as(text, SayAs(SayAsKind(kind), form), "en-US")
    assert rewritten.is_understood
    if is_known:
        assert not rewritten.problem
    else:
        assert rewritten.problem == f"'{form}' is no format of {kind}; it is passed over"
        assert rewritten.text == plain.text
