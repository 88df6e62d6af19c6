"""Calls without a deadline end when the server's machine vanishes, and servers permit what finds that out."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import grpc
import pytest

from speechmesh.client import AsyncClient, SpeechError
from speechmesh.client.options import CHANNEL_OPTIONS
from speechmesh.common.server import MIN_PING_INTERVAL_MS
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc

# As the client's, but a hundred times as fast.
FAST = {
    name: value // 100 if name in ("grpc.keepalive_time_ms", "grpc.http2.ping_timeout_ms") else value
    for name, value in CHANNEL_OPTIONS
}
PING_INTERVAL_S = FAST["grpc.keepalive_time_ms"] / 1000


class Silent(speech_pb2_grpc.SpeechServiceServicer):
    """Begins to speak, and says no more."""

    async def Synthesize(
        self, request: pb.SynthesizeRequest, context: object
    ) -> AsyncIterator[pb.SynthesizeResponse]:
        yield pb.SynthesizeResponse(audio=b"1")
        await asyncio.Event().wait()


async def serve(told: Connection) -> None:
    server = grpc.aio.server(options=[("grpc.http2.min_ping_interval_without_data_ms", 10)])
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(Silent(), server)
    told.send(server.add_insecure_port("127.0.0.1:0"))
    await server.start()
    await server.wait_for_termination()


def run_server(told: Connection) -> None:
    asyncio.run(serve(told))


@pytest.fixture
def server() -> Iterator[tuple[SpawnProcess, int]]:
    """A process and its port."""
    spawn = multiprocessing.get_context("spawn")
    told, telling = spawn.Pipe(duplex=False)
    process = spawn.Process(target=run_server, args=(telling,), daemon=True)
    process.start()
    with told, telling:
        yield process, told.recv()
    process.kill()  # ends a stopped one, too
    process.join()
    process.close()


async def test_a_call_ends_when_the_server_vanishes_however_long_it_was_silent(
    server: tuple[SpawnProcess, int],
) -> None:
    process, port = server
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=list(FAST.items()))
    async with (
        asyncio.timeout(20),
        AsyncClient(channel=channel) as client,
        client.synthesize("Hi.") as stream,
    ):
        responses = aiter(stream)
        await anext(responses)
        waiting = asyncio.ensure_future(anext(responses))
        await asyncio.wait({waiting}, timeout=8 * PING_INTERVAL_S)
        assert not waiting.done()  # the server is there, and permits pings
        os.kill(process.ident or 0, signal.SIGSTOP)  # only its kernel still answers
        with pytest.raises(SpeechError) as caught:
            await waiting
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE


def test_servers_permit_the_clients_pings() -> None:
    assert dict(CHANNEL_OPTIONS)["grpc.keepalive_time_ms"] > 2 * MIN_PING_INTERVAL_MS
