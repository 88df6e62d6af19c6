"""The Triton backend against scripted servers: real gRPC, in this process."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import numpy as np
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, Internal, Overloaded, Unavailable
from speechmesh.vocoder.backends import Chunk, Priority, VocoderModel, triton, warmup_chunks
from speechmesh.vocoder.backends.triton import TritonBackend, endpoint
from speechmesh.vocoder.backends.triton.targets import Address, Resolve, Target, parse_targets, resolve_host
from speechmesh.vocoder.export.description import VocoderDescription

FULL = (grpc.StatusCode.UNAVAILABLE, "[request id: <id_unknown>] Exceeds maximum queue size")
WAITED = (grpc.StatusCode.UNAVAILABLE, "Request timeout expired")
STOPPING = (grpc.StatusCode.UNAVAILABLE, "Server is stopping, scheduler for model has stopped accepting")
UNREADY = (grpc.StatusCode.UNAVAILABLE, "'bootstrap.balanced' version 1 is not at ready state")
ABSENT = (grpc.StatusCode.NOT_FOUND, "Request for unknown model: 'bootstrap.balanced' is not found")
WRONG = (grpc.StatusCode.INVALID_ARGUMENT, "unexpected shape for input 'mel'")
LOST_INPUT = (grpc.StatusCode.INVALID_ARGUMENT, "input 'state' does not exist in request")
BROKEN = (grpc.StatusCode.INTERNAL, "[ONNXRuntimeError] : 2")
RESET = (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2")
STUB_DIED = (grpc.StatusCode.INTERNAL, "Stub process 'bootstrap.balanced_0_0' is not healthy.")
CANCELLED = (grpc.StatusCode.CANCELLED, "by the server")
NO_FILES = (
    grpc.StatusCode.INTERNAL,
    "failed to load 'bootstrap.balanced', failed to poll from model repository",
)
NOT_EXPLICIT = (
    grpc.StatusCode.UNAVAILABLE,
    "explicit model load / unload is not allowed if polling is enabled",
)

Script = tuple[grpc.StatusCode, str]
Start = Callable[[int], Awaitable[list["FakeTriton"]]]


class FakeTriton(service_pb2_grpc.GRPCInferenceServiceServicer):
    """A Triton that doubles the frames' first bin, or does as its script says."""

    def __init__(self, ip: str = "127.0.0.1", port: int = 0) -> None:
        self.ip, self.port = ip, port
        self.fails: list[Script] = []  # each for one chunk
        self.fails_always: Script | None = None
        self.without: set[str] = set()
        self.hangs_on: float | None = None  # a chunk of this value hangs
        self.go_on = asyncio.Event()  # cleared: chunks hang
        self.go_on.set()
        self.answers_checks = asyncio.Event()  # cleared: checks hang
        self.answers_checks.set()
        self.began: asyncio.Queue[pb.ModelInferRequest] = asyncio.Queue()
        self.checked: asyncio.Queue[str] = asyncio.Queue()
        self.n_running = self.n_cancelled = self.n_checks = 0
        self.most_running = 0
        self.n_let_by: int | None = None  # chunks, after which all hang
        self.refuses_to_load: Script | None = None
        self.loads: list[str] = []  # what it was asked to load

    async def ServerLive(self, request: pb.ServerLiveRequest, context: object) -> pb.ServerLiveResponse:
        await self.answers_checks.wait()
        return pb.ServerLiveResponse(live=True)

    async def ModelReady(self, request: pb.ModelReadyRequest, context: object) -> pb.ModelReadyResponse:
        self.n_checks += 1
        self.checked.put_nowait(request.name)
        await self.answers_checks.wait()
        return pb.ModelReadyResponse(ready=request.name not in self.without)

    async def ModelInfer(
        self,
        request: pb.ModelInferRequest,
        context: grpc.aio.ServicerContext[pb.ModelInferRequest, pb.ModelInferResponse],
    ) -> pb.ModelInferResponse:
        self.began.put_nowait(request)
        if self.n_let_by is not None and self.began.qsize() > self.n_let_by:
            self.go_on.clear()
        self.n_running += 1
        self.most_running = max(self.most_running, self.n_running)
        try:
            if np.frombuffer(request.raw_input_contents[0], "<f4")[0] == self.hangs_on:
                await asyncio.Event().wait()
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        finally:
            self.n_running -= 1
        if self.fails or self.fails_always:
            await context.abort(*(self.fails.pop(0) if self.fails else self.fails_always))
        mel, *_ = request.raw_input_contents
        results = {"wav": np.frombuffer(mel, "<f4") * 2, "next_state": np.array([7.0], "<f4")}
        wanted = [output.name for output in request.outputs]
        return pb.ModelInferResponse(
            outputs=[pb.ModelInferResponse.InferOutputTensor(name=name) for name in wanted],
            raw_output_contents=[results[name].tobytes() for name in wanted],
        )

    async def RepositoryModelLoad(
        self,
        request: pb.RepositoryModelLoadRequest,
        context: grpc.aio.ServicerContext[pb.RepositoryModelLoadRequest, pb.RepositoryModelLoadResponse],
    ) -> pb.RepositoryModelLoadResponse:
        self.loads.append(request.model_name)
        if self.refuses_to_load is not None:
            await context.abort(*self.refuses_to_load)
        self.without.discard(request.model_name)
        return pb.RepositoryModelLoadResponse()

    async def RepositoryModelUnload(
        self, request: pb.RepositoryModelUnloadRequest, context: object
    ) -> pb.RepositoryModelUnloadResponse:
        self.without.add(request.model_name)
        return pb.RepositoryModelUnloadResponse()

    async def start(self) -> None:
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(f"{self.ip}:{self.port}")
        await self.server.start()

    async def die(self) -> None:
        await self.server.stop(None)

    @property
    def url(self) -> str:
        return f"{self.ip}:{self.port}"


@pytest.fixture
async def tritons() -> AsyncIterator[Start]:
    """Starts servers; ends them after the test."""
    async with AsyncExitStack() as stack:

        async def start(n: int) -> list[FakeTriton]:
            servers = [FakeTriton() for _ in range(n)]
            for server in servers:
                await server.start()
                stack.push_async_callback(server.die)
            return servers

        yield start


@pytest.fixture
def model(bootstrap: VoiceBundle) -> VocoderModel:
    return VocoderModel(bootstrap, next(iter(bootstrap.config.vocoders)))


@pytest.fixture(autouse=True)
def _checks_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "CHECK_PERIOD_S", 0.2)
    monkeypatch.setattr(endpoint, "CHECK_TIMEOUT_S", 0.2)


@pytest.fixture(autouse=True)
async def _nothing_is_left() -> AsyncIterator[None]:
    yield
    await eventually(lambda: not [task for task in asyncio.all_tasks() if is_the_pools(task)])
    gc.collect()  # what was never awaited or closed warns now, and warnings are errors


def is_the_pools(task: asyncio.Task[Any]) -> bool:
    """The loop is shared with servers of other tests, which have tasks of their own."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "backends/triton" in code.co_filename


@asynccontextmanager
async def backend_for(
    servers: Sequence[FakeTriton] | str,
    model: VocoderModel,
    *,
    timeout_ms: int = 5_000,
    attempt_timeout_ms: int = 2_000,
    warm_at_once: int = 1,
    resolve: Resolve = resolve_host,
) -> AsyncIterator[TritonBackend]:
    url = servers if isinstance(servers, str) else ",".join(server.url for server in servers)
    backend = TritonBackend(
        url,
        warm_at_once=warm_at_once,
        timeout_ms=timeout_ms,
        attempt_timeout_ms=attempt_timeout_ms,
        resolve_interval_s=0.02,
        max_message_bytes=1 << 24,
        resolve=resolve,
    )
    async with backend.running([model]):
        if not isinstance(servers, str):
            await eventually(lambda: n_healthy(backend) == len([s for s in servers if not s.without]))
            for server in servers:
                forget(server)
        yield backend


def forget(server: FakeTriton) -> None:
    """Drops what the warm-up left."""
    server.began = asyncio.Queue()


def n_healthy(backend: TritonBackend) -> int:
    return sum(each.healthy for each in backend.endpoints())


def outstanding(backend: TritonBackend) -> list[int]:
    return [each.outstanding for each in backend.endpoints()]


async def eventually(true: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - looked at from outside
            await asyncio.sleep(0.005)


def chunk(model: VocoderModel, value: float = 1.0, n_frames: int = 4) -> Chunk:
    return Chunk(np.full((n_frames, model.n_mels), value, np.float32))


async def vocode(backend: TritonBackend, model: VocoderModel, value: float = 1.0) -> None:
    vocoded = await backend.vocode(model, chunk(model, value), Priority.NORMAL)
    np.testing.assert_array_equal(vocoded.samples, np.full(4 * model.n_mels, 2 * value, np.float32))


async def follow(backend: TritonBackend) -> list[bool]:
    """All that `healthy` says until the backend is closed."""
    return [healthy async for healthy in backend.healthy()]


def by_url(backend: TritonBackend, server: FakeTriton) -> tuple[int, int]:
    """Chunks answered and chunks redone elsewhere of a server."""
    (state,) = [each for each in backend.endpoints() if each.address == server.url]
    return state.n_chunks, state.n_redone


async def checks(server: FakeTriton, n: int) -> None:
    """Waits for some more checks of a server."""
    seen = server.n_checks
    await eventually(lambda: server.n_checks >= seen + n)


async def test_a_chunk_goes_to_the_endpoint_with_the_fewest(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(3)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model, n)) for n in range(9)]
        await eventually(lambda: sum(server.n_running for server in servers) == 9)
        assert [server.n_running for server in servers] == [3, 3, 3]
        assert outstanding(backend) == [3, 3, 3]
        servers[1].go_on.set()
        await eventually(lambda: sorted(outstanding(backend)) == [0, 3, 3])
        servers[1].go_on.clear()
        tasks += [asyncio.create_task(vocode(backend, model)) for _ in range(2)]
        await eventually(lambda: servers[1].n_running == 2)
        for server in servers:
            server.go_on.set()
        await asyncio.gather(*tasks)
        assert outstanding(backend) == [0, 0, 0]


async def test_equally_idle_endpoints_take_turns(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(3)
    async with backend_for(servers, model) as backend:
        for _ in range(9):
            await vocode(backend, model)
        assert [server.began.qsize() for server in servers] == [3, 3, 3]


async def test_state_is_asked_for_only_when_there_is_a_next_chunk(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        frames = chunk(model).frames
        first = await backend.vocode(model, Chunk(frames), Priority.URGENT)
        last = await backend.vocode(model, Chunk(frames, np.ones(3, np.float32), last=True), Priority.RELAXED)
        requests = [server.began.get_nowait() for _ in range(2)]
        outputs = [[output.name for output in request.outputs] for request in requests]
        shapes = [{each.name: list(each.shape) for each in request.inputs} for request in requests]
        mel = {"mel": [1, 4, model.n_mels]}
        assert last.state is None
        assert outputs[1] == ["wav"]
        assert [request.parameters["priority"].uint64_param for request in requests] == [1, 3]
        if model.config.stateful is None:
            assert shapes == [mel, mel]
        else:
            assert first.state is not None
            assert outputs[0] == ["wav", "next_state"]
            assert shapes[0] == mel | {"state": [1, 1], "last": [1, 1]}
            assert shapes[1] == mel | {"state": [1, 3], "last": [1, 2]}


async def test_chunks_of_a_server_that_dies_are_redone_and_it_comes_back(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    dying, other = servers
    async with backend_for(servers, model) as backend:
        dying.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model, n)) for n in range(8)]
        await eventually(lambda: dying.n_running > 0)
        await dying.die()
        await asyncio.gather(*tasks)
        assert n_healthy(backend) == 1
        assert by_url(backend, dying)[1] > 0
        other_before = other.began.qsize()
        await asyncio.gather(*[vocode(backend, model) for _ in range(4)])
        assert other.began.qsize() == other_before + 4
        dying.go_on.set()
        await dying.start()
        await eventually(lambda: n_healthy(backend) == 2)
        forget(dying)
        for _ in range(4):
            await vocode(backend, model)
        assert dying.began.qsize() == 2
        assert outstanding(backend) == [0, 0]


@pytest.mark.parametrize(
    "failure", [STOPPING, RESET, CANCELLED, STUB_DIED], ids=["stopping", "reset", "cancelled", "stub-died"]
)
async def test_a_server_that_loses_a_chunk_is_ejected_and_admitted_again(
    tritons: Start, model: VocoderModel, failure: Script
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.fails = [failure]
        servers[1].fails = []
        while servers[0].fails:
            await vocode(backend, model)
        assert n_healthy(backend) == 1
        assert by_url(backend, servers[0])[1] == 1
        await eventually(lambda: n_healthy(backend) == 2)


async def test_a_hung_server_costs_an_attempt_and_is_ejected(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    hung, other = servers
    async with backend_for(servers, model, attempt_timeout_ms=1_000) as backend:
        hung.go_on.clear()
        hung.answers_checks.clear()
        await asyncio.gather(*[vocode(backend, model, n) for n in range(8)])
        assert n_healthy(backend) == 1
        await eventually(lambda: hung.n_running == 0)  # nothing of it is left to run
        forget(other)
        for _ in range(4):
            await vocode(backend, model)
        assert other.began.qsize() == 4
        hung.go_on.set()
        hung.answers_checks.set()
        await eventually(lambda: n_healthy(backend) == 2)


async def test_all_chunks_of_a_hung_server_are_redone_when_the_first_is_given_up(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    hung = servers[0]
    async with backend_for(servers, model, attempt_timeout_ms=2_000) as backend:
        hung.go_on.clear()
        first = [asyncio.create_task(vocode(backend, model)) for _ in range(2)]
        await eventually(lambda: hung.n_running == 1)
        await asyncio.sleep(1.0)
        began = time.monotonic()
        late = [asyncio.create_task(vocode(backend, model)) for _ in range(4)]
        await eventually(lambda: hung.n_running > 1)
        await asyncio.gather(*first, *late)
        assert time.monotonic() - began < 2.0  # less than an attempt of their own
        hung.go_on.set()


async def test_a_chunk_that_is_late_where_others_return_is_redone_without_ejection(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model, timeout_ms=20_000, attempt_timeout_ms=600) as backend:
        following = asyncio.create_task(follow(backend))
        servers[0].hangs_on = 9.0
        late: list[asyncio.Task[None]] = []
        while not servers[0].n_running:
            late.append(asyncio.create_task(vocode(backend, model, 9.0)))
            await asyncio.sleep(0.02)
        while not all(task.done() for task in late):
            await asyncio.gather(*[vocode(backend, model) for _ in range(2)])
            await asyncio.sleep(0.01)
        await asyncio.gather(*late)
        assert by_url(backend, servers[0])[1] == 1
        assert n_healthy(backend) == 2
    assert await following == [True]


async def test_one_that_came_back_gets_one_chunk_until_it_answers(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        await servers[0].die()
        await eventually(lambda: n_healthy(backend) == 1)
        await servers[0].start()
        await eventually(lambda: n_healthy(backend) == 2)
        for server in servers:
            server.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model)) for _ in range(6)]
        await eventually(lambda: sum(server.n_running for server in servers) == 6)
        assert [server.n_running for server in servers] == [1, 5]
        for server in servers:
            server.go_on.set()
        await asyncio.gather(*tasks)


async def test_a_check_sent_before_an_ejection_admits_nobody(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.answers_checks.clear()
        n_checks = server.n_checks
        await eventually(lambda: server.n_checks > n_checks)
        server.fails = [STOPPING]
        chunk_task = asyncio.create_task(vocode(backend, model))
        await eventually(lambda: n_healthy(backend) == 0)
        n_checks = server.n_checks
        server.answers_checks.set()
        server.answers_checks.clear()  # that one check alone was answered
        await eventually(lambda: server.n_checks > n_checks)
        assert n_healthy(backend) == 0
        server.answers_checks.set()
        await chunk_task


async def test_busy_is_not_dead(tritons: Start, model: VocoderModel) -> None:
    """Checks go unanswered for longer than an attempt, chunks return: not ejected."""
    (server,) = await tritons(1)
    async with backend_for([server], model, attempt_timeout_ms=1_100) as backend:
        following = asyncio.create_task(follow(backend))
        server.answers_checks.clear()
        server.n_checks = 0
        while server.n_checks < 6:
            await vocode(backend, model)
            await asyncio.sleep(0.02)
        server.answers_checks.set()
    assert await following == [True]


async def test_an_idle_server_that_falls_silent_is_ejected(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model, attempt_timeout_ms=500) as backend:
        servers[0].answers_checks.clear()
        await eventually(lambda: n_healthy(backend) == 1)
        servers[0].answers_checks.set()


async def test_a_full_server_is_passed_over_and_stays(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        servers[0].fails_always = FULL
        for _ in range(4):
            await vocode(backend, model)
        assert by_url(backend, servers[0])[1] > 0
        assert n_healthy(backend) == 2


async def test_all_full_is_overloaded_after_one_try_each(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(3)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.fails_always = FULL
        with pytest.raises(Overloaded, match="queue is full") as caught:
            await vocode(backend, model)
        assert caught.value.details()
        assert [server.began.qsize() for server in servers] == [1, 1, 1]
        assert n_healthy(backend) == 3


async def test_full_is_overloaded_though_another_is_down(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        await servers[0].die()
        servers[1].fails_always = FULL
        with pytest.raises(Overloaded):
            await vocode(backend, model)


async def test_a_chunk_queued_too_long_is_queued_again_elsewhere(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        servers[0].fails = [WAITED]
        while servers[0].fails:
            await vocode(backend, model)
        assert n_healthy(backend) == 2
        server = servers[1]
        assert server.began.get_nowait().parameters["timeout"].int64_param == 1_500_000


async def test_queues_that_stay_too_long_are_overloaded_in_the_end(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model, timeout_ms=300, attempt_timeout_ms=200) as backend:
        server.fails_always = WAITED
        with pytest.raises(Overloaded, match="too long"):
            await vocode(backend, model)


@pytest.mark.parametrize(
    ("failure", "n_tries"),
    [(WRONG, 1), (BROKEN, 2), (LOST_INPUT, 2)],
    ids=["wrong", "broken", "lost an input"],
)
async def test_a_chunk_that_fails_anywhere_is_internal(
    tritons: Start, model: VocoderModel, failure: Script, n_tries: int
) -> None:
    servers = await tritons(3)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.fails_always = failure
        with pytest.raises(Internal):
            await vocode(backend, model)
        assert sum(server.began.qsize() for server in servers) == n_tries
        assert n_healthy(backend) == 3


async def test_an_input_that_a_lone_server_lost_is_sent_again(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.fails = [LOST_INPUT]
        await vocode(backend, model)
        assert server.began.qsize() == 2


async def test_a_model_that_fails_on_one_server_alone_is_run_on_another(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        servers[0].fails_always = BROKEN
        while not servers[0].began.qsize():
            await vocode(backend, model)
        assert n_healthy(backend) == 1  # failing is quick: it would get most of what comes


async def test_a_server_without_the_model_gets_no_chunks_of_it(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    servers[0].without = {model.name}
    async with backend_for(servers, model) as backend:
        for _ in range(4):
            await vocode(backend, model)
        assert servers[0].began.qsize() == 0
        servers[0].without = set()
        await eventually(lambda: n_healthy(backend) == 2)


@pytest.mark.parametrize("failure", [ABSENT, UNREADY], ids=["absent", "unready"])
async def test_a_model_that_was_unloaded_on_one_server_is_found_on_another(
    tritons: Start, model: VocoderModel, failure: Script
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        servers[0].fails_always = failure
        await asyncio.gather(*[vocode(backend, model) for _ in range(4)])
        assert n_healthy(backend) == 2


async def test_a_model_that_no_server_has_is_incompatible(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.fails_always = ABSENT
        with pytest.raises(Incompatible, match=model.name):
            await vocode(backend, model)


async def test_a_model_is_loaded_on_every_server_that_takes_it(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(3)
    async with backend_for(servers, model) as backend:
        await backend.unload(model)
        servers[0].refuses_to_load = NO_FILES
        await backend.load(model)
        for server in servers:
            forget(server)
        for _ in range(4):
            await vocode(backend, model)
        await checks(servers[0], 2)
        assert [server.loads for server in servers] == [[model.name]] * 3
        assert [server.began.qsize() for server in servers] == [0, 2, 2]


@pytest.mark.parametrize("refusal", [NO_FILES, NOT_EXPLICIT], ids=["no files", "not explicit"])
async def test_a_model_that_no_server_loads_is_incompatible(
    tritons: Start, model: VocoderModel, refusal: Script
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.refuses_to_load = refusal
        with pytest.raises(Incompatible, match=f"load {model.name}"):
            await backend.load(model)


async def test_without_a_server_to_load_a_model_loading_is_unavailable_at_once(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        await server.die()
        await eventually(lambda: n_healthy(backend) == 0)
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable, match=r"no Triton at .* answers"):
                await backend.load(model)
        await server.start()
        await eventually(lambda: n_healthy(backend) == 1)


async def test_a_server_that_has_no_model_ready_can_still_be_told_to_load_one(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.without = {model.name}
        await eventually(lambda: n_healthy(backend) == 0)
        await backend.load(model)
        await eventually(lambda: n_healthy(backend) == 1)
        await vocode(backend, model)


async def test_a_loaded_model_that_runs_nowhere_is_unavailable_in_the_end(
    tritons: Start, model: VocoderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triton, "WARM_TIMEOUT_S", 0.3)
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.go_on.clear()
        with pytest.raises(Unavailable, match=r"within 0\.3 s"):
            await backend.load(model)
        server.go_on.set()


async def test_a_server_that_comes_back_without_a_loaded_model_is_asked_to_load_it(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        await backend.load(model)
        await servers[0].die()
        await eventually(lambda: n_healthy(backend) == 1)
        servers[0].without = {model.name}
        await servers[0].start()
        await eventually(lambda: n_healthy(backend) == 2)
        assert [server.loads for server in servers] == [[model.name] * 2, [model.name]]
        for server in servers:
            forget(server)
        for _ in range(4):
            await vocode(backend, model)
        assert [server.began.qsize() for server in servers] == [2, 2]


async def test_a_server_that_refuses_to_load_a_model_is_asked_once_until_it_was_away(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    refusing = servers[0]
    other = VocoderDescription(
        name="other.high", vocoder=model.config, feature_space=model.bundle.config.feature_space
    )
    async with backend_for(servers, model) as backend:
        await backend.load(other)
        refusing.refuses_to_load, refusing.loads = NO_FILES, []
        refusing.without = {other.name}
        await checks(refusing, 6)
        assert refusing.loads == [other.name]
        assert n_healthy(backend) == 2  # for the model that it has
        await refusing.die()
        await eventually(lambda: n_healthy(backend) == 1)
        refusing.refuses_to_load = None
        await refusing.start()
        await eventually(lambda: not refusing.without)
        assert refusing.loads == [other.name] * 2


async def test_a_server_is_not_asked_to_load_what_was_not_loaded_here_or_is_unloaded(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(1)
    async with backend_for(servers, model) as backend:
        servers[0].without = {model.name}
        await eventually(lambda: n_healthy(backend) == 0)
        await checks(servers[0], 2)
        assert servers[0].loads == []
        await backend.load(model)
        await backend.unload(model)
        await asyncio.sleep(0.5)
        assert servers[0].loads == [model.name]
        assert servers[0].without == {model.name}


async def test_a_server_that_comes_back_with_what_was_unloaded_is_asked_to_unload_it(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    other = VocoderDescription(
        name="other.high", vocoder=model.config, feature_space=model.bundle.config.feature_space
    )
    async with backend_for(servers, model) as backend:
        await backend.unload(other)
        servers[0].without.clear()  # starting, a Triton loads all that its repository has
        await checks(servers[0], 2)
        assert not servers[0].without  # nobody knows that it started anew
        await servers[0].die()
        await eventually(lambda: n_healthy(backend) == 1)
        await servers[0].start()
        await eventually(lambda: servers[0].without == {other.name})
        await backend.load(other)
        assert not servers[0].without
        await servers[0].die()
        await eventually(lambda: n_healthy(backend) == 1)
        await servers[0].start()
        await eventually(lambda: n_healthy(backend) == 2)
        await checks(servers[0], 4)
        assert not servers[0].without


async def test_what_could_not_be_loaded_again_stays_unloaded(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        await backend.unload(model)
        server.refuses_to_load = NO_FILES
        with pytest.raises(Incompatible):
            await backend.load(model)
        await server.die()
        await asyncio.sleep(0.5)
        server.without.clear()
        await server.start()
        await eventually(lambda: server.without == {model.name})


async def test_without_a_healthy_server_chunks_wait_for_one(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model, timeout_ms=20_000) as backend:
        await server.die()
        tasks = [asyncio.create_task(vocode(backend, model, n)) for n in range(4)]
        await eventually(lambda: n_healthy(backend) == 0)
        await server.start()
        await asyncio.gather(*tasks)


async def test_without_a_healthy_server_chunks_are_unavailable_in_the_end(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model, timeout_ms=300, attempt_timeout_ms=200) as backend:
        await server.die()
        with pytest.raises(Unavailable):
            await vocode(backend, model)


async def test_a_lone_server_that_hangs_is_unavailable_in_the_end(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model, timeout_ms=500, attempt_timeout_ms=200) as backend:
        server.go_on.clear()
        with pytest.raises(Unavailable, match="did not answer"):
            await vocode(backend, model)
        server.go_on.set()


async def test_a_chunk_whose_caller_left_is_counted_until_triton_answers_and_never_cancelled_there(
    tritons: Start, model: VocoderModel
) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        for server in servers:
            server.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model)) for _ in range(6)]
        await eventually(lambda: sum(server.n_running for server in servers) == 6)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert outstanding(backend) == [3, 3]  # which the next chunk's choice should know
        for server in servers:
            server.go_on.set()
        await eventually(lambda: outstanding(backend) == [0, 0])
        assert sum(server.n_cancelled for server in servers) == 0
        assert n_healthy(backend) == 2
        assert [each.n_redone for each in backend.endpoints()] == [0, 0]


async def test_what_callers_left_is_waited_for_before_the_connection_is_closed(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.go_on.clear()
        task = asyncio.create_task(vocode(backend, model))
        await eventually(lambda: server.n_running == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        asyncio.get_running_loop().call_later(0.2, server.go_on.set)
    assert (server.n_running, server.n_cancelled) == (0, 0)


async def test_a_server_is_warmed_with_every_shape_and_then_with_many_chunks_at_once(
    tritons: Start, model: VocoderModel
) -> None:
    (server,) = await tritons(1)
    n_shapes = len(warmup_chunks(model))
    server.n_let_by = n_shapes
    backend = backend_for([server], model, warm_at_once=5)
    entering = asyncio.create_task(backend.__aenter__())
    await eventually(lambda: server.n_running == 2 * 5)  # urgent ones, and others
    assert server.began.qsize() == n_shapes + 2 * 5
    assert server.most_running == 2 * 5
    server.n_let_by = None
    server.go_on.set()
    await entering
    await backend.__aexit__(None, None, None)


async def test_a_network_that_is_slow_is_warmed_by_one_chunk_after_the_other(
    tritons: Start, model: VocoderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triton, "_WARM_TOGETHER_S", 1e-9)
    (server,) = await tritons(1)
    async with backend_for([server], model, warm_at_once=5):
        assert server.most_running == 1


async def test_a_cancelled_wait_for_a_server_leaves_nothing(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        await server.die()
        task = asyncio.create_task(vocode(backend, model))
        await eventually(lambda: n_healthy(backend) == 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_fails_the_chunks_in_flight_and_waiting(tritons: Start, model: VocoderModel) -> None:
    (server,) = await tritons(1)
    async with backend_for([server], model) as backend:
        server.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model)) for _ in range(3)]
        await eventually(lambda: server.n_running == 3)
        health = backend.healthy()
        assert await anext(health)
        following = asyncio.ensure_future(anext(health, "closed"))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3
    assert outstanding(backend) == [0]
    assert await following == "closed"
    await eventually(lambda: server.n_running == 0)


async def test_health_is_that_of_the_best(tritons: Start, model: VocoderModel) -> None:
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        health = backend.healthy()
        assert await anext(health) is True
        change = asyncio.ensure_future(anext(health))
        await servers[0].die()
        await eventually(lambda: n_healthy(backend) == 1)
        assert not change.done()
        await servers[1].die()
        async with asyncio.timeout(20):
            assert await change is False
            change = asyncio.ensure_future(anext(health))
            await servers[1].start()
            assert await change is True
        await health.aclose()


async def test_addresses_come_and_go_with_dns(model: VocoderModel) -> None:
    first = FakeTriton("127.0.0.1")
    await first.start()
    second = FakeTriton("127.0.0.2", first.port)
    await second.start()
    names: dict[str, list[str]] = {"triton": ["127.0.0.1"]}

    async def resolve(host: str) -> list[str]:
        if not names[host]:
            raise OSError("no such host")
        return names[host]

    url = f"dns:///triton:{first.port}"
    async with backend_for(url, model, resolve=resolve) as backend:
        assert [each.address for each in backend.endpoints()] == [first.url]
        names["triton"] = ["127.0.0.1", "127.0.0.2"]
        await eventually(lambda: n_healthy(backend) == 2)
        first.go_on.clear()
        second.go_on.clear()
        tasks = [asyncio.create_task(vocode(backend, model)) for _ in range(2)]
        await eventually(lambda: outstanding(backend) == [1, 1])

        names["triton"] = ["127.0.0.2"]  # drained: what it has ends there, nothing new comes
        await eventually(lambda: [each.healthy for each in backend.endpoints()] == [False, True])
        forget(first)
        second.go_on.set()
        await vocode(backend, model)
        assert outstanding(backend) == [1, 0]
        first.go_on.set()
        await asyncio.gather(*tasks)
        await eventually(lambda: [each.address for each in backend.endpoints()] == [second.url])
        assert first.began.qsize() == 0

        names["triton"] = []  # no answer says nothing of the servers
        await asyncio.sleep(0.1)
        await vocode(backend, model)
    await first.die()
    await second.die()


async def test_starting_waits_for_a_server(model: VocoderModel) -> None:
    server = FakeTriton()
    await server.start()
    await server.die()
    entered = asyncio.Event()

    async def run() -> None:
        async with backend_for(server.url, model) as backend:
            entered.set()
            await vocode(backend, model)

    running = asyncio.create_task(run())
    done, _ = await asyncio.wait({running}, timeout=0.2)
    assert not done
    assert not entered.is_set()
    await server.start()
    await running
    await server.die()


async def test_the_trace_tells_where_a_chunk_ran_and_why_again(tritons: Start, model: VocoderModel) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    servers = await tritons(2)
    async with backend_for(servers, model) as backend:
        servers[0].fails = [STOPPING]
        while servers[0].fails:
            exporter.clear()
            with provider.get_tracer("test").start_as_current_span("vocoder.chunk"):
                await vocode(backend, model)
    (span,) = exporter.get_finished_spans()
    assert span.attributes == {"server.address": "127.0.0.1", "server.port": servers[1].port}
    (event,) = span.events
    assert event.name == "vocoder.redo"
    assert event.attributes == {
        "server.address": "127.0.0.1",
        "server.port": servers[0].port,
        "speechmesh.reason": "lost",
    }
    provider.shutdown()


def test_targets_are_host_and_port() -> None:
    assert parse_targets("a:1, dns:///b.svc:8001,[::1]:2") == (
        Target("a", 1),
        Target("b.svc", 8001),
        Target("::1", 2),
    )
    assert [target.is_literal for target in parse_targets("a:1,127.0.0.1:1,[::1]:2")] == [False, True, True]
    assert Address("::1", 2).channel_target == "ipv6:[::1]:2"
    assert Address("10.0.0.1", 2).channel_target == "ipv4:10.0.0.1:2"


@pytest.mark.parametrize("url", ["", "a", "a:", "a:0", "a:70000", "unix:/a:1", "a:1,"])
def test_what_is_no_target_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="is not host:port"):
        parse_targets(url)


async def test_names_have_all_their_addresses() -> None:
    assert "127.0.0.1" in await resolve_host("localhost")
    with pytest.raises(OSError, match=r"\w"):
        await resolve_host("no-such-host.invalid")
