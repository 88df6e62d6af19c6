"""Recordings in documents, through the three services: sample by sample where their places say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import numpy as np
import pytest
import soundfile
import soxr

from speechmesh.client import SpeechError
from speechmesh.common.features import FloatArray
from speechmesh.frontend.recordings import store
from speechmesh.frontend.recordings.recording import Recording, RecordingError
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from tests.conftest import REPOSITORY
from tests.integration.conftest import MakeMesh, Mesh
from tests.integration.test_document_voices import nothing_runs
from training.voices.loudness import integrated_lufs

RATE_HZ = 16_000
OTHER_RATE_HZ = 44_100
CLIP = "<audio src='chime.wav'>a chime</audio>"


def chime(duration_s: float = 0.7, rate_hz: int = RATE_HZ) -> FloatArray:
    """A decaying tone [N] of 16-bit samples."""
    at = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * 880 * at) * np.exp(-3 * at)
    return np.asarray(np.rint(tone * 32768) / 32768, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    folder = root / "sounds"
    folder.mkdir()
    soundfile.write(folder / "chime.wav", chime(), RATE_HZ)
    soundfile.write(folder / "other.flac", chime(0.7, OTHER_RATE_HZ), OTHER_RATE_HZ)
    soundfile.write(folder / "long.wav", chime(20.0), RATE_HZ)
    soundfile.write(root / "secret.wav", chime(), RATE_HZ)
    (folder / "link.wav").symlink_to(root / "secret.wav")
    (folder / "text.wav").write_text("no audio")
    return folder


@pytest.fixture(scope="module")
async def mesh(make_mesh: MakeMesh, folder: Path) -> AsyncIterator[Mesh]:
    voices = {"voices_dir": REPOSITORY / "voices"}
    async with make_mesh(frontend={**voices, "audio_dir": folder}, acoustic=voices, vocoder=voices) as made:
        yield made


async def ssml(mesh: Mesh, body: str, **fields: object) -> list[pb.SynthesizeResponse]:
    fields.setdefault("audio", pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE))
    request = pb.SynthesizeRequest(ssml=f"<speak>{body}</speak>", word_timestamps=True, **fields)  # type: ignore[arg-type]
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        call = speech_pb2_grpc.SpeechServiceStub(channel).Synthesize(request, timeout=60)
        return [response async for response in call]


def samples(responses: list[pb.SynthesizeResponse]) -> FloatArray:
    return np.frombuffer(b"".join(response.audio for response in responses), "<f4")


def words(responses: list[pb.SynthesizeResponse]) -> list[pb.WordTiming]:
    return [word for response in responses for word in response.words]


def spoken(responses: list[pb.SynthesizeResponse]) -> str:
    return " ".join(word.spoken_text for word in words(responses))


def codes(responses: list[pb.SynthesizeResponse]) -> list[str]:
    return [warning.code for warning in responses[-1].summary.warnings]


def segments(responses: list[pb.SynthesizeResponse]) -> list[pb.Segment]:
    return [response.segment for response in responses if response.HasField("segment")]


def begins_ms(responses: list[pb.SynthesizeResponse], index: int) -> float:
    """Where a segment's first audio is, as its chunk says."""
    return next(r.offset_ms for r in responses if r.HasField("segment") and r.segment.index == index)


async def test_a_recording_is_played_sample_by_sample_where_it_stands(mesh: Mesh) -> None:
    responses = await ssml(mesh, f"Before {CLIP} after.")
    told = segments(responses)
    assert [segment.spoken_text for segment in told] == ["before", "", "after"]
    assert [segment.voice for segment in told] == ["english", "", "english"]
    assert spoken(responses) == "before after"
    assert not codes(responses)
    got, begin = samples(responses), round(begins_ms(responses, 1) * RATE_HZ / 1000)
    np.testing.assert_array_equal(got[begin : begin + len(chime())], chime())
    assert begins_ms(responses, 2) == pytest.approx(1000 * (begin + len(chime())) / RATE_HZ)
    before, after = words(responses)
    assert before.end_ms <= begins_ms(responses, 1)
    assert after.start_ms >= begins_ms(responses, 2)
    assert np.abs(got[round(after.start_ms * 16) : round(after.end_ms * 16)]).max() > 0.02
    assert sum(segment.duration_ms for segment in told) == pytest.approx(1000 * len(got) / RATE_HZ, abs=1.0)
    document = f"<speak>Before {CLIP} after.</speak>"
    assert document[told[1].text_start : told[1].text_end] == "<audio src='chime.wav'>"


async def test_what_is_around_a_recording_sounds_as_it_does_alone(mesh: Mesh) -> None:
    one, two = "It is late.", "We go home."
    joined = samples(await ssml(mesh, f"<s>{one}</s>{CLIP}<s>{two}</s>"))
    plain = samples(await ssml(mesh, f"<s>{one}</s><s>{two}</s>"))
    assert len(joined) == len(plain) + len(chime())
    n_before = next(n for n in range(len(plain)) if np.array_equal(joined[n : n + 2000], chime()[:2000]))
    rest = np.concatenate([joined[:n_before], joined[n_before + len(chime()) :]])
    np.testing.assert_allclose(rest, plain, atol=1e-4)


@pytest.mark.parametrize(
    ("body", "places"),
    [(CLIP, [0]), (f"{CLIP} It is late.", [0]), (f"It is late. {CLIP}", [1]), (f"{CLIP}{CLIP}", [0, 1])],
)
async def test_a_recording_may_be_first_last_or_alone(mesh: Mesh, body: str, places: list[int]) -> None:
    responses = await ssml(mesh, body)
    got = samples(responses)
    for place in places:
        begin = round(begins_ms(responses, place) * RATE_HZ / 1000)
        np.testing.assert_array_equal(got[begin : begin + len(chime())], chime())
    n_segments = responses[-1].summary.n_segments
    assert n_segments == len(places) + ("late" in body)
    if "late" not in body:
        assert len(got) == len(places) * len(chime())


@pytest.mark.parametrize("rate_hz", [0, 8_000, OTHER_RATE_HZ])
async def test_a_recording_of_another_rate_is_resampled_once(mesh: Mesh, rate_hz: int) -> None:
    audio = pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE, sample_rate_hz=rate_hz)
    body = "<s>It is late.</s><audio src='other.flac'/><s>We go home.</s>"
    responses, out_hz = await ssml(mesh, body, audio=audio), rate_hz or RATE_HZ
    plain = samples(await ssml(mesh, body.replace("<audio src='other.flac'/>", ""), audio=audio))
    wanted = soxr.resample(chime(0.7, OTHER_RATE_HZ), OTHER_RATE_HZ, out_hz)
    got = samples(responses)
    assert len(got) == pytest.approx(len(plain) + len(wanted), abs=4)
    near = round(begins_ms(responses, 1) * out_hz / 1000)
    errors = [
        np.abs(got[at : at + len(wanted)] - wanted).max()
        for at in range(max(near - 2000, 0), near + 2000)
        if at + len(wanted) <= len(got)
    ]
    assert min(errors) < 2e-3
    heard = [np.abs(got[round(w.start_ms * out_hz / 1000) :][: out_hz // 10]).max() for w in words(responses)]
    assert min(heard) > 0.02


async def test_a_recording_is_cut_repeated_and_levelled_as_its_attributes_say(mesh: Mesh) -> None:
    attributes = "clipBegin='100ms' clipEnd='300ms' repeatCount='2' soundLevel='-6.0206dB'"
    got = samples(await ssml(mesh, f"<audio src='chime.wav' {attributes}/>"))
    stretch = chime()[1600:4800]
    assert len(got) == 2 * len(stretch)
    np.testing.assert_allclose(got[80:-80], 0.5 * np.tile(stretch, 2)[80:-80], atol=1e-5)


async def test_marks_around_and_in_a_recording_have_its_times(mesh: Mesh) -> None:
    clip = CLIP.replace("a chime<", "<mark name='c'/>a chime<")
    body = f"<mark name='a'/>One <mark name='b'/>{clip}<mark name='d'/> two."
    responses = await ssml(mesh, body)
    marks = [(mark.name, mark.time_ms) for response in responses for mark in response.marks]
    assert [name for name, _ in marks] == ["a", "b", "c", "d"]
    times = dict(marks)
    begin = begins_ms(responses, 1)
    assert times["b"] == pytest.approx(begin, abs=0.1)
    assert times["c"] == pytest.approx(begin, abs=0.1)
    assert times["d"] == pytest.approx(words(responses)[1].start_ms)
    assert times["d"] >= begin + 700
    responses = await ssml(mesh, f"One. {CLIP}<mark name='z'/>")
    behind = [mark.time_ms for response in responses for mark in response.marks]
    assert behind == pytest.approx([1000 * len(samples(responses)) / RATE_HZ])


async def test_breaks_around_a_recording_are_heard(mesh: Mesh) -> None:
    body = f"<break time='500ms'/>{CLIP}<break time='300ms'/>"
    got = samples(await ssml(mesh, body))
    silence = np.zeros(RATE_HZ // 2, np.float32)
    np.testing.assert_array_equal(got, np.concatenate([silence, chime(), silence[: 3 * RATE_HZ // 10]]))


@pytest.mark.parametrize(
    "src",
    ["no.wav", "text.wav", "link.wav", "../secret.wav", "%2e%2e/secret.wav", "/etc/passwd", "http://a/b.wav"],
)
async def test_what_cannot_be_played_is_read_instead(mesh: Mesh, src: str) -> None:
    body = f"Before <audio src='{src}'><desc>a bell</desc>the bell</audio> after."
    responses = await ssml(mesh, body)
    assert spoken(responses) == "before the bell after"
    assert codes(responses) == ["AUDIO_LEFT_OUT"]
    warning = responses[-1].summary.warnings[0]
    assert warning.message.startswith("line 1, column 15: ")
    document = f"<speak>{body}</speak>"
    assert document[warning.text_start : warning.text_end] == f"<audio src='{src}'>"


async def test_without_a_folder_nothing_is_played(make_mesh: MakeMesh) -> None:
    async with make_mesh() as mesh:
        responses = await ssml(mesh, f"Before {CLIP} after.")
        assert spoken(responses) == "before a chime after"
        assert codes(responses) == ["AUDIO_LEFT_OUT"]
        with pytest.raises(SpeechError, match="spoken: line 1, column 8: audio is not played here"):
            await mesh.client.synthesize("<speak><audio src='chime.wav'/></speak>", ssml=True).read()


async def test_a_document_without_anything_else_says_why_its_recordings_are_not_played(mesh: Mesh) -> None:
    document = "<speak>" + "<audio src='无处.wav'/>" * 100 + f"<audio src='{'无' * 3000}.wav'/></speak>"
    with pytest.raises(SpeechError) as caught:
        await mesh.client.synthesize(document, ssml=True).read()
    assert (caught.value.code, caught.value.field) == (grpc.StatusCode.INVALID_ARGUMENT, "ssml")
    assert "spoken: line 1, column 8: the recording '无处.wav' is not there" in str(caught.value)


async def test_a_recording_that_changed_is_played_as_it_is_now(make_mesh: MakeMesh, tmp_path: Path) -> None:
    """Phrases are kept, recordings are not among them."""
    async with make_mesh(frontend={"audio_dir": tmp_path, "phrase_cache_mib": 32}) as mesh:
        for level in (1.0, 0.5, 0.25):
            soundfile.write(tmp_path / "new.wav", level * chime(), RATE_HZ)
            (tmp_path / "new.wav").rename(tmp_path / "chime.wav")
            for _ in range(2):
                responses = await ssml(mesh, f"Hello. {CLIP} Hello.")
                begin = round(begins_ms(responses, 1) * RATE_HZ / 1000)
                got = samples(responses)[begin : begin + len(chime())]
                np.testing.assert_allclose(got, level * chime(), atol=2e-4)


async def test_a_recording_is_as_loud_as_the_voice_where_a_loudness_is_asked_for(mesh: Mesh) -> None:
    audio = pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE, loudness_lufs=-23.0)
    for level in ("+0dB", "+6dB"):
        got = samples(
            await ssml(mesh, f"<audio src='long.wav' clipEnd='1s' soundLevel='{level}'/>", audio=audio)
        )
        scale = 10 ** ((-23.0 + float(level[:-2]) - integrated_lufs(chime(20.0), RATE_HZ)) / 20)
        np.testing.assert_allclose(got[:8000], scale * chime(20.0)[:8000], atol=2e-2)
    loud = samples(await ssml(mesh, "<audio src='chime.wav' soundLevel='+12dB'/>"))
    assert np.abs(loud).max() < 0.9  # limited, not clipped
    assert len(loud) == len(chime())


@pytest.mark.parametrize("encoding", [pb.AUDIO_ENCODING_WAV, pb.AUDIO_ENCODING_OGG_OPUS])
async def test_a_recording_is_coded_with_the_rest(mesh: Mesh, encoding: int, tmp_path: Path) -> None:
    responses = await ssml(mesh, f"One. {CLIP} Two.", audio=pb.AudioFormat(encoding=encoding))  # type: ignore[arg-type]
    path = tmp_path / "out"
    path.write_bytes(b"".join(response.audio for response in responses))
    decoded, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    plain = samples(await ssml(mesh, f"One. {CLIP} Two."))
    assert len(decoded) == pytest.approx(len(plain), abs=RATE_HZ // 10)
    if encoding == pb.AUDIO_ENCODING_WAV:
        np.testing.assert_allclose(decoded, plain, atol=1e-4)


async def test_what_is_behind_a_recording_is_made_while_it_plays(mesh: Mesh) -> None:
    body = "<audio src='long.wav'/> It is late. <audio src='long.wav'/> We go home."
    responses = await ssml(mesh, body)
    stages = responses[-1].summary.stages
    begun = {each.segment_index: each.start_ms for each in stages if each.stage == "acoustic"}
    assert sorted(begun) == [1, 3]
    assert responses[-1].summary.first_audio_ms < begun[3]
    assert len(samples(responses)) > 2 * len(chime(20.0))


async def test_what_finds_no_room_behind_a_recording_is_made_when_it_is_due(
    make_mesh: MakeMesh, mesh: Mesh, folder: Path
) -> None:
    """The acoustic stage takes one stream alone, which the part before the recording has."""
    voices = {"voices_dir": REPOSITORY / "voices"}
    body = f"It is late. We go home. {CLIP} It is late. {CLIP}"
    frontend, acoustic = {**voices, "audio_dir": folder}, {**voices, "max_streams": 1}
    async with make_mesh(frontend=frontend, acoustic=acoustic, vocoder=voices) as narrow:
        got = samples(await ssml(narrow, body))
    np.testing.assert_allclose(got, samples(await ssml(mesh, body)), atol=1e-4)


async def test_voices_may_change_around_a_recording(mesh: Mesh) -> None:
    clip = f"<mark name='m'/>{CLIP}"
    body = f"It is late. {clip}<voice name='lan'>我们走吧。{clip}</voice>{clip} We go home."
    responses = await ssml(mesh, body)
    assert [s.voice for s in segments(responses)] == ["english", "", "mandarin", "", "", "english"]
    assert not codes(responses)
    got = samples(responses)
    begins = [round(mark.time_ms * RATE_HZ / 1000) for response in responses for mark in response.marks]
    assert len(begins) == 3
    for begin in begins:
        np.testing.assert_array_equal(got[begin : begin + len(chime())], chime())


async def test_a_caller_that_leaves_in_a_recording_frees_everything(
    make_mesh: MakeMesh, folder: Path
) -> None:
    """There is room for one long recording: another document's is refused at once as long as it is held, not after."""
    soundfile.write(folder / "second.wav", chime(20.0), RATE_HZ)
    other = "<speak><audio src='second.wav'/></speak>"
    body = "It is late. <audio src='long.wav' repeatCount='2.9'/> We go home. " * 3
    async with make_mesh(frontend={"audio_dir": folder, "audio_file_cache_mib": 2}) as mesh:
        async with mesh.client.synthesize(f"<speak>{body}</speak>", ssml=True) as stream:
            async for response in stream:
                if response.segment_index == 1 and response.offset_ms > 5_000:
                    with pytest.raises(SpeechError, match="no room for another recording") as caught:
                        await mesh.client.synthesize(other, ssml=True).read()
                    assert caught.value.retry_after_s is not None
                    break
        await nothing_runs()
        assert len(samples(await ssml(mesh, "<audio src='second.wav'/>"))) == len(chime(20.0))
        # The document's own follow each other, whatever they would take together.
        both = await ssml(mesh, "<audio src='long.wav'/><audio src='second.wav'>a bell</audio>")
        assert not codes(both)
        assert len(samples(both)) == 2 * len(chime(20.0))


class Decoding:
    """The decoder, watched: notes what it decodes, and takes as long as it would where the machine is busy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> None:
        self.lengths: list[int] = []  # of what was decoded, in samples
        self._seconds = seconds
        self._decoded = store.decoded
        monkeypatch.setattr(store, "decoded", self)

    def __call__(self, descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
        recording = self._decoded(descriptor, max_s=max_s, reserve=reserve)
        self.lengths.append(len(recording.samples))
        time.sleep(self._seconds)
        return recording


def write_chimes(folder: Path, n: int, duration_s: float = 1.0) -> list[int]:
    """Files `0.wav` and so on, each a sample longer than the one before; their lengths."""
    for i in range(n):
        soundfile.write(folder / f"{i}.wav", chime(duration_s + i / RATE_HZ), RATE_HZ)
    return [round(duration_s * RATE_HZ) + i for i in range(n)]


async def test_recordings_are_decoded_in_their_order_and_first_audio_waits_for_none(
    make_mesh: MakeMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = write_chimes(tmp_path, 2)
    decoding = Decoding(monkeypatch, 1.5)
    body = "It is late, and we go home. " + "".join(f"<audio src='{i}.wav'/>" for i in range(2))
    async with make_mesh(frontend={"audio_dir": tmp_path}) as mesh:
        responses = await ssml(mesh, body)
        assert responses[-1].summary.first_audio_ms < 1500
        assert decoding.lengths == lengths
        assert samples(responses)[-lengths[1] :] == pytest.approx(chime(lengths[1] / RATE_HZ), abs=1e-4)
        await ssml(mesh, body)
        assert decoding.lengths == lengths


async def test_a_recording_that_turns_out_broken_at_its_turn_is_left_out_and_the_rest_is_heard(
    make_mesh: MakeMesh, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
        raise RecordingError("is broken inside")

    monkeypatch.setattr(store, "decoded", fail)
    clip = CLIP.replace("a chime<", "<mark name='c'/>a chime<")
    body = f"It is late. {clip}<break time='300ms'/><mark name='d'/>We go home."
    async with make_mesh(frontend={"audio_dir": folder}) as mesh:
        plain = await ssml(mesh, "It is late. <break time='300ms'/>We go home.")
        responses = await ssml(mesh, body)
        assert codes(responses) == ["AUDIO_LEFT_OUT"]
        (warning,) = responses[-1].summary.warnings
        assert warning.message == (
            "line 1, column 20: the recording 'chime.wav' is broken inside; nothing is heard of it"
        )
        document = f"<speak>{body}</speak>"
        assert document[warning.text_start : warning.text_end] == "<audio src='chime.wav'>"
        np.testing.assert_allclose(samples(responses), samples(plain), atol=1e-4)
        assert spoken(responses) == "it is late we go home"
        marks = [(mark.name, mark.time_ms) for response in responses for mark in response.marks]
        assert [name for name, _ in marks] == ["c", "d"]
        # The next document is told before anything is heard, and its content is read.
        responses = await ssml(mesh, body)
        assert spoken(responses) == "it is late a chime we go home"
        assert "is broken inside; what it falls back to is read" in responses[-1].summary.warnings[0].message


async def test_a_document_that_has_begun_waits_for_room_and_one_that_has_not_does_not(
    make_mesh: MakeMesh, folder: Path
) -> None:
    soundfile.write(folder / "second.wav", chime(20.0), RATE_HZ)
    settings = {"audio_dir": folder, "audio_file_cache_mib": 2}
    clip = "<audio src='long.wav' repeatCount='2.9'/>"
    holding = f"<speak>{clip * 3}</speak>"
    async with make_mesh(frontend=settings) as mesh:
        async with mesh.client.synthesize(holding, ssml=True) as stream:
            held = aiter(stream)
            await anext(held)  # it holds the room as long as nobody takes the rest
            waiting = asyncio.create_task(ssml(mesh, "It is late. <audio src='second.wav'/>"))
            with pytest.raises(SpeechError, match="no room for another recording"):
                await mesh.client.synthesize("<speak><audio src='second.wav'/></speak>", ssml=True).read()
            assert not waiting.done()
        responses = await waiting
        assert not codes(responses)
        assert len(samples(responses)) > len(chime(20.0))
    async with (
        make_mesh(frontend={**settings, "stage_patience_ms": 100}) as mesh,
        mesh.client.synthesize(holding, ssml=True) as stream,
    ):
        held = aiter(stream)
        await anext(held)
        with pytest.raises(grpc.aio.AioRpcError, match="no room for another recording") as caught:
            await ssml(mesh, "It is late. <audio src='second.wav'/>")
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
