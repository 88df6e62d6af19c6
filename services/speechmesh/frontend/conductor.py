"""The conductor: takes one planned text through the stages, keeps order, counts the player's buffer.

Segment 2 is in the acoustic model while segment 1 is in the vocoder and segment 0 is playing. Two tasks run
beside the caller: `_feed` sends segments to the acoustic stage, `_forward` hands their frames, in order, to
the vocoder. At most `max_segments_in_flight` segments are anywhere in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Executor

import numpy as np

from speechmesh.acoustic.v1 import acoustic_pb2
from speechmesh.common.errors import Internal
from speechmesh.common.tasks import TaskBag
from speechmesh.frontend.audio_out import AudioChunk, SegmentInfo, StageTime, Summary, WordTime
from speechmesh.frontend.encode import PcmEncoder
from speechmesh.frontend.plan import Ending, TextPlan, TokenSegment
from speechmesh.frontend.playback import ESTIMATED_TOKEN_MS, Playback
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import AcousticStream, Stages, VocoderStream
from speechmesh.vocoder.v1 import vocoder_pb2

_ENDINGS = {
    Ending.STATEMENT: acoustic_pb2.Segment.ENDING_STATEMENT,
    Ending.QUESTION: acoustic_pb2.Segment.ENDING_QUESTION,
    Ending.EXCLAMATION: acoustic_pb2.Segment.ENDING_EXCLAMATION,
    Ending.CONTINUATION: acoustic_pb2.Segment.ENDING_CONTINUATION,
}


class Conductor:
    """Conducts one request, once."""

    def __init__(
        self,
        checked: CheckedRequest,
        plan: TextPlan,
        reader: Reader,
        stages: Stages,
        settings: FrontendSettings,
        executor: Executor,
        playback: Playback,
    ) -> None:
        self._checked = checked
        self._plan = plan
        self._reader = reader
        self._stages = stages
        self._settings = settings
        self._executor = executor
        self._playback = playback
        self._space = checked.voice.config.feature_space
        self._encoder = PcmEncoder(
            checked.request.encoding,
            from_hz=self._space.sample_rate_hz,
            to_hz=checked.sample_rate_hz,
            volume_db=checked.request.volume_db,
        )
        self._places = asyncio.Semaphore(settings.max_segments_in_flight)
        self._first_audio = asyncio.Event()
        self._tokens: dict[int, TokenSegment] = {}
        self._words: dict[int, list[WordTime]] = {}
        self._times: dict[tuple[str, int], StageTime] = {}
        self.summary = Summary(n_segments=len(plan.segments), voice_revision=checked.voice.revision)

    async def run(self, timeout_s: float | None) -> AsyncGenerator[AudioChunk]:
        """The request's audio, in order; afterwards `summary` is complete.

        Raises:
            SpeechmeshError: when a stage fails; some audio may have come before.
        """
        async with (
            self._stages.acoustic(timeout_s) as acoustic,
            self._stages.vocoder(timeout_s) as vocoder,
            TaskBag() as tasks,
        ):
            responses: asyncio.Queue[vocoder_pb2.StreamAudioResponse | None] = asyncio.Queue(1)
            tasks.start(self._feed(acoustic))
            tasks.start(self._forward(acoustic, vocoder))
            tasks.start(_collect(vocoder, responses))
            async for response in tasks.drain(responses):
                if chunk := self._chunk(response):
                    yield chunk
        self.summary.total_ms = self._playback.elapsed_ms
        self.summary.audio_s = self._encoder.offset_ms / 1000.0
        self.summary.stages = [self._times[key] for key in sorted(self._times, key=lambda k: (k[1], k[0]))]

    async def _feed(self, acoustic: AcousticStream) -> None:
        voice = self._checked.voice
        await acoustic.send(
            acoustic_pb2.StreamFramesRequest(
                open=acoustic_pb2.StreamOptions(voice=voice.name, voice_revision=voice.revision)
            )
        )
        loop = asyncio.get_running_loop()
        for index, segment in enumerate(self._plan.segments):
            await self._places.acquire()
            if index == 1:
                # Nothing of this request competes with its first audio, which then plays while this is made.
                await self._first_audio.wait()
            tokens = await loop.run_in_executor(self._executor, self._reader.tokens, segment)
            self._tokens[index] = tokens
            self._times["acoustic", index] = StageTime("acoustic", index, self._playback.elapsed_ms)
            self._playback.expect(index, len(tokens.tokens) * ESTIMATED_TOKEN_MS)
            await acoustic.send(acoustic_pb2.StreamFramesRequest(segment=self._message(index, tokens)))
        await acoustic.close()

    def _message(self, index: int, tokens: TokenSegment) -> acoustic_pb2.Segment:
        within_sentence = index > 0 and self._plan.ending(index - 1) is Ending.CONTINUATION
        lead_frames = round(self._settings.lead_silence_ms / self._space.frame_ms)
        return acoustic_pb2.Segment(
            index=index,
            text=" ".join(word.text for word in tokens.words),
            tokens=tokens.tokens,
            words=[
                acoustic_pb2.WordSpan(first_token=word.first_token, n_tokens=word.n_tokens)
                for word in tokens.words
            ],
            ending=_ENDINGS[self._plan.ending(index)],
            speaker=self._checked.speaker.name,
            style=self._checked.style,
            rate=self._checked.rate,
            slack_ms=round(self._playback.slack_ms(index)),
            max_leading_pause_frames=lead_frames if index == 0 or within_sentence else 0,
        )

    async def _forward(self, acoustic: AcousticStream, vocoder: VocoderStream) -> None:
        """Hands frames on in the order of the segments; those of later segments wait (few, see _places)."""
        voice = self._checked.voice
        await vocoder.send(
            vocoder_pb2.StreamAudioRequest(
                open=vocoder_pb2.StreamOptions(
                    voice=voice.name,
                    voice_revision=voice.revision,
                    feature_space=self._space.to_proto(),
                    tier=self._checked.request.tier or "auto",
                )
            )
        )
        waiting: dict[int, list[acoustic_pb2.StreamFramesResponse]] = {}
        current = 0
        async for response in acoustic.responses():
            self._note_frames(response)
            waiting.setdefault(response.segment_index, []).append(response)
            while current in waiting:
                complete = False
                for ready in waiting.pop(current):
                    await self._send_frames(ready, vocoder)
                    complete = complete or ready.last
                if not complete:
                    break
                current += 1
        if current != len(self._plan.segments):
            raise Internal(f"the acoustic stage ended after {current} of {len(self._plan.segments)} segments")
        await vocoder.close()

    def _note_frames(self, response: acoustic_pb2.StreamFramesResponse) -> None:
        index = response.segment_index
        if response.HasField("alignment"):
            frames_per_token = np.array(response.alignment.frames_per_token)
            self._playback.expect(index, float(frames_per_token.sum()) * self._space.frame_ms)
            if self._checked.request.word_timestamps:
                ends_ms = np.cumsum(frames_per_token) * self._space.frame_ms
                self._words[index] = [
                    WordTime(
                        word.text,
                        float(
                            ends_ms[word.first_token]
                            - frames_per_token[word.first_token] * self._space.frame_ms
                        ),
                        float(ends_ms[word.first_token + word.n_tokens - 1]),
                        word.start,
                        word.end,
                    )
                    for word in self._tokens[index].words
                ]
        if response.last:
            time = self._times["acoustic", index]
            time.duration_ms = self._playback.elapsed_ms - time.start_ms
            time.compute_ms = response.timing.compute_ms
            time.queue_ms = response.timing.queue_ms

    async def _send_frames(self, ready: acoustic_pb2.StreamFramesResponse, vocoder: VocoderStream) -> None:
        index = ready.segment_index
        self._times.setdefault(("vocoder", index), StageTime("vocoder", index, self._playback.elapsed_ms))
        slack_ms = self._playback.slack_ms(index) + ready.frames.first_frame * self._space.frame_ms
        await vocoder.send(
            vocoder_pb2.StreamAudioRequest(
                frames=vocoder_pb2.SegmentFrames(
                    segment_index=index, frames=ready.frames, last=ready.last, slack_ms=round(slack_ms)
                )
            )
        )

    def _chunk(self, response: vocoder_pb2.StreamAudioResponse) -> AudioChunk | None:
        index = response.segment_index
        is_last = response.last and index == len(self._plan.segments) - 1
        samples = np.frombuffer(response.samples, "<f4")
        offset_ms = self._encoder.offset_ms
        audio = self._encoder.encode(samples, last=is_last)
        audio_ms = 1000.0 * len(samples) / self._space.sample_rate_hz
        self._playback.delivered(index, audio_ms, last=response.last)
        if not self.summary.first_audio_ms:
            self.summary.first_audio_ms = self._playback.elapsed_ms
            self._first_audio.set()
        first_ms = 1000.0 * response.first_sample / self._space.sample_rate_hz
        words = self._take_words(index, first_ms, first_ms + audio_ms, offset_ms)
        if response.last:
            self._finish_segment(response)
        info = self._info(index) if response.first_sample == 0 else None
        return AudioChunk(audio, offset_ms, index, info, words) if audio or info or words else None

    def _take_words(self, index: int, start_ms: float, end_ms: float, offset_ms: float) -> list[WordTime]:
        """The words that start within these times of the segment, moved to the stream's times."""
        shift = offset_ms - start_ms
        return [
            WordTime(word.text, word.start_ms + shift, word.end_ms + shift, word.start, word.end)
            for word in self._words.get(index, ())
            if start_ms <= word.start_ms < end_ms
        ]

    def _info(self, index: int) -> SegmentInfo:
        segment = self._plan.segments[index]
        spoken = " ".join(word.text for word in self._tokens[index].words)
        return SegmentInfo(index, spoken, segment.start, segment.end)

    def _finish_segment(self, response: vocoder_pb2.StreamAudioResponse) -> None:
        index = response.segment_index
        time = self._times["vocoder", index]
        time.duration_ms = self._playback.elapsed_ms - time.start_ms
        time.compute_ms = response.timing.compute_ms
        time.tier = response.tier  # type: ignore[assignment]  # the bundle's tiers, checked at load
        self._words.pop(index, None)
        self._places.release()


async def _collect(
    vocoder: VocoderStream, responses: asyncio.Queue[vocoder_pb2.StreamAudioResponse | None]
) -> None:
    """Lets a failure of the other tasks interrupt the wait for the vocoder; one response waits at most."""
    async for response in vocoder.responses():
        await responses.put(response)
    await responses.put(None)
