"""Phrases in the store that replicas share. Nothing that happens to it is an error of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from speechmesh.common import metrics
from speechmesh.frontend.phrases.circuit import Circuit
from speechmesh.frontend.phrases.key import Key
from speechmesh.frontend.phrases.phrase import Phrase, read_phrase
from speechmesh.frontend.phrases.store import Store, StoreError

T = TypeVar("T")

MAX_READS, MAX_WRITES = 16, 8
# How long a call may take in all, connecting included; nobody waits for it so long.
_MAX_CALL_S = 1.0
# How long writes that are under way may take at the end.
_CLOSING_S = 1.0


class SharedPhrases:
    """Reads and writes a store beside the requests, few at a time; leaves it alone while it does not answer.

    What is under way takes MAX_READS + MAX_WRITES times `max_phrase_bytes` at most, and as much again while a form
    becomes a phrase.

    A request waits `patience_s` for a phrase. One that comes later is there for the next request: `found` is told of
    each, with its key. So a connection that takes longer to make than anybody waits is made nevertheless.

    Args:
        store: where the phrases are.
        max_phrase_bytes: longest form read or written.
        ttl_s: how long the store keeps a phrase.
        patience_s: see above.
        found: told of what was read.
    """

    def __init__(
        self,
        store: Store,
        *,
        max_phrase_bytes: int,
        ttl_s: int,
        patience_s: float,
        found: Callable[[Key, Phrase], None],
    ) -> None:
        self._store = store
        self._max_phrase_bytes = max_phrase_bytes
        self._ttl_s = ttl_s
        self._patience_s = patience_s
        self._found = found
        # With the time at which nobody waits for it any longer.
        self._reads: dict[Key, tuple[asyncio.Task[Phrase | None], float]] = {}
        self._writes: set[asyncio.Task[None]] = set()
        # Apart: a store that is full and takes nothing more still gives what it has.
        self.reading = Circuit("shared phrases, reading", partial(_count_rest, "read"))
        self.writing = Circuit("shared phrases, writing", partial(_count_rest, "write"))

    async def look(self, key: Key) -> Phrase | None:
        """The store's phrase, if there is one and it comes in time."""
        now = asyncio.get_running_loop().time()
        if key not in self._reads:
            if len(self._reads) >= MAX_READS:
                _count_failure("full")
                return None
            if not self.reading.allows():
                return None
            started = asyncio.create_task(self._read(key))
            started.add_done_callback(lambda _: self._reads.pop(key))
            self._reads[key] = started, now + self._patience_s
        read, until = self._reads[key]
        # Who leaves does not take the read along: others may wait for it as well.
        await asyncio.wait({read}, timeout=max(until - now, 0.0))
        return read.result() if read.done() and not read.cancelled() else None

    def keep(self, key: Key, phrase: Phrase) -> None:
        """Writes a phrase by and by; not when the store does not keep up, or for a phrase that is too large."""
        if len(self._writes) >= MAX_WRITES:
            _count_failure("full")
            return
        if not self.writing.allows():
            return
        write = asyncio.create_task(self._write(key, phrase))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def aclose(self) -> None:
        """Waits a second at most for what is being written, then closes the store."""
        if self._writes:
            await asyncio.wait(self._writes, timeout=_CLOSING_S)
        left = [*self._writes, *(read for read, _ in self._reads.values())]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._store.aclose()

    async def _read(self, key: Key) -> Phrase | None:
        late = False

        def note_late() -> None:
            nonlocal late
            late = True
            _note_failure(self.reading, "slow", "it is slow")

        timer = asyncio.get_running_loop().call_later(self._patience_s, note_late)
        try:
            form = await _limited(self._store.read(key, self._max_phrase_bytes))
        except StoreError as error:
            if not late:
                _note_failure(self.reading, error.reason, str(error))
            return None
        finally:
            timer.cancel()
        if not late:
            self.reading.succeeded()
        if not form:
            return None
        if (phrase := read_phrase(form, key)) is None:
            _count_failure("damaged")
        else:
            self._found(key, phrase)
        return phrase

    async def _write(self, key: Key, phrase: Phrase) -> None:
        form = phrase.to_bytes(key)
        if len(form) > self._max_phrase_bytes:
            return
        try:
            await _limited(self._store.write(key, form, self._ttl_s))
        except StoreError as error:
            _note_failure(self.writing, error.reason, str(error))
        else:
            self.writing.succeeded()


async def _limited(call: Coroutine[Any, Any, T]) -> T:
    """What the call gives, within its time.

    Raises:
        StoreError: the call's, or "slow".
    """
    try:
        async with asyncio.timeout(_MAX_CALL_S):
            return await call
    except TimeoutError:
        raise StoreError("slow", f"no answer within {_MAX_CALL_S:g} s") from None


def _note_failure(circuit: Circuit, reason: str, message: str) -> None:
    _count_failure(reason)
    circuit.failed(message)


def _count_failure(reason: str) -> None:
    metrics.FRONTEND_PHRASE_STORE_FAILURES.add(1, {metrics.REASON: reason})


def _count_rest(what: str) -> None:
    metrics.FRONTEND_PHRASE_STORE_RESTS.add(1, {metrics.OPERATION: what})
