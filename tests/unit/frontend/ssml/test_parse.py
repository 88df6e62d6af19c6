"""Documents of the kinds that the clouds document, and the scripts they become."""

from __future__ import annotations

import pytest

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.script import (
    SILENT_DB,
    Audio,
    Boundary,
    Break,
    Emphasis,
    LanguageChange,
    Mark,
    OnLanguageFailure,
    OnVoiceFailure,
    Playing,
    SayAs,
    SayAsKind,
    Script,
    Style,
    Text,
    VoiceChoice,
    VoiceFeature,
)


def outline(script: Script) -> list[str]:
    """A script's items in short."""
    names = []
    for item in script.items:
        match item:
            case Text():
                names.append(item.text)
            case Break():
                names.append(f"<{item.strength.value} {item.duration_ms}>")
            case Mark():
                names.append(f"<mark {item.name}>")
            case Boundary():
                names.append(f"<{item.kind.value}>")
            case Audio():
                names.append(f"<audio {item.path}>")
    return names


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("Hello, world.", ["Hello, world."]),
        ("  \n Hello,\r\n\t world. \n", ["Hello, world."]),
        ("<p>One.</p><p>Two.</p>", ["One.", "<p>", "Two.", "<p>"]),
        ("<p> <s> One. </s> <s>Two.</s> </p> <p>Three.</p>", ["One.", "<s>", "Two.", "<p>", "Three.", "<p>"]),
        ("A <emphasis> b</emphasis> c", ["A ", "b", " c"]),
        ("A<emphasis>b</emphasis>c", ["A", "b", "c"]),
        ("A <!-- no --> b", ["A b"]),
        ("<![CDATA[ a < b & c ]]>", ["a < b & c"]),
        ("Tom &amp; Jerry&#33; &#x1F600;", ["Tom & Jerry! 😀"]),
        ("Wait<break/> now", ["Wait", "<medium None>", " now"]),
        ('Wait <break strength="x-strong"/>now', ["Wait", "<x-strong None>", " now"]),
        ('Wait<break time="1.5s"/>now', ["Wait", "<medium 1500.0>", "now"]),
        ('Wait<break time="250ms" strength="none"/>now', ["Wait", "<none 250.0>", "now"]),
        ('Go <mark name="here"/> there', ["Go", "<mark here>", " there"]),
        (
            '<p>A<mark name="x"/></p><mark name="y"/><p>B</p>',
            ["A", "<mark x>", "<p>", "<mark y>", "B", "<p>"],
        ),
        ('Go<bookmark mark="b"/>', ["Go", "<mark b>"]),
        ("<metadata><x>no</x></metadata>Yes<desc>no</desc>", ["Yes"]),
        ("<s>I am a <w>token</w>.</s>", ["I am a token.", "<s>"]),
        ("I <w role='x:vbd y'>read</w> it", ["I ", "read", " it"]),
        ("<p></p>", []),
        ("", []),
    ],
)
def test_the_items_of_a_document(body: str, items: list[str]) -> None:
    script = parse_ssml(f'<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis">{body}</speak>')
    assert outline(script) == items
    assert not script.cautions


@pytest.mark.parametrize(
    ("attributes", "style"),
    [
        ('rate="slow"', Style(rate=0.64)),
        ('rate="x-fast"', Style(rate=2.0)),
        ('rate="default"', Style()),
        ('rate="80%"', Style(rate=0.8)),
        ('rate="0.8"', Style(rate=0.8)),
        ('rate="+10%"', Style(rate=1.1)),
        ('rate="-25%"', Style(rate=0.75)),
        ('pitch="high"', Style(pitch_semitones=3.0)),
        ('pitch="+2st"', Style(pitch_semitones=2.0)),
        ('pitch="-1.5ST"', Style(pitch_semitones=-1.5)),
        ('pitch="+100%"', Style(pitch_semitones=12.0)),
        ('volume="silent"', Style(volume_db=SILENT_DB)),
        ('volume="loud"', Style(volume_db=4.0)),
        ('volume="-6dB"', Style(volume_db=-6.0)),
        ('volume="100"', Style()),
        ('volume="0"', Style(volume_db=SILENT_DB)),
        ('rate="50%"', Style(rate=0.5)),
        ('pitch="100%"', Style(pitch_semitones=12.0)),
        ('pitch="0%"', Style()),
        ('volume="+0"', Style()),
        ('rate="fast" pitch="low" volume="soft"', Style(rate=1.55, pitch_semitones=-3.0, volume_db=-6.0)),
    ],
)
def test_prosody_is_plain_numbers(attributes: str, style: Style) -> None:
    script = parse_ssml(f"<speak><prosody {attributes}>x</prosody></speak>")
    (text,) = script.texts
    assert text.style.rate == pytest.approx(style.rate)
    assert text.style.pitch_semitones == pytest.approx(style.pitch_semitones)
    assert text.style.volume_db == pytest.approx(style.volume_db)
    assert not script.cautions


def test_a_pitch_without_a_sign_is_a_rise() -> None:
    for unsigned, signed in (("50%", "+50%"), ("10%", "+10%"), ("2st", "+2st")):
        said = [parse_ssml(f'<speak><prosody pitch="{p}">x</prosody></speak>') for p in (unsigned, signed)]
        assert said[0].texts[0].style == said[1].texts[0].style
        assert said[0].texts[0].style.pitch_semitones > 0


@pytest.mark.parametrize(
    ("outer", "change", "level"),
    [
        ("100", "+10", "110"),
        ("100", "-5.5", "94.5"),
        ("50", "-10", "40"),
        ("50", "+50", "100"),
        ("50", "-50", "0"),
    ],
)
def test_a_volume_with_a_sign_is_a_change_on_the_scale_of_0_to_100(
    outer: str, change: str, level: str
) -> None:
    changed, plain = (
        parse_ssml(
            f'<speak><prosody volume="{outer}"><prosody volume="{volume}">x</prosody></prosody></speak>'
        )
        for volume in (change, level)
    )
    assert changed.texts[0].style.volume_db == pytest.approx(plain.texts[0].style.volume_db)
    assert not changed.cautions


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ('rate="80%"', 'rate="150%"', (1.2, 0, 0)),
        ('rate="80%"', 'rate="+50%"', (1.2, 0, 0)),
        ('rate="80%"', 'rate="fast"', (1.55, 0, 0)),
        ('rate="80%"', 'rate="default"', (1.0, 0, 0)),
        ('pitch="+2st"', 'pitch="+3st"', (1.0, 5, 0)),
        ('pitch="+2st"', 'pitch="medium"', (1.0, 0, 0)),
        ('volume="-6dB"', 'volume="-4dB"', (1.0, 0, -10)),
        ('volume="-6dB"', 'volume="loud"', (1.0, 0, 4)),
        ('volume="silent"', 'volume="+20dB"', (1.0, 0, SILENT_DB)),
        ('volume="silent"', 'volume="+20"', (1.0, 0, SILENT_DB)),
        ('volume="silent"', 'volume="medium"', (1.0, 0, 0)),
        ('rate="120%" pitch="+1st"', 'volume="+3dB"', (1.2, 1, 3)),
    ],
)
def test_nested_prosody_multiplies_rates_and_adds_the_rest(
    outer: str, inner: str, expected: tuple[float, float, float]
) -> None:
    script = parse_ssml(f"<speak><prosody {outer}><prosody {inner}>b</prosody><s/>c</prosody>d</speak>")
    inside, outside = script.texts[0].style, script.texts[-1].style
    assert (inside.rate, inside.pitch_semitones, inside.volume_db) == pytest.approx(expected)
    assert outside == Style()


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('rate="500%"', "SSML_VALUE_CLAMPED"),
        ('rate="-100%"', "SSML_VALUE_CLAMPED"),
        (f'rate="{"9" * 400}"', "SSML_VALUE_CLAMPED"),
        ('pitch="+40st"', "SSML_VALUE_CLAMPED"),
        ('pitch="-100%"', "SSML_VALUE_CLAMPED"),
        ('volume="+90dB"', "SSML_VALUE_CLAMPED"),
        ('volume="-50dB"', "SSML_VALUE_CLAMPED"),
        ('pitch="+5Hz"', "SSML_PITCH_IN_HZ"),
        ('pitch="200Hz"', "SSML_PITCH_IN_HZ"),
        ('contour="(0%,+20Hz)(10%,+30%)"', "SSML_ATTRIBUTE_IGNORED"),
        ('range="high"', "SSML_ATTRIBUTE_IGNORED"),
        ('tempo="high"', "SSML_UNKNOWN_ATTRIBUTE"),
    ],
)
def test_what_is_not_done_as_written_is_a_caution_with_its_place(attributes: str, code: str) -> None:
    script = parse_ssml(f"<speak>\n <prosody {attributes}>x</prosody></speak>")
    (caution,) = script.cautions
    assert caution.code == code
    assert caution.message.startswith("line 2, column 2: ")
    assert (caution.start, caution.end) == (9, 9 + len(f"<prosody {attributes}>"))
    style, limits = script.texts[0].style, Limits()
    assert limits.min_rate <= style.rate <= limits.max_rate
    assert abs(style.pitch_semitones) <= limits.max_pitch_semitones
    assert limits.min_volume_db <= style.volume_db <= limits.max_volume_db


def test_hz_are_relative_to_the_pitch_here_and_to_a_documented_base() -> None:
    limits = Limits(base_pitch_hz=100.0)
    script = parse_ssml(
        '<speak><prosody pitch="+12st"><prosody pitch="-100Hz">a</prosody></prosody></speak>', limits=limits
    )
    assert script.texts[0].style.pitch_semitones == pytest.approx(0.0)


def test_voices_languages_and_styles_are_kept() -> None:
    script = parse_ssml(
        """<speak version="1.0" xml:lang="en-US" xmlns:mstts="https://www.w3.org/2001/mstts">
             <voice name="anna bert" gender="female" language="en-GB">
               <mstts:express-as style="cheerful" styledegree="1.5" role="Girl">one</mstts:express-as>
               <lang xml:lang="zh_CN">二</lang>
               <emphasis level="strong">three</emphasis>
             </voice>
             <s xml:lang="de">vier</s>
           </speak>"""
    )
    assert script.language == "en-US"
    assert [(caution.code, caution.message.partition(": ")[2]) for caution in script.cautions] == [
        ("SSML_ATTRIBUTE_IGNORED", "<mstts:express-as styledegree> is not followed"),
        ("SSML_ATTRIBUTE_IGNORED", "<mstts:express-as role> is not followed"),
    ]
    styles = {text.text.strip(): text.style for text in script.texts}
    english = LanguageChange("en-US", is_of_document=True)
    anna = VoiceChoice(("anna", "bert"), ("en-GB",), "female")
    assert styles["one"] == Style(
        casting=(english, anna), speaking_style="cheerful", style_degree=1.5, role="Girl"
    )
    assert styles["二"] == Style(casting=(english, anna, LanguageChange("zh-CN")))
    assert styles["three"] == Style(casting=(english, anna), emphasis=Emphasis.STRONG)
    assert styles["vier"] == Style(casting=(english, LanguageChange("de")))


def test_what_a_voice_must_have_and_what_counts_most_are_kept() -> None:
    script = parse_ssml(
        """<speak onlangfailure="ignoretext">
             <voice name="anna" xml:lang="fr" required="name gender" ordering="gender name"
                    onvoicefailure="keepexisting">un</voice>
             <voice languages="en:fr zh_CN">two</voice>
           </speak>"""
    )
    un, two = (text.style.casting for text in script.texts if text.text.strip())
    assert un == (
        VoiceChoice(
            ("anna",),
            ("fr",),
            required=frozenset({VoiceFeature.NAME, VoiceFeature.GENDER}),
            ordering=(VoiceFeature.GENDER, VoiceFeature.NAME),
            on_failure=OnVoiceFailure.KEEP_EXISTING,
        ),
        LanguageChange("fr", OnLanguageFailure.IGNORE_TEXT),
    )
    assert two == (VoiceChoice(languages=("en", "zh-CN")),)


def test_language_is_another_name_of_the_feature_languages() -> None:
    script = parse_ssml(
        '<speak><voice gender="female" required="language" ordering="gender Language languages">x</voice></speak>'
    )
    assert script.texts[0].style.casting == (
        VoiceChoice(
            gender="female",
            required=frozenset({VoiceFeature.LANGUAGES}),
            ordering=(VoiceFeature.GENDER, VoiceFeature.LANGUAGES),
        ),
    )


def test_the_voice_tells_whether_a_pronunciation_can_be_read() -> None:
    script = parse_ssml(
        '<speak><voice name="ming"><phoneme alphabet="pinyin" ph="shan4">单</phoneme></voice></speak>',
        language="en-US",
        language_of=lambda casting: "zh-CN" if casting else "",
    )
    phonemes = next(text.phonemes for text in script.texts)
    assert phonemes is not None
    assert phonemes.phones == ("shan4",)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('interpret-as="cardinal"', SayAs(SayAsKind.CARDINAL)),
        ('interpret-as="Number"', SayAs(SayAsKind.CARDINAL)),
        ('interpret-as="number" format="ordinal"', SayAs(SayAsKind.ORDINAL)),
        ('interpret-as="spell-out"', SayAs(SayAsKind.CHARACTERS)),
        ('interpret-as="verbatim"', SayAs(SayAsKind.CHARACTERS)),
        ('interpret-as="vxml:date" format="MDY" detail="1"', SayAs(SayAsKind.DATE, "mdy", "1")),
        ('interpret-as="name"', SayAs(SayAsKind.NAME)),
        ('interpret-as="bleep"', SayAs(SayAsKind.EXPLETIVE)),
    ],
)
def test_say_as(attributes: str, said: SayAs) -> None:
    script = parse_ssml(f"<speak>a<say-as {attributes}> 3  4 </say-as>b</speak>")
    assert [text.say_as for text in script.texts] == [None, said, None]
    assert outline(script) == ["a ", "3 4", " b"]
    assert not script.cautions


def test_two_elements_are_two_pieces_even_where_they_say_the_same() -> None:
    script = parse_ssml(
        '<speak><say-as interpret-as="date">1</say-as><say-as interpret-as="date">2</say-as></speak>'
    )
    assert outline(script) == ["1", "2"]


def test_sub_and_phoneme_tell_what_is_read() -> None:
    document = """<speak>The <sub alias=" World  Wide Web ">W3C</sub><phoneme alphabet="x-sampa" ph='kA:t'/></speak>"""
    the, w3c, cart = parse_ssml(document).texts
    assert (the.text, w3c.text, w3c.alias) == ("The ", "W3C", "World Wide Web")
    assert document[w3c.start : w3c.end] == "W3C"
    assert cart.phonemes is not None
    assert (cart.text, cart.phonemes.phones, cart.phonemes.language) == ("", ("k", "aa1", "t"), "en")
    assert document[cart.start : cart.end] == """<phoneme alphabet="x-sampa" ph='kA:t'/>"""


@pytest.mark.parametrize(
    ("language", "alphabet", "ph", "phones"),
    [
        ("", "ipa", "kæt", ("k", "ae1", "t")),
        ("en-GB", "ipa", "kæt", ("k", "ae1", "t")),
        ("zh-CN", "x-amazon-pinyin", "zhong1 guo2", ("zhong1", "guo2")),
        ("zh-CN", "ipa", "ʈʂʊŋ", None),
        ("fr", "ipa", "ʁy", None),
        ("en", "pinyin", "zhong1", None),
    ],
)
def test_phonemes_are_read_for_their_language_alone(
    language: str, alphabet: str, ph: str, phones: tuple[str, ...] | None
) -> None:
    script = parse_ssml(
        f'<speak><phoneme alphabet="{alphabet}" ph="{ph}">x</phoneme></speak>', language=language
    )
    given = script.texts[0].phonemes
    assert (given.phones if given else None) == phones
    assert [caution.code for caution in script.cautions] == ([] if given else ["SSML_PHONEMES_IGNORED"])


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ('alphabet="sapi" ph="h eh 1 l ow"', "alphabet: 'sapi' is no alphabet here"),
        ('alphabet="ups" ph="JH AU"', "alphabet: 'ups' is no alphabet here"),
        ('ph="kaɬ"', "ph: IPA: 'ɬ' (character 3) is no sound of English"),
        ('ph=""', "ph: IPA: there is no sound in it"),
    ],
)
def test_where_a_pronunciation_cannot_be_read_its_text_is_with_a_caution(attributes: str, says: str) -> None:
    script = parse_ssml(f"<speak>a <phoneme {attributes}> hello </phoneme>b</speak>")
    assert outline(script) == ["a ", "hello", " b"]
    assert not any(text.phonemes for text in script.texts)
    (caution,) = script.cautions
    assert caution.code == "SSML_PHONEMES_IGNORED"
    assert caution.message.startswith(f"line 1, column 10: {says}")
    assert caution.message.endswith("; the text is read as it stands")


def test_unknown_elements_are_read_through_with_a_caution() -> None:
    script = parse_ssml(
        '<speak>a <amazon:effect name="whispered">b</amazon:effect>'
        ' <google:style name="lively">c</google:style></speak>'
    )
    assert outline(script) == ["a b c"]
    assert [caution.code for caution in script.cautions] == ["SSML_UNKNOWN_ELEMENT"] * 2
    assert "<amazon:effect>" in script.cautions[0].message


def test_a_role_that_is_unknown_is_told() -> None:
    script = parse_ssml("<speak>I <w role='claws:VVD'>read</w></speak>")
    assert outline(script) == ["I read"]
    assert [caution.code for caution in script.cautions] == ["SSML_ATTRIBUTE_IGNORED"]


def test_ssml_may_have_a_prefix() -> None:
    namespace = "http://www.w3.org/2001/10/synthesis"
    script = parse_ssml(f'<x:speak xmlns:x="{namespace}"><x:p>a</x:p><x:break/></x:speak>')
    assert outline(script) == ["a", "<p>", "<medium None>"]
    assert not script.cautions


def test_breaks_are_bounded() -> None:
    script = parse_ssml('<speak>a<break time="60s"/></speak>')
    assert outline(script) == ["a", "<medium 10000.0>"]
    assert script.cautions[0].code == "SSML_VALUE_CLAMPED"


def test_cautions_are_bounded() -> None:
    script = parse_ssml(f"<speak>{'<x/>' * 500}</speak>", limits=Limits(max_cautions=10))
    assert len(script.cautions) == 11
    assert script.cautions[-1].message == "and 490 more of such"


PLAYING = Limits(plays_audio=True)


def test_audio_is_an_item_where_it_is_played() -> None:
    document = (
        '<speak>a <audio src="sounds/cat.mp3" soundLevel="-3dB" clipBegin="1s" repeatCount="2.5" fetchhint="safe">'
        '<desc>a cat</desc> a <break/> cat <mark name="m"/> </audio> b</speak>'
    )
    script = parse_ssml(document, limits=PLAYING)
    assert outline(script) == ["a ", "<audio sounds/cat.mp3>", " b"]
    audio = script.items[1]
    assert isinstance(audio, Audio)
    assert outline(Script(audio.fallback)) == ["a", "<medium None>", " cat", "<mark m>"]
    assert audio.playing == Playing(clip_begin_ms=1000.0, repeat_count=2.5, sound_level_db=-3.0)
    assert document[audio.start : audio.tag_end].endswith('"safe">')
    assert (audio.line, audio.column) == (1, 10)
    assert not script.cautions


def test_media_in_sequence_are_read_in_order_each_a_paragraph() -> None:
    script = parse_ssml(
        "<speak>So: <seq><media><speak version='1.0'>Who is it?</speak></media>"
        "<media><speak xml:lang='en-GB'>It is I</speak></media></seq> it said.</speak>"
    )
    assert outline(script) == ["So:", "<p>", "Who is it?", "<p>", "It is I", "<p>", "it said."]
    assert [text.style.language for text in script.texts] == ["", "", "en-GB", ""]
    assert script.language == ""
    assert not script.cautions


def test_media_side_by_side_are_read_in_order_with_a_caution() -> None:
    script = parse_ssml(
        "<speak><par><media xml:id='q' begin='0.5s'><speak>One</speak></media>"
        "<media begin='q.end+2.0s' soundLevel='-6dB'><audio src='a.ogg'>Two</audio></media></par></speak>",
        limits=PLAYING,
    )
    assert outline(script) == ["One", "<p>", "<audio a.ogg>"]
    assert [caution.code for caution in script.cautions] == [
        *(
            "SSML_ELEMENT_IGNORED",
            "SSML_ATTRIBUTE_IGNORED",
            "SSML_ATTRIBUTE_IGNORED",
            "SSML_ATTRIBUTE_IGNORED",
        )
    ]


@pytest.mark.parametrize("body", ["<p><speak>x</speak></p>", "<seq><speak>x</speak></seq>"])
def test_a_document_stands_in_media_alone(body: str) -> None:
    with pytest.raises(InvalidInput, match="<speak> stands inside <speak>"):
        parse_ssml(f"<speak>{body}</speak>")


def test_where_audio_is_not_played_what_it_falls_back_to_is_read_with_the_rest() -> None:
    script = parse_ssml('<speak>a\n <audio src="cat.mp3"><desc>a cat</desc>b</audio> c</speak>')
    assert outline(script) == ["a b c"]
    caution = script.cautions[0]
    assert caution.code == "AUDIO_LEFT_OUT"
    assert caution.message.startswith("line 2, column 2: audio is not played here")


@pytest.mark.parametrize(
    ("src", "path"),
    [
        ("a.wav", "a.wav"),
        ("a/b.mp3", "a/b.mp3"),
        ("a%20b.wav", "a b.wav"),
        ("%E4%BD%A0.wav", "你.wav"),
        ("a%252e.wav", "a%2e.wav"),
        ("..a/b..wav", "..a/b..wav"),
        ("https://cdn.example.com/a.mp3", None),
        ("http://cdn.example.com/a.mp3", None),
        ("//cdn.example.com/a.mp3", None),
        ("file:///etc/passwd", None),
        ("file:a.wav", None),
        ("data:audio/wav;base64,AAAA", None),
        ("/etc/passwd", None),
        ("../a.wav", None),
        ("a/../../b.wav", None),
        ("a/%2e%2e/b.wav", None),
        ("%2Fetc/passwd", None),
        ("a\\..\\b.wav", None),
        ("./a.wav", None),
        ("a//b.wav", None),
        ("a/", None),
        ("a%00.wav", None),
        ("a%FF.wav", None),
        ("", None),
    ],
)
def test_audio_is_named_by_a_path_below_its_folder(src: str, path: str | None) -> None:
    script = parse_ssml(f'<speak><audio src="{src}">x</audio></speak>', limits=PLAYING)
    if path is not None:
        assert isinstance(script.items[0], Audio)
        assert script.items[0].path == path
        assert not script.cautions
        return
    assert outline(script) == ["x"]
    assert [caution.code for caution in script.cautions] == ["AUDIO_LEFT_OUT"]
    assert script.cautions[0].message.startswith("line 1, column 8: ")


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ("speed='100%'", []),
        ("speed='80%'", ["SSML_ATTRIBUTE_IGNORED"]),
        ("soundLevel='+60dB'", ["SSML_VALUE_CLAMPED"]),
        ("volume='3'", ["SSML_UNKNOWN_ATTRIBUTE"]),
        ("repeatCount='0'", ["SSML_ATTRIBUTE_IGNORED"]),
    ],
)
def test_what_is_not_followed_of_audio_is_told(attributes: str, codes: list[str]) -> None:
    script = parse_ssml(f"<speak><audio src='a.wav' {attributes}/></speak>", limits=PLAYING)
    assert [caution.code for caution in script.cautions] == codes
    (audio,) = script.items
    assert isinstance(audio, Audio)
    assert audio.playing.repeat_count is None


def test_audio_without_src_is_left_out_and_what_it_falls_back_to_is_read() -> None:
    script = parse_ssml("<speak>a <audio>b <break/></audio> c</speak>", limits=PLAYING)
    assert outline(script) == ["a b", "<medium None>", " c"]
    assert [caution.code for caution in script.cautions] == ["AUDIO_LEFT_OUT"]
    assert "src is missing" in script.cautions[0].message


@pytest.mark.parametrize(
    "attribute",
    ["clipBegin='x'", "clipEnd='-1s'", "repeatCount='-1'", "repeatDur='2'", "soundLevel='3'", "speed='0%'"],
)
def test_wrong_values_of_audio_are_refused(attribute: str) -> None:
    with pytest.raises(InvalidInput, match="line 1, column 8: <audio>: "):
        parse_ssml(f"<speak><audio src='a.wav' {attribute}/></speak>", limits=PLAYING)


def test_blanks_within_audio_part_what_it_falls_back_to_from_the_words_around() -> None:
    script = parse_ssml('<speak>have<audio src="a.wav">\n mail </audio>now</speak>', limits=PLAYING)
    assert outline(script) == ["have ", "<audio a.wav>", " now"]
    (audio,) = (item for item in script.items if isinstance(item, Audio))
    assert outline(Script(audio.fallback)) == ["mail"]


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        ('xml:base="https://cdn.example.com/"', "xml:base is not followed"),
        ('startmark="a"', "<speak startmark> is not followed"),
        ('endmark="b"', "<speak endmark> is not followed"),
    ],
)
def test_what_is_not_followed_of_the_root_is_told(attribute: str, told: str) -> None:
    script = parse_ssml(f'<speak {attribute}><audio src="a.wav"/></speak>', limits=PLAYING)
    (caution,) = script.cautions
    assert caution.code == "SSML_ATTRIBUTE_IGNORED"
    assert told in caution.message
