"""Phrases that were said before: from the cache, equal to what the stages made, shared while they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import numpy as np
import pytest

from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.client import AsyncClient, SpeechError, SpeechOptions
from speechmesh.frontend.phrases import pieces
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.conftest import MakeMesh, Mesh

OPTIONS = SpeechOptions(encoding="pcm_f32le", word_timestamps=True)


@pytest.fixture(scope="module")
async def mesh(make_mesh: MakeMesh) -> AsyncIterator[Mesh]:
    async with make_mesh(frontend={"phrase_cache_mib": 16}) as made:
        yield made


async def speak(
    mesh: Mesh, text: str, options: SpeechOptions = OPTIONS
) -> tuple[list[pb.SynthesizeResponse], np.ndarray, list[str]]:
    """Responses, samples, and which stages worked on it, segment by segment."""
    async with mesh.client.synthesize(text, options) as stream:
        responses = [response async for response in stream]
    samples = np.frombuffer(b"".join(response.audio for response in responses), "<f4")
    stages = [timing.stage for timing in responses[-1].summary.stages if timing.stage != "text"]
    return responses, samples, stages


def timed(responses: list[pb.SynthesizeResponse]) -> list[tuple[str, float, float]]:
    words = [word for response in responses for word in response.words]
    return [(word.spoken_text, round(word.start_ms, 3), round(word.end_ms, 3)) for word in words]


async def test_what_was_said_before_comes_from_the_cache_and_is_the_same(mesh: Mesh) -> None:
    text = "Your call is important to us. Please hold the line."
    first, made, stages = await speak(mesh, text)
    assert stages == ["acoustic", "vocoder"] * 2
    again, kept, stages = await speak(mesh, text)
    assert stages == ["cache", "cache"]
    np.testing.assert_array_equal(kept, made)
    assert timed(again) == timed(first)
    assert again[-1].summary.audio_s == pytest.approx(first[-1].summary.audio_s)


async def test_of_a_new_text_only_the_new_segments_are_made(mesh: Mesh) -> None:
    # The first segment of a text begins without its pause: it is another sound.
    await speak(mesh, "Hello. Good morning to all of you. Thank you for coming.")
    _, samples, stages = await speak(
        mesh, "Welcome. Good morning to all of you. Here is the news. Thank you for coming."
    )
    assert stages == ["acoustic", "vocoder", "cache", "acoustic", "vocoder", "cache"]
    assert len(samples) > 3 * 16_000


@pytest.mark.parametrize(
    "changed",
    [{"rate": 1.1}, {"quality_tier": "balanced"}],
)
async def test_another_way_of_speaking_is_another_phrase(mesh: Mesh, changed: dict[str, object]) -> None:
    text = f"This is said in another way. {sorted(changed)[0]}."
    await speak(mesh, text)
    options = SpeechOptions(encoding="pcm_f32le", **changed)  # type: ignore[arg-type]
    assert "cache" not in (await speak(mesh, text, options))[2]


async def test_volume_and_coding_are_the_callers_own_and_the_phrase_the_same(mesh: Mesh) -> None:
    text = "Loud and clear."
    plain = (await speak(mesh, text))[1]
    _, quiet, stages = await speak(mesh, text, SpeechOptions(encoding="pcm_f32le", volume_db=-6.0))
    assert stages == ["cache"]
    np.testing.assert_allclose(quiet, plain * 10 ** (-6 / 20), atol=1e-6)


async def test_a_sentence_that_comes_twice_in_a_text_is_made_once(mesh: Mesh) -> None:
    _, samples, stages = await speak(mesh, "Well. Row the boat to the shore. Row the boat to the shore.")
    assert stages == ["acoustic", "vocoder"] * 2 + ["cache"]
    assert len(samples) > 16_000


async def test_callers_who_ask_for_the_same_at_once_all_get_it(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody makes it by himself, however slow the machine is.
    monkeypatch.setattr(pieces, "_JOINED_PATIENCE_S", 20.0)
    text = "Everybody wants to hear this sentence, and all of them at the same moment. And this one, too."
    spoken = await asyncio.gather(*(speak(mesh, text) for _ in range(8)))
    expected = (await speak(mesh, text))[1]
    made = sum(stages.count("vocoder") for _, _, stages in spoken)
    assert made <= 4  # most made neither
    for _, samples, _ in spoken:
        np.testing.assert_allclose(samples, expected, atol=1e-6)


async def test_who_leaves_while_others_listen_takes_nothing_from_them(mesh: Mesh) -> None:
    text = "One of these callers will leave in the middle of it, before the sentence is at its end. Then it goes on."

    async def leave() -> None:
        async with mesh.client.synthesize(text, OPTIONS) as stream:
            async for _ in stream:
                return

    results = await asyncio.gather(leave(), *(speak(mesh, text) for _ in range(3)))
    expected = (await speak(mesh, text))[1]
    for result in results[1:]:
        assert result is not None
        np.testing.assert_allclose(result[1], expected, atol=1e-6)


@asynccontextmanager
async def narrow_client(mesh: Mesh) -> AsyncIterator[AsyncClient]:
    """A client that takes little ahead of who listens, however fast the connection seems."""
    options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536)]
    async with AsyncClient(channel=grpc.aio.insecure_channel(mesh.target, options=options)) as client:
        yield client


@asynccontextmanager
async def acoustic_stage_full(mesh: Mesh) -> AsyncIterator[None]:
    """Holds the one stream that the acoustic stage of a mesh takes, as soon as it is free."""
    opening = acoustic_pb2.StreamFramesRequest(open=acoustic_pb2.StreamOptions(voice="bootstrap"))
    segment = acoustic_pb2.StreamFramesRequest(segment=acoustic_pb2.Segment(tokens=[1]))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.acoustic.port}") as channel:
        stub = acoustic_pb2_grpc.AcousticServiceStub(channel)
        for _ in range(200):
            call = stub.StreamFrames()
            try:
                await call.write(opening)
                await call.write(segment)
                await call.read()  # the stage answers: it has taken the stream
                break
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):  # of a call that has ended already
                assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                await asyncio.sleep(0.02)
        else:
            pytest.fail("the acoustic stage stays full")
        yield
        call.cancel()


async def test_a_request_that_is_heard_waits_for_room_behind_a_phrase_that_was_said_before(
    make_mesh: MakeMesh,
) -> None:
    kept = "This was said before, and it takes some seconds until all of it was heard by whoever listens."
    text = f"Well. {kept} Then we go on with what is new."
    # So many bytes that the frontend does not get rid of the phrase while nobody takes it.
    options = SpeechOptions(encoding="pcm_f32le", sample_rate_hz=48_000)
    frontend = {"phrase_cache_mib": 16, "stage_patience_ms": 5_000}
    async with make_mesh(frontend=frontend, acoustic={"max_streams": 1}) as mesh:
        await speak(mesh, f"So. {kept}", options)
        async with narrow_client(mesh) as client, client.synthesize(text, options) as stream:
            responses = aiter(stream)
            got = (await anext(responses)).audio
            async with acoustic_stage_full(mesh):
                with pytest.raises(SpeechError) as refused:  # nobody has heard anything of this one
                    await mesh.client.synthesize("There is no room for this.").read()
                assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
                rest = asyncio.create_task(_audio(responses))
                await asyncio.sleep(0.3)
                assert not rest.done()
            got += await rest
        assert stream.summary is not None
        assert [s.stage for s in stream.summary.stages if s.stage == "cache"] == ["cache"]
        again = (await speak(mesh, text, options))[1]
    np.testing.assert_allclose(np.frombuffer(got, "<f4"), again, atol=1e-6)


async def _audio(responses: AsyncIterator[pb.SynthesizeResponse]) -> bytes:
    return b"".join([response.audio async for response in responses])
