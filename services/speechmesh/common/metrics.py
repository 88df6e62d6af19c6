"""Metrics. Every name, unit, label and description stands here; what is measured imports its instrument from here.

Names and units are OpenTelemetry's: seconds (`s`), bytes (`By`), counts in braces. A Prometheus scrape shows dots as
underscores and the unit behind: `speechmesh.acoustic.queue.duration` is `speechmesh_acoustic_queue_duration_seconds`.
Labels are few, and each has few values: a voice's name, an outcome, a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from wsgiref.simple_server import WSGIServer

import prometheus_client
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from speechmesh.common.errors import Incompatible

Labels = Mapping[str, str]
Values = Iterable[tuple[float, Labels]]

VOICE, OUTCOME, REASON, RESULT = "voice", "outcome", "reason", "result"
OPERATION = "operation"

_OTLP_INTERVAL_MS = 15_000
_DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)

_meter = metrics.get_meter("speechmesh")


class ObservedGauge:
    """A gauge that asks its sources when somebody collects, from the collector's thread: they only read."""

    def __init__(self, name: str, unit: str, description: str) -> None:
        self._sources: list[Callable[[], Values]] = []
        _meter.create_observable_gauge(name, [self._observe], unit, description)

    @contextmanager
    def shows(self, source: Callable[[], Values]) -> Iterator[None]:
        """Shows a source's values with their labels for as long as the block runs."""
        self._sources.append(source)
        try:
            yield
        finally:
            self._sources.remove(source)

    def _observe(self, options: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, dict(labels)) for source in list(self._sources) for value, labels in source()
        ]


def _histogram(name: str, unit: str, bounds: tuple[float, ...], description: str) -> metrics.Histogram:
    return _meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)


# Every service.
STREAMS_REFUSED = _meter.create_counter(
    "speechmesh.streams.refused",
    "{stream}",
    "Streams refused at once. reason: limit (max_streams are running) or pressure.",
)

# The acoustic stage: segments, by voice.
ACOUSTIC_SEGMENTS = _meter.create_counter(
    "speechmesh.acoustic.segments",
    "{segment}",
    "Segments that ended. outcome: served, failed, refused or cancelled (the caller left).",
)
ACOUSTIC_QUEUE = _histogram(
    "speechmesh.acoustic.queue.duration",
    "s",
    _DURATIONS_S,
    "From a segment's coming to its first run. Over compute.duration it says whether more replicas are wanted.",
)
ACOUSTIC_COMPUTE = _histogram(
    "speechmesh.acoustic.compute.duration",
    "s",
    _DURATIONS_S,
    "A segment's runs summed, as long as each batch took.",
)
ACOUSTIC_BATCH_SIZE = _histogram(
    "speechmesh.acoustic.batch.size", "{segment}", _BATCH_SIZES, "Segments in one run."
)
ACOUSTIC_OUT_OF_MEMORY = _meter.create_counter(
    "speechmesh.acoustic.out_of_memory",
    "{run}",
    "Runs for which memory did not suffice. outcome: retried (in halves) or failed (a segment alone).",
)
ACOUSTIC_QUEUED = ObservedGauge(
    "speechmesh.acoustic.segments.queued", "{segment}", "Segments that wait for their first run."
)
ACOUSTIC_UNDER_WAY = ObservedGauge(
    "speechmesh.acoustic.segments.under_way",
    "{segment}",
    "Segments of which some frames are still to be made.",
)

# The acoustic stage: voices in memory.
ACOUSTIC_VOICES_LOADED = ObservedGauge("speechmesh.acoustic.voices.loaded", "{voice}", "Voices in memory.")
ACOUSTIC_VOICES_MEMORY = ObservedGauge(
    "speechmesh.acoustic.voices.memory", "By", "Estimated memory of each loaded voice."
)
ACOUSTIC_LOADS = _meter.create_counter(
    "speechmesh.acoustic.voices.loads", "{load}", "Loadings of a voice. outcome: loaded or failed."
)
ACOUSTIC_LOAD_TIME = _histogram(
    "speechmesh.acoustic.voices.load.duration", "s", _DURATIONS_S, "Loading and warming a voice."
)
ACOUSTIC_EVICTIONS = _meter.create_counter(
    "speechmesh.acoustic.voices.evictions", "{voice}", "Voices that made room for another."
)

# The acoustic stage: the cache of frames.
ACOUSTIC_CACHE = _meter.create_counter(
    "speechmesh.acoustic.cache.requests",
    "{segment}",
    "Segments by what the cache gave. result: hit, joined (one that was being made) or miss.",
)
ACOUSTIC_CACHE_BYTES = ObservedGauge("speechmesh.acoustic.cache.size", "By", "Cached frames.")

# The acoustic stage: pressure.
ACOUSTIC_PRESSURE_LEVEL = ObservedGauge(
    "speechmesh.acoustic.pressure.level",
    "{level}",
    "0 none; 1 smaller batches; 2 asks for cheaper vocoders as well; 3 refuses new streams as well.",
)
ACOUSTIC_PRESSURE = ObservedGauge(
    "speechmesh.acoustic.pressure",
    "1",
    "reason waiting: share of their listeners' time that segments wait; memory: share of the limit that is in use.",
)
ACOUSTIC_PRESSURE_STEPS = _meter.create_counter(
    "speechmesh.acoustic.pressure.steps", "{step}", "Changes of the level. outcome: up or down."
)

# The text frontend: the cache of phrases.
FRONTEND_PHRASES = _meter.create_counter(
    "speechmesh.frontend.phrases.requests",
    "{phrase}",
    "Segments by what the cache gave. result: local, shared (from the store), joined (one that was being made) or "
    "miss; one whose maker left it counts as joined and then as what came of it.",
)
FRONTEND_PHRASES_BYTES = ObservedGauge("speechmesh.frontend.phrases.size", "By", "Cached audio.")
FRONTEND_PHRASES_RECORDED = ObservedGauge(
    "speechmesh.frontend.phrases.recorded", "By", "Audio of phrases that are being made."
)
FRONTEND_PHRASE_STORE_FAILURES = _meter.create_counter(
    "speechmesh.frontend.phrases.store.failures",
    "{call}",
    "Calls to the shared store that gave nothing. reason: slow, gone, refused, damaged (what it holds), or full (too "
    "many calls under way).",
)
FRONTEND_PHRASE_STORE_RESTS = _meter.create_counter(
    "speechmesh.frontend.phrases.store.rests",
    "{rest}",
    "Times that the shared store was left alone, as it had failed time after time. operation: read or write.",
)


@dataclass
class Metrics:
    """What collects and shows the metrics of this process."""

    provider: MeterProvider
    endpoint: tuple[WSGIServer, Thread] | None

    def shutdown(self) -> None:
        """Sends what is left and stops answering scrapes."""
        self.provider.shutdown()
        if self.endpoint is not None:
            server, thread = self.endpoint
            server.shutdown()
            server.server_close()
            thread.join()


def start_metrics(service_name: str, otlp_endpoint: str, metrics_port: int, *, host: str) -> Metrics | None:
    """Shows this process's metrics; does nothing when nobody wants them.

    Args:
        service_name: the service, as in its traces.
        otlp_endpoint: base URL of a receiver (OTLP over HTTP); empty: none.
        metrics_port: where Prometheus may scrape `http://host:metrics_port/metrics`; 0: nowhere.
        host: address of that port.

    Raises:
        Incompatible: when the port is taken.
    """
    readers: list[MetricReader] = []
    registry = prometheus_client.CollectorRegistry()
    if metrics_port:
        readers.append(PrometheusMetricReader(registry=registry))
        for collector in (prometheus_client.ProcessCollector, prometheus_client.GCCollector):
            collector(registry=registry)
    if otlp_endpoint:
        exporter = OTLPMetricExporter(endpoint=otlp_endpoint.rstrip("/") + "/v1/metrics")
        readers.append(PeriodicExportingMetricReader(exporter, export_interval_millis=_OTLP_INTERVAL_MS))
    if not readers:
        return None
    endpoint = None
    if metrics_port:
        try:
            endpoint = prometheus_client.start_http_server(metrics_port, host.strip("[]"), registry)
        except OSError as error:
            raise Incompatible(f"cannot show metrics on {host}:{metrics_port}: {error.strerror}") from None
    provider = MeterProvider(readers, Resource.create({"service.name": service_name}))
    metrics.set_meter_provider(provider)
    return Metrics(provider, endpoint)
