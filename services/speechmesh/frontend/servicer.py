"""speechmesh.speech.v1 on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from opentelemetry import trace

from speechmesh.common.errors import InvalidInput, NotFound
from speechmesh.common.interceptor import Context
from speechmesh.common.server import StreamLimit
from speechmesh.frontend.audio_out import AudioChunk, Summary
from speechmesh.frontend.live.session import Interrupted, LiveSession, give_up_at, next_said
from speechmesh.frontend.metering import Kind, RequestMeter
from speechmesh.frontend.request import CheckedRequest, speaks
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.speech import Speech
from speechmesh.frontend.translate import (
    chunk_to_pb,
    header_to_pb,
    interrupted_to_pb,
    live_options_from_pb,
    request_from_pb,
    said_from_pb,
    summary_to_pb,
    voice_to_pb,
)
from speechmesh.frontend.voices import Voices
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc


class SpeechServicer(speech_pb2_grpc.SpeechServiceServicer):
    """Translates; Speech works."""

    def __init__(self, speech: Speech, voices: Voices, settings: FrontendSettings) -> None:
        self._speech = speech
        self._voices = voices
        self._settings = settings
        self._limit = StreamLimit(settings.max_streams)

    async def Synthesize(
        self, request: pb.SynthesizeRequest, context: Context
    ) -> AsyncGenerator[pb.SynthesizeResponse]:
        """Speaks a text."""
        kind: Kind = "ssml" if request.WhichOneof("input") == "ssml" else "text"
        with RequestMeter(kind, context.time_remaining) as meter, self._limit.hold("Synthesize"):
            checked = self._speech.check(request_from_pb(request))
            meter.voice = checked.voice.name
            span = trace.get_current_span()
            span.set_attribute("speechmesh.request_id", checked.request.request_id)
            span.set_attribute("speechmesh.voice", checked.voice.name)
            sequence = 0
            async with aclosing(self._speech.speak(checked, context.time_remaining())) as items:
                async for item in items:
                    if isinstance(item, Summary):
                        span.set_attribute("speechmesh.first_audio_ms", item.first_audio_ms)
                        span.set_attribute("speechmesh.audio_s", item.audio_s)
                    else:
                        meter.is_heard |= bool(item.audio)
                    yield _speech(checked, item, sequence)
                    sequence += 1

    async def SynthesizeLive(
        self, request_iterator: AsyncIterator[pb.SynthesizeLiveRequest], context: Context
    ) -> AsyncGenerator[pb.SynthesizeLiveResponse]:
        """Speaks text that is still being written."""
        with RequestMeter("live", context.time_remaining) as meter, self._limit.hold("SynthesizeLive"):
            requests = aiter(request_iterator)
            first = await next_said(requests, self._settings)
            if first is None or first.WhichOneof("message") != "open":
                raise InvalidInput("open", "must be the first message of the stream")
            checked = self._speech.check_options(live_options_from_pb(first.open))
            meter.voice = checked.voice.name
            span = trace.get_current_span()
            span.set_attribute("speechmesh.request_id", checked.request.request_id)
            span.set_attribute("speechmesh.voice", checked.voice.name)
            executor = self._speech.executor
            loop = asyncio.get_running_loop()
            writing = await loop.run_in_executor(executor, self._speech.writing, checked)
            session = LiveSession(self._speech, checked, writing, self._settings, executor)
            await context.send_initial_metadata(())  # taken: a caller may wait for this before it writes on
            said = (said_from_pb(request) async for request in requests)
            turn = sequence = -1
            async with aclosing(session.run(said, give_up_at(context.time_remaining()))) as results:
                async for result in results:
                    if isinstance(result.item, Interrupted):
                        yield interrupted_to_pb(result.turn, result.item)
                        continue
                    # Turns are spoken one after the other, each from its first response on.
                    sequence = sequence + 1 if result.turn == turn else 0
                    turn = result.turn
                    meter.is_heard |= isinstance(result.item, AudioChunk) and bool(result.item.audio)
                    response = _speech(checked, result.item, sequence)
                    yield pb.SynthesizeLiveResponse(turn=result.turn, speech=response)

    async def ListVoices(self, request: pb.ListVoicesRequest, context: Context) -> pb.ListVoicesResponse:
        """Lists the voices, the default one first."""
        default = self._settings.default_voice
        voices = sorted(self._voices.bundles.values(), key=lambda voice: voice.name != default)
        return pb.ListVoicesResponse(
            voices=[
                voice_to_pb(voice)
                for voice in voices
                if not request.language or speaks(voice, request.language)
            ]
        )

    async def GetVoice(self, request: pb.GetVoiceRequest, context: Context) -> pb.GetVoiceResponse:
        """Describes one voice."""
        voice = self._voices.bundles.get(request.name)
        if voice is None:
            raise NotFound("name", f"{request.name!r} is not a voice here")
        return pb.GetVoiceResponse(voice=voice_to_pb(voice))


def _speech(checked: CheckedRequest, item: AudioChunk | Summary, sequence: int) -> pb.SynthesizeResponse:
    """The next message of a request or of a turn."""
    response = summary_to_pb(item, sequence) if isinstance(item, Summary) else chunk_to_pb(item, sequence)
    if sequence == 0:
        response.header.CopyFrom(header_to_pb(checked))
    return response
