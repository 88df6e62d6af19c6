"""The yardstick: the same ONNX graphs in one process, as many worker threads as cores, no RPC, no windows.

Texts in work share the threads; a text's first segments go before any text's later ones. "First audio"
is a text's first complete segment.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.audio import ChunkReader
from bench.bare import BareVoice
from bench.figures import Stream
from bench.speakers import finish
from speechmesh.common.runtime import open_session
from speechmesh.frontend.plan import TextPlan

T = TypeVar("T")


@dataclass(order=True)
class _Job:
    rank: int  # the segment's index: first segments first
    number: int
    work: Callable[[], Any] | None = field(compare=False)  # None ends a thread
    result: Future[Any] = field(compare=False, default_factory=Future)


class YardstickSpeaker:
    """Speaks in process."""

    def __init__(self, folder: Path) -> None:
        """Loads the voice and starts the threads."""
        self._voice = BareVoice(folder, open_session)
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._work) for _ in range(os.cpu_count() or 1)]
        for thread in self._threads:
            thread.start()

    async def speak(self, text: str, stream: Stream) -> None:
        """Reads the text, then runs its segments, several at once where threads are free."""
        reader = ChunkReader(self._voice.sample_rate_hz)
        done_s = 0.0
        try:
            plan = await self._run(0, lambda: self._voice.plan(text))
            segments = [self._segment(plan, index) for index in range(len(plan.segments))]
            for segment in segments:  # a listener hears them in order
                at_s, pcm = await segment
                done_s = max(done_s, at_s)
                stream.chunks.append(reader.chunk(done_s, pcm))
        except Exception as error:  # noted, like a failed call of the others
            finish(stream, type(error).__name__)
        else:
            finish(stream)

    def _segment(self, plan: TextPlan, index: int) -> asyncio.Future[tuple[float, bytes]]:
        def work() -> tuple[float, bytes]:
            pcm = self._voice.speak_segment(plan, index)
            return time.monotonic(), pcm

        return self._run(index, work)

    def _run(self, rank: int, work: Callable[[], T]) -> asyncio.Future[T]:
        job = _Job(rank, next(self._numbers), work)
        self._jobs.put(job)
        return asyncio.wrap_future(job.result)

    def _work(self) -> None:
        while (job := self._jobs.get()).work is not None:
            if not job.result.set_running_or_notify_cancel():
                continue
            try:
                job.result.set_result(job.work())
            except Exception as error:
                job.result.set_exception(error)

    async def close(self) -> None:
        """Ends the threads; jobs that wait are dropped."""
        for _ in self._threads:
            self._jobs.put(_Job(-1, next(self._numbers), None))
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
