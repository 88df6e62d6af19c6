from __future__ import annotations

from urllib.parse import quote

import grpc
import pytest
from google.rpc import error_details_pb2

from speechmesh.common import errors
from speechmesh.common.errors import (
    DeadlineExceeded,
    Incompatible,
    Internal,
    InvalidInput,
    NotFound,
    Overloaded,
    ShuttingDown,
    SpeechmeshError,
    Unavailable,
)

EXPECTED = {
    InvalidInput: ("INVALID_ARGUMENT", False),
    NotFound: ("NOT_FOUND", False),
    Incompatible: ("FAILED_PRECONDITION", False),
    Overloaded: ("RESOURCE_EXHAUSTED", True),
    Unavailable: ("UNAVAILABLE", True),
    ShuttingDown: ("UNAVAILABLE", True),
    DeadlineExceeded: ("DEADLINE_EXCEEDED", False),
    Internal: ("INTERNAL", False),
}


def public(kind: type[SpeechmeshError]) -> set[type[SpeechmeshError]]:
    found: set[type[SpeechmeshError]] = set()
    for child in kind.__subclasses__():
        if child.__module__ == SpeechmeshError.__module__:  # what others derive keeps its parent's status
            found |= public(child) | (set() if child.__name__.startswith("_") else {child})
    return found


def make(kind: type[SpeechmeshError]) -> SpeechmeshError:
    return kind("prosody.rate", "is wrong") if issubclass(kind, InvalidInput | NotFound) else kind("is wrong")


def unpacked(error: SpeechmeshError) -> dict[str, object]:
    details: dict[str, object] = {}
    for packed in error.to_status().details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
            message = kind()
            if packed.Unpack(message):
                details[kind.__name__] = message
    return details


def test_every_error_of_the_tree_has_an_expected_status() -> None:
    assert public(SpeechmeshError) == set(EXPECTED)


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_an_error_keeps_its_status_text_and_retryability_on_the_wire(kind: type[SpeechmeshError]) -> None:
    error = make(kind)
    status, retryable = EXPECTED[kind]
    on_wire = error.to_status()
    assert grpc.StatusCode[status].value[0] == on_wire.code
    assert on_wire.message == str(error)
    assert kind.retryable is retryable
    assert ("RetryInfo" in unpacked(error)) is retryable
    info = unpacked(error)["ErrorInfo"]
    assert (info.domain, info.reason) == ("speechmesh", error.reason)
    assert kind.__name__ in errors.__doc__
    assert status in errors.__doc__


@pytest.mark.parametrize("kind", [InvalidInput, NotFound])
def test_bad_input_names_its_field(kind: type[SpeechmeshError]) -> None:
    violation = unpacked(make(kind))["BadRequest"].field_violations[0]
    assert (violation.field, violation.description) == ("prosody.rate", "is wrong")


@pytest.mark.parametrize("value", ["x" * 20_000, "世" * 20_000, "🎉" * 20_000, "\ud800" * 20_000])
def test_an_error_that_quotes_a_long_value_fits_into_headers(value: str) -> None:
    status = InvalidInput("voice.name", f"{value!r} is not a voice here; there is english").to_status()
    assert status.message.startswith("voice.name: '")
    assert status.message.endswith("' is not a voice here; there is english")
    assert " [...] " in status.message
    on_the_wire = len(quote(status.message)) + 4 * len(status.SerializeToString()) / 3
    assert on_the_wire < 7_000  # of 8,192, with other headers beside


def test_retry_delay_is_in_milliseconds() -> None:
    assert unpacked(Overloaded("full", retry_after_ms=250))["RetryInfo"].retry_delay.ToMilliseconds() == 250


def test_internal_hides_everything_but_the_trace() -> None:
    assert str(Internal.hiding("abc")) == "internal error; trace abc"
    assert str(Internal.hiding("")) == "internal error"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.CANCELLED, Unavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Overloaded),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.FAILED_PRECONDITION, Incompatible),
        (grpc.StatusCode.INVALID_ARGUMENT, Internal),  # the frontend checked: it is our fault
        (grpc.StatusCode.INTERNAL, Internal),
    ],
)
def test_a_stages_failure_becomes_ours(code: grpc.StatusCode, kind: type[SpeechmeshError]) -> None:
    details = ("grpc-status-details-bin", Internal("x").to_status().SerializeToString())
    failure = grpc.aio.AioRpcError(
        code, grpc.aio.Metadata(), grpc.aio.Metadata(details), details="secret 10.0.0.1:99"
    )
    mapped = errors.from_stage("acoustic", failure)
    assert type(mapped) is kind
    assert "acoustic" in str(mapped)
    if kind in (Unavailable, Internal):
        assert "secret" not in str(mapped)


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_a_stream_that_broke_without_an_answer_is_unavailable(code: grpc.StatusCode) -> None:
    failure = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="RST_STREAM")
    assert type(errors.from_stage("acoustic", failure)) is Unavailable
