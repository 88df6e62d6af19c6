"""Traces and logs. One request is one trace: W3C context goes with every call, Triton's included."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer = trace.get_tracer("speechmesh")

Metadata = Iterable[tuple[str, str | bytes]]


def start_tracing(service_name: str, otlp_endpoint: str) -> TracerProvider | None:
    """Sends this process's spans to `otlp_endpoint` (base URL, OTLP over HTTP); does nothing when it is empty.

    Returns the provider, whose `shutdown()` sends what is left.
    """
    if not otlp_endpoint:
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
    exporter = OTLPSpanExporter(endpoint=otlp_endpoint.rstrip("/") + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    return provider


def start_logging(service_name: str, level: str) -> None:
    """Logs to stderr, one line an event, with the trace id when there is one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_add_trace_id)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s %(levelname)-7s {service_name} %(name)s%(trace)s: %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("grpc._cython.cygrpc").addFilter(is_no_departure)


def is_no_departure(record: logging.LogRecord) -> bool:
    """Whether it is not gRPC's traceback about a caller who left while a response was sent, which is no fault."""
    return not record.getMessage().startswith("ExecuteBatchError raised in core by servicer method")


def _add_trace_id(record: logging.LogRecord) -> bool:
    trace_id = current_trace_id()
    record.trace = f" trace={trace_id}" if trace_id else ""
    return True


def current_trace_id() -> str:
    """Trace id of the current span, 32 hex digits, or empty when there is none."""
    span_context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(span_context.trace_id) if span_context.is_valid else ""


def outgoing_metadata(context: otel_context.Context | None = None) -> tuple[tuple[str, str], ...]:
    """The current (or given) trace context as gRPC metadata; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    return tuple(carrier.items())


def incoming_context(metadata: Metadata | None) -> otel_context.Context:
    """The trace context that came with a call's metadata."""
    carrier: Mapping[str, str] = {key: value for key, value in metadata or () if isinstance(value, str)}
    return propagate.extract(carrier)
