"""Who speaks: voices by name, language and gender, and text in a language that its voice does not speak."""

from __future__ import annotations

import pytest

from speechmesh.common.bundle import Speaker, VoiceBundle, VoiceConfig
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.casting import Ensemble, Role
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.written import Writing


@pytest.fixture(scope="module")
def voices(english: VoiceBundle, mandarin: VoiceBundle) -> list[VoiceConfig]:
    """American, Chinese, British and German voices, the American one the request's own."""
    more = {
        "britain": ("en-GB", "female, London"),
        "german": ("de-DE", "female"),
        "robot": ("de-DE", "neutral"),
    }
    others = [
        english.config.model_copy(
            update={
                "name": name,
                "languages": (language,),
                "speakers": (Speaker(name=f"{name}1", description=description),),
            }
        )
        for name, (language, description) in more.items()
    ]
    return [english.config, mandarin.config, *others]


def roles(voices: list[VoiceConfig], body: str, *, root: str = "", **options: object) -> dict[str, Role]:
    """Who speaks each text of a document."""
    ensemble = Ensemble(voices[0], voices[1:], **options)  # type: ignore[arg-type]
    script = parse_ssml(f"<speak{root}>{body}</speak>", language_of=ensemble.language)
    return {text.text.strip(): ensemble.role(text.style.casting) for text in script.texts}


def who(role: Role) -> str:
    return f"{role.voice.name}/{role.speaker.name}"


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ("name='slt'", "english/slt"),
        ("name='lan'", "mandarin/lan"),
        ("name='mandarin'", "mandarin/ming"),
        ("name='mandarin/lan'", "mandarin/lan"),
        ("name='nobody lan slt'", "mandarin/lan"),
        ("name='english'", "english/rms"),
        ("name='mandarin' gender='female'", "mandarin/lan"),
        ("gender='female'", "english/slt"),
        ("gender='male'", "english/rms"),
        ("xml:gender='female'", "english/slt"),
        ("gender='female' xml:gender='male'", "english/slt"),
        ("gender='female' languages='zh'", "mandarin/lan"),
        ("language='en-GB'", "britain/britain1"),
        ("language='zh-TW'", "mandarin/ming"),
        ("language='de' gender='neutral'", "robot/robot1"),
        ("xml:lang='de'", "german/german1"),
        ("name='slt' languages='zh'", "mandarin/ming"),
        ("name='lan' gender='male' ordering='gender name'", "english/rms"),
        ("name='lan' gender='male' required='name'", "mandarin/lan"),
        ("name='slt nobody' required='name gender' gender='female'", "english/slt"),
        ("", "english/rms"),
    ],
)
def test_a_voice_is_found_by_what_is_asked_of_it(
    voices: list[VoiceConfig], attributes: str, name: str
) -> None:
    assert who(roles(voices, f"<voice {attributes}>x</voice>")["x"]) == name


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ("name='nobody'", "english/rms"),
        ("languages='fr'", "english/rms"),
        ("gender='neutral'", "english/rms"),
        ("name='nobody' gender='female'", "english/slt"),
        ("name='slt' required='name gender' gender='male'", "english/rms"),
        ("languages='fr' gender='female' onvoicefailure='priorityselect'", "english/slt"),
    ],
)
def test_what_no_voice_has_is_told(voices: list[VoiceConfig], attributes: str, name: str) -> None:
    role = roles(voices, f"<voice {attributes}>x</voice>")["x"]
    assert who(role) == name
    assert [problem.code for problem in role.problems] == ["VOICE_UNKNOWN"]


@pytest.mark.parametrize(
    ("attributes", "name", "language"),
    [
        ("name='zh-CN-XiaoxiaoNeural'", "mandarin/ming", "zh-CN"),
        ("name='cmn-CN-Wavenet-A'", "mandarin/ming", "cmn-CN"),
        ("name='zh-CN-liaoning-XiaobeiNeural'", "mandarin/ming", "zh-CN"),
        ("name='zh-CN-XiaoxiaoNeural' gender='female'", "mandarin/lan", "zh-CN"),
        ("name='en-GB-RyanNeural'", "britain/britain1", "en-US"),
        ("name='en-US-JennyNeural'", "english/rms", "en-US"),
        ("name='fr-FR-DeniseNeural'", "english/rms", "en-US"),
        ("name='zh-CN-XiaoxiaoMultilingualNeural'", "english/rms", "en-US"),
        ("name='zh-CN-Xiaochen:DragonHDLatestNeural'", "english/rms", "en-US"),
        ("name='zh-CN-XiaoxiaoNeural' languages='de'", "german/german1", "de"),
        ("name='zh-CN-XiaoxiaoNeural' required='name'", "english/rms", "en-US"),
    ],
)
def test_an_unknown_name_that_begins_with_a_locale_asks_for_its_language(
    voices: list[VoiceConfig], attributes: str, name: str, language: str
) -> None:
    role = roles(voices, f"<voice {attributes}>x</voice>", root=" xml:lang='en-US'")["x"]
    assert (who(role), role.language) == (name, language)
    (problem,) = role.problems
    assert problem.code == "VOICE_UNKNOWN"
    assert problem.message.startswith(attributes.split("'")[1])


def test_a_known_name_is_meant_whatever_locale_another_begins_with(voices: list[VoiceConfig]) -> None:
    role = roles(voices, "<voice name='zh-CN-XiaoxiaoNeural slt'>x</voice>")["x"]
    assert (who(role), role.problems) == ("english/slt", ())


def test_a_message_about_many_voices_is_short(voices: list[VoiceConfig]) -> None:
    many = [voices[1].model_copy(update={"name": f"voice-{i}"}) for i in range(100)]
    (problem,) = roles([voices[0], *many], "<voice name='nobody'>x</voice>")["x"].problems
    assert len(problem.message) < 600


def test_text_of_another_language_is_spoken_by_a_voice_of_it(voices: list[VoiceConfig]) -> None:
    body = "a<lang xml:lang='zh-CN'>b<lang xml:lang='en-US'>c</lang></lang><lang xml:lang='en-GB'>d</lang>"
    told = roles(voices, body, speaker="slt")
    assert [who(role) for role in told.values()] == [
        *("english/slt", "mandarin/lan", "english/slt", "english/slt")
    ]
    assert [role.language for role in told.values()] == ["en-US", "zh-CN", "en-US", "en-GB"]
    assert not any(role.problems for role in told.values())


def test_a_voice_by_name_goes_before_the_language_around_it(voices: list[VoiceConfig]) -> None:
    told = roles(
        voices,
        "<voice name='ming'>a</voice><voice name='alma' xml:lang='zh'>b</voice>",
        root=" xml:lang='en'",
    )
    assert [(who(role), role.language) for role in told.values()] == [
        ("mandarin/ming", "zh-CN"),
        ("mandarin/ming", "zh"),
    ]


@pytest.mark.parametrize(
    ("how", "name", "code"),
    [
        ("", "english/rms", "LANGUAGE_NOT_SPOKEN"),
        (" onlangfailure='changevoice'", "english/rms", "LANGUAGE_NOT_SPOKEN"),
        (" onlangfailure='ignorelang'", "english/rms", ""),
        (" onlangfailure='ignoretext'", "english/rms", "TEXT_LEFT_OUT"),
    ],
)
def test_a_language_that_nobody_speaks(voices: list[VoiceConfig], how: str, name: str, code: str) -> None:
    role = roles(voices, f"<lang xml:lang='fr'{how}>x</lang>")["x"]
    assert (who(role), [problem.code for problem in role.problems]) == (name, [code] if code else [])
    assert role.is_silent == (code == "TEXT_LEFT_OUT")
    assert role.language == "en-US"


def test_a_voice_that_the_request_names_reads_the_documents_language(voices: list[VoiceConfig]) -> None:
    chosen = roles(voices, "a", root=" xml:lang='zh-CN'")["a"]
    assert who(chosen) == "mandarin/ming"
    named = roles(voices, "a<p xml:lang='zh'>b</p>", root=" xml:lang='zh-CN'", keeps_voice=True)
    assert [who(role) for role in named.values()] == ["english/rms", "mandarin/ming"]
    assert [problem.code for problem in named["a"].problems] == ["LANGUAGE_NOT_SPOKEN"]


@pytest.fixture(scope="module")
def readers(english: VoiceBundle, mandarin: VoiceBundle) -> dict[str, Reader]:
    return {bundle.name: load_reader(bundle) for bundle in (english, mandarin)}


def plan(readers: dict[str, Reader], voices: list[VoiceConfig], body: str, **limits: int) -> MarkedPlan:
    others = [Writing(readers["mandarin"], voices[1])]
    document = f"<speak>{body}</speak>"
    return Writing(readers["english"], voices[0], others=others).plan_ssml(document, 20, 8, Limits(**limits))


def test_each_part_is_read_in_its_voices_language(
    readers: dict[str, Reader], voices: list[VoiceConfig]
) -> None:
    made = plan(
        readers,
        voices,
        "The <say-as interpret-as='ordinal'>3</say-as> is <voice name='lan'>"
        "<say-as interpret-as='ordinal'>3</say-as>，<phoneme alphabet='pinyin' ph='shan4'>单</phoneme></voice>.",
    )
    assert [(s.manner.voice, s.manner.speaker) for s in made.segments] == [("", ""), ("mandarin", "lan")]
    assert made.voices == {"mandarin"}
    english, chinese = (" ".join(word.text for word in segment.words) for segment in made.segments)
    assert english == "the third is"
    assert chinese == "第三 单"
    assert made.segments[1].words[-1].phones == ("shan4",)
    assert not made.warnings


def test_a_speaker_who_is_the_requests_own_ends_no_segment(
    readers: dict[str, Reader], voices: list[VoiceConfig]
) -> None:
    made = plan(readers, voices, "One <voice name='rms'>two</voice> three.")
    assert [len(segment.words) for segment in made.segments] == [3]


def test_text_that_is_left_out_is_not_read(readers: dict[str, Reader], voices: list[VoiceConfig]) -> None:
    made = plan(readers, voices, "One <lang xml:lang='fr' onlangfailure='ignoretext'>deux</lang> three.")
    assert [word.text for segment in made.segments for word in segment.words] == ["one", "three"]
    assert [warning.code for warning in made.warnings] == ["TEXT_LEFT_OUT"]


def test_more_voices_than_allowed_are_refused(readers: dict[str, Reader], voices: list[VoiceConfig]) -> None:
    body = "One. <voice name='lan'>二。</voice>"
    assert len(plan(readers, voices, body, max_voices=2).segments) == 2
    with pytest.raises(InvalidInput, match="2 voices are to speak, 1 may"):
        plan(readers, voices, body, max_voices=1)
