"""Documents that several voices speak: each part as its voice speaks it alone, in one stream without gaps."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import grpc
import numpy as np
import pytest
import soxr

from speechmesh.cli.mesh import Ports
from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.common.bundle import load_bundle
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from tests.conftest import REPOSITORY
from tests.integration.conftest import MakeMesh, Mesh
from tests.integration.test_errors import streaming_tasks
from tests.integration.test_lifecycle import start

RATE_HZ = 16_000
HIGH_RATE_HZ = 24_000
ENGLISH, MANDARIN = "It is late. We go home.", "今天天气很好。我们走吧。"
DOCUMENT = f"<speak><p>{ENGLISH}</p><p xml:lang='zh-CN'>{MANDARIN}</p><p>{ENGLISH}</p></speak>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voices that ship, and the Mandarin one again as one of a higher sample rate."""
    folder = tmp_path_factory.mktemp("voices")
    for name in ("english", "mandarin"):
        (folder / name).symlink_to(REPOSITORY / "voices" / name)
    copy = Path(shutil.copytree(REPOSITORY / "voices/mandarin", folder / "swift"))
    config = (copy / "voice.yaml").read_text()
    config = config.replace("name: mandarin", "name: swift").replace(
        f"sample_rate_hz: {RATE_HZ}", f"sample_rate_hz: {HIGH_RATE_HZ}"
    )
    (copy / "voice.yaml").write_text(config.replace("f_max_hz: 8000.0", "f_max_hz: 12000.0"))
    return folder


@pytest.fixture(scope="module")
async def mesh(make_mesh: MakeMesh, folder: Path) -> AsyncIterator[Mesh]:
    """A mesh that leaves voices all silence, so that a part begins as it does alone."""
    voices = {"voices_dir": folder}
    frontend = {**voices, "lead_silence_ms": 0}
    async with make_mesh(frontend=frontend, acoustic=voices, vocoder=voices) as made:
        yield made


async def synthesize(mesh: Mesh, timeout_s: float = 60, **fields: object) -> list[pb.SynthesizeResponse]:
    fields.setdefault("audio", pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE))
    fields.setdefault("quality_tier", pb.QUALITY_TIER_HIGH)  # auto is what the machine has time for
    request = pb.SynthesizeRequest(word_timestamps=True, **fields)  # type: ignore[arg-type]
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        call = speech_pb2_grpc.SpeechServiceStub(channel).Synthesize(request, timeout=timeout_s)
        return [response async for response in call]


def samples(responses: list[pb.SynthesizeResponse]) -> np.ndarray:
    return np.frombuffer(b"".join(response.audio for response in responses), "<f4")


def words(responses: list[pb.SynthesizeResponse]) -> list[pb.WordTiming]:
    return [word for response in responses for word in response.words]


def voices(responses: list[pb.SynthesizeResponse]) -> list[str]:
    """Who speaks, one after the other."""
    spoken = [r.segment.voice for r in responses if r.HasField("segment")]
    return [voice for i, voice in enumerate(spoken) if i == 0 or spoken[i - 1] != voice]


def codes(responses: list[pb.SynthesizeResponse]) -> list[str]:
    return [warning.code for warning in responses[-1].summary.warnings]


def loudness(voice: str) -> float:
    level = load_bundle(REPOSITORY / "voices" / voice).config.loudness_lufs
    assert level is not None
    return level


async def alone(mesh: Mesh, text: str, voice: str, **fields: object) -> np.ndarray:
    return samples(await synthesize(mesh, text=text, voice=pb.VoiceSelection(name=voice), **fields))


async def test_the_parts_are_what_their_voices_say_alone(mesh: Mesh) -> None:
    responses = await synthesize(mesh, ssml=DOCUMENT, voice=pb.VoiceSelection(name="english"))
    assert voices(responses) == ["english", "mandarin", "english"]
    assert not codes(responses)
    english, mandarin = await alone(mesh, ENGLISH, "english"), await alone(mesh, MANDARIN, "mandarin")
    softer_lu = loudness("english") - loudness("mandarin")  # as the voices say; none of two of one making
    mandarin = mandarin * 10 ** (softer_lu / 20)
    joined = np.concatenate([english, mandarin, english])
    np.testing.assert_allclose(samples(responses), joined, atol=1e-4)


async def test_times_go_on_over_the_parts(mesh: Mesh) -> None:
    responses = await synthesize(mesh, ssml=DOCUMENT, voice=pb.VoiceSelection(name="english"))
    spoken = words(responses)
    starts = [word.start_ms for word in spoken]
    assert starts == sorted(starts)
    assert all(DOCUMENT[word.text_start : word.text_end].strip(".,，。") for word in spoken)
    assert len({(word.text_start, word.text_end) for word in spoken}) == len(spoken)
    got = samples(responses)
    assert spoken[-1].end_ms <= 1000 * len(got) / RATE_HZ
    lengths = [r.segment.duration_ms for r in responses if r.HasField("segment")]
    assert sum(lengths) == pytest.approx(1000 * len(got) / RATE_HZ, abs=1.0)
    offsets = [response.offset_ms for response in responses]
    assert offsets == sorted(offsets)
    for word in spoken:  # each is heard where it is told
        heard = got[round(word.start_ms * 16) : round(word.end_ms * 16)]
        assert np.abs(heard).max() > 0.02, word


@pytest.mark.parametrize("rate_hz", [0, 8_000, HIGH_RATE_HZ])
async def test_a_voice_of_another_sample_rate_is_resampled(mesh: Mesh, rate_hz: int) -> None:
    """The second voice is the first one's at another rate: what comes is what it says alone, resampled once."""
    audio = pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE, sample_rate_hz=rate_hz)
    body = f"{MANDARIN}<voice name='swift'>{MANDARIN}</voice>{MANDARIN}"
    mandarin = pb.VoiceSelection(name="mandarin")
    responses = await synthesize(mesh, ssml=f"<speak>{body}</speak>", voice=mandarin, audio=audio)
    assert voices(responses) == ["mandarin", "swift", "mandarin"]
    assert responses[0].header.audio.sample_rate_hz == (rate_hz or RATE_HZ)
    got, out_hz = samples(responses), rate_hz or RATE_HZ
    own = soxr.resample(await alone(mesh, MANDARIN, "mandarin"), RATE_HZ, out_hz)
    swift = soxr.resample(await alone(mesh, MANDARIN, "swift"), HIGH_RATE_HZ, out_hz)
    np.testing.assert_allclose(got, np.concatenate([own, swift, own]), atol=1e-3)
    heard = [np.abs(got[round(w.start_ms * out_hz / 1000) :][: out_hz // 10]).max() for w in words(responses)]
    assert min(heard) > 0.02


async def test_voices_are_called_by_name_gender_and_language(mesh: Mesh) -> None:
    english = pb.VoiceSelection(name="english")

    async def speakers(body: str) -> list[str]:
        responses = await synthesize(mesh, ssml=f"<speak>{body}</speak>", voice=english)
        return [f"{r.segment.voice}/{r.segment.speaker}" for r in responses if r.HasField("segment")]

    assert await speakers("One. <voice name='lan'>你好。</voice>") == ["english/rms", "mandarin/lan"]
    assert await speakers("<voice name='mandarin'>你好。</voice>") == ["mandarin/ming"]
    assert await speakers("<voice languages='zh' gender='female'>你好。</voice>") == ["mandarin/lan"]
    assert await speakers("<voice gender='female'>Hello.</voice>") == ["english/slt"]
    assert await speakers("<voice gender='female'>A <lang xml:lang='zh'>你好</lang> b.</voice>") == [
        *("english/slt", "mandarin/lan", "english/slt")
    ]


async def test_a_sentence_goes_on_in_another_voice_without_a_pause(make_mesh: MakeMesh, folder: Path) -> None:
    body = "She said <lang xml:lang='zh-CN'>你好</lang> to me."
    voices = {"voices_dir": folder}
    async with make_mesh(frontend=voices, acoustic=voices, vocoder=voices) as mesh:
        responses = await synthesize(mesh, ssml=f"<speak>{body}</speak>")
    spoken = words(responses)
    gaps = [after.start_ms - before.end_ms for before, after in pairwise(spoken)]
    assert max(gaps) <= 60


async def test_a_document_in_another_language_is_spoken_by_a_voice_of_it(mesh: Mesh) -> None:
    responses = await synthesize(mesh, ssml=f"<speak xml:lang='zh-CN'>{MANDARIN}</speak>")
    assert (responses[0].header.voice, voices(responses)) == ("mandarin", ["mandarin"])
    named = await synthesize(
        mesh, ssml="<speak xml:lang='zh-CN'>Hello.</speak>", voice=pb.VoiceSelection(name="english")
    )
    assert (voices(named), codes(named)) == (["english"], ["LANGUAGE_NOT_SPOKEN"])
    nobody = await synthesize(
        mesh, ssml="<speak>One <voice name='nobody'>two</voice> <lang xml:lang='fr'>three</lang>.</speak>"
    )
    assert (voices(nobody), codes(nobody)) == (["english"], ["VOICE_UNKNOWN", "LANGUAGE_NOT_SPOKEN"])


async def test_what_is_asked_for_of_loudness_holds_for_all_voices(mesh: Mesh) -> None:
    audio = pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE, loudness_lufs=-20.0)
    both = samples(await synthesize(mesh, ssml=DOCUMENT, audio=audio))
    one = await alone(mesh, MANDARIN, "mandarin", audio=audio)
    english = await alone(mesh, ENGLISH, "english", audio=audio)
    np.testing.assert_allclose(both, np.concatenate([english, one, english]), atol=1e-4)


async def test_more_voices_than_allowed_are_refused(make_mesh: MakeMesh, folder: Path) -> None:
    voices = {"voices_dir": folder}
    async with make_mesh(
        frontend={**voices, "max_document_voices": 1}, acoustic=voices, vocoder=voices
    ) as mesh:
        with pytest.raises(SpeechError, match="ssml: 2 voices are to speak, 1 may"):
            await mesh.client.synthesize(DOCUMENT, ssml=True).read()


@pytest.mark.parametrize("stage", ["acoustic", "vocoder"])
async def test_a_stage_that_dies_in_the_second_part_costs_a_pause(
    make_mesh: MakeMesh, mesh: Mesh, folder: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECHMESH_VOCODER_BACKEND", "embedded")
    document = DOCUMENT.replace("</speak>", f"<p xml:lang='zh'>{MANDARIN * 4}</p></speak>")
    whole = samples(await synthesize(mesh, ssml=document))
    ports = Ports.free()
    process = start(stage, ports, folder)
    target = {f"{stage}_target": f"127.0.0.1:{getattr(ports, stage)}"}
    voices = {"voices_dir": folder}
    try:
        async with make_mesh(
            frontend={**voices, **target, "lead_silence_ms": 0, "stage_patience_ms": 200_000},
            acoustic=voices,
            vocoder=voices,
        ) as other:
            request = pb.SynthesizeRequest(
                ssml=document,
                audio=pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_F32LE),
                quality_tier=pb.QUALITY_TIER_HIGH,
            )
            got: list[pb.SynthesizeResponse] = []
            dead = False
            async with grpc.aio.insecure_channel(other.target) as channel:
                call = speech_pb2_grpc.SpeechServiceStub(channel).Synthesize(request, timeout=200)
                async for response in call:
                    got.append(response)
                    if response.segment.voice == "mandarin" and not dead:
                        process.kill()
                        process.wait()
                        process, dead = start(stage, ports, folder), True
            assert dead
            np.testing.assert_allclose(samples(got), whole, atol=1e-4)
    finally:
        process.kill()
        process.wait()


async def test_a_caller_that_leaves_ends_what_was_begun_ahead(mesh: Mesh) -> None:
    pair = f"{ENGLISH}<p xml:lang='zh'>{MANDARIN}</p>"
    document = f"<speak>{pair * 30}</speak>"
    async with mesh.client.synthesize(document, ssml=True) as stream:
        async for response in stream:
            if response.segment_index >= 3:
                assert streaming_tasks()
                break
    await nothing_runs()


async def nothing_runs() -> None:
    """Waits until no request does anything in this process any more."""
    async with asyncio.timeout(20):
        while streaming_tasks() or ahead_tasks():  # noqa: ASYNC110 - nothing tells of their end
            await asyncio.sleep(0.02)


def ahead_tasks() -> list[str]:
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("Ahead.", "Lookahead."))]


async def test_many_changes_hold_one_part_ahead(mesh: Mesh) -> None:
    """However often the voices change, the acoustic stage has two streams of a document at most."""
    counts: list[int] = []

    async def count() -> None:
        while True:
            counts.append(streaming_tasks().count("AcousticServicer._read"))
            await asyncio.sleep(0)

    pair = "Yes. <voice name='mandarin'>好。</voice> "
    counting = asyncio.create_task(count())
    responses = await synthesize(mesh, ssml=f"<speak>{pair * 16}</speak>")
    counting.cancel()
    assert responses[-1].summary.n_segments == 32
    assert 1 <= max(counts) <= 2


async def test_a_part_is_begun_while_the_one_before_is_delivered(mesh: Mesh) -> None:
    responses = await synthesize(mesh, ssml=DOCUMENT, voice=pb.VoiceSelection(name="english"))
    stages = responses[-1].summary.stages
    begun = {each.segment_index: each.start_ms for each in stages if each.stage == "acoustic"}
    made = {
        each.segment_index: each.start_ms + each.duration_ms for each in stages if each.stage == "vocoder"
    }
    firsts = [i for i in range(1, 6) if i % 2 == 0]  # of the second part and of the third
    assert all(begun[first] < made[first - 1] for first in firsts)


async def test_a_part_that_finds_no_room_ahead_is_made_when_it_is_due(
    make_mesh: MakeMesh, mesh: Mesh, folder: Path
) -> None:
    """The acoustic stage takes one stream alone: what would be begun before its turn is refused."""
    voices = {"voices_dir": folder}
    frontend, acoustic = {**voices, "lead_silence_ms": 0}, {**voices, "max_streams": 1}
    async with make_mesh(frontend=frontend, acoustic=acoustic, vocoder=voices) as narrow:
        got = samples(await synthesize(narrow, ssml=DOCUMENT))
    np.testing.assert_allclose(got, samples(await synthesize(mesh, ssml=DOCUMENT)), atol=1e-4)


async def test_voices_have_their_own_phrases_in_the_cache(
    make_mesh: MakeMesh, mesh: Mesh, folder: Path
) -> None:
    voices = {"voices_dir": folder}
    frontend = {**voices, "lead_silence_ms": 0, "phrase_cache_mib": 32}
    said = f"<voice name='lan'>{MANDARIN}</voice><voice name='ming'>{MANDARIN}</voice>"
    document = f"<speak>{said}<voice name='swift'>{MANDARIN}</voice>{ENGLISH}{said}</speak>"
    english = pb.VoiceSelection(name="english")
    whole = samples(await synthesize(mesh, ssml=document, voice=english))
    async with make_mesh(frontend=frontend, acoustic=voices, vocoder=voices) as keeping:
        again = [synthesize(keeping, ssml=document, voice=english) for _ in range(3)]
        for responses in [
            *await asyncio.gather(*again),
            await synthesize(keeping, ssml=document, voice=english),
        ]:
            np.testing.assert_allclose(samples(responses), whole, atol=1e-3)
        stages = {each.stage for each in responses[-1].summary.stages}
        assert stages == {"text", "cache"}


async def test_a_voice_that_fails_is_named(make_mesh: MakeMesh, folder: Path) -> None:
    voices = {"voices_dir": folder}
    frontend = {**voices, "stage_patience_ms": 300}
    async with make_mesh(frontend=frontend, acoustic=voices, vocoder=voices) as mesh:
        document = f"<speak>{ENGLISH}<voice name='mandarin'>{MANDARIN * 20}</voice></speak>"
        with pytest.raises(SpeechError, match="voice 'mandarin': acoustic stage is unavailable"):
            options = SpeechOptions(voice="english")
            async with mesh.client.synthesize(document, options, ssml=True) as stream:
                async for response in stream:
                    if response.segment.voice == "mandarin":
                        await mesh.acoustic.server.stop(None)
