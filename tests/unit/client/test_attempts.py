"""Calls that no server took are made again, by real clients of real servers that fail as they are told."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_status import rpc_status
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tenacity import wait_fixed

from speechmesh.client import AsyncClient, Client, SpeechError, attempts, stream
from speechmesh.client.attempts import MAX_ATTEMPTS
from speechmesh.client.options import CHANNEL_OPTIONS
from speechmesh.common.errors import ShuttingDown, SpeechmeshError, Unavailable
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc

_PATIENCE_S = 10.0

# Ends a call, or does nothing.
Failure = Callable[[grpc.ServicerContext], None]


def fine(context: grpc.ServicerContext) -> None:
    """The call is answered."""


def unavailable(context: grpc.ServicerContext) -> None:
    """As gRPC, or a proxy, says it: no details."""
    context.abort(grpc.StatusCode.UNAVAILABLE, "no healthy upstream")


def aborts(error: SpeechmeshError) -> Failure:
    """As a frontend says it."""
    return lambda context: context.abort_with_status(rpc_status.to_status(error.to_status()))


class Server(speech_pb2_grpc.SpeechServiceServicer):
    """Fails the calls that come first.

    Attributes:
        failures: what happens to them, in their order.
        late: what happens behind the first response.
        requests: what each call asked for first.
        traces: the trace context of each.
        remaining_s: the time each had left.
    """

    def __init__(self) -> None:
        self.target = ""
        self.failures: list[Failure] = []
        self.late = fine
        self.requests: list[object] = []
        self.traces: list[str] = []
        self.remaining_s: list[float] = []

    def _take(self, request: object, context: grpc.ServicerContext) -> None:
        self.requests.append(request)
        self.remaining_s.append(context.time_remaining())
        self.traces += [value for key, value in context.invocation_metadata() if key == "traceparent"]
        if len(self.requests) <= len(self.failures):
            self.failures[len(self.requests) - 1](context)

    def ListVoices(
        self, request: pb.ListVoicesRequest, context: grpc.ServicerContext
    ) -> pb.ListVoicesResponse:
        self._take(request, context)
        return pb.ListVoicesResponse(voices=[pb.Voice(name="v")])

    def Synthesize(
        self, request: pb.SynthesizeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeResponse]:
        self._take(request, context)
        yield pb.SynthesizeResponse(audio=b"hi")
        self.late(context)

    def SynthesizeLive(
        self, requests: Iterator[pb.SynthesizeLiveRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeLiveResponse]:
        self._take(next(requests), context)
        context.send_initial_metadata(())
        for request in requests:
            yield pb.SynthesizeLiveResponse(speech=pb.SynthesizeResponse(audio=request.text.encode()))
            self.late(context)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_WAIT", wait_fixed(0.01))


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    grpc_server = grpc.server(ThreadPoolExecutor(4))
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(serving, grpc_server)
    serving.target = f"127.0.0.1:{grpc_server.add_insecure_port('127.0.0.1:0')}"
    grpc_server.start()
    yield serving
    grpc_server.stop(None).wait()


def synthesize(target: str, timeout_s: float | None) -> bytes:
    with Client(target) as client, client.synthesize("hi", timeout_s=timeout_s) as speech:
        return speech.read()


def live(target: str, timeout_s: float | None) -> bytes:
    with Client(target) as client, client.live(timeout_s=timeout_s) as speech:
        speech.send("hi")
        speech.done()
        return b"".join(response.speech.audio for response in speech)


def voices(target: str, timeout_s: float | None) -> bytes:
    with Client(target) as client:
        assert [voice.name for voice in client.voices(timeout_s=timeout_s or _PATIENCE_S)] == ["v"]
    return b"hi"


async def synthesize_async(target: str, timeout_s: float | None) -> bytes:
    async with AsyncClient(target) as client, client.synthesize("hi", timeout_s=timeout_s) as speech:
        return await speech.read()


async def live_async(target: str, timeout_s: float | None) -> bytes:
    async with AsyncClient(target) as client, client.live(timeout_s=timeout_s) as speech:
        await speech.send("hi")
        await speech.done()
        return b"".join([response.speech.audio async for response in speech])


async def voices_async(target: str, timeout_s: float | None) -> bytes:
    async with AsyncClient(target) as client:
        assert [voice.name for voice in await client.voices(timeout_s=timeout_s or _PATIENCE_S)] == ["v"]
    return b"hi"


def runs(call: Callable[[str, float | None], Awaitable[bytes]]) -> Callable[[str, float | None], bytes]:
    async def run(target: str, timeout_s: float | None) -> bytes:
        return await call(target, timeout_s)

    return lambda target, timeout_s: asyncio.run(run(target, timeout_s))


CALLS = {
    "synthesize": synthesize,
    "live": live,
    "voices": voices,
    "asyncio synthesize": runs(synthesize_async),
    "asyncio live": runs(live_async),
    "asyncio voices": runs(voices_async),
}
STREAMS = {name: call for name, call in CALLS.items() if "voices" not in name}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
each_stream = pytest.mark.parametrize("call", STREAMS.values(), ids=STREAMS.keys())

Call = Callable[[str, float | None], bytes]


@each_call
@pytest.mark.parametrize(
    "failure", [unavailable, aborts(ShuttingDown("it goes"))], ids=["bare", "shuts down"]
)
def test_a_call_that_no_server_takes_is_made_again(server: Server, call: Call, failure: Failure) -> None:
    server.failures = [failure] * (MAX_ATTEMPTS - 1)
    assert call(server.target, None) == b"hi"
    assert len(server.requests) == MAX_ATTEMPTS
    assert all(request == server.requests[0] for request in server.requests)


@each_call
def test_it_is_made_so_often_and_no_more(server: Server, call: Call) -> None:
    server.failures = [unavailable] * 10
    with pytest.raises(SpeechError, match="UNAVAILABLE: no healthy upstream"):
        call(server.target, _PATIENCE_S)
    assert len(server.requests) == MAX_ATTEMPTS


@each_call
def test_what_a_frontend_answers_stands(server: Server, call: Call) -> None:
    server.failures = [aborts(Unavailable("vocoder stage is unavailable"))]
    with pytest.raises(SpeechError, match="vocoder stage is unavailable") as caught:
        call(server.target, None)
    assert caught.value.retry_after_s
    assert len(server.requests) == 1


@each_stream
def test_a_call_of_which_something_came_is_not_made_again(server: Server, call: Call) -> None:
    server.late = unavailable
    with pytest.raises(SpeechError, match="UNAVAILABLE"):
        call(server.target, None)
    assert len(server.requests) == 1


@each_call
def test_all_attempts_are_within_one_deadline(
    server: Server, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_WAIT", wait_fixed(0.2))
    server.failures = [unavailable] * (MAX_ATTEMPTS - 1)
    assert call(server.target, _PATIENCE_S) == b"hi"
    # Three waits; gRPC rounds what it sends up, by 0.1 s or so.
    assert server.remaining_s[-1] < server.remaining_s[0] - 0.3


@each_call
def test_what_would_be_later_than_the_deadline_is_not_waited_for(
    server: Server, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_WAIT", wait_fixed(2 * _PATIENCE_S))
    server.failures = [unavailable] * 10
    with pytest.raises(SpeechError, match="UNAVAILABLE: no healthy upstream"):
        call(server.target, _PATIENCE_S)
    assert len(server.requests) == 1


@each_call
def test_nobody_there_is_said_so(call: Call) -> None:
    with pytest.raises(SpeechError) as caught:
        call("127.0.0.1:9", None)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    assert not caught.value.reason


@each_call
def test_another_server_takes_the_call(server: Server, call: Call) -> None:
    """Of two addresses one has nobody: calls go to the other one."""
    for _ in range(3):
        assert call(f"ipv4:127.0.0.1:9,{server.target}", _PATIENCE_S) == b"hi"


_SERVE = """
import sys
from tests.unit.client.test_attempts import serve
serve(int(sys.argv[1]))
"""


def serve(port: int) -> None:
    """Serves on this port until the process is killed."""
    grpc_server = grpc.server(ThreadPoolExecutor(4))
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(Server(), grpc_server)
    grpc_server.add_insecure_port(f"127.0.0.1:{port}")
    grpc_server.start()
    print("serves", flush=True)
    grpc_server.wait_for_termination()


def start(port: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _SERVE, str(port)], stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_client_finds_the_server_that_comes_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Client(f"127.0.0.1:{port}") as client:
        for _ in range(2):
            with start(port) as process:
                try:
                    assert said(process) == "serves"
                    give_up_at = time.monotonic() + _PATIENCE_S
                    while True:
                        try:
                            assert client.synthesize("hi", timeout_s=_PATIENCE_S).read() == b"hi"
                            break
                        except SpeechError:  # found by gRPC within its back-off of 5 s
                            assert time.monotonic() < give_up_at
                finally:
                    process.kill()


def test_a_stream_that_is_left_between_two_attempts_ends_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_WAIT", wait_fixed(2 * _PATIENCE_S))
    first_failed = threading.Event()

    def fails(context: grpc.ServicerContext) -> None:
        first_failed.set()
        unavailable(context)

    server.failures = [fails] * 10
    with Client(server.target) as client, client.synthesize("hi") as speech, ThreadPoolExecutor(1) as pool:
        reading = pool.submit(speech.read)
        assert first_failed.wait(_PATIENCE_S)
        speech.cancel()
        with pytest.raises(SpeechError, match="CANCELLED"):
            reading.result(_PATIENCE_S)
    assert len(server.requests) == 1


async def test_a_stream_that_a_task_leaves_between_two_attempts_ends_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_WAIT", wait_fixed(2 * _PATIENCE_S))
    server.failures = [unavailable] * 10
    async with AsyncClient(server.target) as client, client.synthesize("hi") as speech:
        reading = asyncio.create_task(speech.read())
        async with asyncio.timeout(_PATIENCE_S):
            while not server.requests:  # noqa: ASYNC110 - another thread's doing
                await asyncio.sleep(0.005)
        speech.cancel()
        with pytest.raises(SpeechError, match="CANCELLED"):
            await reading
    assert len(server.requests) == 1


def test_a_client_that_is_closed_makes_no_more_attempts(server: Server) -> None:
    failed = threading.Event()

    def fails(context: grpc.ServicerContext) -> None:
        failed.set()
        unavailable(context)

    server.failures = [fails] * 10
    client = Client(server.target)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(client.synthesize("hi").read)
        assert failed.wait(_PATIENCE_S)
        client.close()
        with pytest.raises(SpeechError) as caught:
            reading.result(_PATIENCE_S)
    assert caught.value.code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


def test_a_stream_that_was_read_is_not_asked_for_again(server: Server) -> None:
    with Client(server.target) as client:
        speech = client.synthesize("hi")
        assert (speech.read(), speech.read()) == (b"hi", b"")
    assert len(server.requests) == 1


def test_all_attempts_are_in_one_span_which_names_those_that_failed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(stream, "_tracer", provider.get_tracer("test"))
    server.failures = [unavailable] * 2
    assert synthesize(server.target, None) == b"hi"
    span: ReadableSpan
    (span,) = exporter.get_finished_spans()
    assert [(event.name, dict(event.attributes or {})) for event in span.events] == [
        ("speechmesh.attempt_failed", {"speechmesh.error": "UNAVAILABLE: no healthy upstream"})
    ] * 2
    assert span.status.is_ok
    assert span.context is not None
    assert [trace.split("-")[2] for trace in server.traces] == [f"{span.context.span_id:016x}"] * 3


def test_grpc_does_not_repeat_calls_by_itself() -> None:
    """With a retryPolicy they may hang past their deadlines, see attempts.py."""
    config = json.loads(str(dict(CHANNEL_OPTIONS)["grpc.service_config"]))
    assert "methodConfig" not in config
