"""The asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from speechmesh.client.attempts import AsyncAttempts
from speechmesh.client.errors import SpeechError, call_error, is_task_cancelled, speech_error
from speechmesh.client.files import AudioFile, check_name
from speechmesh.client.live_async import AsyncLiveStream
from speechmesh.client.options import CHANNEL_OPTIONS, DEFAULT_TARGET, SpeechOptions
from speechmesh.client.stream import StreamState
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc


class AsyncSpeechStream(StreamState[AsyncAttempts]):
    """Audio as it comes: iterate over the responses. Leaving the block cancels what is left."""

    def __init__(self, stub: Any, request: pb.SynthesizeRequest, timeout_s: float | None) -> None:
        super().__init__(stub, request, timeout_s, AsyncAttempts)

    async def __aiter__(self) -> AsyncGenerator[pb.SynthesizeResponse]:
        try:
            response = await self._attempts.first(_next)
            while response is not None:
                self._note(response)
                yield response
                response = await _next(self._attempts.call)
        except grpc.aio.AioRpcError as error:
            self._fail()
            raise speech_error(error) from None
        except SpeechError:
            self._fail()
            raise
        except asyncio.CancelledError:
            self._fail()
            if is_task_cancelled():
                raise
            raise await call_error(self._attempts.call) from None
        finally:
            self._end()

    async def read(self) -> bytes:
        """All of the audio."""
        return b"".join([response.audio async for response in self])

    async def write(self, path: str | Path) -> pb.Summary:
        """Writes the audio into a file as it comes, see SpeechStream.write; the disk does not hold up the event loop.

        Raises:
            SpeechError: when the call fails.
            ValueError: when the file's name says another coding.
            OSError: when the file cannot be written.
        """
        files: list[AudioFile] = []

        def add(response: pb.SynthesizeResponse) -> None:
            if not files and self.header is not None:
                check_name(path, self.header)
                files.append(AudioFile(path, self.header))
            for file in files:
                file.add(response)

        def close() -> None:
            for file in files:
                file.close()

        # One thread: whoever is cancelled leaves it with what it does, and the file is closed behind that.
        disk = ThreadPoolExecutor(1, "speechmesh-file")
        run = asyncio.get_running_loop().run_in_executor
        try:
            async with aclosing(aiter(self)) as responses:
                async for response in responses:
                    await run(disk, add, response)
        finally:
            closing = run(disk, close)
            disk.shutdown(wait=False)
            if files:  # else it may be a pipe that nobody opens for reading
                await closing
        return self.summary or pb.Summary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


async def _next(call: Any) -> pb.SynthesizeResponse | None:
    """The next response, None at the end."""
    return await anext(aiter(call), None)


class AsyncClient:
    """A connection to a speechmesh frontend, for one event loop. Calls that no server takes: see Client."""

    def __init__(self, target: str = DEFAULT_TARGET, *, channel: grpc.aio.Channel | None = None) -> None:
        """Connects to `target` (host:port or a gRPC target), or takes a channel of the caller's own (TLS, say)."""
        self._channel = channel or grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        self._stub: Any = speech_pb2_grpc.SpeechServiceStub(self._channel)

    def synthesize(
        self,
        text: str,
        options: SpeechOptions | None = None,
        *,
        ssml: bool = False,
        timeout_s: float | None = None,
    ) -> AsyncSpeechStream:
        """Speaks a text, or an SSML document where `ssml` says so; audio comes as the stream is iterated.

        Raises:
            SpeechError: from the iteration, when the call fails.
        """
        request = (options or SpeechOptions()).request(text, ssml=ssml)
        return AsyncSpeechStream(self._stub, request, timeout_s)

    def live(
        self, options: SpeechOptions | None = None, *, timeout_s: float | None = None
    ) -> AsyncLiveStream:
        """Speaks text that is still being written, turn by turn; to be used as a context manager.

        Raises:
            SpeechError: from its methods, when the call fails.
        """
        return AsyncLiveStream(self._stub, options or SpeechOptions(), timeout_s)

    async def voices(self, language: str = "", *, timeout_s: float = 10.0) -> list[pb.Voice]:
        """The voices, the default one first.

        Raises:
            SpeechError: when the call fails.
        """
        request = pb.ListVoicesRequest(language=language)

        def start(timeout_s: float | None) -> Any:
            return self._stub.ListVoices(request, timeout=timeout_s)

        async def answer(call: Any) -> pb.ListVoicesResponse:
            response: pb.ListVoicesResponse = await call
            return response

        attempts = AsyncAttempts(start, timeout_s)
        try:
            response = await attempts.first(answer)
        except asyncio.CancelledError:
            if is_task_cancelled():
                raise
            raise await call_error(attempts.call) from None
        finally:
            attempts.cancel()
        return list(response.voices)

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
