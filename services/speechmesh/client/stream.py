"""What the synchronous and the asyncio stream have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from opentelemetry import propagate, trace

from speechmesh.client.attempts import AsyncAttempts, Attempts
from speechmesh.client.errors import SpeechError
from speechmesh.speech.v1 import speech_pb2 as pb

A = TypeVar("A", Attempts, AsyncAttempts)

_tracer = trace.get_tracer("speechmesh.client")


class StreamState(Generic[A]):
    """The attempts at the call, their span, and what the responses told.

    Attributes:
        header: what the stream delivers, from the first response on.
        summary: what was done, after the last response.
    """

    def __init__(
        self,
        stub: Any,
        request: pb.SynthesizeRequest,
        timeout_s: float | None,
        attempts: Callable[[Callable[[float | None], Any], float | None, Callable[[SpeechError], None]], A],
    ) -> None:
        self.header: pb.StreamHeader | None = None
        self.summary: pb.Summary | None = None
        self._span = _tracer.start_span("speechmesh.client/Synthesize", kind=trace.SpanKind.CLIENT)
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self._span))
        metadata = tuple(carrier.items())

        def start(timeout_s: float | None) -> Any:
            return stub.Synthesize(request, timeout=timeout_s, metadata=metadata)

        self._attempts: A = attempts(start, timeout_s, self._note_repetition)

    def cancel(self) -> None:
        """Stops the request, in all stages; whoever iterates gets a SpeechError, CANCELLED."""
        self._attempts.cancel()

    def _note_repetition(self, error: SpeechError) -> None:
        self._span.add_event("speechmesh.attempt_failed", {"speechmesh.error": str(error)})

    def _note(self, response: pb.SynthesizeResponse) -> None:
        if response.HasField("header"):
            self.header = response.header
        if response.HasField("summary"):
            self.summary = response.summary

    def _fail(self) -> None:
        self._span.set_status(trace.StatusCode.ERROR)

    def _end(self) -> None:
        self._attempts.cancel()  # does nothing to a call that has ended
        if self._span.is_recording():
            self._span.end()
