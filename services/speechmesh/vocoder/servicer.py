"""speechmesh.vocoder.v1 on the wire: messages to frames, samples to messages."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import numpy as np
from pydantic import ValidationError

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FeatureSpace, unpack_frames
from speechmesh.common.interceptor import Context
from speechmesh.common.server import StreamLimit
from speechmesh.vocoder.engine import VocoderEngine
from speechmesh.vocoder.models import Slot
from speechmesh.vocoder.stream import FramesIn, SamplesOut, VocoderStream
from speechmesh.vocoder.v1 import vocoder_pb2 as pb
from speechmesh.vocoder.v1 import vocoder_pb2_grpc


class VocoderServicer(vocoder_pb2_grpc.VocoderServiceServicer):
    """Translates; VocoderStream works."""

    def __init__(self, engine: VocoderEngine) -> None:
        self._engine = engine
        self._limit = StreamLimit(engine.settings.max_streams)

    async def StreamAudio(
        self, request_iterator: AsyncIterator[pb.StreamAudioRequest], context: Context
    ) -> AsyncGenerator[pb.StreamAudioResponse]:
        """Vocodes the segments of one request."""
        with self._limit.hold("StreamAudio"):
            first = await anext(aiter(request_iterator), None)
            if first is None or first.WhichOneof("message") != "open":
                raise InvalidInput("open", "must be the first message of the stream")
            bundle = self._open(first.open)
            await context.send_initial_metadata(())  # taken: a caller does not wait long for this
            frames = _read(request_iterator, bundle.config.feature_space.n_mels)
            async with aclosing(VocoderStream(self._engine, bundle, first.open.tier).run(frames)) as outs:
                async for out in outs:
                    yield _response(out)

    def _open(self, options: pb.StreamOptions) -> VoiceBundle:
        bundle = self._engine.bundle(options.voice, options.voice_revision)
        self._engine.choose(
            bundle, options.tier
        )  # a tier that is not served is refused before any frame comes
        if options.HasField("feature_space"):
            try:
                offered = FeatureSpace.from_proto(options.feature_space)
            except ValidationError as error:
                raise InvalidInput("open.feature_space", str(error.errors()[0]["msg"])) from None
            what = f"the vocoders of {bundle.name} against the frames"
            bundle.config.feature_space.require_equal(offered, what)
        return bundle

    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        """Lists the served vocoders."""
        return pb.ListModelsResponse(models=[self._model(slot) for slot in self._engine.models.slots()])

    async def LoadModel(self, request: pb.LoadModelRequest, context: Context) -> pb.LoadModelResponse:
        """Loads a voice's vocoders, again if they are loaded."""
        slots = await self._engine.load(request.voice, request.tier)
        return pb.LoadModelResponse(models=[self._model(slot) for slot in slots])

    async def UnloadModel(self, request: pb.UnloadModelRequest, context: Context) -> pb.UnloadModelResponse:
        """Unloads a voice's vocoders."""
        slots = await self._engine.unload(request.voice, request.tier)
        return pb.UnloadModelResponse(models=[self._model(slot) for slot in slots])

    def _model(self, slot: Slot) -> pb.VocoderModel:
        bundle = slot.model.bundle
        return pb.VocoderModel(
            voice=bundle.name,
            voice_revision=bundle.revision,
            tier=slot.model.tier,
            feature_space=bundle.config.feature_space.to_proto(),
            backend=self._engine.backend.name,
            loaded=slot.loaded,
            disabled=not slot.enabled,
            memory_bytes=slot.memory_bytes,
            n_segments=slot.n_users,
            precision=slot.model.config.precision,
        )


async def _read(requests: AsyncIterator[pb.StreamAudioRequest], n_mels: int) -> AsyncIterator[FramesIn]:
    segment_index: int | None = None
    async for request in requests:
        if request.WhichOneof("message") != "frames":
            raise InvalidInput("message", "only frames follow the first message")
        message = request.frames
        if segment_index not in (None, message.segment_index):
            raise Incompatible(f"segment {segment_index} is not complete, {message.segment_index} came")
        segment_index = None if message.last else message.segment_index
        yield FramesIn(
            message.segment_index,
            unpack_frames(message.frames, n_mels),
            message.frames.first_frame,
            message.last,
            time.monotonic() + message.slack_ms / 1000.0,
            message.tier,
            message.tiers_down,
        )


def _response(out: SamplesOut) -> pb.StreamAudioResponse:
    response = pb.StreamAudioResponse(
        segment_index=out.segment_index,
        first_sample=out.first_sample,
        samples=np.ascontiguousarray(out.samples, "<f4").tobytes(),
        last=out.last,
        tier=out.model.tier,
    )
    if out.timing is not None:
        response.timing.CopyFrom(
            pb.SegmentTiming(
                compute_ms=out.timing.compute_ms,
                queue_ms=out.timing.queue_ms,
                n_chunks=out.timing.n_chunks,
                n_frames_computed=out.timing.n_frames_computed,
                first_chunk_ms=out.timing.first_chunk_ms,
            )
        )
    return response
