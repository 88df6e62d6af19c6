"""The conductor: takes segments of one voice through the stages, keeps order, counts the listener's buffer.

Segment 2 is in the acoustic model while segment 1 is in the vocoder and segment 0 is playing. Two tasks run
beside the caller: `_feed` sends segments to the acoustic stage, `_forward` hands their frames, in order, to
the vocoder. At most `max_segments_in_flight` segments are anywhere in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
from opentelemetry import trace

from speechmesh.acoustic.v1 import acoustic_pb2
from speechmesh.common.bundle import TIERS, Tier
from speechmesh.common.errors import Internal
from speechmesh.common.features import FloatArray
from speechmesh.common.tasks import TaskBag
from speechmesh.common.telemetry import tracer
from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.key import Key
from speechmesh.frontend.phrases.recording import Recorder
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.prepared import Preparation, Prepared
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
    """Conducts one attempt at a request, from a segment to one that need not be made, one of another voice, or the end.

    Recordings need not be made.

    It may be begun before its turn, while what comes before is still being delivered.

    Attributes:
        first: the segment with which it begins.
        fed: whether all that it conducts is with the acoustic stage.
        audible: whether the caller has some of its audio.
        end: the segment before which it ends, once it is fed.
        turn: whether what comes before its first segment is delivered.
    """

    def __init__(
        self,
        checked: CheckedRequest,
        first: Prepared,
        preparation: Preparation,
        delivery: Delivery,
        stages: Stages,
        settings: FrontendSettings,
        phrases: PhraseCache,
    ) -> None:
        self.first = first.index
        self.fed, self.audible, self.turn = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.end: int | None = None
        self._voice = first.segment.manner.voice
        self._checked = checked.spoken_by(self._voice)
        self._is_part = bool(checked.others)
        self._preparation = preparation
        self._delivery = delivery
        self._stages = stages
        self._phrases = phrases
        self._keys: dict[int, Key] = {self.first: first.key}  # of phrases that nobody is told of yet
        self._recorders: dict[int, Recorder] = {}
        self._alignments: dict[int, list[int]] = {}
        self._space = self._checked.voice.config.feature_space
        self._places = asyncio.Semaphore(settings.max_segments_in_flight)
        self._tiers_down = 0  # as the acoustic stage has asked last

    async def run(self, timeout_s: float | None) -> AsyncGenerator[SpokenChunk]:
        """The audio from its first segment on, in order, as soon as it has its turn.

        Raises:
            SpeechmeshError: when a stage fails; some audio may have come before.
        """
        span = self._part_span()
        with trace.use_span(span):
            streams = self._stages.acoustic(timeout_s), self._stages.vocoder(timeout_s)
        async with streams[0] as acoustic, streams[1] as vocoder, TaskBag() as tasks:
            responses: asyncio.Queue[vocoder_pb2.StreamAudioResponse | None] = asyncio.Queue(1)
            if (
                self.turn.is_set()
            ):  # at once: of many who ask for the same at one moment, all but the first join
                self._begin_record(self.first)
            tasks.start(self._feed(acoustic))
            tasks.start(self._forward(acoustic, vocoder))
            tasks.start(_collect(vocoder, responses))
            try:
                async for response in tasks.drain(responses):
                    await self.turn.wait()
                    if chunk := self._chunk(response):
                        yield chunk
            finally:
                for recorder in self._recorders.values():
                    recorder.abandon()
                if self._is_part:
                    span.end()

    def _part_span(self) -> trace.Span:
        """The request's span; where several voices speak, one that names the voice of this part."""
        if not self._is_part:
            return trace.get_current_span()
        voice = self._checked.voice.name
        span = tracer.start_span("frontend.part", attributes={"speechmesh.voice": voice})
        span.set_attribute("speechmesh.segment_index", self.first)
        return span

    async def _feed(self, acoustic: AcousticStream) -> None:
        voice = self._checked.voice
        await acoustic.send(
            acoustic_pb2.StreamFramesRequest(
                open=acoustic_pb2.StreamOptions(voice=voice.name, voice_revision=voice.revision)
            )
        )
        index = self.first
        while True:
            await self._places.acquire()
            if await self._preparation.is_clip(index):
                break
            prepared = await self._preparation.segment(index)
            if prepared is None or prepared.segment.manner.voice != self._voice:
                break
            if index > self.first and await self._phrases.is_made(prepared.key):
                break
            if index == self.first + 1 and self.turn.is_set():
                # Nothing of this request competes with its first audio, which then plays while this is made.
                await self.audible.wait()
            if index > self.first:
                self._keys[index] = prepared.key
            if index in self._keys and self.turn.is_set():
                self._begin_record(index)
            self._delivery.begin_stage("acoustic", index)
            self._delivery.expect(index, prepared.segment, prepared.tokens)
            await acoustic.send(acoustic_pb2.StreamFramesRequest(segment=self._message(prepared)))
            index += 1
        self.end = index
        self.fed.set()
        await acoustic.close()

    def _begin_record(self, index: int) -> None:
        """Others may join the phrase from now on; not before its turn, when none of it would come to them."""
        key = self._keys.pop(index)
        self._recorders[index] = self._phrases.record(key, self._space.sample_rate_hz)

    def _message(self, prepared: Prepared) -> acoustic_pb2.Segment:
        tokens, spoken = prepared.tokens, prepared.spoken
        return acoustic_pb2.Segment(
            index=prepared.index,
            text=" ".join(word.text for word in tokens.words),
            tokens=tokens.tokens,
            words=[
                acoustic_pb2.WordSpan(first_token=word.first_token, n_tokens=word.n_tokens)
                for word in tokens.words
            ],
            features=[acoustic_pb2.TokenFeature(name=name, ids=ids) for name, ids in tokens.features.items()],
            ending=_ENDINGS[spoken.ending],
            speaker=spoken.speaker,
            style=spoken.style,
            rate=spoken.rate,
            pitch_semitones=spoken.pitch_semitones,
            energy_db=spoken.energy_db,
            slack_ms=round(self._delivery.playback.slack_ms(prepared.index)),
            max_leading_pause_frames=spoken.max_leading_pause_frames,
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
        current = self.first
        async for response in acoustic.responses():
            self._note(response)
            waiting.setdefault(response.segment_index, []).append(response)
            while current in waiting:
                complete = False
                for ready in waiting.pop(current):
                    await self._send_frames(ready, vocoder)
                    complete = complete or ready.last
                if not complete:
                    break
                current += 1
        if current != self.end:
            raise Internal(f"the acoustic stage ended at segment {current} of {self.end}")
        await vocoder.close()

    def _note(self, response: acoustic_pb2.StreamFramesResponse) -> None:
        index = response.segment_index
        self._tiers_down = response.tiers_down
        if response.HasField("alignment"):
            self._delivery.align(index, response.alignment.frames_per_token)
            self._alignments[index] = list(response.alignment.frames_per_token)
        if response.last:
            timing = response.timing
            self._delivery.end_stage(
                "acoustic", index, compute_ms=timing.compute_ms, queue_ms=timing.queue_ms
            )

    async def _send_frames(self, ready: acoustic_pb2.StreamFramesResponse, vocoder: VocoderStream) -> None:
        index = ready.segment_index
        if ready.frames.first_frame == 0:
            self._delivery.begin_stage("vocoder", index)
        slack_ms = self._delivery.slack_ms(index) + ready.frames.first_frame * self._space.frame_ms
        await vocoder.send(
            vocoder_pb2.StreamAudioRequest(
                frames=vocoder_pb2.SegmentFrames(
                    segment_index=index,
                    frames=ready.frames,
                    last=ready.last,
                    slack_ms=round(slack_ms),
                    # What was begun in one tier is not ended in another, whatever happened in between.
                    tier=self._delivery.tier(index) or "",
                    # Heeded at a segment's first frames, so that one that has begun keeps its tier, and of tier auto.
                    tiers_down=self._tiers_down,
                )
            )
        )

    def _chunk(self, response: vocoder_pb2.StreamAudioResponse) -> SpokenChunk | None:
        index = response.segment_index
        samples = np.frombuffer(response.samples, "<f4")
        tier = next((name for name in self._checked.voice.config.vocoders if name == response.tier), None)
        self._record(response, samples, tier)
        chunk = self._delivery.chunk(index, response.first_sample, samples, tier=tier, last=response.last)
        self.audible.set()
        if response.last:
            timing = response.timing
            self._delivery.end_stage(
                "vocoder", index, compute_ms=timing.compute_ms, queue_ms=timing.queue_ms, tier=tier
            )
            self._places.release()
        return chunk

    def _record(
        self, response: vocoder_pb2.StreamAudioResponse, samples: FloatArray, tier: Tier | None
    ) -> None:
        """Keeps what is made, for those who ask for the same; what pressure made worse than usual is not kept long."""
        index = response.segment_index
        if index in self._keys:
            self._begin_record(index)
        recorder = self._recorders[index]
        durations = self._alignments.get(index)
        # A phrase without durations could not be timed: its recorder, which has not begun, abandons it.
        if response.first_sample == 0 and tier is not None and durations is not None:
            recorder.begin(tier, durations)
        recorder.add(response.first_sample, samples)
        if response.last:
            best = next(name for name in TIERS if name in self._checked.voice.config.vocoders)
            recorder.finish(keep=tier == (self._checked.request.tier or best))
            del self._recorders[index]
            self._alignments.pop(index, None)


async def _collect(
    vocoder: VocoderStream, responses: asyncio.Queue[vocoder_pb2.StreamAudioResponse | None]
) -> None:
    """Lets a failure of the other tasks interrupt the wait for the vocoder; one response waits at most."""
    async for response in vocoder.responses():
        await responses.put(response)
    await responses.put(None)
