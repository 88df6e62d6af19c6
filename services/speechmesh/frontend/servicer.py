"""speechmesh.speech.v1 on the wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from opentelemetry import trace

from speechmesh.common.errors import NotFound
from speechmesh.common.interceptor import Context
from speechmesh.common.server import StreamLimit
from speechmesh.frontend.audio_out import Summary
from speechmesh.frontend.request import speaks
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.speech import Speech
from speechmesh.frontend.translate import (
    chunk_to_pb,
    header_to_pb,
    request_from_pb,
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
        with self._limit.hold():
            checked = self._speech.check(request_from_pb(request))
            span = trace.get_current_span()
            span.set_attribute("speechmesh.request_id", checked.request.request_id)
            span.set_attribute("speechmesh.voice", checked.voice.name)
            sequence = 0
            async with aclosing(self._speech.speak(checked, context.time_remaining())) as items:
                async for item in items:
                    if isinstance(item, Summary):
                        response = summary_to_pb(item, sequence)
                        span.set_attribute("speechmesh.first_audio_ms", item.first_audio_ms)
                        span.set_attribute("speechmesh.audio_s", item.audio_s)
                    else:
                        response = chunk_to_pb(item, sequence)
                    if sequence == 0:
                        response.header.CopyFrom(header_to_pb(checked))
                    sequence += 1
                    yield response

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
