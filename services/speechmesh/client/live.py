"""A live stream of the asyncio client: text goes in while audio comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import grpc

from speechmesh.client.errors import speech_error
from speechmesh.client.options import SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb


class AsyncLiveStream:
    """Send text as it is written, and iterate over the responses beside that. Leaving the block cancels what is left.

    The responses are SynthesizeLiveResponse; each says its turn.
    """

    def __init__(self, stub: Any, options: SpeechOptions, timeout_s: float | None) -> None:
        request = options.request("")
        self._open = pb.LiveOptions(
            voice=request.voice,
            prosody=request.prosody,
            audio=request.audio,
            quality_tier=request.quality_tier,
            word_timestamps=request.word_timestamps,
            request_id=request.request_id,
        )
        self._call = stub.SynthesizeLive(timeout=timeout_s)

    async def send(self, text: str) -> None:
        """More text of the turn; the first begins one.

        Raises:
            SpeechError: when the stream has failed.
        """
        await self._write(pb.SynthesizeLiveRequest(text=text))

    async def flush(self) -> None:
        """All that was sent is to be spoken.

        Raises:
            SpeechError: when the stream has failed.
        """
        await self._write(pb.SynthesizeLiveRequest(flush=pb.Flush()))

    async def end_turn(self) -> None:
        """The turn's text is complete; the next text begins another.

        Raises:
            SpeechError: when the stream has failed.
        """
        await self._write(pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))

    async def interrupt(self, turn: int, heard_ms: float) -> None:
        """The listener hears no more of a turn, of which `heard_ms` were played; the answer says what was heard.

        Raises:
            SpeechError: when the stream has failed.
        """
        interrupt = pb.Interrupt(turn=turn, heard_ms=heard_ms)
        await self._write(pb.SynthesizeLiveRequest(interrupt=interrupt))

    async def done(self) -> None:
        """Nothing more will be sent; the responses end when all is spoken."""
        await self._call.done_writing()

    async def __aiter__(self) -> AsyncIterator[pb.SynthesizeLiveResponse]:
        try:
            async for response in self._call:
                yield response
        except grpc.aio.AioRpcError as error:
            raise speech_error(error) from None

    async def _write(self, message: pb.SynthesizeLiveRequest) -> None:
        try:
            await self._call.write(message)
        except grpc.aio.AioRpcError as error:
            raise speech_error(error) from None

    async def __aenter__(self) -> Self:
        await self._write(pb.SynthesizeLiveRequest(open=self._open))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.cancel()  # does nothing to a call that has ended
