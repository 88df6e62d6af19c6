"""Metrics of a real acoustic server in a process of its own: scraped as Prometheus does, and sent over OTLP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from speechmesh.acoustic.v1 import acoustic_pb2 as pb
from speechmesh.acoustic.v1 import acoustic_pb2_grpc
from speechmesh.cli.mesh import free_ports

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@contextmanager
def acoustic_server(
    voices_dir: Path, **settings: object
) -> Iterator[tuple[str, int, subprocess.Popen[bytes]]]:
    """Its gRPC target, the port of its metrics, and its process."""
    port, metrics_port = free_ports(2)
    values = {"port": port, "metrics_port": metrics_port, "voices_dir": voices_dir, **settings}
    environment = {f"SPEECHMESH_ACOUSTIC_{name.upper()}": str(value) for name, value in values.items()}
    command = [sys.executable, "-m", "speechmesh.acoustic.server"]
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        yield f"127.0.0.1:{port}", metrics_port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def scrape(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {
        (
            sample.name,
            tuple(sorted((k, v) for k, v in sample.labels.items() if not k.startswith("otel_"))),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def speak(target: str, n_segments: int, *, voice: str = "bootstrap") -> None:
    """Segments of 2 contents in turn."""
    requests = [pb.StreamFramesRequest(open=pb.StreamOptions(voice=voice))]
    requests += [
        pb.StreamFramesRequest(segment=pb.Segment(index=i, tokens=[1, 5, 6 + i % 2, 1], slack_ms=1000))
        for i in range(n_segments)
    ]
    with grpc.insecure_channel(target) as channel:
        stub = acoustic_pb2_grpc.AcousticServiceStub(channel)
        responses = list(stub.StreamFrames(iter(requests), timeout=60, wait_for_ready=True))
    assert sum(response.last for response in responses) == n_segments


def speak_when_loaded(target: str, n_segments: int) -> None:
    for _ in range(100):
        try:
            return speak(target, n_segments)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(0.1)
    return pytest.fail("it never served")


def test_a_scrape_tells_what_the_acoustic_stage_did(voices_dir: Path) -> None:
    with acoustic_server(voices_dir, max_streams=1) as (target, metrics_port, _):
        speak_when_loaded(target, 4)
        with grpc.insecure_channel(target) as channel:
            stub = acoustic_pb2_grpc.AcousticServiceStub(channel)
            held = stub.StreamFrames(held_open(), timeout=60)
            next(iter(held))
            with pytest.raises(grpc.RpcError):
                speak(target, 1)
            held.cancel()
        samples = scrape(metrics_port)
    voice = ("voice", "bootstrap")
    name = "speechmesh_acoustic_"
    n_served = samples[name + "segments_total", (("outcome", "served"), voice)]
    assert n_served == 5
    made = samples[name + "cache_requests_total", (("result", "miss"),)]
    assert made == 2
    found = [samples.get((name + "cache_requests_total", (("result", r),)), 0.0) for r in ("hit", "joined")]
    assert sum(found) == n_served - made
    for histogram in ("queue_duration_seconds", "compute_duration_seconds"):
        assert samples[name + histogram + "_count", (voice,)] == made
    assert samples[name + "compute_duration_seconds_sum", (voice,)] > 0
    assert 1 <= samples[name + "batch_size_count", (voice,)] <= made
    assert samples[name + "segments_queued", (voice,)] == 0
    assert samples[name + "segments_under_way", (voice,)] == 0
    assert samples[name + "voices_loaded", ()] == 1
    assert 2**23 < samples[name + "voices_memory_bytes", (voice,)] < 2**25
    assert samples[name + "voices_loads_total", (("outcome", "loaded"), voice)] == 1
    assert samples[name + "cache_size_bytes", ()] > 0
    assert samples[name + "pressure_level", ()] == 0
    assert samples["speechmesh_streams_refused_total", (("reason", "limit"),)] >= 1
    assert samples["speechmesh_streams_refused_total", (("reason", "pressure"),)] == 0
    assert samples["process_resident_memory_bytes", ()] > 0


def held_open() -> Iterator[pb.StreamFramesRequest]:
    """A stream that asks for one segment and then for nothing, for long."""
    yield pb.StreamFramesRequest(open=pb.StreamOptions(voice="bootstrap"))
    yield pb.StreamFramesRequest(segment=pb.Segment(tokens=[1, 5, 6, 1]))
    threading.Event().wait(60)


@contextmanager
def otlp_receiver() -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """Its base URL, and the bodies that it was sent, by path."""
    received: dict[str, list[bytes]] = {}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{receiver.server_address[1]}", received
        finally:
            receiver.shutdown()
            thread.join()


def test_the_last_metrics_are_sent_when_a_server_ends(voices_dir: Path) -> None:
    with (
        otlp_receiver() as (endpoint, received),
        acoustic_server(voices_dir, otlp_endpoint=endpoint, metrics_port=0) as (target, _, _process),
    ):
        speak_when_loaded(target, 1)
    assert received.keys() == {"/v1/traces", "/v1/metrics"}
    (resource,) = ExportMetricsServiceRequest.FromString(received["/v1/metrics"][-1]).resource_metrics
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "acoustic"
    sent = {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}
    assert sent["speechmesh.acoustic.queue.duration"].unit == "s"
    assert sum(point.as_int for point in sent["speechmesh.acoustic.segments"].sum.data_points) == 1


def test_a_receiver_of_traces_alone_is_sent_no_metrics_and_they_can_still_be_scraped(
    voices_dir: Path,
) -> None:
    with otlp_receiver() as (endpoint, received):
        settings = {"otlp_endpoint": endpoint, "otlp_metrics": False}
        with acoustic_server(voices_dir, **settings) as (target, metrics_port, _process):
            speak_when_loaded(target, 1)
            samples = scrape(metrics_port)
    assert received.keys() == {"/v1/traces"}
    labels = (("outcome", "served"), ("voice", "bootstrap"))
    assert samples["speechmesh_acoustic_segments_total", labels] == 1


def test_a_port_that_is_taken_stops_the_start(voices_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with acoustic_server(voices_dir, metrics_port=taken.getsockname()[1]) as (_, _, process):
            assert process.wait(30) == 1
