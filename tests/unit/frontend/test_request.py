from __future__ import annotations

import time

import pytest

from speechmesh.common.bundle import Speaker, VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.request import (
    SpeechRequest,
    check,
    shortfalls,
    speaks,
    with_others,
)
from speechmesh.frontend.told_language import document_language, document_text


def renamed(voice: VoiceBundle, name: str, **changes: object) -> VoiceBundle:
    return VoiceBundle(voice.folder, voice.config.model_copy(update={"name": name, **changes}))


@pytest.fixture
def voices(bootstrap: VoiceBundle) -> dict[str, VoiceBundle]:
    speakers = (Speaker(name="ann", id=3), Speaker(name="bob", id=5))
    found = [
        bootstrap,
        renamed(
            bootstrap,
            "mandarin",
            languages=("zh-CN", "en-GB"),
            speakers=speakers,
            styles=("calm", "sad"),
            loudness_lufs=None,
        ),
    ]
    return {voice.name: voice for voice in found}


def checked(voices: dict[str, VoiceBundle], default: str = "", **fields: object):
    return check(SpeechRequest(text="Hi.", **fields), voices, default_voice=default, max_text_chars=10)  # type: ignore[arg-type]


def test_defaults_are_the_voices_first(voices: dict[str, VoiceBundle]) -> None:
    found = checked(voices, voice="mandarin")
    assert (found.language, found.speaker.name, found.style) == ("zh-CN", "ann", "calm")
    assert (found.rate, found.audio.sample_rate_hz) == (1.0, 16_000)


@pytest.mark.parametrize(
    ("language", "default", "voice"),
    [
        ("", "", "bootstrap"),
        ("", "mandarin", "mandarin"),
        ("zh", "", "mandarin"),
        ("ZH-cn", "bootstrap", "mandarin"),
        ("en", "mandarin", "mandarin"),
        ("en-US", "mandarin", "bootstrap"),
    ],
)
def test_the_language_finds_a_voice_the_default_first(
    voices: dict[str, VoiceBundle], language: str, default: str, voice: str
) -> None:
    assert checked(voices, default, language=language).voice.name == voice


@pytest.mark.parametrize(
    ("text", "options", "voice"),
    [
        ("你好。", {}, "mandarin"),
        ("你好 AI。", {}, "mandarin"),
        ("Ni hao 好", {}, "bootstrap"),
        ("123", {}, "bootstrap"),
        ("你好。", {"voice": "bootstrap"}, "bootstrap"),
        ("你好。", {"language": "en-US"}, "bootstrap"),
    ],
)
def test_the_script_finds_a_voice_where_nothing_is_asked_for(
    voices: dict[str, VoiceBundle], text: str, options: dict[str, str], voice: str
) -> None:
    request = SpeechRequest(text=text, **options)  # type: ignore[arg-type]
    assert check(request, voices, default_voice="", max_text_chars=10).voice.name == voice


@pytest.mark.parametrize(
    ("document", "voice"),
    [
        ("<speak>今天天气很好。</speak>", "mandarin"),
        (
            '<?xml version="1.0"?><speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis">你好。</speak>',
            "mandarin",
        ),
        ('<speak><prosody rate="slow">你好 <break time="500ms"/> AI。</prosody></speak>', "mandarin"),
        ("<speak><!-- a long comment in English <b> -->你好。</speak>", "mandarin"),
        ('<speak><sub alias="half > of it">你好</sub> &amp; 好。</speak>', "mandarin"),
        ("<speak>&#x4F60;&#22909;</speak>", "mandarin"),
        ("<speak><![CDATA[你好]]></speak>", "mandarin"),
        ("<speak>Ni hao 好<mark name='今天天气很好'/><!-- 今天天气很好 --></speak>", "bootstrap"),
        ("<speak/>", "bootstrap"),
        ("<speak>&eacute;&hellip;好</speak>", "mandarin"),
        (f"<speak>&#{'1' * 5_000};你好</speak>", "mandarin"),
        ("<speak>你好<", "mandarin"),
    ],
)
def test_a_document_that_tells_no_language_goes_where_its_plain_text_goes(
    voices: dict[str, VoiceBundle], document: str, voice: str
) -> None:
    request = SpeechRequest(text=document, is_ssml=True)
    assert check(request, voices, default_voice="", max_text_chars=10_000).voice.name == voice


def test_tags_of_a_plain_text_are_text(voices: dict[str, VoiceBundle]) -> None:
    request = SpeechRequest(text="<emphasis>好</emphasis>")
    assert check(request, voices, default_voice="", max_text_chars=100).voice.name == "bootstrap"


@pytest.mark.parametrize("part", ["<", "<!--", "<?", '<a "', "<a '", "<a b='", "<![CDATA[", "&", "&#", "]]>"])
def test_a_broken_document_is_searched_for_its_text_in_linear_time(part: str) -> None:
    started = time.process_time()
    document_text(part * (200_000 // len(part)))
    assert time.process_time() - started < 1.0


def test_a_script_that_no_voice_speaks_leaves_the_default(bootstrap: VoiceBundle) -> None:
    request = SpeechRequest(text="你好。")
    assert check(request, {"bootstrap": bootstrap}, default_voice="", max_text_chars=10).voice is bootstrap


@pytest.mark.parametrize(
    ("asked", "own"), [("en", "en-GB"), ("EN-gb", "en-GB"), ("e", None), ("en-US", None), ("zh-CN", "zh-CN")]
)
def test_a_language_asked_for_by_its_first_part_is_any_of_its_regions(
    voices: dict[str, VoiceBundle], asked: str, own: str | None
) -> None:
    assert speaks(voices["mandarin"], asked) == own


def test_a_speaker_is_found_by_name(voices: dict[str, VoiceBundle]) -> None:
    assert checked(voices, voice="mandarin", speaker="bob").speaker.id == 5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"voice": "mandarin", "language": "en-US"}, "voice.language"),
        ({"voice": "mandarin", "speaker": "rms"}, "voice.speaker"),
        ({"voice": "mandarin", "style": "neutral"}, "voice.style"),
        ({"language": "fr"}, "voice.language"),
        ({"rate": float("inf")}, "prosody.rate"),
        ({"volume_db": float("nan")}, "prosody.volume_db"),
        ({"tier": "fast"}, "quality_tier"),
        ({"voice": "mandarin", "loudness_lufs": -20.0}, "audio.loudness_lufs"),
    ],
)
def test_what_the_voice_does_not_have_is_named(
    voices: dict[str, VoiceBundle], fields: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(voices, **fields)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("document", "language"),
    [
        ("<speak xml:lang='zh-CN'>x</speak>", "zh-CN"),
        (' \n<?xml version="1.0"?>\n<speak version="1.1"\n xml:lang = "en_GB" >x</speak>', "en-GB"),
        ("<ssml:speak xmlns:ssml='x' xml:lang='de'/>", "de"),
        ("<speak><p xml:lang='zh-CN'>x</p></speak>", ""),
        ("<speak>", ""),
        ("xml:lang='zh-CN'", ""),
        ("<speak " + "xml:lang " * 5_000, ""),
    ],
)
def test_a_document_tells_its_language(document: str, language: str) -> None:
    assert document_language(document) == language


@pytest.mark.parametrize(
    ("language", "options", "voice"),
    [
        ("zh-CN", {}, "mandarin"),
        ("zh-TW", {}, "mandarin"),
        ("en-GB", {}, "mandarin"),
        ("en-AU", {}, "bootstrap"),
        ("fr", {}, "bootstrap"),
        ("zh", {"voice": "bootstrap"}, "bootstrap"),
        ("zh", {"language": "en-US"}, "bootstrap"),
    ],
)
def test_a_documents_language_finds_a_voice(
    voices: dict[str, VoiceBundle], language: str, options: dict[str, str], voice: str
) -> None:
    request = SpeechRequest(text=f"<speak xml:lang='{language}'>x</speak>", is_ssml=True, **options)  # type: ignore[arg-type]
    assert check(request, voices, default_voice="", max_text_chars=100).voice.name == voice


def test_another_voice_does_what_it_can_of_a_request(
    voices: dict[str, VoiceBundle], english: VoiceBundle
) -> None:
    own = renamed(voices["bootstrap"], "own", loudness_lufs=-20.0, styles=("neutral", "sad"))
    found = checked({"own": own}, style="sad", rate=1.5, tier="balanced", loudness_lufs=-18.0)
    assert found.gain_db == pytest.approx(2.0)
    others = with_others(found, [voices["mandarin"], english])
    one, other = others.spoken_by("mandarin"), others.spoken_by("english")
    assert (one.speaker.name, one.style, one.rate, one.language) == ("ann", "sad", 1.5, "zh-CN")
    assert one.gain_db == pytest.approx(2.0)  # it does not say how loud it is
    assert other.gain_db == pytest.approx(4.0)
    assert (other.style, other.request.tier) == ("neutral", "high")
    assert others.spoken_by("") is others
    assert {problem.code for problem in shortfalls(others)} == {
        *("TIER_UNKNOWN", "STYLE_UNKNOWN", "LOUDNESS_UNKNOWN")
    }
    assert not shortfalls(found)
