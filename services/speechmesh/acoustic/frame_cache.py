"""Frames of segments that were asked for before, and of those that are being made for somebody else.

A segment is known by its content: the voice in its revision, and all that decides its frames. One that is asked for
while it is being made joins: it gets the pieces there are, then the others as they come, and the most urgent of its
listeners says how soon it runs. It is made for as long as anybody listens.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import fields
from enum import Enum
from functools import partial

import numpy as np
from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticResult, AcousticSegment
from speechmesh.acoustic.jobs import Job, Piece, Timing
from speechmesh.common import metrics
from speechmesh.common.cache import BytesLru

_KEY_BYTES = 32
# Of an entry: its key, objects and places in tables.
_ENTRY_BYTES = 1024
_NO_TIME = Timing(queue_ms=0.0, compute_ms=0.0, batch_size=0)

Key = bytes


def content_key(revision: str, segment: AcousticSegment) -> Key:
    """What equal segments of one voice's revision have in common, and no others.

    Every field counts, those to come as well.

    Raises:
        TypeError: when a field is of a kind that this does not know.
    """
    digest = hashlib.blake2b(revision.encode(), digest_size=_KEY_BYTES)
    for each in fields(segment):
        value = getattr(segment, each.name)
        # Lengths go before contents: what ends in one field must not begin another.
        for part in (each.name.encode(), *_parts(value)):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.digest()


def _parts(value: object) -> tuple[bytes, ...]:
    """A value's kind and content."""
    if isinstance(value, np.ndarray):
        return b"array", f"{value.dtype.str}{value.shape}".encode(), value.tobytes()
    if isinstance(value, Enum):
        return b"enum", str(value.value).encode()
    if value is None or isinstance(value, bool | int | float | str):
        return type(value).__name__.encode(), repr(value).encode()
    raise TypeError(f"a {type(value).__name__} cannot be part of a key")


class FrameCache:
    """Frames by content, `max_bytes` of them at most; 0 keeps none and shares nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._results: BytesLru[Key, AcousticResult] = BytesLru(max_bytes)
        self._jobs: dict[Key, Job] = {}

    @property
    def n_bytes(self) -> int:
        """What the frames take."""
        return self._results.n_bytes

    def clear(self) -> None:
        """Forgets the frames, not what is being made."""
        self._results.clear()

    async def stream(
        self, batcher: Batcher, revision: str, segment: AcousticSegment, slack_ms: float, span: trace.Span
    ) -> AsyncGenerator[Piece]:
        """A segment's pieces: all at once of one that is known, else as the batcher makes them.

        Raises:
            Overloaded, Internal: see Batcher.stream. What failed is not kept.
        """
        if not self._results.max_bytes:
            async with aclosing(batcher.stream(segment, slack_ms, span)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        key = content_key(revision, segment)
        if (known := self._results.get(key)) is not None:
            _count("hit", span)
            yield Piece(known.frames, known.frames_per_token, _NO_TIME)
            return
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = batcher.submit(segment, partial(self._ended, key))
            _count("miss", span)
        else:
            _count("joined", span)
        listener = batcher.join(job, slack_ms, span)
        try:
            async with aclosing(job.heard_by(listener)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            batcher.leave(job, listener)
            if not job.listeners:
                self._forget(key, job)

    def _ended(self, key: Key, job: Job) -> None:
        self._forget(key, job)
        if job.error is None:
            frames = [piece.frames for piece in job.pieces]
            # One array, also of a single piece, which may be a part of something larger.
            whole = frames[0] if len(frames) == 1 and frames[0].base is None else np.concatenate(frames)
            whole.setflags(write=False)
            result = AcousticResult(whole, job.pieces[-1].frames_per_token)
            n_bytes = whole.nbytes + result.frames_per_token.nbytes + _ENTRY_BYTES
            self._results.put(key, result, n_bytes)

    def _forget(self, key: Key, job: Job) -> None:
        if self._jobs.get(key) is job:
            del self._jobs[key]


def _count(result: str, span: trace.Span) -> None:
    metrics.ACOUSTIC_CACHE.add(1, {metrics.RESULT: result})
    span.set_attribute("speechmesh.cache", result)
