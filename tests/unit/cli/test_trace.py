from __future__ import annotations

import gzip
import http.client
import json
import threading
from http.server import HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typer.testing import CliRunner

from speechmesh.cli import trace_receiver
from speechmesh.cli.main import app
from speechmesh.cli.trace import read_spans
from speechmesh.cli.trace_receiver import to_json_line


def exported() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "frontend"
    spans = resource_spans.scope_spans.add().spans
    spans.add(
        trace_id=b"\x01" * 16,
        span_id=b"\x02" * 8,
        name="root",
        start_time_unix_nano=10,
        end_time_unix_nano=90,
    )
    child = spans.add(trace_id=b"\x01" * 16, span_id=b"\x03" * 8, parent_span_id=b"\x02" * 8, name="child")
    child.start_time_unix_nano, child.end_time_unix_nano = 20, 40
    child.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    child.attributes.add(key="speechmesh.segment_index").value.int_value = 4
    return request


@pytest.fixture
def trace_file(tmp_path: Path) -> Path:
    path = tmp_path / "traces.jsonl"
    path.write_text(to_json_line(exported().SerializeToString(), "application/x-protobuf") + "\n")
    return path


def test_ids_are_hexadecimal_as_otlp_json_wants_them(trace_file: Path) -> None:
    raw = json.loads(trace_file.read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert raw[1]["parentSpanId"] == raw[0]["spanId"] == "02" * 8


def test_json_is_taken_as_it_comes() -> None:
    assert to_json_line(b'{"resourceSpans": []}', "application/json") == '{"resourceSpans": []}'


def test_spans_are_read_back(trace_file: Path) -> None:
    root, child = read_spans(trace_file)
    assert (root.service, root.name, root.parent_id) == ("frontend", "root", "")
    assert (child.parent_id, child.links, child.end_ns - child.start_ns) == (root.span_id, [root.span_id], 20)
    assert child.attributes == {"speechmesh.segment_index": "4"}


def test_a_line_that_is_still_being_written_is_left_out(trace_file: Path) -> None:
    with trace_file.open("ab") as file:
        file.write(trace_file.read_bytes()[:-20])
    assert len(read_spans(trace_file)) == 2


def test_a_first_line_that_is_still_being_written_is_no_span_yet(trace_file: Path) -> None:
    trace_file.write_bytes(trace_file.read_bytes()[:-20])
    assert read_spans(trace_file) == []


def test_the_tree_is_indented(trace_file: Path) -> None:
    shown = CliRunner().invoke(app, ["trace", str(trace_file)]).output
    assert "frontend: root" in shown
    assert "  frontend: child" in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no span in it yet"),
        ("nonsense", "not a trace file"),
        ("[]", "not a trace file"),
        ('{"resourceSpans": [1]}', "not a trace file"),
        ('{"resourceSpans": 1}', "not a trace file"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_none_is_said_so(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "traces.jsonl"
    if content is not None:
        path.write_text(content)
    result = CliRunner().invoke(app, ["trace", str(path)])
    assert result.exit_code in (1, 2)
    assert message in result.output


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"nonsense", {"Content-Encoding": "gzip"}),
        (gzip.compress(b"cut short")[:-4], {"Content-Encoding": "gzip"}),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff", {"Content-Encoding": "gzip"}),
        (b"[]", {"Content-Type": "application/json"}),
    ],
)
def test_what_is_no_export_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, headers: dict[str, str]
) -> None:
    """Lines that are none would make a file of no use."""
    monkeypatch.setattr(trace_receiver._Handler, "path_to_file", tmp_path / "traces", raising=False)
    with HTTPServer(("127.0.0.1", 0), trace_receiver._Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("POST", "/v1/traces", body, headers)
        assert connection.getresponse().status == 400
        connection.close()
    assert not (tmp_path / "traces").exists()
