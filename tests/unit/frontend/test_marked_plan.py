"""Where the manner changes a segment ends: marks stay with the words before them, and no pause comes of it."""

from __future__ import annotations

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.recordings.clip import clip_of
from speechmesh.frontend.recordings.played import PlayedScript
from speechmesh.frontend.recordings.recording import RecordingFile
from speechmesh.frontend.spoken import Pause
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.script import Audio, Playing
from speechmesh.frontend.written import Writing

S, Q, C = Ending.STATEMENT, Ending.QUESTION, Ending.CONTINUATION


@pytest.fixture(scope="module")
def readers(english: VoiceBundle, mandarin: VoiceBundle) -> dict[str, tuple[VoiceBundle, Reader]]:
    return {bundle.name: (bundle, load_reader(bundle)) for bundle in (english, mandarin)}


def plan(readers: dict[str, tuple[VoiceBundle, Reader]], body: str, voice: str = "english") -> MarkedPlan:
    bundle, reader = readers[voice]
    return Writing(reader, bundle.config).plan_ssml(f"<speak>{body}</speak>", 20, 8)


def told(made: MarkedPlan) -> list[tuple[str, Ending, bool]]:
    """What each segment says, how it ends, and whether it runs on."""
    return [
        (" ".join(word.text for word in segment.words), ending, segment.runs_on)
        for segment, ending in zip(made.segments, made.endings, strict=True)
    ]


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("It is <emphasis>he</emphasis>. Yes.", [("it is", C, True), ("he", S, False), ("yes", S, False)]),
        ("Is it <emphasis>he</emphasis>?", [("is it", C, True), ("he", Q, False)]),
        ("<emphasis>He</emphasis>, and she.", [("he", C, False), ("and she", S, False)]),
        ("<emphasis>He</emphasis> - and she.", [("he", C, False), ("and she", S, False)]),
        ("<emphasis>He</emphasis> (and she).", [("he", C, False), ("and she", S, False)]),
        ("<emphasis>Bob</emphasis>'s son.", [("bob's", C, True), ("son", S, False)]),
        ('He said <emphasis>"no."</emphasis>', [("he said", C, True), ("no", S, False)]),
        ("A <emphasis>3</emphasis>.5.", [("a", C, True), ("three", C, True), ("point five", S, False)]),
        ("One <emphasis>two<break/></emphasis> three.", [("one", C, True), ("two", C, False), ("three", S, False)]),
        ("<s>One</s><s><emphasis>two</emphasis></s>", [("one", S, False), ("two", S, False)]),
        ("One <emphasis>two</emphasis>", [("one", C, True), ("two", S, False)]),
        ("One <mark name='a'/><emphasis>two</emphasis>", [("one", C, True), ("two", S, False)]),
    ],
)  # fmt: skip
def test_a_change_of_manner_is_no_pause_by_itself(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, segments: list[tuple[str, Ending, bool]]
) -> None:
    assert told(plan(readers, body)) == segments


def test_chinese_marks_belong_to_what_is_before_them(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = plan(readers, "<emphasis>真的</emphasis>？是<emphasis>他</emphasis>！“好”", "mandarin")
    assert [(word.replace(" ", ""), ending) for word, ending, _ in told(made)] == [
        ("真的", Q),
        ("是", C),
        ("他", Ending.EXCLAMATION),
        ("好", S),
    ]


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("I can pause <break time='3s'/>. Go.", [("i can pause", S), ("go", S)]),
        ("Are you sure <break time='500ms'/>?", [("are you sure", Q)]),
        ("Are you sure <break/>? Yes.", [("are you sure", Q), ("yes", S)]),
        ("<s>Really <break/>?</s>", [("really", Q)]),
        ("Really <break/><mark name='m'/>?! Yes.", [("really", Q), ("yes", S)]),
        ("He said “no <break/>.” Yes.", [("he said no", S), ("yes", S)]),
        ("Really <break/><emphasis>?</emphasis> Yes", [("really", Q), ("yes", S)]),
        ("Really? <break/>. Yes", [("really", Q), ("yes", S)]),
        ("It is <emphasis>he</emphasis> ? Yes", [("it is", C), ("he", Q), ("yes", S)]),
        ("One <break/>, two.", [("one", C), ("two", S)]),
        ("Step one <break/>.5 it is", [("step one", C), ("point five it is", S)]),
        ("Type <break/><say-as interpret-as='characters'>?</say-as>", [("type", C), ("question mark", S)]),
        ("<break/>. One", [("one", S)]),
    ],
)
def test_a_mark_behind_a_break_closes_the_sentence_before_it(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, segments: list[tuple[str, Ending]]
) -> None:
    assert [(text, ending) for text, ending, _ in told(plan(readers, body))] == segments


@pytest.mark.parametrize(
    ("mark", "ending"), [("。", S), ("？", Q), ("！", Ending.EXCLAMATION), ("，", C), ("", C)]
)
def test_a_chinese_mark_behind_a_break_closes_the_sentence_before_it(
    readers: dict[str, tuple[VoiceBundle, Reader]], mark: str, ending: Ending
) -> None:
    made = plan(readers, f"你好<break time='1s'/>{mark}好", "mandarin")
    assert [end for _, end, _ in told(made)] == [ending, S]


def heard(made: MarkedPlan) -> str:
    """The words, with a comma at each pause inside a segment and a slash at each between two."""
    said = ""
    for segment in made.segments:
        said += " ".join("," if isinstance(item, Pause) else item.text for item in segment.items)
        said += " " if segment.runs_on else " / "
    return said.removesuffix(" / ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Yes, <break strength='none'/>my dear, we go.", "yes my dear , we go"),
        ("Yes<break strength='none'/>, my dear, we go.", "yes my dear , we go"),
        ("Yes, <break strength='x-weak'/>my dear.", "yes my dear"),
        ("Yes, <break time='0ms'/>my dear.", "yes my dear"),
        ("Yes, <break strength='strong' time='0s'/>my dear.", "yes my dear"),
        ("Yes, my <break strength='none'/>dear.", "yes , my dear"),
        ("One. <break strength='none'/>Two. Three.", "one two / three"),
        ("<s>One.</s><break strength='none'/><s>Two</s><s>Three</s>", "one two / three"),
        ("<p>One.<break strength='none'/></p><p>Two</p><p>Three</p>", "one two / three"),
        ("One, <break strength='none'/><emphasis>two</emphasis>, three.", "one two / three"),
        ("One. <break strength='none'/><emphasis>Two</emphasis>. Three.", "one two / three"),
        ("One.<break strength='none'/> - <emphasis>Two</emphasis>. Three.", "one two / three"),
        ("<emphasis>One</emphasis> - <break strength='none'/>two. Three.", "one two / three"),
        ("One. Two.<break strength='none'/>", "one / two"),
        ("<break strength='none'/>One. Two.", "one / two"),
        ('<phoneme ph="kæt">X</phoneme>ly, <break strength="none"/>my dear, we go.', "x ly my dear , we go"),
    ],
)
def test_a_break_of_no_strength_takes_the_pause_of_the_mark_that_it_stands_at(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, said: str
) -> None:
    made = plan(readers, body)
    assert heard(made) == said
    assert not any(segment.pause_after_ms or segment.pause_before_ms for segment in made.segments)


def test_a_sentence_keeps_its_intonation_without_a_pause_behind_it(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = plan(readers, "Is it he? <break strength='none'/>Yes.")
    assert told(made) == [("is it he", Q, True), ("yes", S, False)]


def test_a_chinese_pause_is_taken_by_a_break_of_no_strength(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = plan(readers, "你好，<break strength='none'/>世界，再见。<break time='0s'/>好。", "mandarin")
    assert heard(made).replace(" ", "") == "你好世界,再见好"


def test_marks_that_go_to_the_stretch_before_keep_their_places(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    document = "<speak>It is <emphasis>he</emphasis>... Yes, <emphasis>you</emphasis>.</speak>"
    bundle, reader = readers["english"]
    made = Writing(reader, bundle.config).plan_ssml(document, 20, 8)
    assert [document[segment.start : segment.end] for segment in made.segments] == [
        *("It is", "he</emphasis>...", "Yes,", "you</emphasis>.")
    ]
    words = [document[word.start : word.end] for segment in made.segments for word in segment.words]
    assert words == ["It", "is", "he", "Yes", "you"]


def test_a_format_that_does_not_fit_is_told_with_the_text_that_is_read_without_it(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = plan(readers, "It was <say-as interpret-as='date' format='mdy'>2024-03-05</say-as>.")
    assert " ".join(word for word, _, _ in told(made)).startswith("it was march fifth")
    assert [(warning.code, warning.message) for warning in made.warnings] == [
        (
            "SAY_AS_NOT_UNDERSTOOD",
            "'2024-03-05' is no date of the format 'mdy'; it is read as without one",
        )
    ]


def played(readers: dict[str, tuple[VoiceBundle, Reader]], body: str) -> MarkedPlan:
    """The plan of a document whose recordings are all found."""
    bundle, reader = readers["english"]
    writing, document = Writing(reader, bundle.config), f"<speak>{body}</speak>"
    script = writing.read_ssml(document, Limits(plays_audio=True))
    clip, _ = clip_of(RecordingFile(("a", 0, 0, 0, 0), 1000, 100), Playing(), 1.0)
    clips = {item.start: clip for item in script.items if isinstance(item, Audio)}
    return writing.plan_read(PlayedScript(script, clips), len(document), 20, 8)


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("One <audio src='a'/> two.", [("one", C, False), ("", C, False), ("two", S, False)]),
        ("One. <audio src='a'/> Two.", [("one", S, False), ("", S, False), ("two", S, False)]),
        ("Is it?<audio src='a'>x</audio>", [("is it", Q, False), ("", Q, False)]),
        ("<audio src='a'/>", [("", S, False)]),
        ("<audio src='a'/>One", [("", S, False), ("one", S, False)]),
        ("<s>One <audio src='a'/><audio src='a'/></s> two", [
            ("one", S, False), ("", S, False), ("", S, False), ("two", S, False),
        ]),
        ("<emphasis>One <audio src='a'/></emphasis> two", [("one", C, False), ("", C, False), ("two", S, False)]),
        ("One <audio src='a'/>.", [("one", S, False), ("", S, False)]),
        ("One <audio src='a'/>? Two.", [("one", Q, False), ("", Q, False), ("two", S, False)]),
        ("One <audio src='a'/>. Two.", [("one", S, False), ("", S, False), ("two", S, False)]),
    ],
)  # fmt: skip
def test_a_recording_is_a_segment_of_its_own_that_no_word_runs_on_to(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, segments: list[tuple[str, Ending, bool]]
) -> None:
    made = played(readers, body)
    assert told(made) == segments
    assert [index for index, (text, _, _) in enumerate(segments) if not text] == sorted(made.clips)


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("<mark name='m'/><audio src='a'/>", [[("m", 0)]]),
        ("<audio src='a'/><mark name='m'/>", [[("m", 1)]]),
        ("One <mark name='m'/> <audio src='a'/>", [[], [("m", 0)]]),
        ("One. <mark name='m'/><audio src='a'/> Two.", [[], [("m", 0)], []]),
        ("<mark name='l'/>One <mark name='m'/>two.<audio src='a'/>", [[("l", 0), ("m", 1)], []]),
        ("One <audio src='a'/> <mark name='m'/> two", [[], [], [("m", 0)]]),
        ("One <audio src='a'><mark name='m'/>x</audio> two", [[], [("m", 0)], []]),
        ("<audio src='a'/><mark name='m'/><audio src='a'/>", [[], [("m", 0)]]),
        ("<mark name='m'/> - <mark name='n'/><audio src='a'/>", [[("m", 0), ("n", 0)]]),
    ],
)
def test_marks_around_a_recording_are_those_of_what_stands_behind_them(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, marks: list[list[tuple[str, int]]]
) -> None:
    made = played(readers, body)
    assert [[(mark.name, mark.word) for mark in segment.marks] for segment in made.segments] == marks


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("One.<break time='3s'/><mark name='m'/>", [[("m", 1, 3000.0)]]),
        ("<mark name='m'/><break time='3s'/>One.", [[("m", 0, -3000.0)]]),
        ("<break time='1s'/><mark name='m'/><break time='2s'/>One.", [[("m", 0, -2000.0)]]),
        ("<break time='3s'/><mark name='m'/>One.", [[("m", 0, 0.0)]]),
        ("<p>One.</p><mark name='m'/><break time='3s'/><p>Two.</p>", [[("m", 1, 0.0)], []]),
        ("One.<break time='1s'/><mark name='m'/><break time='2s'/>Two.", [[("m", 1, 1000.0)], []]),
        ("One.<break time='3s'/><mark name='m'/>Two.", [[], [("m", 0, 0.0)]]),
        (
            "<audio src='a'/><break time='1s'/><mark name='m'/><break time='2s'/>Two.",
            [[("m", 1, 1000.0)], []],
        ),
    ],
)
def test_a_mark_beside_breaks_stands_where_it_is_written_in_the_pause(
    readers: dict[str, tuple[VoiceBundle, Reader]], body: str, marks: list[list[tuple[str, int, float]]]
) -> None:
    made = played(readers, body)
    told_marks = [[(mark.name, mark.word, mark.pause_ms) for mark in each.marks] for each in made.segments]
    assert told_marks == marks


def test_breaks_before_and_behind_a_recording_are_its_pauses(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = played(readers, "<break time='1s'/><audio src='a'/><break time='2s'/>One.")
    pauses = [(segment.pause_before_ms, segment.pause_after_ms) for segment in made.segments]
    assert pauses == [(1000, 2000), (0, 0)]


def test_a_bracket_ends_no_sentence_that_goes_on_in_another_manner(
    readers: dict[str, tuple[VoiceBundle, Reader]],
) -> None:
    made = plan(readers, "<emphasis>(See this)</emphasis> now (or then)")
    assert [(words, ending) for words, ending, _ in told(made)] == [("see this", C), ("now or then", S)]
