"""A small OTLP/HTTP receiver: appends every batch of spans to a file, one JSON object a line.

The lines are OTLP's JSON encoding of ExportTraceServiceRequest, as the OpenTelemetry collector's file exporter
writes them. For looking at traces on one machine; a cluster has a collector.
"""

from __future__ import annotations

import base64
import gzip
import json
import signal
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_MAX_BODY_BYTES = 64 * 1024 * 1024
_ID_FIELDS = ("traceId", "spanId", "parentSpanId")


def _hex_ids(value: Any) -> Any:
    """OTLP's JSON writes ids in hex where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [_hex_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64decode(item).hex() if key in _ID_FIELDS else _hex_ids(item)
            for key, item in value.items()
        }
    return value


def to_json_line(body: bytes, content_type: str) -> str:
    """An export request, protobuf or JSON, as one line of OTLP JSON.

    Raises:
        ValueError: when the body is neither.
    """
    if "json" in content_type:
        if not isinstance(content := json.loads(body), dict):
            raise ValueError("not an OTLP export request: no JSON object")
        return json.dumps(content)
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(f"not an OTLP export request: {error}") from None
    return json.dumps(_hex_ids(MessageToDict(request)))


class _Handler(BaseHTTPRequestHandler):
    path_to_file: Path
    lock = threading.Lock()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if self.path not in ("/v1/traces", "/v1/metrics") or length > _MAX_BODY_BYTES:
            self.send_error(413 if length > _MAX_BODY_BYTES else 404)
            return
        body = self.rfile.read(length)
        if self.path == "/v1/metrics":  # which go to the same endpoint; nobody looks at them here
            self._answer(b"")
            return
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            line = to_json_line(body, self.headers.get("Content-Type", ""))
        except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.send_error(400, str(error))
            return
        with self.lock, self.path_to_file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self._answer(ExportTraceServiceResponse().SerializeToString())

    def _answer(self, answer: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # one line a batch would drown the log
        pass


def main() -> None:
    """Receives on port argv[1], writes to file argv[2], until SIGTERM."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    _Handler.path_to_file = path
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
