"""The Python client against the three services: documents, lexicons and live turns, sync and async."""

from __future__ import annotations

import asyncio
import os
import threading
import wave
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import grpc
import numpy as np
import pytest

from speechmesh.client import Client, LexiconEntry, SpeechError, SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.conftest import Mesh

TIMED = SpeechOptions(
    word_timestamps=True,
    phoneme_timestamps=True,
    lexicon=[LexiconEntry("nginx", respelling="engine x")],
)
LONG = "Whoever hears this sentence to its end has waited for quite a while. " * 120
DOCUMENT = "<speak>We run <mark name='here'/>nginx.</speak>"


def spoken(responses: list[pb.SynthesizeResponse]) -> str:
    return " ".join(r.segment.spoken_text for r in responses if r.HasField("segment"))


def turn(responses: list[pb.SynthesizeLiveResponse]) -> str:
    return spoken([response.speech for response in responses])


def has_times(responses: list[pb.SynthesizeResponse]) -> bool:
    words = [word for response in responses for word in response.words]
    phonemes = [phoneme for response in responses for phoneme in response.phonemes]
    return bool(words) and phonemes[-1].end_ms == pytest.approx(words[-1].end_ms)


async def test_a_document_with_a_lexicon_is_spoken(mesh: Mesh) -> None:
    async with mesh.client.synthesize(DOCUMENT, TIMED, ssml=True) as stream:
        responses = [response async for response in stream]
    assert spoken(responses) == "we run engine x"
    assert has_times(responses)
    assert [mark.name for response in responses for mark in response.marks] == ["here"]

    def synchronous() -> list[pb.SynthesizeResponse]:
        with Client(mesh.target) as client, client.synthesize(DOCUMENT, TIMED, ssml=True) as stream:
            return list(stream)

    assert spoken(await asyncio.to_thread(synchronous)) == "we run engine x"


async def test_both_clients_write_the_same_file(mesh: Mesh, tmp_path: Path) -> None:
    def synchronous() -> pb.Summary:
        with Client(mesh.target) as client, client.synthesize("To a file.") as stream:
            return stream.write(tmp_path / "sync.wav")

    async with mesh.client.synthesize("To a file.") as stream:
        summary = await stream.write(tmp_path / "async.wav")
    assert summary.audio_s == (await asyncio.to_thread(synchronous)).audio_s > 0.3
    samples = []
    for name in ("async.wav", "sync.wav"):
        with wave.open(str(tmp_path / name)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(summary.audio_s)
            samples.append(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int))
    heads = [(tmp_path / name).read_bytes()[:44] for name in ("async.wav", "sync.wav")]
    assert heads[0] == heads[1]
    assert np.abs(samples[0] - samples[1]).max() <= 4  # chunks of other lengths are rounded otherwise


@pytest.mark.parametrize(
    ("encoding", "name"), [("pcm_s16le", "a.mp3"), ("mp3", "a.wav"), ("wav", "a.pcm"), ("pcm_f32le", "a.WAV")]
)
async def test_a_file_whose_name_says_another_coding_is_not_written(
    mesh: Mesh, tmp_path: Path, encoding: str, name: str
) -> None:
    options = SpeechOptions(encoding=encoding)

    def synchronous() -> None:
        with Client(mesh.target) as client:
            client.synthesize("To a file.", options).write(tmp_path / name)

    with pytest.raises(ValueError, match=f"the audio is {encoding}; for {Path(name).suffix.lower()} ask for"):
        await asyncio.to_thread(synchronous)
    with pytest.raises(ValueError, match=f"the audio is {encoding}"):
        await mesh.client.synthesize("To a file.", options).write(tmp_path / name)
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_a_file_that_cannot_be_written_ends_the_call(mesh: Mesh, tmp_path: Path) -> None:
    async with mesh.client.synthesize(LONG) as stream:
        with pytest.raises(IsADirectoryError):
            await stream.write(tmp_path)
        with pytest.raises(SpeechError) as caught:
            await stream.read()
    assert caught.value.code is grpc.StatusCode.CANCELLED


async def test_turns_are_spoken_while_a_generator_writes_them(mesh: Mesh) -> None:
    def converse() -> list[list[pb.SynthesizeLiveResponse]]:
        with Client(mesh.target) as client, client.live(TIMED, timeout_s=60) as stream:
            return [list(stream.speak(iter(text))) for text in ("We run nginx.", "", "And a second one.")]

    first, empty, second = await asyncio.to_thread(converse)
    assert [turn(responses) for responses in (first, empty, second)] == [
        "we run engine x",
        "",
        "and a second one",
    ]
    assert [{response.turn for response in turns} for turns in (first, empty, second)] == [{0}, {1}, {2}]
    assert has_times([response.speech for response in first])


async def test_another_thread_interrupts_and_no_more_text_is_taken(mesh: Mesh) -> None:
    taken: list[str] = []
    interrupted = threading.Event()

    def endless() -> Iterator[str]:
        for i in range(10_000):
            taken.append(f"Sentence number {i % 10} is here. ")
            yield taken[-1]
            if i > 5:  # as fast as somebody writes who is listened to
                interrupted.wait(0.2)

    def converse() -> tuple[list[pb.SynthesizeLiveResponse], str]:
        with Client(mesh.target) as client, client.live(TIMED, timeout_s=60) as stream:
            responses = []
            for response in stream.speak(endless()):
                responses.append(response)
                if response.speech.words and not interrupted.is_set():
                    interrupting = threading.Thread(target=stream.interrupt, args=(0, 700.0))
                    interrupting.start()
                    interrupting.join()
                    interrupted.set()
            return responses, turn(list(stream.speak(["Another."])))

    responses, after = await asyncio.to_thread(converse)
    assert responses[-1].interrupted.heard_ms == 700.0
    assert "".join(taken)[: responses[-1].interrupted.text_end].split()[-1].lower() == (
        responses[-1].interrupted.last_word
    )
    assert after == "another"
    assert len(taken) < 10_000


async def test_the_asyncio_client_speaks_a_generator_too(mesh: Mesh) -> None:
    async def pieces(text: str) -> AsyncIterator[str]:
        for character in text:
            yield character

    async def endless() -> AsyncIterator[str]:
        while True:
            yield "Again and again. "
            await asyncio.sleep(0.01)

    async with asyncio.timeout(60), mesh.client.live(TIMED) as stream:
        assert turn([r async for r in stream.speak(pieces("We run nginx."))]) == "we run engine x"
        responses = []
        async for response in stream.speak(endless()):
            responses.append(response)
            if len(responses) == 3:
                await stream.interrupt(stream.n_turns - 1, 0.0)
        assert responses[-1].HasField("interrupted")
        last = [r async for r in stream.speak(pieces("Good bye."))]
    assert turn(last) == "good bye"
    assert all(before.turn <= after.turn for before, after in pairwise(last))


class Broken(Exception):
    pass


async def test_what_a_generator_raises_comes_out_of_the_stream(mesh: Mesh) -> None:
    def pieces() -> Iterator[str]:
        yield "Hello. "
        raise Broken

    async def apieces() -> AsyncIterator[str]:
        for piece in pieces():
            yield piece

    def converse() -> None:
        with Client(mesh.target) as client, client.live(timeout_s=60) as stream:
            list(stream.speak(pieces()))

    with pytest.raises(Broken):
        await asyncio.to_thread(converse)
    async with asyncio.timeout(60), mesh.client.live() as stream:
        with pytest.raises(Broken):
            [response async for response in stream.speak(apieces())]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([LexiconEntry("x", ipa="ʘ")], "lexicon[0]"),
        ([LexiconEntry(f"w{i}", respelling="x") for i in range(501)], "lexicon"),
    ],
)
async def test_a_refused_stream_raises_with_the_field(
    mesh: Mesh, entries: list[LexiconEntry], field: str
) -> None:
    options = SpeechOptions(lexicon=entries)

    def converse() -> None:
        with Client(mesh.target) as client, client.live(options, timeout_s=60) as stream:
            list(stream.speak(["Hello."]))

    with pytest.raises(SpeechError) as caught:
        await asyncio.to_thread(converse)
    assert caught.value.field == field
    for _ in range(10):  # a write that met the refusal would now and then lose what it says
        with pytest.raises(SpeechError) as refused:
            async with asyncio.timeout(60), mesh.client.live(options) as stream:
                [response async for response in stream.speak(_hello())]
        assert refused.value.field == field


class Reading:
    """A task that reads a stream to its end, or the error that it ends with."""

    def __init__(self, responses: AsyncIterable[object]) -> None:
        self._responses = responses
        self.begun = asyncio.Event()
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> SpeechError | None:
        try:
            async for _ in self._responses:
                self.begun.set()
        except SpeechError as error:
            await asyncio.sleep(0)  # the task goes on
            return error
        return None


async def test_who_reads_a_stream_that_another_task_cancels_gets_an_error_as_a_thread_does(
    mesh: Mesh,
) -> None:
    async with asyncio.timeout(60), mesh.client.synthesize(LONG) as stream:
        reading = Reading(stream)
        await reading.begun.wait()
        stream.cancel()
        error = await reading.task
    assert error is not None
    assert error.code is grpc.StatusCode.CANCELLED

    def synchronous() -> None:
        with Client(mesh.target) as client, client.synthesize(LONG) as stream:
            for _ in stream:
                stream.cancel()

    with pytest.raises(SpeechError, match="CANCELLED"):
        await asyncio.to_thread(synchronous)


async def test_who_reads_a_live_stream_that_another_task_leaves_gets_an_error(mesh: Mesh) -> None:
    async with asyncio.timeout(60):
        async with mesh.client.live() as stream:
            await stream.send(LONG)
            await stream.flush()
            reading = Reading(stream)
            await reading.begun.wait()
        error = await reading.task
    assert error is not None
    assert error.code is grpc.StatusCode.CANCELLED


async def test_a_task_that_is_cancelled_while_it_reads_ends_as_cancelled(mesh: Mesh) -> None:
    async with mesh.client.live() as live:
        await live.send(LONG)
        await live.flush()
        for stream in (mesh.client.synthesize(LONG), live):
            reading = Reading(stream)
            await reading.begun.wait()
            reading.task.cancel()
            await asyncio.wait({reading.task})
            assert reading.task.cancelled()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await mesh.client.synthesize(LONG).read()


async def _hello() -> AsyncIterator[str]:
    yield "Hello."
