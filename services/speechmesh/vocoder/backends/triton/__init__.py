"""The Triton backend: one unary KServe-v2 ModelInfer a chunk, over as many servers as there are."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import grpc
from opentelemetry import trace

from speechmesh.common import metrics
from speechmesh.common.errors import Incompatible, Overloaded, Unavailable
from speechmesh.vocoder.backends import Chunk, Priority, ServedVocoder, Vocoded, warmup_chunks
from speechmesh.vocoder.backends.triton.endpoint import Endpoint, EndpointState, Wanted
from speechmesh.vocoder.backends.triton.infer import Refusal, Refused, pack, unpack
from speechmesh.vocoder.backends.triton.pool import Pool
from speechmesh.vocoder.backends.triton.redo import Redo
from speechmesh.vocoder.backends.triton.targets import Resolve, parse_targets, resolve_host

__all__ = ["EndpointState", "TritonBackend"]

log = logging.getLogger(__name__)

_CHANNEL_OPTIONS = (
    # A server that restarts is found soon, and one whose address swallows packets is not waited for.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.min_reconnect_backoff_ms", 1000),
    # The addresses are resolved already: exceptions from a proxy that go by name would not match them.
    ("grpc.enable_http_proxy", 0),
    # Each channel has a connection of its own, closed with it.
    ("grpc.use_local_subchannel_pool", 1),
)
# No retryPolicy: gRPC would send a chunk again to the server that lost it, out of sight of the counts, and on top of
# our own attempts. What remains are its transparent retries, of calls that no server has seen.

# Of a network whose longest chunk takes as long as all this, none are run together.
_WARM_TOGETHER_S = 1.0
# Longest warm-up of a model that is loaded while others are served; at the start it may take any time.
WARM_TIMEOUT_S = 60.0


class TritonBackend:
    """Calls Triton servers. Batching over streams and the order of service are Triton's; the choice is made here.

    A chunk is a pure function: one that was lost with its server is redone on another at once, with never more than
    one attempt that is waited for.
    """

    name = "triton"

    def __init__(
        self,
        url: str,
        *,
        copies: int = 1,
        warm_at_once: int = 1,
        timeout_ms: int,
        attempt_timeout_ms: int,
        resolve_interval_s: float,
        max_message_bytes: int,
        resolve: Resolve = resolve_host,
    ) -> None:
        self._url = url
        self._warm_at_once = warm_at_once
        self._timeout_s = timeout_ms / 1000.0
        self.copies = copies
        self._served: dict[str, Wanted] = {}
        self._pool = Pool(
            parse_targets(url),
            attempt_timeout_s=attempt_timeout_ms / 1000.0,
            resolve_interval_s=resolve_interval_s,
            resolve=resolve,
            options=(
                *_CHANNEL_OPTIONS,
                ("grpc.max_receive_message_length", max_message_bytes),
                ("grpc.max_send_message_length", max_message_bytes),
            ),
        )

    @asynccontextmanager
    async def running(self, models: Sequence[ServedVocoder]) -> AsyncIterator[None]:
        """Connects, waits until each model is ready on some server, and warms it."""
        self._served |= {model.name: Wanted.READY for model in models}
        metrics.VOCODER_TRITON_EJECTIONS.add(0)  # shown from the start, for alerts
        shown = metrics.VOCODER_TRITON_ENDPOINTS.shows(self._n_endpoints)
        async with self._pool.running(self._served):
            with shown:
                for model in models:
                    took_s = await self._warm(model)
                    await self._warm_together(model, took_s)
                yield

    def _n_endpoints(self) -> metrics.Values:
        states = self._pool.counts()
        return [(count, {metrics.STATE: state}) for state, count in states.items()]

    async def _warm(self, model: ServedVocoder) -> float:
        """Runs each chunk shape once; the seconds that the longest took."""
        if not self._pool.candidates(model.name):
            log.info("waiting for Triton at %s with the model %s", self._url, model.name)
        began_s = 0.0
        for chunk in warmup_chunks(model):
            began_s = time.monotonic()
            await self._warm_up(model, chunk, Priority.NORMAL)
        return time.monotonic() - began_s

    async def _warm_together(self, model: ServedVocoder, took_s: float) -> None:
        """Runs many of the longest chunk at once, where that is cheap: others may be listening to these servers.

        A server's memory, whose messages and batches are of all sizes, would take thousands of chunks to find its
        level; and where batches are large, one has been run before it counts.
        """
        n_each = min(self._warm_at_once, int(_WARM_TOGETHER_S / max(took_s, 1e-3)))
        longest = warmup_chunks(model)[-1]
        async with asyncio.TaskGroup() as together:
            for _ in range(self.n_servers * n_each):
                for priority in (Priority.RELAXED, Priority.URGENT):
                    together.create_task(self._warm_up(model, longest, priority))

    async def _warm_up(self, model: ServedVocoder, chunk: Chunk, priority: Priority) -> None:
        """Runs a chunk on any server, however long that takes."""
        while True:
            while not self._pool.candidates(model.name):
                await self._pool.wait_change()
            try:
                await self.vocode(model, chunk, priority)
                return
            except (Unavailable, Overloaded) as error:  # one that is starting or busy is waited for
                log.info("warming %s: %s", model.name, error)
                await asyncio.sleep(error.retry_after_ms / 1000.0)

    async def vocode(self, model: ServedVocoder, chunk: Chunk, priority: Priority) -> Vocoded:
        """Runs a chunk; see VocoderBackend.

        Raises:
            Overloaded: every server's queue is full, or too long.
            Unavailable: no server gave an answer in time.
            Incompatible: no server has the model.
            Internal: the model fails on this chunk.
        """
        give_up_at = time.monotonic() + self._timeout_s
        request = pack(model, chunk, priority)
        redo = Redo(model.name)
        while True:
            endpoint = await self._choose(model.name, redo, give_up_at)
            _trace_attempt(endpoint, redo)
            try:
                response = await endpoint.infer(request, give_up_at - time.monotonic())
            except Refused as error:
                reason = error.refusal.name.lower()
                metrics.VOCODER_TRITON_REFUSALS.add(1, {metrics.REASON: reason})
                failed = error.refusal in (Refusal.BROKEN, Refusal.WRONG)
                level = logging.WARNING if failed else logging.DEBUG
                log.log(level, "no samples from Triton at %s: %s", endpoint.address, error)
                redo.note(endpoint, error)
                continue
            # Failing is quick: such a server, left among the others, would be the least busy of all.
            for broken in redo.to_blame(endpoint):
                broken.eject("its model failed on a chunk that another ran")
            return unpack(response)

    async def _choose(self, model_name: str, redo: Redo, give_up_at: float) -> Endpoint:
        """The server for the next attempt; waits for one while there is none."""
        while not self._pool.closed and (left_s := give_up_at - time.monotonic()) > 0:
            if allowed := redo.allowed(self._pool.candidates(model_name)):
                if redo.last is not None:
                    redo.last.endpoint.n_redone += 1
                return self._pool.least_busy(allowed)
            try:
                async with asyncio.timeout(left_s):
                    await self._pool.wait_change()
            except TimeoutError:
                break
        raise redo.out_of_time()

    async def load(self, model: ServedVocoder) -> None:
        """Loads a model on every server that answers, and warms it; see VocoderBackend.

        A server that does not load it gets no chunks of it; an error is raised when none does. One that comes later, or
        comes back without it, is asked then.
        """
        was_unloaded = self._served.get(model.name) is Wanted.UNLOADED
        if was_unloaded:  # a server that comes while it is loaded shall not unload it again
            del self._served[model.name]
        try:
            await self._load_somewhere(model)
        except BaseException:
            if was_unloaded:
                self._served[model.name] = Wanted.UNLOADED
            raise
        self._served[model.name] = Wanted.LOADED
        try:
            async with asyncio.timeout(WARM_TIMEOUT_S):
                await self._warm(model)
        except TimeoutError:
            raise Unavailable(f"no Triton has run {model.name} within {WARM_TIMEOUT_S:g} s") from None

    async def _load_somewhere(self, model: ServedVocoder) -> None:
        """Asks all servers to load a model.

        Raises:
            Incompatible: when each refuses.
            Unavailable: when there is none, or none does and one may later.
        """
        endpoints = self._pool.reachable_endpoints()
        if not endpoints:
            raise Unavailable(f"no Triton at {self._url} answers")
        errors: list[Incompatible | Unavailable] = []
        for endpoint in endpoints:
            try:
                await _controlled(endpoint.load_model(model.name), f"{endpoint.address}: load {model.name}")
            except (Incompatible, Unavailable) as error:
                log.warning("%s", error)
                errors.append(error)
        if len(errors) == len(endpoints):
            raise next((error for error in errors if error.retryable), errors[0])

    async def unload(self, model: ServedVocoder) -> None:
        """Unloads a model on every server that answers, and on one that comes back when it does; see VocoderBackend."""
        self._served[model.name] = Wanted.UNLOADED
        for endpoint in self._pool.reachable_endpoints():
            await _controlled(endpoint.unload_model(model.name), f"{endpoint.address}: unload {model.name}")

    async def healthy(self) -> AsyncIterator[bool]:
        """Whether at least one server is healthy: the state now, then each change."""
        shown: bool | None = None
        while not self._pool.closed:
            if (now := self._pool.healthy) is not shown:
                shown = now
                yield now
            else:
                await self._pool.wait_change()

    @property
    def n_servers(self) -> int:
        """The servers that are up."""
        return len(self._pool.healthy_endpoints())

    def endpoints(self) -> list[EndpointState]:
        """The servers in use, by address."""
        return self._pool.states()


async def _controlled(call: Awaitable[None], what: str) -> None:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        details = error.details() or ""
        if "explicit model load" in details:
            raise Incompatible(
                f"Triton at {what}: it does not take that; start it with --model-control-mode=explicit "
                "--load-model=*"
            ) from None
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            raise Unavailable(f"Triton at {what}: {error.code().name}") from error
        raise Incompatible(f"Triton at {what}: {details}") from error


def _trace_attempt(endpoint: Endpoint, redo: Redo) -> None:
    """Has the current span tell where a chunk runs now, and why no longer where it ran before."""
    span = trace.get_current_span()
    span.set_attributes(_where(endpoint))
    if redo.last is not None:
        reason: dict[str, str | int] = {"speechmesh.reason": redo.last.refusal.value}
        span.add_event("vocoder.redo", _where(redo.last.endpoint) | reason)


def _where(endpoint: Endpoint) -> dict[str, str | int]:
    return {"server.address": endpoint.address.ip, "server.port": endpoint.address.port}
