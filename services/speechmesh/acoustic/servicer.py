"""speechmesh.acoustic.v1 on the wire: messages to segments, results to messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import numpy as np
import numpy.typing as npt

from speechmesh.acoustic.domain import AcousticSegment, Ending
from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.jobs import Piece
from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.acoustic.v1 import acoustic_pb2 as pb
from speechmesh.acoustic.v1 import acoustic_pb2_grpc
from speechmesh.acoustic.voices import LoadedVoice
from speechmesh.common.errors import InvalidInput
from speechmesh.common.features import pack_frames
from speechmesh.common.interceptor import Context
from speechmesh.common.server import StreamLimit
from speechmesh.common.tasks import TaskBag
from speechmesh.common.telemetry import tracer

Int64 = npt.NDArray[np.int64]

# Well beyond what the frontend asks for. Families may take durations by the rate as it is: without a bound theirs have
# none, nor has the memory for their frames.
_MIN_RATE, _MAX_RATE = 0.1, 10.0

_ENDINGS = {
    pb.Segment.ENDING_QUESTION: Ending.QUESTION,
    pb.Segment.ENDING_EXCLAMATION: Ending.EXCLAMATION,
    pb.Segment.ENDING_CONTINUATION: Ending.CONTINUATION,
}


class AcousticServicer(acoustic_pb2_grpc.AcousticServiceServicer):
    """Translates; the engine works."""

    def __init__(self, engine: AcousticEngine, settings: AcousticSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._limit = StreamLimit(settings.max_streams)

    async def StreamFrames(
        self, request_iterator: AsyncIterator[pb.StreamFramesRequest], context: Context
    ) -> AsyncGenerator[pb.StreamFramesResponse]:
        """Synthesises the segments of one request; several are in work at once."""
        with self._limit.hold("StreamFrames"):
            first = await anext(aiter(request_iterator), None)
            if first is None or first.WhichOneof("message") != "open":
                raise InvalidInput("open", "must be the first message of the stream")
            self._engine.pressure.require_room()
            # Bounded: neither more segments in work nor more results waiting than the setting says.
            places = asyncio.Semaphore(self._settings.max_segments_per_stream)
            results: asyncio.Queue[pb.StreamFramesResponse | None] = asyncio.Queue()
            async with (
                self._engine.voice(first.open.voice, first.open.voice_revision) as voice,
                TaskBag() as tasks,
            ):
                await context.send_initial_metadata(())  # taken: a caller does not wait long for this
                tasks.start(self._read(request_iterator, voice, places, results, tasks))
                async for response in tasks.drain(results):
                    if response.last:
                        places.release()
                    yield response

    async def _read(
        self,
        requests: AsyncIterator[pb.StreamFramesRequest],
        voice: LoadedVoice,
        places: asyncio.Semaphore,
        results: asyncio.Queue[pb.StreamFramesResponse | None],
        tasks: TaskBag,
    ) -> None:
        running: list[asyncio.Task[None]] = []
        async for request in requests:
            if request.WhichOneof("message") != "segment":
                raise InvalidInput("message", "only segments follow the first message")
            segment = self._segment(request.segment, voice)
            await places.acquire()
            running = [task for task in running if not task.done()]
            running.append(tasks.start(self._synthesise(request.segment, segment, voice, results)))
        for task in running:
            await asyncio.wait({task})
        results.put_nowait(None)

    def _segment(self, message: pb.Segment, voice: LoadedVoice) -> AcousticSegment:
        """The domain form of a segment.

        Raises:
            InvalidInput: naming the field that is wrong.
        """
        config = voice.bundle.config
        tokens = np.array(message.tokens, np.int64)
        if not 0 < len(tokens) <= self._settings.max_segment_tokens:
            raise InvalidInput(
                "segment.tokens", f"{len(tokens)} tokens, 1 to {self._settings.max_segment_tokens} are taken"
            )
        if tokens.min() < 1 or tokens.max() >= len(voice.bundle.tokens):
            raise InvalidInput("segment.tokens", f"ids are 1 to {len(voice.bundle.tokens) - 1}")
        word_ends = np.zeros(len(tokens), np.bool_)
        for word in message.words:
            last = word.first_token + word.n_tokens - 1
            if word.n_tokens < 1 or last >= len(tokens):
                raise InvalidInput("segment.words", "a word lies outside the tokens")
            word_ends[last] = True
        style = message.style or config.styles[0]
        if style not in config.styles:
            raise InvalidInput("segment.style", f"{style!r} is not one of {', '.join(config.styles)}")
        # A voice whose first token is no pause begins at once.
        leads = not message.words or message.words[0].first_token > 0
        speakers = {speaker.name: speaker.id for speaker in config.speakers}
        speaker = message.speaker or config.speakers[0].name
        if speaker not in speakers:
            raise InvalidInput("segment.speaker", f"{speaker!r} is not one of {', '.join(speakers)}")
        pitch_range, energy_range = config.acoustic.pitch_range_semitones, config.acoustic.energy_range_db
        return AcousticSegment(
            tokens,
            word_ends,
            _ENDINGS.get(message.ending, Ending.STATEMENT),
            speakers[speaker],
            _within("rate", message.rate or 1.0, _MIN_RATE, _MAX_RATE),
            message.max_leading_pause_frames if leads else 0,
            _within("pitch_semitones", message.pitch_semitones, -pitch_range, pitch_range),
            _within("energy_db", message.energy_db, -energy_range, energy_range),
            _features(message, voice.bundle.token_features),
            style,
        )

    async def _synthesise(
        self,
        message: pb.Segment,
        segment: AcousticSegment,
        voice: LoadedVoice,
        results: asyncio.Queue[pb.StreamFramesResponse | None],
    ) -> None:
        n_sent = 0
        with tracer.start_as_current_span(
            "acoustic.segment", attributes={"speechmesh.segment_index": message.index}
        ) as span:
            async with aclosing(voice.stream(segment, message.slack_ms, span)) as pieces:
                async for piece in pieces:
                    for response in self._responses(message.index, piece, n_sent):
                        results.put_nowait(response)
                    n_sent += len(piece.frames)
                    if piece.timing is not None:
                        span.set_attribute("speechmesh.queue_ms", piece.timing.queue_ms)

    def _responses(self, index: int, piece: Piece, first_frame: int) -> list[pb.StreamFramesResponse]:
        """The messages of a piece, whose frames are the segment's from `first_frame` on."""
        step = self._settings.max_frames_per_message
        starts = range(0, max(len(piece.frames), 1), step)
        responses = [
            pb.StreamFramesResponse(
                segment_index=index,
                frames=pack_frames(piece.frames[start : start + step], first_frame + start),
                tiers_down=self._engine.pressure.tiers_down,
            )
            for start in starts
        ]
        if first_frame == 0:
            responses[0].alignment.frames_per_token.extend(piece.frames_per_token.tolist())
        if piece.timing is not None:
            responses[-1].last = True
            responses[-1].timing.CopyFrom(
                pb.SegmentTiming(
                    queue_ms=piece.timing.queue_ms,
                    compute_ms=piece.timing.compute_ms,
                    batch_size=piece.timing.batch_size,
                )
            )
        return responses

    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        """Lists the voices that can be served, loaded or not."""
        return pb.ListModelsResponse(
            models=[
                pb.AcousticModel(
                    voice=slot.bundle.name,
                    voice_revision=slot.bundle.revision,
                    family=slot.bundle.config.acoustic.family,
                    feature_space=slot.bundle.config.feature_space.to_proto(),
                    loaded=slot.voice is not None,
                    memory_bytes=slot.memory_bytes,
                )
                for slot in self._engine.slots()
            ]
        )


def _features(message: pb.Segment, tables: dict[str, tuple[str, ...]]) -> Int64 | None:
    """Ids [P, F] in the order of the voice's tables; None for a voice that has none.

    Raises:
        InvalidInput: when they are others than the voice's, or not one id a token.
    """
    given = {feature.name: np.array(feature.ids, np.int64) for feature in message.features}
    if sorted(given) != sorted(tables) or len(given) != len(message.features):
        names = ", ".join(sorted(given)) or "none"
        raise InvalidInput("segment.features", f"are {names}; the voice has {', '.join(tables) or 'none'}")
    for name, table in tables.items():
        if given[name].shape != (len(message.tokens),) or given[name].max() >= len(table):
            raise InvalidInput(
                "segment.features", f"{name}: one id a token is wanted, each below {len(table)}"
            )
    return np.stack([given[name] for name in tables], axis=1) if tables else None


def _within(field: str, value: float, least: float, most: float) -> float:
    """The value, where it is within `least` to `most`.

    Raises:
        InvalidInput: where it is not.
    """
    if not least <= value <= most:  # NaN is not, either
        raise InvalidInput(f"segment.{field}", f"{value:g} is outside {least:g} to {most:g}")
    return value
