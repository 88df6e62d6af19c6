"""The clients of the other two stages: channels, one stream a request, errors mapped to ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc

from speechmesh.acoustic.v1 import acoustic_pb2, acoustic_pb2_grpc
from speechmesh.common import metrics
from speechmesh.common.errors import SpeechmeshError, from_stage
from speechmesh.common.telemetry import outgoing_metadata
from speechmesh.vocoder.v1 import vocoder_pb2, vocoder_pb2_grpc

Req = TypeVar("Req")
Res = TypeVar("Res")

_LIST_TIMEOUT_S = 5.0
# Streams are spread over the replicas whose health says SERVING: none that warms up or drains.
_SERVICE_CONFIG = json.dumps(
    {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
)


class StageStream(Generic[Req, Res]):
    """One request's bidirectional stream to a stage. Leaving the block cancels what still runs."""

    def __init__(self, stage: str, call: Any, answer_s: float) -> None:
        """`answer_s`: how long is waited until the stage says that it has taken the stream."""
        self._stage = stage
        self._call = call
        self._answer_s = answer_s
        self._failed = False

    async def send(self, message: Req) -> None:
        """Sends a message; waits while the stage does not take more.

        Raises:
            SpeechmeshError: when the stream has failed.
        """
        await self._guard(lambda: self._call.write(message))

    async def close(self) -> None:
        """Says that nothing more will be sent."""
        await self._guard(self._call.done_writing)

    async def responses(self) -> AsyncIterator[Res]:
        """The stage's messages until it ends the stream.

        Raises:
            SpeechmeshError: when the stream fails, or the stage is there and does not take it.
        """
        try:
            await self._taken()
            async for response in self._call:
                yield response
        except grpc.aio.AioRpcError as error:
            raise self._note(error) from error

    async def _taken(self) -> None:
        try:
            async with asyncio.timeout(self._answer_s) as wait:
                await self._call.initial_metadata()
        except TimeoutError:
            if not wait.expired():
                raise
            nothing = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(
                grpc.StatusCode.UNAVAILABLE, nothing, nothing, f"no answer within {self._answer_s:g} s"
            ) from None

    async def _guard(self, operation: Callable[[], Awaitable[None]]) -> None:
        try:
            await operation()
        except grpc.aio.AioRpcError as error:
            raise self._note(error) from error
        except asyncio.InvalidStateError as error:  # the stream had ended before
            raise await self._failure() from error

    async def _failure(self) -> SpeechmeshError:
        return self._note(
            grpc.aio.AioRpcError(
                await self._call.code(),
                await self._call.initial_metadata(),
                await self._call.trailing_metadata(),
                await self._call.details(),
            )
        )

    def _note(self, error: grpc.aio.AioRpcError) -> SpeechmeshError:
        """What the stream failed with, which several tasks may come upon; it is counted once."""
        if not self._failed:
            self._failed = True
            labels = {metrics.STAGE: self._stage, metrics.CODE: error.code().name}
            metrics.FRONTEND_STAGE_FAILURES.add(1, labels)
        return from_stage(self._stage, error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.cancel()


AcousticStream = StageStream[acoustic_pb2.StreamFramesRequest, acoustic_pb2.StreamFramesResponse]
VocoderStream = StageStream[vocoder_pb2.StreamAudioRequest, vocoder_pb2.StreamAudioResponse]


class Stages:
    """The acoustic and the vocoder stage, each behind one balanced channel."""

    def __init__(
        self, acoustic_target: str, vocoder_target: str, *, max_message_bytes: int, answer_s: float
    ) -> None:
        self._answer_s = answer_s
        options = [
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.max_send_message_length", max_message_bytes),
            # A stage that comes back is found within a second, not after minutes of back-off.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.dns_min_time_between_resolutions_ms", 1000),
            # A stage whose machine vanished is noticed, also while nothing is sent to it, and where TCP still answers.
            ("grpc.keepalive_time_ms", 10_000),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.keepalive_timeout_ms", 5_000),
            ("grpc.http2.ping_timeout_ms", 5_000),
        ]
        self._channels = [
            grpc.aio.insecure_channel(target, options=options) for target in (acoustic_target, vocoder_target)
        ]
        self._acoustic = acoustic_pb2_grpc.AcousticServiceStub(self._channels[0])
        self._vocoder = vocoder_pb2_grpc.VocoderServiceStub(self._channels[1])

    def acoustic(self, timeout_s: float | None) -> AcousticStream:
        """Opens a stream to the acoustic stage, in the current trace."""
        call = self._acoustic.StreamFrames(timeout=timeout_s, metadata=outgoing_metadata())
        return StageStream("acoustic", call, self._answer_s)

    def vocoder(self, timeout_s: float | None) -> VocoderStream:
        """Opens a stream to the vocoder stage, in the current trace."""
        call = self._vocoder.StreamAudio(timeout=timeout_s, metadata=outgoing_metadata())
        return StageStream("vocoder", call, self._answer_s)

    async def acoustic_models(self) -> list[acoustic_pb2.AcousticModel]:
        """What the acoustic stage has loaded.

        Raises:
            SpeechmeshError: when it cannot be asked.
        """
        try:
            response = await self._acoustic.ListModels(
                acoustic_pb2.ListModelsRequest(), timeout=_LIST_TIMEOUT_S
            )
        except grpc.aio.AioRpcError as error:
            raise from_stage("acoustic", error) from error
        return list(response.models)

    async def vocoder_models(self) -> list[vocoder_pb2.VocoderModel]:
        """What the vocoder stage serves.

        Raises:
            SpeechmeshError: when it cannot be asked.
        """
        try:
            response = await self._vocoder.ListModels(
                vocoder_pb2.ListModelsRequest(), timeout=_LIST_TIMEOUT_S
            )
        except grpc.aio.AioRpcError as error:
            raise from_stage("vocoder", error) from error
        return list(response.models)

    async def aclose(self) -> None:
        """Closes the channels."""
        for channel in self._channels:
            await channel.close()
