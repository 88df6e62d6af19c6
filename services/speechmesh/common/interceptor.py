"""The one server interceptor: opens the call's span and maps every error to its status."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

import grpc
from grpc_status import rpc_status
from opentelemetry import context as otel_context
from opentelemetry import trace

from speechmesh.common.ending import Ending
from speechmesh.common.errors import Internal, InvalidInput, NotFound, Overloaded, SpeechmeshError
from speechmesh.common.stalled_callers import StalledCallers
from speechmesh.common.telemetry import current_trace_id, incoming_context, tracer

log = logging.getLogger(__name__)

_UNTRACED = ("/grpc.health.", "/grpc.reflection.")
_NO_MORE = object()
_REFUSALS_TOLD_EVERY_S = 10.0


Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler: SpeechmeshError becomes its status, anything else Internal with the trace id.

    A call that still runs when `ending` begins ends with Unavailable, a stream of which its caller takes nothing for
    `stalled_caller_s` (None: for ever) with CANCELLED.
    """

    def __init__(self, ending: Ending, stalled_caller_s: float | None = None) -> None:
        self._ending = ending
        self._stalled = StalledCallers(stalled_caller_s)
        self._told = _Told()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wraps the handler that `continuation` finds, if any."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(_UNTRACED):
            return handler
        inner: Any = (
            handler.stream_stream or handler.unary_stream or handler.stream_unary or handler.unary_unary
        )
        wrapped: Any = (
            _wrap_streaming(inner, method, self._ending, self._told, self._stalled)
            if handler.response_streaming
            else _wrap_unary(inner, method, self._ending, self._told)
        )
        make = _MAKERS[handler.request_streaming, handler.response_streaming]
        return make(wrapped, handler.request_deserializer, handler.response_serializer)


_MAKERS: dict[tuple[bool, bool], Callable[..., Handler]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class _CallSpan:
    """The SERVER span of one call, child of the caller's context, current while the handler runs."""

    def __init__(self, method: str, context: Context) -> None:
        self._parent = incoming_context(context.invocation_metadata())
        self._method = method

    def __enter__(self) -> trace.Span:
        self._span = tracer.start_span(
            self._method.lstrip("/"),
            self._parent,
            kind=trace.SpanKind.SERVER,
            attributes={"rpc.system": "grpc", "rpc.method": self._method},
            record_exception=False,
        )
        self._task = asyncio.current_task()
        self._token = otel_context.attach(trace.set_span_in_context(self._span, self._parent))
        return self._span

    def __exit__(self, *_: object) -> None:
        self._span.end()
        # A generator whose call was cancelled while a response was sent is closed by another task: the context in which
        # it was attached is gone with its own.
        if asyncio.current_task() is self._task:
            otel_context.detach(self._token)


class _Told:
    """What the log is told of errors: of refusals, of which there may be thousands a second, one now and then.

    The metrics count every one.
    """

    def __init__(self) -> None:
        self._told_at_s: dict[str, float] = {}
        self._n_untold: Counter[str] = Counter()

    def tell(self, error: SpeechmeshError, method: str) -> None:
        """What a method ends with; nothing of callers' own mistakes, which are not our news."""
        if isinstance(error, InvalidInput | NotFound):
            return
        cause = since = ""
        if error.__cause__ is not None:
            cause = f" ({' '.join(repr(error.__cause__).split())})"  # gRPC's errors have six lines
        if isinstance(error, Overloaded):
            now_s = time.monotonic()
            if now_s - self._told_at_s.get(method, -math.inf) < _REFUSALS_TOLD_EVERY_S:
                self._n_untold[method] += 1
                return
            self._told_at_s[method] = now_s
            if n_untold := self._n_untold.pop(method, 0):
                since = f"; {n_untold} more were refused since this was told last"
        log.warning("%s: %s: %s%s%s", method, error.status.name, error, cause, since)


async def _abort(
    error: BaseException, context: Context, span: trace.Span, method: str, told: _Told
) -> NoReturn:
    if isinstance(error, SpeechmeshError):
        mapped = error
        told.tell(error, method)
    else:
        log.exception("unexpected error in %s", method, exc_info=error)
        mapped = Internal.hiding(current_trace_id())
    span.set_attribute("rpc.grpc.status_code", mapped.status.value[0])
    span.set_status(trace.StatusCode.ERROR, str(mapped))
    await context.abort_with_status(rpc_status.to_status(mapped.to_status()))
    raise AssertionError("abort returned")  # pragma: no cover - abort always raises


def _wrap_streaming(
    inner: Callable[[Any, Context], AsyncIterator[Any]],
    method: str,
    ending: Ending,
    told: _Told,
    stalled: StalledCallers,
) -> Callable[[Any, Context], AsyncIterator[Any]]:
    async def handle(request: Any, context: Context) -> AsyncIterator[Any]:
        with _CallSpan(method, context) as span:
            responses = inner(request, context)
            try:
                while True:
                    async with ending.awaits():
                        response = await anext(responses, _NO_MORE)
                    if response is _NO_MORE:
                        return
                    with stalled.cut_off(method, context.abort):
                        yield response
            except (asyncio.CancelledError, GeneratorExit):
                span.set_attribute("speechmesh.cancelled", True)
                raise
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # the one place that sees every error
                await _abort(error, context, span, method, told)
            finally:
                # The handler's own clean-up runs now, not when the garbage collector finds it.
                if hasattr(responses, "aclose"):
                    await responses.aclose()

    return handle


def _wrap_unary(
    inner: Callable[[Any, Context], Awaitable[Any]], method: str, ending: Ending, told: _Told
) -> Callable[[Any, Context], Awaitable[Any]]:
    async def handle(request: Any, context: Context) -> Any:
        with _CallSpan(method, context) as span:
            try:
                async with ending.awaits():
                    return await inner(request, context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # the one place that sees every error
                await _abort(error, context, span, method, told)

    return handle
