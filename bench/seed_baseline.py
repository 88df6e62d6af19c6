"""The seed baseline: a synchronous HTTP endpoint that answers once the whole text is spoken.

As naive servers have it: one model behind a global lock, ONNX Runtime's default options, the answer a
complete WAV file. It runs the mesh's own graphs, so that only the serving differs.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import wave
from pathlib import Path
from typing import Any, Protocol

import onnxruntime as ort
from flask import Flask, Response, request
from werkzeug.serving import make_server

from bench.audio import BYTES_PER_SAMPLE
from bench.bare import BareVoice


def _default_session(model: Path) -> Any:
    return ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])


def _wav(pcm: bytes, sample_rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(BYTES_PER_SAMPLE)
        wav.setframerate(sample_rate_hz)
        wav.writeframes(pcm)
    return file.getvalue()


class Voice(Protocol):
    """What an endpoint speaks with."""

    sample_rate_hz: int

    def speak(self, text: str) -> bytes:
        """PCM_S16LE of a whole text."""
        ...


def make_app(voice: Voice) -> Flask:
    """The endpoint: POST /synthesize {"text": ...} answers audio/wav."""
    app = Flask(__name__)
    lock = threading.Lock()

    def synthesize() -> Response:
        text = request.get_json()["text"]
        with lock:
            pcm = voice.speak(text)
        return Response(_wav(pcm, voice.sample_rate_hz), mimetype="audio/wav")

    app.add_url_rule("/synthesize", view_func=synthesize, methods=["POST"])
    return app


def serve(app: Flask) -> None:
    """Serves until ended, on a free port that it prints; ends with its standard input."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(make_app(BareVoice(Path(sys.argv[1]), _default_session)))
