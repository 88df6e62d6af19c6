"""Ends streams whose callers have stopped reading without leaving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import grpc
from opentelemetry import trace

log = logging.getLogger(__name__)

Abort = Callable[[grpc.StatusCode, str], Awaitable[None]]


class StalledCallers:
    """Cuts off streams of which nothing is taken for `after_s`; None: they wait as long as their callers do."""

    def __init__(self, after_s: float | None) -> None:
        self._after_s = after_s
        self._last_words: set[asyncio.Task[None]] = set()

    @contextmanager
    def cut_off(self, method: str, abort: Abort) -> Iterator[None]:
        """Within the block, which the call's own task runs, a response is sent; not taken in time, the call ends.

        Its task is cancelled, as when a caller leaves. `abort` sends the status, behind what was sent before: one who
        reads on hears of it.
        """
        call = asyncio.current_task()
        if self._after_s is None or call is None:
            yield
            return
        span = trace.get_current_span()

        def cut() -> None:
            reason = f"the caller has taken nothing for {self._after_s:g} s"
            log.warning("%s: cut off, %s", method, reason)
            span.set_attribute("speechmesh.stalled_caller", True)
            last_word = asyncio.ensure_future(_say(abort, reason))
            self._last_words.add(last_word)
            last_word.add_done_callback(self._last_words.discard)
            call.cancel()

        timer = asyncio.get_running_loop().call_later(self._after_s, cut)
        try:
            yield
        finally:
            timer.cancel()


async def _say(abort: Abort, reason: str) -> None:
    # It raises when the status is sent, and when the caller has left meanwhile.
    with suppress(grpc.aio.AbortError, grpc.aio.UsageError, grpc.RpcError):
        await abort(grpc.StatusCode.CANCELLED, reason)
