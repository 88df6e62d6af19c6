"""Chunks as KServe-v2 ModelInfer messages, and what Triton's refusals mean."""

from __future__ import annotations

from enum import Enum

import grpc
import numpy as np
from tritonclient.grpc import service_pb2 as pb

from speechmesh.common.errors import Internal
from speechmesh.common.features import FloatArray
from speechmesh.vocoder.backends import FIRST_STATE, LAST, NOT_LAST, Chunk, Priority, ServedVocoder, Vocoded

# Of the time that an attempt has, so much may pass in Triton's queue. It then refuses by itself, which tells a
# long queue (refused in time) from a server that hangs (silent).
_QUEUE_SHARE = 0.75
# Tells our backend for a Triton without containers that others come first on its core.
_GIVES_WAY = "gives_way"


class Refusal(Enum):
    """Why a server gave no samples, and with that what is to be done."""

    FULL = "full"  # its queue is at its limit: another, or Overloaded
    WAITED = "queued too long"  # it works, but slowly: again, rather elsewhere
    ABSENT = "model absent"  # it has no such model: another, or Incompatible
    UNREADY = "model not ready"  # it has the model, but is loading or unloading it
    LOST = "lost"  # the server or the connection went away
    HUNG = "no answer"  # nothing came within the attempt's time
    BROKEN = "failed"  # the model failed there: once more, then Internal
    WRONG = "wrong request"  # it would fail everywhere: Internal


class Refused(Exception):
    """A server gave no samples for a chunk."""

    def __init__(self, refusal: Refusal, text: str) -> None:
        super().__init__(text)
        self.refusal = refusal


def pack(model: ServedVocoder, chunk: Chunk, priority: Priority) -> pb.ModelInferRequest:
    """The request for a chunk. `next_state` is asked for only if there is a next chunk, as it is large."""
    tensors: dict[str, FloatArray] = {"mel": chunk.frames[None]}
    outputs = ["wav"]
    if model.config.stateful is not None:
        tensors["state"] = FIRST_STATE if chunk.state is None else chunk.state[None]
        tensors["last"] = LAST if chunk.last else NOT_LAST
        if not chunk.last:
            outputs.append("next_state")
    request = pb.ModelInferRequest(
        model_name=model.name,
        inputs=[
            pb.ModelInferRequest.InferInputTensor(name=name, datatype="FP32", shape=tensor.shape)
            for name, tensor in tensors.items()
        ],
        outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in outputs],
        raw_input_contents=[np.ascontiguousarray(tensor, "<f4").tobytes() for tensor in tensors.values()],
    )
    request.parameters["priority"].uint64_param = priority
    if priority is not Priority.URGENT:
        request.parameters[_GIVES_WAY].bool_param = True
    return request


def limit_queueing(request: pb.ModelInferRequest, attempt_s: float) -> None:
    """Has Triton refuse the request itself rather than leave it queued until an attempt's time is over."""
    request.parameters["timeout"].int64_param = max(1, int(attempt_s * _QUEUE_SHARE * 1e6))


def unpack(response: pb.ModelInferResponse) -> Vocoded:
    """What came of a chunk.

    Raises:
        Internal: when the answer has no samples.
    """
    tensors = {
        tensor.name: np.frombuffer(raw, "<f4")
        for tensor, raw in zip(response.outputs, response.raw_output_contents, strict=False)
    }
    if "wav" not in tensors:
        raise Internal("Triton's answer has no samples")
    return Vocoded(tensors["wav"], tensors.get("next_state"))


# Triton's own INTERNAL and UNKNOWN carry the model's message. These are gRPC's, for a stream that broke, and the
# python backend's, whose process died ("Stub process ... is not healthy").
_GONE = ("RST_STREAM", "Stream removed", "Socket closed", "GOAWAY", "is not healthy")

# Every request has all inputs (see pack), so a server that misses one has lost it itself. Seen once, of Triton 2.51.
_LOST_INPUT = "does not exist in request"


def refused(error: grpc.aio.AioRpcError) -> Refused:
    """What a failed call means. Triton 2.51 says UNAVAILABLE for several things, which its message tells apart."""
    code, details = error.code(), error.details() or ""
    return Refused(_refusal(code, details), f"{code.name}: {details}")


def _refusal(code: grpc.StatusCode, details: str) -> Refusal:
    match code:
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.RESOURCE_EXHAUSTED:
            if "maximum queue size" in details:
                return Refusal.FULL
            if "Request timeout expired" in details:
                return Refusal.WAITED
            if "not at ready state" in details:
                return Refusal.UNREADY
            # The other RESOURCE_EXHAUSTED is gRPC's: a message above the limit, here as anywhere.
            return Refusal.LOST if code is grpc.StatusCode.UNAVAILABLE else Refusal.WRONG
        case grpc.StatusCode.CANCELLED:  # by the server: a caller's own never comes here
            return Refusal.LOST
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Refusal.HUNG
        case grpc.StatusCode.NOT_FOUND:
            return Refusal.ABSENT
        case grpc.StatusCode.INVALID_ARGUMENT if _LOST_INPUT in details:
            return Refusal.BROKEN
        case grpc.StatusCode.INTERNAL | grpc.StatusCode.UNKNOWN:
            return Refusal.LOST if any(mark in details for mark in _GONE) else Refusal.BROKEN
    return Refusal.WRONG
