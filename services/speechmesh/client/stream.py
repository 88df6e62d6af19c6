"""What the synchronous and the asyncio stream have in common."""

from __future__ import annotations

from typing import Any

from opentelemetry import propagate, trace

from speechmesh.speech.v1 import speech_pb2 as pb

_tracer = trace.get_tracer("speechmesh.client")


class StreamState:
    """The call, its span, and what its responses told.

    Attributes:
        header: what the stream delivers, from the first response on.
        summary: what was done, after the last response.
    """

    def __init__(self, stub: Any, request: pb.SynthesizeRequest, timeout_s: float | None) -> None:
        self.header: pb.StreamHeader | None = None
        self.summary: pb.Summary | None = None
        self._span = _tracer.start_span("speechmesh.client/Synthesize", kind=trace.SpanKind.CLIENT)
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self._span))
        self._call = stub.Synthesize(request, timeout=timeout_s, metadata=tuple(carrier.items()))

    def cancel(self) -> None:
        """Stops the request, in all stages; whoever iterates gets a SpeechError, CANCELLED."""
        self._call.cancel()

    def _note(self, response: pb.SynthesizeResponse) -> None:
        if response.HasField("header"):
            self.header = response.header
        if response.HasField("summary"):
            self.summary = response.summary

    def _fail(self) -> None:
        self._span.set_status(trace.StatusCode.ERROR)

    def _end(self) -> None:
        self._call.cancel()  # does nothing to a call that has ended
        if self._span.is_recording():
            self._span.end()
