"""Text that arrives piece by piece is cut as the whole text is, where the arriving text could know."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.lexicon import Lexicon, LexiconEntry
from speechmesh.frontend.live.text import LiveText
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.written import Writing

ENGLISH = (
    "Sure, I can help you with that, and I will look up the three flights to Lisbon on May 14th. "
    "The cheapest leaves at 6:10 a.m. and costs $1,189.50. Dr. Smith lives at 5 Oak St. in Boston! "
    "Version 2.5.1 is out: see www.example.com/docs for more. Shall I book it for you?"
)
CHINESE = "今天天气怎么样？我们去公园散步吧，好不好？2024年3月5日，气温是12.5℃，涨了3.5%。他说：“走吧！”然后就走了。"

Cut = tuple[str, int, int, Ending]


@pytest.fixture(scope="module")
def readers(bootstrap: VoiceBundle, mandarin: VoiceBundle) -> dict[str, Reader]:
    return {"en": load_reader(bootstrap), "zh": load_reader(mandarin)}


def live(reader: Reader) -> LiveText:
    def plan(text: str, max_words: int, first_max_words: int) -> TextPlan:
        return reader.plan(text, max_words=max_words, first_max_words=first_max_words)

    return LiveText(plan, max_words=20, first_max_words=8)


def cuts(taken: Sequence[tuple[object, Ending]]) -> list[Cut]:
    return [
        (" ".join(word.text for word in segment.words), segment.start, segment.end, ending)  # type: ignore[attr-defined]
        for segment, ending in taken
    ]


def at_once(reader: Reader, text: str) -> list[Cut]:
    plan = reader.plan(text, max_words=20, first_max_words=8)
    return cuts([(segment, plan.ending(i)) for i, segment in enumerate(plan.segments)])


def arriving(reader: Reader, pieces: Sequence[str], **how: bool) -> list[Cut]:
    turn, found = live(reader), []
    for piece in pieces:
        turn.append(piece)
        found += cuts(turn.take(**how))
    return found + cuts(turn.take(all_of_it=True))


@pytest.mark.parametrize(("language", "text"), [("en", ENGLISH), ("zh", CHINESE)])
def test_one_character_at_a_time_gives_the_segments_of_the_whole_text(
    readers: dict[str, Reader], language: str, text: str
) -> None:
    assert arriving(readers[language], list(text)) == at_once(readers[language], text)


_SENTENCES = (
    "It costs $3.50, or 3.5 million.",
    "Mr. Jones, who is 42, left at 5 p.m. on Monday.",
    "No.",
    "Is it 10:30 already?",
    "I don't think so, e.g. because of the U.S. election.",
    "Well... yes!",
    "See section 2.1 and chapter IV.",
    "Wait, what?",
    "The quick brown fox, having jumped over the lazy dog, ran into the wood and was never seen there again, "
    "although many people looked for it.",
)


@given(
    st.lists(st.sampled_from(_SENTENCES), min_size=1, max_size=5),
    st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
@settings(deadline=None, max_examples=60)
def test_tokens_of_any_length_give_the_segments_of_the_whole_text(
    readers: dict[str, Reader], sentences: list[str], lengths: list[int]
) -> None:
    text = " ".join(sentences)
    pieces, start = [], 0
    while start < len(text):
        length = lengths[len(pieces) % len(lengths)]
        pieces.append(text[start : start + length])
        start += length
    assert arriving(readers["en"], pieces) == at_once(readers["en"], text)


@given(
    st.lists(st.tuples(st.sampled_from(_SENTENCES), st.booleans()), min_size=1, max_size=5),
    st.sampled_from(("{} ", " {}")),
    st.integers(1, 60),
)
@settings(deadline=None, max_examples=60)
def test_flushes_between_sentences_give_the_segments_of_the_whole_text(
    readers: dict[str, Reader], sentences: list[tuple[str, bool]], blank: str, read_every: int
) -> None:
    turn, flushed, found = live(readers["en"]), 0, []
    for sentence, flush in sentences:
        for character in blank.format(sentence):
            turn.append(character)
            if len(turn.text) % read_every == 0:
                found += cuts(turn.take(flushed=flushed))
        if flush:
            flushed = len(turn.text)
    found += cuts(turn.take(all_of_it=True))
    assert found == at_once(readers["en"], turn.text)


def test_what_is_behind_a_flush_waits_for_what_follows_it(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append("It rained. It costs $1")
    flushed = len("It rained. ")
    assert [words for words, *_ in cuts(turn.take(flushed=flushed))] == ["it rained"]
    assert cuts(turn.take(flushed=flushed)) == []
    turn.append("20 a night.")
    rest = cuts(turn.take(flushed=flushed, all_of_it=True))
    assert [words for words, *_ in rest] == ["it costs one hundred twenty dollars a night"]


@given(st.text(st.sampled_from("ab 1.,!?\n。，你好 $%-'\""), max_size=60), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=150)
def test_whatever_comes_nothing_is_said_twice_or_left_out(
    readers: dict[str, Reader], text: str, hungry: bool, idle: bool
) -> None:
    for reader in readers.values():
        found = arriving(reader, list(text), hungry=hungry, idle=idle)
        places = [place for _, start, end, _ in found for place in (start, end)]
        assert places == sorted(places)
        said = sum(len(words.replace(" ", "")) for words, *_ in found)
        assert bool(said) == bool(at_once(reader, text))


def test_the_first_clause_is_spoken_before_its_sentence_ends(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append("After a long and cold night on the mountain, the ")
    assert cuts(turn.take()) == []
    turn.append("climbers ")
    assert [words for words, *_ in cuts(turn.take())] == ["after a long and cold night on the mountain"]


def test_who_runs_dry_gets_a_clause_of_an_unfinished_sentence(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append(
        "Yes. When the rain had stopped, when the roads were dry, and when the children were asleep, "
    )
    turn.append("she took the old car out of the garage and drove to ")
    assert [words for words, *_ in cuts(turn.take())] == ["yes"]
    assert cuts(turn.take()) == []
    hungry = cuts(turn.take(hungry=True))
    assert hungry
    assert hungry[0][0].startswith("when the rain had stopped")


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It costs 3.", "it costs"),  # 3.5?
        ("It is done.", "it is done"),
        ("It is do", "it is"),
        ("It is do ", "it is do"),
        ("I paid $1,29", "i paid"),
        ("Hello", ""),
    ],
)
def test_at_a_standstill_a_word_or_number_that_may_go_on_is_held_back(
    readers: dict[str, Reader], text: str, spoken: str
) -> None:
    turn = live(readers["en"])
    turn.append(text)
    assert " ".join(words for words, *_ in cuts(turn.take(idle=True))) == spoken
    turn.append("5 more.")
    rest = " ".join(words for words, *_ in cuts(turn.take(all_of_it=True)))
    whole = " ".join(words for words, *_ in at_once(readers["en"], text + "5 more."))
    if text != "It is done.":
        assert f"{spoken} {rest}".strip() == whole


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Shall we meet at 12:30?", "shall we meet at twelve thirty"),
        ("Is it 50%?", "is it fifty percent"),
        ("He said ‘stop.’", "he said stop"),
        ("It is https://x.com/?", "it is"),
        ("I don’", "i"),
    ],
)
def test_at_a_standstill_what_a_mark_ends_for_certain_is_spoken(
    readers: dict[str, Reader], text: str, spoken: str
) -> None:
    turn = live(readers["en"])
    turn.append(text)
    assert " ".join(words for words, *_ in cuts(turn.take(idle=True))) == spoken


@pytest.mark.parametrize(
    ("text", "spoken", "more"),
    [
        ("我们去银", "我们去", "行吧。"),
        ("请看第二", "请看", "十三章。"),
        ("那是2024年", "那是", "3月5日。"),
        ("我有二十", "我有", "五个。"),
        ("好", "", "吧。"),
        ("我们走吧。", "我们走吧", "好的。"),
        ("我们走吧 ", "我们走吧", "好的。"),
    ],
)
def test_at_a_standstill_a_chinese_word_or_number_that_may_go_on_is_held_back(
    readers: dict[str, Reader], text: str, spoken: str, more: str
) -> None:
    turn = live(readers["zh"])
    turn.append(text)
    said = [words for words, *_ in cuts(turn.take(idle=True))]
    assert "".join(said).replace(" ", "") == spoken
    turn.append(more)
    said += [words for words, *_ in cuts(turn.take(all_of_it=True))]
    whole = [words for words, *_ in at_once(readers["zh"], text + more)]
    assert "".join(said).replace(" ", "") == "".join(whole).replace(" ", "")


def test_a_sentence_without_an_end_is_cut_all_the_same(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append("one and two and three and four " * 12)
    taken = cuts(turn.take())
    assert taken
    assert all(ending is Ending.CONTINUATION for *_, ending in taken)


def test_what_cannot_be_spoken_is_told_with_its_place_in_the_turn(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append("One is enough. Two \U0001f600 three. ")
    turn.take(all_of_it=True)
    assert [(part.text, part.start) for part in turn.dropped] == [("\U0001f600", 19)]


def test_half_a_word_that_would_be_spelled_does_not_make_a_sentence_longer(
    readers: dict[str, Reader],
) -> None:
    text = "She sings, and when it rains she dw"  # eight words; D W would be nine
    assert arriving(readers["en"], [text, "ells."]) == at_once(readers["en"], text + "ells.")


def test_a_clause_of_one_word_is_not_spoken_before_its_sentence(readers: dict[str, Reader]) -> None:
    turn = live(readers["en"])
    turn.append(f"Yes, {'and he went on and on ' * 5}")
    assert cuts(turn.take()) == []


def test_what_is_dropped_across_a_cut_is_told_in_one_piece(readers: dict[str, Reader]) -> None:
    text = "Yes.<br>行 Go on then, go on."
    turn = live(readers["en"])
    turn.append(text)
    taken = turn.take() + turn.take(all_of_it=True)
    assert [words for words, *_ in cuts(taken)] == ["yes", "go on then go on"]
    assert [part.text for part in turn.dropped] == [
        part.text for part in readers["en"].plan(text, max_words=20, first_max_words=8).dropped
    ]


def test_what_of_a_lexicon_cannot_be_heeded_is_told_once_with_its_place_in_the_turn(
    bootstrap: VoiceBundle, readers: dict[str, Reader]
) -> None:
    lexicon = Lexicon.of([("lexicon[0]", LexiconEntry("tea", "pinyin", "cha2"))])
    turn = LiveText(Writing(readers["en"], bootstrap.config, [lexicon]).plan, max_words=20, first_max_words=8)
    turn.append("It is here. I like tea. You ")
    assert cuts(turn.take())
    assert not turn.warnings
    turn.append("do not. I drink tea.")
    turn.take(all_of_it=True)
    (warning,) = turn.warnings
    assert warning.code == "PRONUNCIATION_IGNORED"
    assert turn.text[warning.start : warning.end] == "tea"
