"""The text frontend: wiring and entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, nullcontext

from speechmesh.common import metrics
from speechmesh.common.errors import Incompatible
from speechmesh.common.server import Lifespan, MeshServer, serve
from speechmesh.common.settings import load
from speechmesh.frontend import metering
from speechmesh.frontend.english.options import ReadingOptions
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.recordings.recordings import Recordings
from speechmesh.frontend.servicer import SpeechServicer
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.speech import Speech
from speechmesh.frontend.stages import Stages
from speechmesh.frontend.voices import Voices
from speechmesh.speech.v1 import speech_pb2, speech_pb2_grpc

_SERVICE = speech_pb2.DESCRIPTOR.services_by_name["SpeechService"].full_name


def lifespan(settings: FrontendSettings) -> Lifespan:
    """The service's life: listen, load the readers, wait for stages that fit, then serve."""

    @asynccontextmanager
    async def live(server: MeshServer) -> AsyncIterator[None]:
        voices = Voices(settings.lexicon, ReadingOptions(name_emoji=settings.name_emoji))
        stages = Stages(
            settings.acoustic_target,
            settings.vocoder_target,
            max_message_bytes=settings.max_message_bytes,
            answer_s=settings.stage_answer_ms / 1000.0,
        )
        with (
            ThreadPoolExecutor(settings.text_threads, thread_name_prefix="text") as executor,
            ThreadPoolExecutor(settings.audio_threads, thread_name_prefix="audio") as audio_executor,
            Recordings.of_settings(settings) or nullcontext() as recordings,
        ):
            phrases = PhraseCache.of_settings(settings)
            speech = Speech(voices, stages, settings, executor, audio_executor, phrases, recordings)
            speech_pb2_grpc.add_SpeechServiceServicer_to_server(
                SpeechServicer(speech, voices, settings), server.server
            )
            await server.start([_SERVICE])
            async with aclosing(stages), aclosing(phrases), _shown(phrases, recordings):
                await voices.load(settings.voices_dir, executor)
                if settings.default_voice and settings.default_voice not in voices.bundles:
                    raise Incompatible(
                        f"SPEECHMESH_FRONTEND_DEFAULT_VOICE is {settings.default_voice!r}, not one of "
                        f"{', '.join(voices.bundles)}"
                    )
                metering.begin(voices.bundles.values())
                await voices.wait_for_stages(stages, settings.misfit_patience_s)
                await server.set_serving(True)
                yield

    return live


@asynccontextmanager
async def _shown(phrases: PhraseCache, recordings: Recordings | None) -> AsyncIterator[None]:
    """Shows the caches' sizes as metrics."""
    with (
        metrics.FRONTEND_PHRASES_BYTES.shows(lambda: [(phrases.n_bytes, {})]),
        metrics.FRONTEND_PHRASES_RECORDED.shows(lambda: [(phrases.recorded_bytes, {})]),
        metrics.FRONTEND_RECORDINGS_BYTES.shows(
            lambda: [(recordings.n_bytes, {})] if recordings is not None else []
        ),
    ):
        yield


def main() -> None:
    """Runs the text frontend."""
    settings = load(FrontendSettings)
    serve("frontend", settings, lifespan(settings))


if __name__ == "__main__":
    main()
