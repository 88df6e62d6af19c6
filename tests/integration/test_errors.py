"""Errors as a contract: status, field and details as a client sees them."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import time
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.cli.mesh import Ports
from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from speechmesh.vocoder.v1 import vocoder_pb2, vocoder_pb2_grpc
from tests.integration.conftest import MakeMesh, Mesh

INVALID = grpc.StatusCode.INVALID_ARGUMENT


async def failure(
    mesh: Mesh, text: str = "Hello.", timeout_s: float | None = 20.0, **options: object
) -> SpeechError:
    with pytest.raises(SpeechError) as caught:
        async with mesh.client.synthesize(text, SpeechOptions(**options), timeout_s=timeout_s) as stream:  # type: ignore[arg-type]
            await stream.read()
    return caught.value


@pytest.mark.parametrize(
    ("text", "options", "field", "message"),
    [
        ("", {}, "text", "is empty"),
        (" \n\t", {}, "text", "is empty"),
        ("世界 🎉 ... !!!", {}, "text", "nothing that can be spoken"),
        ("x" * 10_001, {}, "text", "10001 characters, 10000 are taken"),
        ("Hi.", {"voice": "nobody"}, "voice.name", "'nobody' is not a voice here; there is bootstrap"),
        ("Hi.", {"voice": "世" * 20_000}, "voice.name", "is not a voice here; there is bootstrap"),
        ("Hi.", {"voice": "bootstrap", "language": "zh-CN"}, "voice.language", "does not speak 'zh-CN'"),
        ("Hi.", {"language": "zh-CN"}, "voice.language", "no voice speaks 'zh-CN'"),
        ("Hi.", {"speaker": "slt"}, "voice.speaker", "'slt' is not a speaker of 'bootstrap'; there is rms"),
        ("Hi.", {"style": "angry"}, "voice.style", "there is neutral"),
        ("Hi.", {"rate": 0.49}, "prosody.rate", "0.49 is outside 0.5 to 2"),
        ("Hi.", {"rate": 2.1}, "prosody.rate", "outside"),
        ("Hi.", {"rate": float("nan")}, "prosody.rate", "outside"),
        ("Hi.", {"rate": -1.0}, "prosody.rate", "outside"),
        ("Hi.", {"pitch_semitones": 2.0}, "prosody.pitch_semitones", "takes none"),
        ("Hi.", {"energy_db": -3.0}, "prosody.energy_db", "takes none"),
        ("Hi.", {"volume_db": 13.0}, "prosody.volume_db", "-40 to 12 dB"),
        ("Hi.", {"sample_rate_hz": 7_999}, "audio.sample_rate_hz", "7999 is outside 8000 to 48000 Hz"),
        ("Hi.", {"quality_tier": "high"}, "quality_tier", "has no tier 'high'; it has balanced"),
        ("Hi.", {"request_id": "x" * 129}, "request_id", "longer than 128"),
    ],
)
async def test_bad_input_names_the_field(
    mesh: Mesh, text: str, options: dict[str, object], field: str, message: str
) -> None:
    error = await failure(mesh, text, **options)
    assert (error.code, error.field, error.reason) == (INVALID, field, "INVALID_INPUT")
    assert message in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.SynthesizeRequest(text="Hi.", audio=pb.AudioFormat(encoding=99)), "audio.encoding"),
        (pb.SynthesizeRequest(text="Hi.", quality_tier=99), "quality_tier"),
        (pb.SynthesizeRequest(text="Hi.", prompt=pb.ReferencePrompt(audio=b"x")), "prompt"),
        (
            pb.SynthesizeRequest(text="Hi.", voice=pb.VoiceSelection(style_instruction="sad " * 200)),
            "voice.style_instruction",
        ),
        (pb.SynthesizeRequest(), "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_newer_clients_may_send_is_refused_by_name(
    mesh: Mesh, request_: pb.SynthesizeRequest, field: str
) -> None:
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        stub = speech_pb2_grpc.SpeechServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError, match=field) as caught:
            async for _ in stub.Synthesize(request_):
                pass
    assert caught.value.code() is INVALID


async def test_an_unknown_voice_is_not_found(mesh: Mesh) -> None:
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        stub = speech_pb2_grpc.SpeechServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetVoice(pb.GetVoiceRequest(name="nobody"))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert (await stub.GetVoice(pb.GetVoiceRequest(name="bootstrap"))).voice.license == "Apache-2.0"


async def test_one_stream_too_many_is_refused_at_once(make_mesh: MakeMesh) -> None:
    async with make_mesh(frontend={"max_streams": 1}) as mesh:
        async with mesh.client.synthesize("One. Two. Three. " * 20) as first:
            iterator = aiter(first)
            await anext(iterator)
            error = await failure(mesh)
            await iterator.aclose()
        assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert error.retry_after_s == 0.5
        await nothing_streams()
        async with mesh.client.synthesize("Free again.") as stream:
            assert await stream.read()


async def test_a_stage_that_is_down_is_unavailable_after_patience(make_mesh: MakeMesh) -> None:
    async with make_mesh(frontend={"stage_patience_ms": 300}) as mesh:
        await mesh.acoustic.server.stop(None)
        error = await failure(mesh)
        assert error.code is grpc.StatusCode.UNAVAILABLE
        assert "acoustic stage is unavailable" in str(error)
        assert error.retry_after_s


@pytest.mark.parametrize("stage", ["acoustic", "vocoder"])
async def test_a_stage_that_stays_away_after_audio_was_sent_is_unavailable(
    make_mesh: MakeMesh, stage: str
) -> None:
    async with make_mesh(frontend={"stage_patience_ms": 200}) as mesh:
        n_bytes = 0
        with pytest.raises(SpeechError, match=f"{stage} stage is unavailable") as caught:
            async with mesh.client.synthesize("One sentence and another. " * 200) as stream:
                async for response in stream:
                    n_bytes += len(response.audio)
                    if response.sequence == 1:
                        await getattr(mesh, stage).server.stop(None)
        assert caught.value.code is grpc.StatusCode.UNAVAILABLE
        assert caught.value.retry_after_s
        assert n_bytes


async def test_a_deadline_passes_through_all_stages(make_mesh: MakeMesh) -> None:
    async with make_mesh() as mesh:
        await mesh.vocoder.server.stop(None)
        started = time.monotonic()
        error = await failure(mesh, timeout_s=0.5)
        assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert time.monotonic() - started < 3.0


async def test_a_caller_that_leaves_stops_all_stages(mesh: Mesh) -> None:
    text = "This is a rather long sentence that nobody will listen to until its end. " * 60
    async with mesh.client.synthesize(text) as stream:
        async for response in stream:
            if response.sequence == 2:
                assert streaming_tasks()
                break
    await nothing_streams()


async def test_a_caller_that_stops_reading_frees_the_stages_in_time(make_mesh: MakeMesh) -> None:
    async with make_mesh(frontend={"stalled_caller_s": 1.0}) as mesh:
        async with grpc.aio.insecure_channel(mesh.target) as channel:
            stub = speech_pb2_grpc.SpeechServiceStub(channel)
            call = stub.Synthesize(pb.SynthesizeRequest(text="Nobody listens to this sentence. " * 300))
            await call.read()
            assert streaming_tasks()
            await nothing_streams()
            with pytest.raises(grpc.aio.AioRpcError, match="has taken nothing for 1 s") as caught:
                while True:  # what was on its way
                    await call.read()
        assert caught.value.code() is grpc.StatusCode.CANCELLED
        async with mesh.client.synthesize("Free again.") as stream:
            assert await stream.read()


async def nothing_streams() -> None:
    async with asyncio.timeout(20):
        while streaming_tasks():  # noqa: ASYNC110 - nothing tells of their end
            await asyncio.sleep(0.02)


def streaming_tasks() -> list[str]:
    """Coroutines of requests that still run in this process."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("Conductor.", "VocoderStream.", "AcousticServicer."))]


@pytest.mark.parametrize(
    ("old", "new", "differing"),
    [
        ("hop_length: 200", "hop_length: 256", "feature spaces differ in hop_length: 256 against 200"),
        ("description: ", "description: Another. ", "revisions differ, "),
    ],
    ids=["feature space", "revision"],
)
async def test_a_frontend_waits_for_a_stage_that_fits_and_says_what_differs(
    make_mesh: MakeMesh,
    voices_dir: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    old: str,
    new: str,
    differing: str,
) -> None:
    caplog.set_level(logging.WARNING)
    folder = Path(shutil.copytree(voices_dir / "bootstrap", tmp_path / "voices/bootstrap"))
    config = folder / "voice.yaml"
    fitting = config.read_text()
    config.write_text(fitting.replace(old, new, 1))
    ports = Ports.free()
    settings = {"frontend": {"port": ports.frontend}, "vocoder": {"port": ports.vocoder}}
    settings["vocoder"]["voices_dir"] = tmp_path / "voices"
    async with AsyncExitStack() as stack:
        entering = asyncio.create_task(stack.enter_async_context(make_mesh(**settings)))
        said = f"waiting for the stages: voice 'bootstrap', vocoder stage against frontend: {differing}"
        async with asyncio.timeout(60):
            while said not in caplog.text:  # noqa: ASYNC110 - looked at from outside
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.2)  # it has looked again
        assert caplog.text.count(said) == 1
        assert not await is_serving(ports.frontend)
        config.write_text(fitting)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports.vocoder}") as channel:
            request = vocoder_pb2.LoadModelRequest(voice="bootstrap")
            await vocoder_pb2_grpc.VocoderServiceStub(channel).LoadModel(request)
        mesh = await entering
        assert await is_serving(ports.frontend)
        async with mesh.client.synthesize("They fit now.") as speech:
            assert await speech.read()


async def is_serving(port: int) -> bool:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def test_a_request_in_a_revision_that_no_replica_holds_may_be_sent_again(
    make_mesh: MakeMesh, voices_dir: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(voices_dir / "bootstrap", tmp_path / "voices/bootstrap"))
    config = folder / "voice.yaml"
    fitting = config.read_text()
    async with (
        make_mesh(frontend={"stage_patience_ms": 200}, vocoder={"voices_dir": tmp_path / "voices"}) as mesh,
        grpc.aio.insecure_channel(f"127.0.0.1:{mesh.vocoder.port}") as channel,
    ):
        stub = vocoder_pb2_grpc.VocoderServiceStub(channel)
        config.write_text(fitting.replace("description: ", "description: Another. ", 1))
        await stub.LoadModel(vocoder_pb2.LoadModelRequest(voice="bootstrap"))
        error = await failure(mesh)
        assert error.code is grpc.StatusCode.UNAVAILABLE
        assert error.retry_after_s
        config.write_text(fitting)
        await stub.LoadModel(vocoder_pb2.LoadModelRequest(voice="bootstrap"))
        async with mesh.client.synthesize("It is back.") as stream:
            assert await stream.read()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (acoustic_pb2.StreamFramesRequest(segment=acoustic_pb2.Segment()), "open: must be the first"),
        (
            acoustic_pb2.StreamFramesRequest(open=acoustic_pb2.StreamOptions(voice="nobody")),
            "'nobody' is not in the acoustic stage's folder",
        ),
        (
            acoustic_pb2.StreamFramesRequest(
                open=acoustic_pb2.StreamOptions(voice="bootstrap", voice_revision="0")
            ),
            "in revision",
        ),
    ],
)
async def test_the_acoustic_stage_refuses_a_wrong_opening(
    mesh: Mesh, message: acoustic_pb2.StreamFramesRequest, text: str
) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.acoustic.port}") as channel:
        call = acoustic_pb2_grpc.AcousticServiceStub(channel).StreamFrames(iter([message]))
        with pytest.raises(grpc.aio.AioRpcError, match=text):
            await call.read()


@pytest.mark.parametrize(
    ("segment", "field"),
    [
        (acoustic_pb2.Segment(), "segment.tokens"),
        (acoustic_pb2.Segment(tokens=[0, 1]), "segment.tokens"),
        (acoustic_pb2.Segment(tokens=[1, 9999]), "segment.tokens"),
        (acoustic_pb2.Segment(tokens=[1] * 1001), "segment.tokens"),
        (
            acoustic_pb2.Segment(tokens=[1, 2], words=[acoustic_pb2.WordSpan(first_token=1, n_tokens=2)]),
            "segment.words",
        ),
        (acoustic_pb2.Segment(tokens=[1], speaker="nobody"), "segment.speaker"),
        (acoustic_pb2.Segment(tokens=[1], pitch_semitones=1.0), "segment.pitch_semitones"),
        (acoustic_pb2.Segment(tokens=[1], energy_db=math.nan), "segment.energy_db"),
    ],
)
async def test_the_acoustic_stage_names_the_wrong_field_of_a_segment(
    mesh: Mesh, segment: acoustic_pb2.Segment, field: str
) -> None:
    messages = [
        acoustic_pb2.StreamFramesRequest(open=acoustic_pb2.StreamOptions(voice="bootstrap")),
        acoustic_pb2.StreamFramesRequest(segment=segment),
    ]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.acoustic.port}") as channel:
        call = acoustic_pb2_grpc.AcousticServiceStub(channel).StreamFrames(iter(messages))
        with pytest.raises(grpc.aio.AioRpcError, match=field) as caught:
            await call.read()
    assert caught.value.code() is INVALID


async def test_the_vocoder_stage_refuses_a_stream_that_ends_inside_a_segment(mesh: Mesh) -> None:
    messages = [
        vocoder_pb2.StreamAudioRequest(open=vocoder_pb2.StreamOptions(voice="bootstrap")),
        vocoder_pb2.StreamAudioRequest(frames=vocoder_pb2.SegmentFrames()),
    ]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.vocoder.port}") as channel:
        call = vocoder_pb2_grpc.VocoderServiceStub(channel).StreamAudio(iter(messages))
        with pytest.raises(grpc.aio.AioRpcError, match="ended inside a segment"):
            await call.read()


def test_the_frontends_lookahead_fits_the_acoustic_stage() -> None:
    with pytest.raises(ValueError, match="max_segments_in_flight"):
        FrontendSettings(max_segments_in_flight=9)
