"""The errors of speechmesh and what each becomes on the wire.

    SpeechmeshError                     status               retryable  details
    ├── InvalidInput                    INVALID_ARGUMENT     no         BadRequest naming the field
    ├── NotFound                        NOT_FOUND            no         BadRequest naming the field
    ├── Incompatible                    FAILED_PRECONDITION  no
    ├── Overloaded                      RESOURCE_EXHAUSTED   yes        RetryInfo
    ├── Unavailable                     UNAVAILABLE          yes        RetryInfo
    │   └── ShuttingDown                UNAVAILABLE          yes        RetryInfo
    ├── DeadlineExceeded                DEADLINE_EXCEEDED    no
    └── Internal                        INTERNAL             no

Every error also carries an ErrorInfo whose `reason` is the class's name in SCREAMING_SNAKE_CASE.
An exception outside this tree becomes Internal with the trace id and nothing of its own text.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

DOMAIN = "speechmesh"

# An error travels in headers, of which gRPC takes 8 KiB by default: its text as itself, three bytes a byte, and in the
# details, once or twice, four for three. Beyond, callers would see RESOURCE_EXHAUSTED in place of what is wrong.
_MAX_TEXT_BYTES = 1024


def _brief(text: str) -> str:
    """A text short enough for headers: cut in its middle, where it quotes what is long; advice stands behind."""
    coded = text.encode(errors="replace")
    if len(coded) <= _MAX_TEXT_BYTES:
        return text
    half = _MAX_TEXT_BYTES // 2
    return f"{coded[:half].decode(errors='ignore')} [...] {coded[-half:].decode(errors='ignore')}"


class SpeechmeshError(Exception):
    """Base of all errors that a caller may see; its text is meant for the caller."""

    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    retryable: ClassVar[bool] = False

    @property
    def reason(self) -> str:
        """Stable reason for ErrorInfo, for example `INVALID_INPUT`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).upper()

    def details(self) -> list[Any]:
        """The google.rpc detail messages beside ErrorInfo."""
        return []

    def to_status(self) -> status_pb2.Status:
        """The google.rpc.Status that goes over the wire."""
        messages = [error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN), *self.details()]
        packed = []
        for message in messages:
            detail = any_pb2.Any()
            detail.Pack(message)
            packed.append(detail)
        return status_pb2.Status(
            code=code_pb2.Code.Value(self.status.name), message=_brief(str(self)), details=packed
        )


class _FieldError(SpeechmeshError):
    """An error about one field of the request; `field` is its path, for example `prosody.rate`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.description = message

    def details(self) -> list[Any]:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=self.field, description=_brief(self.description)
        )
        return [error_details_pb2.BadRequest(field_violations=[violation])]


class InvalidInput(_FieldError):
    """The request cannot be served as it is."""

    status = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(_FieldError):
    """The named thing does not exist."""

    status = grpc.StatusCode.NOT_FOUND


class Incompatible(SpeechmeshError):
    """Parts that do not fit: feature spaces, revisions, a broken voice bundle."""

    status = grpc.StatusCode.FAILED_PRECONDITION


class _RetryableError(SpeechmeshError):
    """An error that may pass by itself."""

    retryable = True

    def __init__(self, message: str, *, retry_after_ms: int = 500) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms

    def details(self) -> list[Any]:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(self.retry_after_ms)
        return [error_details_pb2.RetryInfo(retry_delay=delay)]


class Overloaded(_RetryableError):
    """A limit is reached; nothing was done."""

    status = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(_RetryableError):
    """A stage is down or went away."""

    status = grpc.StatusCode.UNAVAILABLE


class ShuttingDown(Unavailable):
    """The server that answers goes away; another may take the request at once."""


class DeadlineExceeded(SpeechmeshError):
    """The caller's deadline passed."""

    status = grpc.StatusCode.DEADLINE_EXCEEDED


class Internal(SpeechmeshError):
    """A fault of ours. The text names the trace, nothing else."""

    status = grpc.StatusCode.INTERNAL

    @classmethod
    def hiding(cls, trace_id: str) -> Internal:
        """An Internal that tells where to look and hides what went wrong."""
        return cls(f"internal error; trace {trace_id}" if trace_id else "internal error")


_BY_STATUS: dict[grpc.StatusCode, type[SpeechmeshError]] = {
    grpc.StatusCode.FAILED_PRECONDITION: Incompatible,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,  # by the stage, when its drain ran out of time
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


# What gRPC itself may say of a stream whose server died, as well as UNAVAILABLE.
_BROKEN_STREAM = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


def _answered(error: Any) -> bool:
    """Whether the status is the stage's own: those carry details (see to_status), gRPC's do not."""
    return any(key == "grpc-status-details-bin" for key, _ in error.trailing_metadata() or ())


def from_stage(stage: str, error: grpc.RpcError) -> SpeechmeshError:
    """The error with which a call to `stage` failed, as this service hands it on.

    A stage's INVALID_ARGUMENT is a fault of ours, not the caller's: the frontend checked the request before.
    """
    code = error.code()
    details = error.details() or ""
    kind = _BY_STATUS.get(code)
    if code in _BROKEN_STREAM and not _answered(error):
        kind = Unavailable
    if kind is None:
        return Internal(f"{stage}: {code.name}")
    if kind is DeadlineExceeded:
        return DeadlineExceeded(f"{stage}: the deadline passed")
    return kind(f"{stage}: {details}" if kind is not Unavailable else f"{stage} stage is unavailable")
