"""Calls without a deadline end when the server's machine vanishes, and servers permit what finds that out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

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


class Way:
    """The way to a server, by which nothing comes any more once it is cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cut = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        self._cut.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Its target."""
        listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, back), (there, writer)):
            self._tasks.add(asyncio.create_task(self._carry(source, sink)))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):  # the client lets go of it, and connects anew
                while data := await source.read(1 << 16):
                    if not self._cut.is_set():
                        sink.write(data)
                        await sink.drain()
        finally:
            sink.close()


async def test_a_call_ends_when_the_server_vanishes_however_long_it_was_silent() -> None:
    server = grpc.aio.server(options=[("grpc.http2.min_ping_interval_without_data_ms", 10)])
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(Silent(), server)
    way = Way(server.add_insecure_port("127.0.0.1:0"))
    await server.start()
    async with way.open() as target:
        channel = grpc.aio.insecure_channel(target, options=list(FAST.items()))
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
            way.cut()
            with pytest.raises(SpeechError) as caught:
                await waiting
    await server.stop(None)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE


def test_servers_permit_the_clients_pings() -> None:
    assert dict(CHANNEL_OPTIONS)["grpc.keepalive_time_ms"] > 2 * MIN_PING_INTERVAL_MS
