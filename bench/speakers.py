"""How the load generator asks a contender: one coroutine a request, which fills a `Stream`."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Protocol, Self

import grpc

from bench.audio import BYTES_PER_SAMPLE, ChunkReader
from bench.figures import Stream
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc

REQUEST_TIMEOUT_S = 120.0
WAV_HEADER_BYTES = 44
_HTTP_READ_BYTES = 1 << 16


class Speaker(Protocol):
    """Speaks texts with one contender."""

    async def speak(self, text: str, stream: Stream) -> None:
        """Speaks `text`, noting in `stream` what comes when; errors are noted, not raised."""
        ...

    async def close(self) -> None:
        """Lets go of connections and threads."""
        ...


def finish(stream: Stream, error: str = "") -> None:
    """Notes the end of a request."""
    stream.error = error
    stream.ended_s = time.monotonic()


class GrpcSpeaker:
    """The mesh, by its raw stubs: no client library between the wire and the clock."""

    def __init__(self, target: str, voice: str, sample_rate_hz: int) -> None:
        self._channel = grpc.aio.insecure_channel(
            target, options=[("grpc.max_receive_message_length", 16 * 1024 * 1024)]
        )
        self._stub: Any = speech_pb2_grpc.SpeechServiceStub(self._channel)
        self._voice = pb.VoiceSelection(name=voice)
        self._sample_rate_hz = sample_rate_hz

    async def speak(self, text: str, stream: Stream) -> None:
        """One Synthesize call."""
        reader = ChunkReader(self._sample_rate_hz)
        request = pb.SynthesizeRequest(text=text, voice=self._voice)
        try:
            async for response in self._stub.Synthesize(request, timeout=REQUEST_TIMEOUT_S):
                if response.audio:
                    stream.chunks.append(reader.chunk(time.monotonic(), response.audio))
                for timing in response.summary.stages:
                    if timing.segment_index == 0:
                        spent = {"queue_ms": timing.queue_ms, "compute_ms": timing.compute_ms}
                        stream.first_segment[timing.stage] = spent
        except grpc.aio.AioRpcError as error:
            finish(stream, error.code().name)
        else:
            finish(stream)

    async def close(self) -> None:
        """Closes the channel."""
        await self._channel.close()


class HttpSpeaker:
    """The seed baseline, by HTTP/1.1 over a socket: the leanest client there is."""

    def __init__(self, host: str, port: int, sample_rate_hz: int) -> None:
        self._host = host
        self._port = port
        self._sample_rate_hz = sample_rate_hz

    async def speak(self, text: str, stream: Stream) -> None:
        """One POST; the answer is a WAV file."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S), _Connection(self._host, self._port) as connection:
                await connection.post(json.dumps({"text": text}).encode(), stream, self._sample_rate_hz)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            finish(stream, type(error).__name__)
        else:
            finish(stream)

    async def close(self) -> None:
        """Nothing is held between requests."""


class _Connection:
    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def post(self, body: bytes, stream: Stream, sample_rate_hz: int) -> None:
        """Sends the request and notes each piece of the body as it comes."""
        self._writer.write(
            b"POST /synthesize HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise ValueError(head.split(b"\r\n", 1)[0].decode(errors="replace"))
        first_byte = await self._reader.readexactly(1)
        first_byte_s = time.monotonic()
        await self._reader.readexactly(WAV_HEADER_BYTES - len(first_byte))
        reader = ChunkReader(sample_rate_hz)
        odd = b""
        while data := await self._reader.read(_HTTP_READ_BYTES):
            data = odd + data
            usable = len(data) - len(data) % BYTES_PER_SAMPLE
            odd = data[usable:]
            # The first byte is what counts as the answer's arrival, header or not.
            at_s = time.monotonic() if stream.chunks else first_byte_s
            stream.chunks.append(reader.chunk(at_s, data[:usable]))
