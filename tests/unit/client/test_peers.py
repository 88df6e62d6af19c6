"""What the clients do when a server, or another task or thread of the caller's, leaves in the middle of a call."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from speechmesh.client import AsyncClient, Client, SpeechError
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc

_PATIENCE_S = 10.0
BIG = "x" * 200_000  # more than a stream takes before its server reads


class Server(speech_pb2_grpc.SpeechServiceServicer):
    """Answers when it is told to.

    Attributes:
        says_at_once: whether a live stream is told that it was taken.
        reads: a live stream's messages are read.
        fails: a live stream fails at its first text.
        received: the messages that were read.
        called: a call has come.
        ended: a call has ended.
    """

    def __init__(self) -> None:
        self.port = 0
        self.says_at_once = True
        self.reads = threading.Event()
        self.fails = False
        self.received: list[pb.SynthesizeLiveRequest] = []
        self.called, self.ended = threading.Event(), threading.Event()

    def _take(self, context: grpc.ServicerContext) -> None:
        context.add_callback(self.ended.set)
        self.called.set()

    def ListVoices(
        self, request: pb.ListVoicesRequest, context: grpc.ServicerContext
    ) -> pb.ListVoicesResponse:
        self._take(context)
        self.ended.wait(_PATIENCE_S)
        return pb.ListVoicesResponse()

    def SynthesizeLive(
        self, requests: Iterator[pb.SynthesizeLiveRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeLiveResponse]:
        self._take(context)
        if self.says_at_once:
            context.send_initial_metadata(())
        while not (self.reads.wait(0.05) or self.ended.is_set()):
            pass
        for request in requests:
            self.received.append(request)
            if self.fails and request.text:
                context.abort(grpc.StatusCode.INTERNAL, "it fails")
            if request.HasField("interrupt"):
                yield pb.SynthesizeLiveResponse(turn=request.interrupt.turn, interrupted=pb.Interrupted())
        yield pb.SynthesizeLiveResponse(speech=pb.SynthesizeResponse(summary=pb.Summary()))

    @property
    def texts(self) -> list[str]:
        """What was received: texts, and "/" where a turn ends."""
        return ["/" if each.HasField("end_turn") else each.text for each in self.received[1:]]


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    grpc_server = grpc.server(ThreadPoolExecutor(2))
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(serving, grpc_server)
    serving.port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    yield serving
    grpc_server.stop(None).wait()


def target(server: Server) -> str:
    return f"127.0.0.1:{server.port}"


async def came(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, _PATIENCE_S)


async def received(server: Server, n_texts: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while len(server.texts) < n_texts:  # noqa: ASYNC110 - another thread's doing
            await asyncio.sleep(0.01)


async def test_who_asks_for_voices_by_a_client_that_another_task_closes_gets_an_error(server: Server) -> None:
    client = AsyncClient(target(server))
    asking = asyncio.create_task(client.voices())
    assert await came(server.called)
    await client.close()
    with pytest.raises(SpeechError, match="CANCELLED"):
        await asking


async def test_who_sends_to_a_stream_that_another_task_leaves_gets_an_error(server: Server) -> None:
    async def send(n_sent: list[int]) -> None:
        while True:
            await stream.send(BIG)
            n_sent[0] += 1

    async with AsyncClient(target(server)) as client:
        async with client.live() as stream:
            n_sent = [0]
            sending = asyncio.create_task(send(n_sent))
            before = -1
            while n_sent[0] > before:  # until the server's window is full
                before = n_sent[0]
                await asyncio.sleep(0.2)
        with pytest.raises(SpeechError, match="CANCELLED"):
            await sending


async def test_what_is_being_sent_is_sent_before_the_end(server: Server) -> None:
    async with AsyncClient(target(server)) as client, client.live() as stream:
        sending = [asyncio.create_task(stream.send(BIG)) for _ in range(4)]
        ending = asyncio.create_task(stream.done())
        await asyncio.sleep(0.1)
        server.reads.set()
        await asyncio.gather(*sending, ending)
        assert [response async for response in stream]
    assert server.texts == [BIG] * 4


async def test_what_another_task_sends_is_of_no_turn_that_is_spoken(server: Server) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield "spoken"

    async def speak() -> None:
        async for _ in stream.speak(pieces()):
            pass

    server.reads.set()
    async with AsyncClient(target(server)) as client, client.live() as stream:
        speaking = asyncio.create_task(speak())
        await asyncio.gather(stream.send("of the turn before"), received(server, 2))
        assert server.texts[:2] == ["/", ""]
        await stream.done()
        await speaking


@pytest.mark.parametrize("reached", [True, False])
async def test_a_stream_that_was_not_entered_in_time_is_left(server: Server, reached: bool) -> None:
    server.says_at_once = False
    async with AsyncClient(target(server)) as client:
        stream = client.live()
        entering = asyncio.create_task(stream.__aenter__())
        if reached:
            assert await came(server.called)
        else:
            await asyncio.sleep(0)  # it has begun, and is not under way
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        assert stream._attempts.call.cancelled()
        assert not reached or await came(server.ended)


@pytest.mark.parametrize("fails", [True, False])
def test_no_more_text_is_taken_of_a_turn_whose_iteration_has_ended(server: Server, fails: bool) -> None:
    taken: list[str] = []

    def pieces() -> Iterator[str]:
        while len(taken) < 1000:
            taken.append("piece")
            yield "piece"
            time.sleep(0.01)  # as somebody writes

    server.fails = fails
    server.reads.set()
    with Client(target(server)) as client, client.live() as stream:
        speaking = stream.speak(pieces())
        if fails:
            with pytest.raises(SpeechError, match="it fails"):
                next(speaking)
        else:
            threading.Timer(0.2, stream.done).start()
            next(speaking)
            del speaking
        n_taken = len(taken)
        time.sleep(0.4)  # in which forty more would be taken
        assert len(taken) <= n_taken + 1  # the piece that was under way


async def test_text_that_is_cancelled_where_it_is_written_ends_the_stream(server: Server) -> None:
    writing = asyncio.create_task(asyncio.sleep(10.0, ""))

    async def pieces() -> AsyncIterator[str]:
        yield "piece"
        writing.cancel()
        yield await writing

    server.reads.set()
    async with AsyncClient(target(server)) as client, client.live() as stream:
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(3.0):  # which would be a TimeoutError
                async for _ in stream.speak(pieces()):
                    pass


class Closed(Exception):
    """What reading from a text raises that was closed."""


async def test_the_text_of_an_interrupted_turn_may_be_closed(server: Server) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield "piece"
        try:
            await asyncio.sleep(_PATIENCE_S)
        finally:
            raise Closed

    async def interrupt(turn: int) -> None:
        await asyncio.sleep(0.1)
        await stream.interrupt(turn, 0.0)

    server.reads.set()
    async with AsyncClient(target(server)) as client, client.live() as stream:
        for turn in range(2):
            interrupting = asyncio.create_task(interrupt(turn))
            responses = [response async for response in stream.speak(pieces())]
            assert [response.HasField("interrupted") for response in responses] == [True]
            await interrupting
            await asyncio.sleep(0.1)


def test_the_text_of_an_interrupted_turn_may_be_closed_in_its_thread(server: Server) -> None:
    closed = threading.Event()

    def pieces() -> Iterator[str]:
        yield "piece"
        closed.wait(_PATIENCE_S)
        raise Closed

    server.reads.set()
    with Client(target(server)) as client, client.live() as stream:
        for turn in range(2):
            closed.clear()
            threading.Timer(0.1, stream.interrupt, (turn, 0.0)).start()
            assert [response.HasField("interrupted") for response in stream.speak(pieces())] == [True]
            closed.set()
            time.sleep(0.2)  # in which the thread that reads would end the stream
