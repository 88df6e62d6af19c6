"""The Triton backend: one unary KServe-v2 ModelInfer a window."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from speechmesh.common.errors import Incompatible, Internal, Overloaded, Unavailable
from speechmesh.common.features import FloatArray
from speechmesh.common.telemetry import outgoing_metadata
from speechmesh.vocoder.backends import Priority, VocoderModel

log = logging.getLogger(__name__)

# A window is a pure function of its frames: it may be sent again when Triton went away.
_SERVICE_CONFIG = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                "name": [{"service": "inference.GRPCInferenceService", "method": "ModelInfer"}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
)
_HEALTH_PERIOD_S = 1.0
_START_PERIOD_S = 0.25


class TritonBackend:
    """Calls a Triton server. Batching over streams and the order of service are Triton's."""

    name = "triton"

    def __init__(self, url: str, *, timeout_ms: int, max_message_bytes: int) -> None:
        self._url = url
        self._timeout_s = timeout_ms / 1000.0
        self._max_message_bytes = max_message_bytes
        self._models: list[VocoderModel] = []

    @asynccontextmanager
    async def running(self, models: list[VocoderModel]) -> AsyncIterator[None]:
        """Connects, waits until Triton has every model ready, and runs each window shape once."""
        self._models = models
        options = [
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.max_receive_message_length", self._max_message_bytes),
            ("grpc.max_send_message_length", self._max_message_bytes),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        async with grpc.aio.insecure_channel(self._url, options=options) as channel:
            self._stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            await self._wait_ready()
            for model in models:
                for shape in model.window_shapes():
                    await self.vocode(model, np.zeros(shape, np.float32), Priority.NORMAL)
            yield

    async def _wait_ready(self) -> None:
        while not await self._ready(if_silent=False):
            log.info("waiting for Triton at %s", self._url)
            await asyncio.sleep(_START_PERIOD_S)

    async def _ready(self, *, if_silent: bool) -> bool:
        """Whether every model is ready; `if_silent` when Triton does not answer in time, which a busy one may not."""
        try:
            for model in self._models:
                request = service_pb2.ModelReadyRequest(name=model.name)
                if not (await self._stub.ModelReady(request, timeout=_HEALTH_PERIOD_S)).ready:
                    return False
        except grpc.aio.AioRpcError as error:
            return if_silent and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return True

    async def vocode(self, model: VocoderModel, frames: FloatArray, priority: Priority) -> FloatArray:
        """Samples of a window; see VocoderBackend."""
        request = service_pb2.ModelInferRequest(
            model_name=model.name,
            inputs=[
                service_pb2.ModelInferRequest.InferInputTensor(
                    name="mel", datatype="FP32", shape=(1, *frames.shape)
                )
            ],
            raw_input_contents=[np.ascontiguousarray(frames, "<f4").tobytes()],
        )
        request.parameters["priority"].uint64_param = priority
        request.parameters["timeout"].int64_param = int(self._timeout_s * 1e6)
        try:
            response = await self._stub.ModelInfer(
                request,
                timeout=self._timeout_s,
                metadata=outgoing_metadata(),
                wait_for_ready=True,  # a Triton that restarts is waited for, within the timeout
            )
        except grpc.aio.AioRpcError as error:
            raise _mapped(error, model) from error
        return np.frombuffer(response.raw_output_contents[0], "<f4")

    async def healthy(self) -> AsyncIterator[bool]:
        """Asks Triton once a second; yields the state when it changes."""
        healthy = True
        yield healthy
        while True:
            now = await self._ready(if_silent=healthy)
            if now is not healthy:
                healthy = now
                log.info("Triton at %s is %s", self._url, "ready" if now else "not ready")
                yield now
            await asyncio.sleep(_HEALTH_PERIOD_S)


def _mapped(error: grpc.aio.AioRpcError, model: VocoderModel) -> Exception:
    details = error.details() or ""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        # Triton refuses with UNAVAILABLE when a queue is full, and says so.
        if "queue" in details.lower():
            return Overloaded("Triton's queue is full")
        return Unavailable("Triton is unavailable")
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:  # our own limit; the caller's cancels the call
        return Unavailable("Triton did not answer in time")
    if error.code() is grpc.StatusCode.NOT_FOUND:
        return Incompatible(f"Triton does not have the model {model.name}")
    return Internal(f"Triton: {error.code().name}")
