"""The one error that the client raises."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


class SpeechError(Exception):
    """A call failed.

    Attributes:
        code: the gRPC status code.
        reason: stable reason, for example `INVALID_INPUT`; empty when the server gave none.
        field: path of the field that is wrong, for example `prosody.rate`; empty when it is none.
        retry_after_s: when to try again; None when trying again does not help.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        field: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.reason = reason
        self.field = field
        self.retry_after_s = retry_after_s


def speech_error(error: grpc.RpcError) -> SpeechError:
    """A SpeechError from gRPC's, with the server's details."""
    found = SpeechError(error.code(), error.details() or "")
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details contradict the status; the status stands
        status = None
    for packed in status.details if status else ():
        info, bad, retry = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        if packed.Unpack(info):
            found.reason = info.reason
        elif packed.Unpack(bad) and bad.field_violations:
            found.field = bad.field_violations[0].field
        elif packed.Unpack(retry):
            found.retry_after_s = retry.retry_delay.ToMilliseconds() / 1000.0
    return found


async def call_error(call: Any) -> SpeechError:
    """What a call of grpc.aio failed with, which has ended."""
    metadata = await call.initial_metadata(), await call.trailing_metadata()
    return speech_error(grpc.aio.AioRpcError(await call.code(), *metadata, await call.details()))


def is_task_cancelled() -> bool:
    """Whether a CancelledError is meant for the task that runs.

    grpc.aio raises one as well in a task that waits for a call which another task has cancelled. That is an error of
    the call, as it is where threads wait; the task goes on.
    """
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
