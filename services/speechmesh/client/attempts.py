"""A call that no server took is made again, while nothing has come of it.

gRPC's `retryPolicy` would do the same, but a call that it repeats may hang past its deadline for ever
(https://github.com/grpc/grpc/issues/41036).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypedDict, TypeVar

import grpc
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential,
    wait_random,
)
from tenacity.retry import RetryBaseT
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

from speechmesh.client.errors import SpeechError, speech_error

T = TypeVar("T")
E = TypeVar("E", threading.Event, asyncio.Event)

MAX_ATTEMPTS = 4
_WAIT = wait_exponential(multiplier=0.1, max=1.0) + wait_random(0.0, 0.1)
# What a frontend says that goes away. Behind the other errors it was patient already, and it says when to try again.
_SHUTTING_DOWN = "SHUTTING_DOWN"


class _Policy(TypedDict):
    retry: RetryBaseT
    stop: StopBaseT
    wait: WaitBaseT
    before: Callable[[RetryCallState], None]
    before_sleep: Callable[[RetryCallState], None]
    reraise: bool


def _ignore(error: SpeechError) -> None:
    """Of a repetition nobody is told."""


class _Attempts(Generic[E]):
    """The attempts at one call, within one deadline.

    Attributes:
        call: the latest.
    """

    _new_event: Callable[[], E]

    def __init__(
        self,
        start: Callable[[float | None], Any],
        timeout_s: float | None,
        on_repeat: Callable[[SpeechError], None] = _ignore,
    ) -> None:
        """Makes the call: `start` does, given its deadline in s. `on_repeat` is told why it is made again."""
        self._start = start
        self._give_up_at = None if timeout_s is None else time.monotonic() + timeout_s
        self._on_repeat = on_repeat
        self._left: E = self._new_event()
        self._lock = threading.Lock()
        self.call = start(timeout_s)

    def cancel(self) -> None:
        """Cancels the call and makes it no more; does nothing to one that has ended."""
        with self._lock:
            self._left.set()
            self.call.cancel()

    def _again(self) -> None:
        with self._lock:
            if self._left.is_set():
                raise SpeechError(grpc.StatusCode.CANCELLED, "the call was left")
            timeout_s = None if self._give_up_at is None else max(self._give_up_at - time.monotonic(), 0.0)
            try:
                self.call = self._start(timeout_s)
            except (ValueError, grpc.aio.UsageError):
                raise SpeechError(grpc.StatusCode.CANCELLED, "the client is closed") from None

    def _policy(self) -> _Policy:
        def may_help(error: BaseException) -> bool:
            return (
                isinstance(error, SpeechError)
                and error.code is grpc.StatusCode.UNAVAILABLE
                and error.reason in ("", _SHUTTING_DOWN)
                and not self._left.is_set()
            )

        def is_enough(state: RetryCallState) -> bool:
            next_at = time.monotonic() + state.upcoming_sleep
            return state.attempt_number >= MAX_ATTEMPTS or (
                self._give_up_at is not None and next_at >= self._give_up_at
            )

        def begin(state: RetryCallState) -> None:
            if state.attempt_number > 1:  # the first runs already
                self._again()

        def note(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, SpeechError):
                self._on_repeat(error)

        return {
            "retry": retry_if_exception(may_help),
            "stop": is_enough,
            "wait": _WAIT,
            "before": begin,
            "before_sleep": note,
            "reraise": True,
        }


class Attempts(_Attempts[threading.Event]):
    """The attempts at one call, for threads."""

    _new_event = threading.Event

    def first(self, take: Callable[[Any], T]) -> T:
        """What `take` returns, which waits for the first thing that comes of the call it is given.

        Raises:
            SpeechError: when the last attempt fails.
        """

        def attempt() -> T:
            try:
                return take(self.call)
            except grpc.RpcError as error:
                raise speech_error(error) from None

        def pause(seconds: float) -> None:
            self._left.wait(seconds)

        return Retrying(sleep=pause, **self._policy())(attempt)


class AsyncAttempts(_Attempts[asyncio.Event]):
    """The attempts at one call, for tasks."""

    _new_event = asyncio.Event

    async def first(self, take: Callable[[Any], Awaitable[T]]) -> T:
        """What `take` returns, see Attempts.first.

        Raises:
            SpeechError: when the last attempt fails.
        """

        async def attempt() -> T:
            try:
                return await take(self.call)
            except grpc.aio.AioRpcError as error:
                raise speech_error(error) from None

        async def pause(seconds: float) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._left.wait()

        return await AsyncRetrying(sleep=pause, **self._policy())(attempt)
