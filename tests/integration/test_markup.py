"""SSML, lexicons and times through the three services: what is asked for is heard, where it was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import grpc
import numpy as np
import pytest

from speechmesh.common.errors import Incompatible
from speechmesh.frontend.lexicon import read_lexicon
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from tests.conftest import REPOSITORY
from tests.integration.conftest import MakeMesh, Mesh

RATE_HZ = 16_000


@pytest.fixture(scope="module")
async def mesh(make_mesh: MakeMesh, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    lexicon = tmp_path_factory.mktemp("lexicon") / "words.tsv"
    lexicon.write_text("# deployment\nnginx\trespelling\tengine x\nSQL\tarpabet\tS IY1 K W AH0 L\n")
    voices = {"voices_dir": REPOSITORY / "voices"}
    async with make_mesh(frontend={**voices, "lexicon": lexicon}, acoustic=voices, vocoder=voices) as made:
        yield made


async def synthesize(mesh: Mesh, **fields: object) -> list[pb.SynthesizeResponse]:
    fields.setdefault("audio", pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE))
    request = pb.SynthesizeRequest(word_timestamps=True, phoneme_timestamps=True, **fields)  # type: ignore[arg-type]
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        call = speech_pb2_grpc.SpeechServiceStub(channel).Synthesize(request, timeout=60)
        return [response async for response in call]


async def ssml(mesh: Mesh, body: str, **fields: object) -> list[pb.SynthesizeResponse]:
    return await synthesize(mesh, ssml=f"<speak>{body}</speak>", **fields)


def samples(responses: list[pb.SynthesizeResponse]) -> np.ndarray:
    return np.frombuffer(b"".join(response.audio for response in responses), "<f4")


def words(responses: list[pb.SynthesizeResponse]) -> list[pb.WordTiming]:
    return [word for response in responses for word in response.words]


def text(responses: list[pb.SynthesizeResponse]) -> str:
    return " ".join(r.segment.spoken_text for r in responses if r.HasField("segment"))


def phonemes(responses: list[pb.SynthesizeResponse]) -> str:
    return " ".join(phoneme.phoneme for r in responses for phoneme in r.phonemes)


def codes(responses: list[pb.SynthesizeResponse]) -> list[str]:
    return [warning.code for warning in responses[-1].summary.warnings]


async def test_a_document_is_read_as_its_text_with_places_in_the_document(mesh: Mesh) -> None:
    document = "<speak><p>Hello, <emphasis level='none'>my</emphasis> friend.</p><p>How are you?</p></speak>"
    responses = await synthesize(mesh, ssml=document)
    assert text(responses) == "hello my friend how are you"
    for word in words(responses):
        assert document[word.text_start : word.text_end].lower().strip(".,?") == word.spoken_text


async def test_a_break_is_silence_of_its_length(mesh: Mesh) -> None:
    plain = await ssml(mesh, "One moment. And go on.")
    paused = await ssml(mesh, "One moment. <break time='1500ms'/> And go on.")
    assert len(samples(paused)) - len(samples(plain)) == pytest.approx(1.5 * RATE_HZ, abs=0.25 * RATE_HZ)
    second = next(word for word in words(paused) if word.spoken_text == "and")
    first = next(word for word in words(paused) if word.spoken_text == "moment")
    silent = samples(paused)[int(first.end_ms * 16) + 4000 : int(second.start_ms * 16) - 1600]
    assert np.abs(silent).max() < 0.01


async def test_prosody_of_a_span_is_heard_in_the_span(mesh: Mesh) -> None:
    plain = await ssml(mesh, "The first part. The second part.")
    slow = await ssml(mesh, "The first part. <prosody rate='60%'>The second part.</prosody>")
    loud = await ssml(mesh, "The first part. <prosody volume='-12dB'>The second part.</prosody>")
    lengths = [
        [word.end_ms - word.start_ms for word in words(responses)] for responses in (plain, slow, loud)
    ]
    assert sum(lengths[1][:3]) == pytest.approx(sum(lengths[0][:3]), rel=0.1)
    assert sum(lengths[1][3:]) == pytest.approx(sum(lengths[0][3:]) / 0.6, rel=0.15)
    second_ms = words(plain)[3].start_ms
    level = [np.std(samples(responses)[int(second_ms * 16) :]) for responses in (plain, loud)]
    assert 20 * np.log10(level[1] / level[0]) == pytest.approx(-12.0, abs=1.0)


async def test_a_span_inside_a_sentence_is_set_off_by_no_pause(mesh: Mesh) -> None:
    spans = ("<prosody rate='80%'>{}</prosody>", "<emphasis>{}</emphasis>", "<voice name='slt'>{}</voice>")
    for span in spans:
        spoken = words(await ssml(mesh, f"This is {span.format('really')} good, I say."))
        gaps = [after.start_ms - before.end_ms for before, after in pairwise(spoken)]
        assert max(*gaps[:3], 0) <= 60, span
        assert gaps[3] > 60  # the comma's


async def test_a_span_that_is_made_louder_is_limited_not_clipped(mesh: Mesh) -> None:
    plain = samples(await ssml(mesh, "This is a loud part."))
    loud = samples(await ssml(mesh, "<prosody volume='+12dB'>This is a loud part.</prosody>"))
    assert np.abs(plain).max() * 10 ** (12 / 20) > 1.0  # it would not fit
    assert np.abs(loud).max() < 0.9
    assert len(loud) == len(plain)
    assert 20 * np.log10(np.std(loud) / np.std(plain)) > 6.0


async def test_a_voice_element_changes_the_speaker_for_its_text(mesh: Mesh) -> None:
    responses = await ssml(mesh, "Here am I. <voice name='slt'>And here is she.</voice>")
    alone = await synthesize(mesh, text="And here is she.", voice=pb.VoiceSelection(speaker="slt"))
    tail = samples(responses)[-len(samples(alone)) // 2 :]
    np.testing.assert_allclose(tail, samples(alone)[-len(tail) :], atol=1e-3)
    responses = await ssml(mesh, "<voice name='nobody'>Hello.</voice>")
    assert "VOICE_UNKNOWN" in codes(responses)


async def test_pronunciations_aliases_and_say_as_are_spoken(mesh: Mesh) -> None:
    responses = await ssml(mesh, "I say <phoneme alphabet='ipa' ph='təˈmɑːtoʊ'>tomato</phoneme>.")
    assert "t ax0 m aa1 t ow0" in phonemes(responses)
    assert text(await ssml(mesh, "The <sub alias='World Wide Web'>WWW</sub>.")) == "the world wide web"
    assert text(await ssml(mesh, "Code <say-as interpret-as='characters'>A12</say-as>.")) == "code a one two"


async def test_marks_have_the_times_of_what_stands_behind_them(mesh: Mesh) -> None:
    responses = await ssml(mesh, "<mark name='a'/>One two <mark name='b'/>three four.<mark name='c'/>")
    marks = {mark.name: mark.time_ms for response in responses for mark in response.marks}
    times = {word.spoken_text: word.start_ms for word in words(responses)}
    assert marks["a"] == pytest.approx(times["one"])
    assert marks["b"] == pytest.approx(times["three"])
    assert marks["c"] > times["four"]


@pytest.mark.parametrize(
    ("body", "at_ms"),
    [
        ("<mark name='m'/><break time='2s'/>One.", lambda one: 0.0),
        ("<break time='1s'/><mark name='m'/><break time='1s'/>One.", lambda one: 1000.0),
        ("<break time='2s'/><mark name='m'/>One.", lambda one: one.start_ms),
        ("One.<break time='1s'/><mark name='m'/><break time='1s'/>Two.", lambda one: one.end_ms + 1000.0),
        ("<p>One.</p><mark name='m'/><break time='2s'/><p>Two.</p>", lambda one: one.end_ms),
        ("One.<break time='2s'/><mark name='m'/>", lambda one: one.end_ms + 2000.0),
    ],
)
async def test_marks_beside_breaks_have_the_times_of_their_places_in_the_pause(
    mesh: Mesh, body: str, at_ms: Callable[[pb.WordTiming], float]
) -> None:
    responses = await ssml(mesh, body)
    (mark,) = (mark for response in responses for mark in response.marks)
    (one,) = (word for word in words(responses) if word.spoken_text == "one")
    silence_ms = 400.0  # what the voice says before its first word and behind its last
    assert at_ms(one) - silence_ms <= mark.time_ms <= at_ms(one) + silence_ms


async def test_phonemes_fill_their_words(mesh: Mesh) -> None:
    responses = await synthesize(mesh, text="Hello world, it is late.")
    spoken = [phoneme for response in responses for phoneme in response.phonemes]
    for word in words(responses):
        mine = [p for p in spoken if word.start_ms - 1e-6 <= p.start_ms < word.end_ms - 1e-6]
        assert mine[0].start_ms == pytest.approx(word.start_ms)
        assert mine[-1].end_ms == pytest.approx(word.end_ms)
        assert {(p.text_start, p.text_end) for p in mine} == {(word.text_start, word.text_end)}
    durations = [r.segment.duration_ms for r in responses if r.HasField("segment")]
    assert sum(durations) == pytest.approx(1000 * len(samples(responses)) / RATE_HZ, abs=1.0)


async def test_lexicons_of_the_deployment_and_of_the_request_say_how(mesh: Mesh) -> None:
    responses = await synthesize(mesh, text="We run nginx and SQL.")
    assert text(responses) == "we run engine x and sql"
    assert "s iy1 k w ax0 l" in phonemes(responses) or "s iy1 k w ah0 l" in phonemes(responses)
    entry = pb.LexiconEntry(written="nginx", respelling="something else")
    responses = await synthesize(mesh, text="We run nginx.", lexicon=[entry])
    assert text(responses) == "we run something else"
    at = "We run nginx.".index("nginx")
    assert [(w.text_start, w.text_end) for w in words(responses)][2:] == [(at, at + 5)] * 2


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"ssml": "<speak>Hello"}, "ssml", "line 1"),
        ({"ssml": "<speak>\n<break time='soon'/></speak>"}, "ssml", "line 2"),
        ({"ssml": "<!DOCTYPE x [<!ENTITY a 'b'>]><speak>&a;</speak>"}, "ssml", "line 1"),
        ({"ssml": "<speak></speak>"}, "ssml", "nothing that can be spoken"),
        ({"text": "x", "lexicon": [pb.LexiconEntry(written="x")]}, "lexicon[0]", "does not say"),
        ({"text": "x", "lexicon": [pb.LexiconEntry(written="x", ipa="ʘ")]}, "lexicon[0]", ""),
        (
            {"text": "x", "lexicon": [pb.LexiconEntry(written=f"w{i}", respelling="x") for i in range(501)]},
            "lexicon",
            "has 501 entries, 500 are taken",
        ),
        (
            {"text": "x", "lexicon": [pb.LexiconEntry(written=f"w{i}", ipa="tə" * 240) for i in range(200)]},
            "lexicon",
            "characters, 50000 are taken",
        ),
        (
            {"text": "x", "lexicon": [pb.LexiconEntry()] * 100_000},
            "lexicon",
            "has 100000 entries, 5000 are taken at most",
        ),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    mesh: Mesh, fields: dict[str, object], field: str, message: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await synthesize(mesh, **fields)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"{field}: ")
    assert message in caught.value.details()


async def test_mandarin_takes_pinyin(mesh: Mesh) -> None:
    responses = await ssml(
        mesh,
        "他姓<phoneme alphabet='pinyin' ph='shan4'>单</phoneme>。",
        voice=pb.VoiceSelection(name="mandarin"),
    )
    assert "sh an4" in phonemes(responses)


def test_a_wrong_lexicon_file_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("fine\trespelling\tgood\nbad\tklingon\tx\n")
    with pytest.raises(Incompatible, match=r"words\.tsv: line 2: 'klingon' is no alphabet"):
        read_lexicon(tmp_path / "words.tsv")


async def test_a_rate_over_the_bounds_of_request_and_document_together_is_told(mesh: Mesh) -> None:
    body = "Slow. <prosody rate='1.8'>Then fast.</prosody>"
    responses = await ssml(mesh, body, prosody=pb.Prosody(rate=1.5))
    (warning,) = responses[-1].summary.warnings
    assert warning.code == "SSML_VALUE_CLAMPED"
    assert warning.message == "rate of 2.7 (1.5 of the request, 1.8 of the document) is taken as 2"
    assert f"<speak>{body}"[warning.text_start : warning.text_end] == "Then fast."
