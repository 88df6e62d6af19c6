"""What collects a process's metrics and shows them: a port for Prometheus, and an OTLP receiver."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from wsgiref.simple_server import WSGIServer

import prometheus_client
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from speechmesh.common.errors import Incompatible

_OTLP_INTERVAL_MS = 15_000


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
