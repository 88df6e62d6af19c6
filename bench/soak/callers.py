"""The callers: so many at once, each asks one request after the other and checks how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field

import grpc

from bench.contenders import BenchError
from bench.soak.requests import Request
from speechmesh.client import AsyncClient, SpeechError
from speechmesh.client.asynchronous import AsyncSpeechStream
from speechmesh.speech.v1 import speech_pb2 as pb

_TIMEOUT_S = 60.0
_MAX_FAILURES = 20
_MAX_PUT_OFF = 100
_MAX_SHOWN = 60
_SAMPLE_BYTES = {pb.AUDIO_ENCODING_PCM_S16LE: 2, pb.AUDIO_ENCODING_PCM_F32LE: 4}


@dataclass(slots=True)
class Answer:
    """How one request ended: `failure` is empty where it ended as it must.

    `put_off` counts how often it was told to come again later, as a stage under pressure does; the times are those of
    the attempt that was taken.
    """

    request: Request
    n_segments: int = 0
    audio_s: float = 0.0
    first_audio_s: float = 0.0
    total_s: float = 0.0
    put_off: int = 0
    failure: str = ""

    @property
    def spoken(self) -> bool:
        """Whether all of it was to be spoken, and was."""
        return not (self.failure or self.request.bad_field or self.request.leave_after is not None)


@dataclass
class Callers:
    """Asks the requests of an endless supply, `n_streams` at once."""

    client: AsyncClient
    supply: Iterator[Request]
    n_streams: int
    # Samples of what was spoken, so that a repeated request can be compared.
    _n_samples: dict[Request, int] = field(default_factory=dict)

    async def speak(self, n_segments: int) -> list[Answer]:
        """Asks until at least `n_segments` segments have been spoken; then nothing is under way any more.

        Raises:
            BenchError: when so much fails that the mesh cannot be called running.
        """
        answers: list[Answer] = []

        async def caller() -> None:
            while sum(answer.n_segments for answer in answers) < n_segments:
                answers.append(await self._ask(next(self.supply)))
                failures = [answer.failure for answer in answers if answer.failure]
                if len(failures) > _MAX_FAILURES:
                    raise BenchError("too much fails:\n" + "\n".join(failures))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.n_streams):
                    group.create_task(caller())
        except* BenchError as errors:
            raise errors.exceptions[0] from None
        return answers

    async def _ask(self, request: Request) -> Answer:
        answer = Answer(request)
        while (error := await self._attempt(answer)) is not None:
            again = error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after_s is not None
            if again and not answer.n_segments and answer.put_off < _MAX_PUT_OFF:
                answer.put_off += 1
                await asyncio.sleep(error.retry_after_s or 0.0)
                continue
            refused = error.code is grpc.StatusCode.INVALID_ARGUMENT and error.field == request.bad_field
            if not (request.bad_field and refused):
                answer.failure = f"{error} (field {error.field!r}): {_told(request)}"
            return answer
        if request.bad_field:
            answer.failure = f"not refused: {_told(request)}"
        return answer

    async def _attempt(self, answer: Answer) -> SpeechError | None:
        began_s = time.monotonic()
        stream = self.client.synthesize(answer.request.text, answer.request.options, timeout_s=_TIMEOUT_S)
        try:
            async with stream:
                await self._listen(stream, answer, began_s)
        except SpeechError as error:
            return error
        return None

    async def _listen(self, stream: AsyncSpeechStream, answer: Answer, began_s: float) -> None:
        request = answer.request
        if request.leave_after == 0:
            await asyncio.sleep(request.leave_after_s)
            return
        n_bytes = n_chunks = 0
        async with aclosing(aiter(stream)) as responses:
            async for response in responses:
                answer.n_segments += response.HasField("segment")
                if not response.audio:
                    continue
                if not n_bytes:
                    answer.first_audio_s = time.monotonic() - began_s
                n_bytes += len(response.audio)
                n_chunks += 1
                if n_chunks == request.leave_after:
                    return
        answer.total_s = time.monotonic() - began_s
        self._check(stream, answer, n_bytes)

    def _check(self, stream: AsyncSpeechStream, answer: Answer, n_bytes: int) -> None:
        """Notes a failure where the answer is not whole, or not as long as for the same request before."""
        header, summary = stream.header, stream.summary
        if not (header and summary and n_bytes):
            answer.failure = f"ended early: {_told(answer.request)}"
            return
        n_samples = n_bytes // _SAMPLE_BYTES[header.audio.encoding]
        answer.audio_s = n_samples / header.audio.sample_rate_hz
        before = self._n_samples.setdefault(answer.request, n_samples)
        if summary.n_segments != answer.n_segments or abs(summary.audio_s - answer.audio_s) > 0.001:
            trouble = f"{answer.audio_s:.3f} s came, the summary says {summary.audio_s:.3f} s"
        elif before != n_samples:
            trouble = f"{n_samples} samples, {before} when asked before"
        else:
            return
        answer.failure = f"{trouble}: {_told(answer.request)}"


def _told(request: Request) -> str:
    """A request as a failure's message shows it: what is not as by default."""
    options = {name: value for name, value in asdict(request.options).items() if value}
    return f"{request.text[:_MAX_SHOWN]!r} {options}"
