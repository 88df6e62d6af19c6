"""One Triton server: its channel, its health, and the chunks that it has now."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from speechmesh.common import metrics
from speechmesh.common.telemetry import outgoing_metadata
from speechmesh.vocoder.backends.triton.infer import Refusal, Refused, limit_queueing, refused
from speechmesh.vocoder.backends.triton.targets import Address

log = logging.getLogger(__name__)

CHECK_PERIOD_S = 1.0
CHECK_TIMEOUT_S = 1.0
_FIRST_BACKOFF_S = 0.25
_MAX_BACKOFF_S = 5.0
_TRUSTED_AFTER_S = 30.0
# Loading reads the file and runs every warm-up.
_CONTROL_TIMEOUT_S = 120.0
# gRPC gives a call up, and with that cancels it, when so many times the time of an attempt is over.
_CALL_TIMES = 4.0
# How long chunks that nobody waits for may take before the connection to a healthy server is closed.
_FAREWELL_S = 2.0


class Wanted(Enum):
    """What is wanted of the servers for a model."""

    READY = auto()  # whoever has it gets its chunks
    LOADED = auto()  # and whoever lacks it is asked to load it
    UNLOADED = (
        auto()
    )  # whoever comes, or comes back, is asked to unload it: starting, it loads all that it finds


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How a server does. The counters only grow, as long as the server is one of those in use.

    `outstanding`: chunks sent and not yet answered; `n_chunks`: chunks answered; `n_redone`: chunks that were sent
    again because this server lost or refused them.
    """

    address: str
    healthy: bool
    outstanding: int
    n_chunks: int
    n_redone: int


class Endpoint:
    """A server at one address. Ejected when it fails a chunk or a check, admitted again when a check passes.

    `changed` is called when what it can be chosen for has changed.
    """

    def __init__(
        self,
        address: Address,
        *,
        attempt_timeout_s: float,
        options: Sequence[tuple[str, Any]],
        changed: Callable[[], None],
    ) -> None:
        self.address = address
        self.healthy = False
        # Whether it answered its last check, though it may have no model ready, and so not be healthy.
        self.reachable = False
        self.retired = False
        self.n_chunks = 0
        self.n_redone = 0
        self._attempt_timeout_s = attempt_timeout_s
        self._changed = changed
        self._channel = grpc.aio.insecure_channel(address.channel_target, options=list(options))
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._models: frozenset[str] = frozenset()
        # One load or unload at a time, so that the last word is the one that was said last.
        self._control = asyncio.Lock()
        # The models that it would not load, since it was last found gone.
        self._refused: set[str] = set()
        self._calls: set[asyncio.Future[pb.ModelInferResponse]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._roused = asyncio.Event()
        self._n_ejections = 0
        self._backoff_s = _FIRST_BACKOFF_S
        # Moments on time.monotonic()'s clock: the last sign of life, the last chunk answered, the last admission.
        self._heard_at = self._answered_at = self._admitted_at = 0.0

    def has(self, model_name: str) -> bool:
        """Whether chunks of the model may be sent here."""
        return self.healthy and not self.retired and model_name in self._models

    @property
    def outstanding(self) -> int:
        """Chunks sent and not yet answered."""
        return len(self._calls)

    @property
    def load(self) -> tuple[bool, int]:
        """What to choose by, least first. One that came back gets a single chunk until it has answered one."""
        on_trial = self._answered_at < self._admitted_at
        return on_trial and bool(self._calls), len(self._calls)

    @property
    def state(self) -> EndpointState:
        """How it does now."""
        return EndpointState(
            str(self.address),
            self.healthy and not self.retired,
            self.outstanding,
            self.n_chunks,
            self.n_redone,
        )

    async def infer(self, request: pb.ModelInferRequest, timeout_s: float) -> pb.ModelInferResponse:
        """Runs a chunk here, within `timeout_s` and the limit of one attempt.

        Raises:
            Refused: when nothing came of it. The server is ejected if it is to blame.
        """
        started = time.monotonic()
        attempt_s = min(timeout_s, self._attempt_timeout_s)
        limit_queueing(request, attempt_s)
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        call = asyncio.ensure_future(self._call(request, _CALL_TIMES * self._attempt_timeout_s))
        self._calls.add(call)
        self._idle.clear()
        call.add_done_callback(self._ended)
        try:
            # Who leaves, or waits no longer, does not end the call: Triton may crash of one that is cancelled (server
            # 2.51; its issues 7368 and 8034), and a chunk is short.
            async with asyncio.timeout(attempt_s):
                response = await asyncio.shield(call)
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            refusal = refused(error) if isinstance(error, grpc.aio.AioRpcError) else _hung(attempt_s)
            self._blame(refusal, request.model_name, started, full_time=attempt_s == self._attempt_timeout_s)
            raise refusal from error
        except asyncio.CancelledError:
            if task is None or task.cancelling() > cancels:
                raise
            # Not the caller left: the call was dropped here, see _drop_calls.
            raise Refused(Refusal.LOST, "dropped with its server") from None
        self.n_chunks += 1
        self._heard_at = self._answered_at = time.monotonic()
        self._backoff_s = _FIRST_BACKOFF_S
        return response

    async def _call(self, request: pb.ModelInferRequest, timeout_s: float) -> pb.ModelInferResponse:
        # A coroutine, as asyncio takes no call of gRPC's for a future.
        response: pb.ModelInferResponse = await self._stub.ModelInfer(
            request, timeout=timeout_s, metadata=outgoing_metadata()
        )
        return response

    def _ended(self, call: asyncio.Future[pb.ModelInferResponse]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # taken even where the caller left: asyncio would tell of it as a fault of ours
        if not self._calls:
            self._idle.set()

    def _blame(self, error: Refused, model_name: str, started: float, *, full_time: bool) -> None:
        if error.refusal is Refusal.LOST:
            self.eject(str(error))
        elif error.refusal in (Refusal.ABSENT, Refusal.UNREADY):
            self._models -= {model_name}  # until a check finds it
        # While it answered others, it was slow; and less than an attempt's time says nothing.
        elif error.refusal is Refusal.HUNG and full_time and self._answered_at < started:
            self.eject(f"no answer within {self._attempt_timeout_s:g} s")
            self._drop_calls()

    def eject(self, reason: str) -> None:
        """It gets no more chunks until a check passes; those that it has go on."""
        self.reachable = False
        if not self.healthy:
            return
        self.healthy = False
        self._n_ejections += 1
        metrics.VOCODER_TRITON_EJECTIONS.add(1)
        self._roused.set()
        log.warning("Triton at %s is ejected: %s", self.address, reason)
        self._changed()

    def _drop_calls(self) -> None:
        """The chunks it has are redone elsewhere now, each in its own `infer`."""
        for call in list(self._calls):
            call.cancel()

    async def load_model(self, model_name: str) -> None:
        """Has the server load a model as its repository has it now.

        Raises:
            grpc.aio.AioRpcError: when it does not.
        """
        async with self._control:
            try:
                await self._load(model_name)
            except grpc.aio.AioRpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    self._refused.add(model_name)  # the next check does not ask again
                raise
            self._refused.discard(model_name)

    async def _load(self, model_name: str) -> None:
        await self._stub.RepositoryModelLoad(
            pb.RepositoryModelLoadRequest(model_name=model_name), timeout=_CONTROL_TIMEOUT_S
        )
        self._heard_at = time.monotonic()
        self._models |= {model_name}
        self._changed()

    async def unload_model(self, model_name: str) -> None:
        """Has the server unload a model; it gets no more chunks of it at once.

        Raises:
            grpc.aio.AioRpcError: when it does not.
        """
        async with self._control:
            await self._unload(model_name)

    async def _unload(self, model_name: str) -> None:
        self._models -= {model_name}
        await self._stub.RepositoryModelUnload(
            pb.RepositoryModelUnloadRequest(model_name=model_name), timeout=_CONTROL_TIMEOUT_S
        )

    def retire(self) -> None:
        """It gets no more chunks, and `watch` ends when it has none."""
        self.retired = True
        self._roused.set()
        self._changed()

    async def watch(self, served: Mapping[str, Wanted]) -> None:
        """Checks the server until it is retired and idle, or this is cancelled; then closes the channel."""
        try:
            while not self.retired:
                self._roused.clear()
                await self._check(served)
                if self.healthy:
                    await self._pause(CHECK_PERIOD_S)
                if not self.healthy and not self.retired:
                    self._roused.clear()
                    await self._pause(self._backoff_s * random.uniform(0.75, 1.25))
                    self._backoff_s = min(self._backoff_s * 2.0, _MAX_BACKOFF_S)
            await self._idle.wait()
        finally:
            self.retired = True
            if self.healthy:  # what callers left there is not cancelled, see infer
                with suppress(TimeoutError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await self._idle.wait()
            self._drop_calls()
            await self._channel.close()

    async def _pause(self, delay_s: float) -> None:
        """Waits, or until it is ejected or retired."""
        try:
            async with asyncio.timeout(delay_s):
                await self._roused.wait()
        except TimeoutError:
            pass

    async def _check(self, served: Mapping[str, Wanted]) -> None:
        n_ejections, was_away = self._n_ejections, not self.reachable
        # A copy: models are loaded and unloaded meanwhile.
        names = [name for name, wanted in served.items() if wanted is not Wanted.UNLOADED]
        try:
            models = await self._ready(names)
        except grpc.aio.AioRpcError as error:
            silent_s = time.monotonic() - self._heard_at
            if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                self.eject(f"its check failed: {error.code().name}: {error.details()}")
                self._refused.clear()
            # Busy is not dead: one that is slow to answer checks, but answered anything lately, stays.
            elif silent_s > self._attempt_timeout_s:
                self.eject(f"silent for {silent_s:.1f} s")
                self._drop_calls()
            return
        except Exception:  # a fault of ours must not end the checks
            log.exception("the check of Triton at %s failed", self.address)
            return
        if n_ejections != self._n_ejections:  # the answer may be older than the ejection
            return
        self._heard_at = time.monotonic()
        if names and not models:
            self.eject("it has no model ready")
        else:
            self._admit(models)
        self.reachable = True
        if was_away:
            await self._unload_unwanted(served)
        lacking = [name for name, wanted in served.items() if wanted is Wanted.LOADED and name not in models]
        await self._load_lacking(lacking, served)

    async def _unload_unwanted(self, served: Mapping[str, Wanted]) -> None:
        """Has the server unload what was unloaded while it was away, or what it has loaded anew by itself."""
        for name in [name for name, wanted in served.items() if wanted is Wanted.UNLOADED]:
            async with self._control:
                if served.get(name) is Wanted.UNLOADED:  # it may have been loaded meanwhile
                    try:
                        await self._unload(name)
                    except grpc.aio.AioRpcError as error:
                        log.info("Triton at %s does not unload %s: %s", self.address, name, error.details())

    async def _load_lacking(self, names: Sequence[str], served: Mapping[str, Wanted]) -> None:
        """Has the server load what it lacks, as it was away while it was loaded, or has started anew since.

        Meanwhile it is not checked. The chunks that it gets tell as well how it does.
        """
        for name in names:
            async with self._control:
                # It may have been unloaded meanwhile.
                if name in self._refused or served.get(name) is not Wanted.LOADED:
                    continue
                try:
                    await self._load(name)
                except grpc.aio.AioRpcError as error:  # its repository has it not, or it may not be told
                    log.info("Triton at %s does not load %s: %s", self.address, name, error.details())
                    self._refused.add(name)

    async def _ready(self, model_names: Sequence[str]) -> frozenset[str]:
        if not model_names:  # a server with nothing to serve may still be gone
            await self._stub.ServerLive(pb.ServerLiveRequest(), timeout=CHECK_TIMEOUT_S)
        ready = set()
        for name in model_names:
            if (await self._stub.ModelReady(pb.ModelReadyRequest(name=name), timeout=CHECK_TIMEOUT_S)).ready:
                ready.add(name)
        return frozenset(ready)

    def _admit(self, models: frozenset[str]) -> None:
        if self.healthy and models == self._models:
            if self._heard_at - self._admitted_at > _TRUSTED_AFTER_S:
                self._backoff_s = _FIRST_BACKOFF_S
            return
        if not self.healthy:
            self._admitted_at = self._heard_at
            log.info("Triton at %s is ready", self.address)
        self.healthy, self._models = True, models
        self._changed()


def _hung(attempt_s: float) -> Refused:
    return Refused(Refusal.HUNG, f"no answer within {attempt_s:g} s")
