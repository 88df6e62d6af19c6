"""Live text through the three services: as the whole text would sound, early, interrupted, in turns."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import grpc
import numpy as np
import pytest

from speechmesh.client import AsyncLiveStream, SpeechError, SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from tests.integration.conftest import MakeMesh, Mesh

TEXT = (
    "Sure, I can help you with that, and I will look up the flights to Lisbon on May 14th. "
    "The cheapest costs $189.50. Shall I book it?"
)
FLOATS = SpeechOptions(encoding="pcm_f32le", word_timestamps=True)


async def collect(stream: AsyncLiveStream) -> dict[int, list[pb.SynthesizeResponse]]:
    """The responses of each turn."""
    turns: dict[int, list[pb.SynthesizeResponse]] = defaultdict(list)
    async for response in stream:
        assert response.WhichOneof("message") == "speech"
        turns[response.turn].append(response.speech)
    return turns


def samples(responses: Sequence[pb.SynthesizeResponse]) -> np.ndarray:
    return np.frombuffer(b"".join(response.audio for response in responses), "<f4")


async def whole(mesh: Mesh, text: str) -> list[pb.SynthesizeResponse]:
    async with mesh.client.synthesize(text, FLOATS) as stream:
        return [response async for response in stream]


@pytest.fixture(scope="module")
async def patient(make_mesh: MakeMesh) -> object:
    """A mesh that never speaks early for fear of a gap, so that segments do not depend on the machine."""
    async with make_mesh(frontend={"live_hungry_ms": 0, "live_hold_ms": 60_000}) as mesh:
        yield mesh


async def test_text_that_comes_by_the_character_sounds_as_the_whole_text(patient: Mesh) -> None:
    expected = await whole(patient, TEXT)
    async with asyncio.timeout(60), patient.client.live(FLOATS) as stream:
        collecting = asyncio.create_task(collect(stream))
        for character in TEXT:
            await stream.send(character)
        await stream.end_turn()
        await stream.done()
        turns = await collecting
    assert list(turns) == [0]
    spoken = [r.segment.spoken_text for r in turns[0] if r.HasField("segment")]
    assert spoken == [r.segment.spoken_text for r in expected if r.HasField("segment")]
    np.testing.assert_allclose(samples(turns[0]), samples(expected), atol=1e-4)
    assert [response.sequence for response in turns[0]] == list(range(len(turns[0])))
    assert turns[0][0].header.voice == "bootstrap"
    assert turns[0][-1].summary.n_segments == len(spoken)
    words = [word for response in turns[0] for word in response.words]
    assert TEXT[words[-1].text_start : words[-1].text_end] == "it"


async def test_a_clause_is_heard_while_the_next_is_being_written(mesh: Mesh) -> None:
    async with asyncio.timeout(60), mesh.client.live(FLOATS) as stream:
        await stream.send("After a long and cold night on the mountain, the climbers ")
        responses = aiter(stream)
        first = await anext(responses)
        assert first.speech.segment.spoken_text == "after a long and cold night on the mountain"
        await stream.send("reached the hut.")
        await stream.done()
        rest = [response async for response in responses]
    assert rest[-1].speech.HasField("summary")


async def test_turns_are_spoken_one_after_the_other_each_with_times_of_its_own(mesh: Mesh) -> None:
    async with asyncio.timeout(60), mesh.client.live(FLOATS) as stream:
        collecting = asyncio.create_task(collect(stream))
        for text in ("First things first. ", "Second. ", "Third time lucky!"):
            await stream.send(text)
            await stream.end_turn()
        await stream.done()
        turns = await collecting
    assert list(turns) == [0, 1, 2]
    for responses in turns.values():
        assert responses[0].offset_ms == 0
        assert responses[0].segment.text_start == 0
        assert responses[-1].HasField("summary")


async def test_an_interrupted_turn_says_which_words_were_heard_and_no_more_comes_of_it(mesh: Mesh) -> None:
    async with asyncio.timeout(60), mesh.client.live(FLOATS) as stream:
        text = "One two three four five. " * 30
        await stream.send(text)
        responses = aiter(stream)
        words: list[pb.WordTiming] = []
        while len(words) < 12:
            words += (await anext(responses)).speech.words
        heard = words[4]
        await stream.interrupt(0, heard.end_ms + 1.0)
        while True:
            response = await anext(responses)
            if response.WhichOneof("message") == "interrupted":
                break
        assert response.turn == 0
        assert response.interrupted.last_word == heard.spoken_text
        assert response.interrupted.text_end == heard.text_end
        await stream.send("Something else.")
        await stream.done()
        later = [response async for response in responses]
    assert {response.turn for response in later} == {1}
    assert later[0].speech.segment.spoken_text == "something else"
    assert [response.speech.sequence for response in later] == list(range(len(later)))


async def test_a_turn_that_was_sent_whole_can_still_be_interrupted_while_it_plays(mesh: Mesh) -> None:
    async with asyncio.timeout(60), mesh.client.live(FLOATS) as stream:
        await stream.send("Hello there, my friend.")
        await stream.end_turn()
        responses = aiter(stream)
        while not (await anext(responses)).speech.HasField("summary"):
            pass
        await stream.interrupt(0, 0.0)
        told = await anext(responses)
        assert (told.interrupted.text_end, told.interrupted.last_word) == (0, "")


async def test_what_is_complete_is_spoken_at_a_standstill_and_the_rest_on_a_flush(
    make_mesh: MakeMesh,
) -> None:
    async with (
        make_mesh(frontend={"live_hold_ms": 30}) as mesh,
        asyncio.timeout(60),
        mesh.client.live(FLOATS) as stream,
    ):
        await stream.send("The total is 3")
        responses = aiter(stream)
        first = await anext(responses)
        assert first.speech.segment.spoken_text == "the total is"
        await stream.send(".5")
        await stream.flush()
        spoken = []
        while not spoken:
            response = await anext(responses)
            spoken += [response.speech.segment.spoken_text] if response.speech.HasField("segment") else []
        assert spoken == ["three point five"]


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([pb.SynthesizeLiveRequest(text="Hello.")], "open"),
        ([pb.SynthesizeLiveRequest(open=pb.LiveOptions())] * 2, "open"),
        (
            [pb.SynthesizeLiveRequest(open=pb.LiveOptions(voice=pb.VoiceSelection(name="nobody")))],
            "voice.name",
        ),
        (
            [
                pb.SynthesizeLiveRequest(open=pb.LiveOptions()),
                pb.SynthesizeLiveRequest(interrupt=pb.Interrupt(turn=3)),
            ],
            "interrupt.turn",
        ),
        (
            [
                pb.SynthesizeLiveRequest(open=pb.LiveOptions()),
                pb.SynthesizeLiveRequest(text="Too long. " * 2000),
            ],
            "text",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(
    mesh: Mesh, messages: list[pb.SynthesizeLiveRequest], field: str
) -> None:
    async with grpc.aio.insecure_channel(mesh.target) as channel, asyncio.timeout(30):
        call = speech_pb2_grpc.SpeechServiceStub(channel).SynthesizeLive(iter(messages))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"{field}: ")


async def test_a_turn_of_nothing_speakable_ends_with_a_warning(mesh: Mesh) -> None:
    async with asyncio.timeout(30), mesh.client.live() as stream:
        await stream.send("\U0001f600")
        await stream.done()
        (response,) = [response async for response in stream]
    assert response.speech.summary.audio_s == 0
    assert [warning.code for warning in response.speech.summary.warnings] == ["CHARACTERS_DROPPED"]


async def test_a_caller_who_says_nothing_is_not_waited_for_for_ever(make_mesh: MakeMesh) -> None:
    async with make_mesh(frontend={"live_idle_timeout_s": 0.2}) as mesh, asyncio.timeout(30):
        with pytest.raises(SpeechError, match=r"nothing was said for 0\.2 s"):
            async with mesh.client.live() as stream:
                async for _ in stream:
                    pass


async def test_a_caller_who_never_opens_its_stream_does_not_hold_a_place_for_ever(
    make_mesh: MakeMesh,
) -> None:
    settings = {"live_idle_timeout_s": 0.2, "max_streams": 1}
    async with (
        make_mesh(frontend=settings) as mesh,
        grpc.aio.insecure_channel(mesh.target) as channel,
        asyncio.timeout(30),
    ):
        call = speech_pb2_grpc.SpeechServiceStub(channel).SynthesizeLive()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert await whole(mesh, "Hello.")
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.details() == "nothing was said for 0.2 s"
