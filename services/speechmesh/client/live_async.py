"""A live stream of the asyncio client: text goes in while audio comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from types import TracebackType
from typing import Any, Self

import grpc

from speechmesh.client.attempts import AsyncAttempts
from speechmesh.client.errors import SpeechError, call_error, is_task_cancelled, speech_error
from speechmesh.client.live import is_last
from speechmesh.client.options import SpeechOptions
from speechmesh.client.turns import Turns
from speechmesh.speech.v1 import speech_pb2 as pb


class AsyncLiveStream:
    """Speaks turns by `speak`; or send text by `send`, and iterate over the responses beside that.

    The responses are SynthesizeLiveResponse; each says its turn. Leaving the block cancels what is left.
    """

    def __init__(self, stub: Any, options: SpeechOptions, timeout_s: float | None) -> None:
        self._turns = Turns()
        # The turns are counted in the order of the messages, of which gRPC takes one at a time.
        self._lock = asyncio.Lock()
        self._open = options.live()
        self._attempts = AsyncAttempts(lambda timeout_s: stub.SynthesizeLive(timeout=timeout_s), timeout_s)

    @property
    def n_turns(self) -> int:
        """How many turns have begun."""
        return self._turns.count

    async def send(self, text: str) -> None:
        """More text of the turn; the first begins one.

        Raises:
            SpeechError: when the stream has failed.
        """
        async with self._lock:
            self._turns.text()
            await self._write(pb.SynthesizeLiveRequest(text=text))

    async def flush(self) -> None:
        """All that was sent is to be spoken.

        Raises:
            SpeechError: when the stream has failed.
        """
        async with self._lock:
            await self._write(pb.SynthesizeLiveRequest(flush=pb.Flush()))

    async def end_turn(self) -> None:
        """The turn's text is complete; the next text begins another.

        Raises:
            SpeechError: when the stream has failed.
        """
        async with self._lock:
            self._turns.end()
            await self._write(pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))

    async def interrupt(self, turn: int, heard_ms: float) -> None:
        """The listener hears no more of a turn, of which `heard_ms` were played; the answer says what was heard.

        Raises:
            SpeechError: when the stream has failed.
        """
        async with self._lock:
            self._turns.interrupt(turn)
            interrupt = pb.Interrupt(turn=turn, heard_ms=heard_ms)
            await self._write(pb.SynthesizeLiveRequest(interrupt=interrupt))

    async def done(self) -> None:
        """Nothing more will be sent; the responses end when all is spoken."""
        async with self._lock:  # behind what others are sending
            await self._attempts.call.done_writing()

    async def speak(self, pieces: AsyncIterable[str]) -> AsyncIterator[pb.SynthesizeLiveResponse]:
        """Speaks one turn: its text is taken in a task of its own, as it comes, while the responses are given.

        They end with the turn's summary, or with what was heard when another task has interrupted it; no more of its
        text is taken then, nor once the iteration is left. What is left of an earlier turn may come before them. What
        `pieces` raises ends the stream and is raised.

        Raises:
            SpeechError: when the call fails.
        """
        async with self._lock:  # what others send is of the turn before it
            self._turns.end()
            await self._write(pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))
            self._turns.text()
            turn = self._turns.count - 1
            # Begins the turn on the server as well, whenever its first text comes.
            await self._write(pb.SynthesizeLiveRequest(text=""))
        failures: list[BaseException] = []

        async def send() -> None:
            try:
                # gRPC cancels the call of a write that is cancelled: those are let finish.
                async for piece in pieces:
                    if not await asyncio.shield(self._send_of(turn, pb.SynthesizeLiveRequest(text=piece))):
                        return
                await asyncio.shield(self._send_of(turn, pb.SynthesizeLiveRequest(end_turn=pb.EndTurn())))
            except (Exception, asyncio.CancelledError) as error:  # whoever iterates gets it
                # Of a turn that is over, its text may have been closed: the stream goes on.
                if not is_task_cancelled() and self._turns.is_open(turn):
                    failures.append(error)
                    self._attempts.cancel()

        sending = asyncio.create_task(send())
        try:
            async for response in self:
                yield response
                if response.turn == turn and is_last(response):
                    return
        except (SpeechError, asyncio.CancelledError):
            if failures:
                raise failures[0] from None
            raise
        finally:
            sending.cancel()

    async def __aiter__(self) -> AsyncIterator[pb.SynthesizeLiveResponse]:
        try:
            async for response in self._attempts.call:
                yield response
        except grpc.aio.AioRpcError as error:
            raise speech_error(error) from None
        except asyncio.CancelledError:
            if is_task_cancelled():
                raise
            raise await call_error(self._attempts.call) from None

    async def _send_of(self, turn: int, message: pb.SynthesizeLiveRequest) -> bool:
        """Sends what belongs to a turn; False when that is over."""
        async with self._lock:
            if not self._turns.is_open(turn):
                return False
            if message.HasField("end_turn"):
                self._turns.end()
            await self._write(message)
            return True

    async def _write(self, message: pb.SynthesizeLiveRequest) -> None:
        try:
            await self._attempts.call.write(message)
        except grpc.aio.AioRpcError as error:
            raise speech_error(error) from None
        except asyncio.InvalidStateError:
            if not self._attempts.call.done():
                raise
            # gRPC may call it INTERNAL where a write met the server's end of it.
            raise await call_error(self._attempts.call) from None
        except asyncio.CancelledError:
            if is_task_cancelled():
                raise
            # Of a call that is left amid a write gRPC itself may say INTERNAL.
            raise SpeechError(grpc.StatusCode.CANCELLED, "the stream was left") from None

    async def __aenter__(self) -> Self:
        try:
            await self._attempts.first(self._taken)
        except asyncio.CancelledError:
            self._attempts.cancel()  # nobody leaves a block that was not entered
            raise
        return self

    async def _taken(self, call: Any) -> None:
        await self._write(pb.SynthesizeLiveRequest(open=self._open))
        # The server says at once whether it takes the stream. Of a write that meets its refusal gRPC may keep
        # nothing but that it failed: nothing more is written before.
        await call.initial_metadata()
        if call.done():
            raise await call_error(call)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._attempts.cancel()  # does nothing to a call that has ended
