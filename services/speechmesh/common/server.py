"""Server bootstrap: gRPC server, health, reflection, and a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from speechmesh.common import memory, metrics
from speechmesh.common.ending import Ending
from speechmesh.common.errors import Incompatible, Overloaded, SpeechmeshError, Unavailable
from speechmesh.common.interceptor import CallInterceptor
from speechmesh.common.metrics_export import start_metrics
from speechmesh.common.settings import ServiceSettings, passed_over
from speechmesh.common.telemetry import start_logging, start_tracing

log = logging.getLogger(__name__)

# How long calls that are ended may take to say so to their callers.
_LAST_WORD_S = 1.0
# Who pings more often is sent away: below what the client and the frontend's channels to the stages do.
MIN_PING_INTERVAL_MS = 5_000
# Under this name health says SERVING from the start, whatever the service waits for: it tells that the event loop runs.
LIVENESS = "liveness"


class StreamLimit:
    """Counts the running streams; one over the limit is refused at once."""

    def __init__(self, max_streams: int) -> None:
        self._max_streams = max_streams
        metrics.STREAMS_REFUSED.add(0, {metrics.REASON: "limit"})  # shown from the start, for alerts
        self.n_streams = 0

    @contextmanager
    def hold(self, method: str) -> Iterator[None]:
        """Holds a place while a stream of the gRPC method runs.

        Raises:
            Overloaded: when all places are taken.
        """
        if self.n_streams >= self._max_streams:
            metrics.STREAMS_REFUSED.add(1, {metrics.REASON: "limit"})
            raise Overloaded(f"{self._max_streams} streams are running, no more are taken")
        labels = {metrics.METHOD: method}
        self.n_streams += 1
        metrics.STREAMS_UNDER_WAY.add(1, labels)
        try:
            yield
        finally:
            self.n_streams -= 1
            metrics.STREAMS_UNDER_WAY.add(-1, labels)


class _Health(health.aio.HealthServicer):  # type: ignore[misc]  # the package has no types
    """Health whose watchers do not keep a server that has nothing else to do from ending."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self._ending = ending

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:  # noqa: N802 - gRPC's name
        """Tells each change until the server stops."""
        with suppress(Unavailable):
            async with self._ending.awaits():
                await super().Watch(request, context)


class _Reflection(reflection.aio.ReflectionServicer):  # type: ignore[misc]  # the package has no types
    """Reflection of which it is alike: tools keep its stream open for as long as they run."""

    def __init__(self, service_names: Sequence[str], ending: Ending) -> None:
        super().__init__(service_names)
        self._ending = ending

    async def ServerReflectionInfo(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[Any]:
        """Answers until the caller or the server ends it."""
        with suppress(Unavailable):
            async with self._ending.awaits():
                async for response in super().ServerReflectionInfo(requests, context):
                    yield response


class MeshServer:
    """A grpc.aio server with health and reflection. Health says NOT_SERVING until `set_serving(True)`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._ending = Ending()
        self._bystanders = Ending()
        self.server = grpc.aio.server(
            interceptors=(CallInterceptor(self._ending, settings.stalled_caller_s),),
            options=[
                ("grpc.max_receive_message_length", settings.max_message_bytes),
                ("grpc.max_send_message_length", settings.max_message_bytes),
                ("grpc.so_reuseport", 0),  # two services on one port is an error, not a lottery
                ("grpc.http2.min_ping_interval_without_data_ms", MIN_PING_INTERVAL_MS),
                ("grpc.keepalive_permit_without_calls", 1),
                # No grace is set for the streams of an old connection: they end in their own time.
                ("grpc.max_connection_age_ms", round(settings.max_connection_age_s * 1000)),
                # A caller whose machine went away is noticed, and its streams end.
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.keepalive_timeout_ms", 10_000),
            ],
        )
        self._health = _Health(self._bystanders)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.server)
        self._names: list[str] = [""]
        self._is_serving = self._is_draining = False
        self.port = 0

    async def start(self, service_names: Sequence[str]) -> None:
        """Listens, NOT_SERVING, with reflection of `service_names`.

        Raises:
            Incompatible: when the port is taken.
        """
        self._names += service_names
        await self.set_serving(False)
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        names = (*service_names, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            _Reflection(names, self._bystanders), self.server
        )
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self.port = self.server.add_insecure_port(address)
        except RuntimeError:
            raise Incompatible(f"cannot listen on {address}: is the port taken?") from None
        await self.server.start()
        log.info("listening on %s:%d", self._settings.host, self.port)

    async def set_serving(self, serving: bool) -> None:
        """Sets what health answers, for the server and each of its services."""
        self._is_serving = serving and not self._is_draining
        status = health_pb2.HealthCheckResponse
        for name in self._names:
            await self._health.set(name, status.SERVING if serving else status.NOT_SERVING)

    async def drain(self) -> None:
        """Says NOT_SERVING, waits for load balancers to see it, then lets running calls end within the grace.

        What still runs then ends with Unavailable. Without any call it takes the delay alone.
        """
        self._is_serving, self._is_draining = False, True
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._settings.drain_delay_s)
        self._bystanders.begin()
        grace_s = self._settings.drain_grace_s
        over = asyncio.get_running_loop().call_later(grace_s, self._ending.begin)
        try:
            await self.server.stop(grace_s + _LAST_WORD_S)
        finally:
            over.cancel()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows what every service has as metrics."""
        memory_bytes = memory.limit_bytes() or memory.physical_bytes()
        with ExitStack() as stack:
            stack.enter_context(metrics.SERVING.shows(lambda: [(float(self._is_serving), {})]))
            stack.enter_context(metrics.STREAMS_LIMIT.shows(lambda: [(self._settings.max_streams, {})]))
            stack.enter_context(metrics.MEMORY_LIMIT.shows(lambda: [(memory_bytes, {})]))
            yield


Lifespan = Callable[[MeshServer], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def running(settings: ServiceSettings, lifespan: Lifespan) -> AsyncIterator[MeshServer]:
    """A server within its lifespan, which registers the services, starts the server and warms up."""
    server = MeshServer(settings)
    try:
        with server.shown():
            async with lifespan(server):
                try:
                    yield server
                finally:
                    await server.drain()
    finally:  # also when the lifespan failed after it had the server listen
        await server.server.stop(None)


def serve(service_name: str, settings: ServiceSettings, lifespan: Lifespan) -> None:
    """Runs a service until SIGTERM or SIGINT, then drains it. The `main` of every service."""
    start_logging(service_name, settings.log_level)
    for variable in passed_over(settings):
        log.warning("%s is none of the settings: passed over", variable)
    tracing = start_tracing(service_name, settings.otlp_endpoint)
    shown = None
    try:
        metrics_endpoint = settings.otlp_endpoint if settings.otlp_metrics else ""
        shown = start_metrics(service_name, metrics_endpoint, settings.metrics_port, host=settings.host)
        asyncio.run(_serve_until_signal(settings, lifespan))
    except (
        SpeechmeshError
    ) as error:  # a broken voice, parts that do not fit: said in a line, not in a traceback
        log.error("cannot serve: %s", error)
        sys.exit(1)
    finally:
        for telemetry in (tracing, shown):
            if telemetry is not None:
                telemetry.shutdown()


async def _serve_until_signal(settings: ServiceSettings, lifespan: Lifespan) -> None:
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    started = asyncio.Event()

    async def run() -> None:
        async with running(settings, lifespan):
            started.set()
            _set_apart_what_stays()
            await stop.wait()
            log.info("draining")

    service = asyncio.create_task(run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({service, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not started.is_set():  # stopped while warming up: nothing to drain
        service.cancel()
        with suppress(asyncio.CancelledError):
            await service
    else:
        await service
    log.info("stopped")


def _set_apart_what_stays() -> None:
    """Has the cycle collector pass over what is loaded now.

    It runs in full only when a quarter as many objects are new as there are old ones, and then looks at all: a pause of
    tens of milliseconds for every stream, rare enough that garbage piles up in between.
    """
    gc.collect()
    gc.freeze()
