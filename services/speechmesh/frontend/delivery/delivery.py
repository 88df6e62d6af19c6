"""What one caller gets of a request, and has got so far.

It outlives an attempt that failed: the audio of a segment is the same each time, so the next attempt begins with the
first segment that was not delivered whole, and what the caller has of it already is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from speechmesh.common.bundle import Tier
from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.encoder import StreamEncoder
from speechmesh.frontend.audio.rates import RateConverter
from speechmesh.frontend.audio.silence import SilenceTrimmer
from speechmesh.frontend.audio_out import AudioChunk, SegmentInfo, SpokenChunk, Summary, TextWarning, Times
from speechmesh.frontend.delivery.coding import ChunkCoding
from speechmesh.frontend.delivery.levels import Levels
from speechmesh.frontend.delivery.stage_times import StageTimes
from speechmesh.frontend.delivery.timeline import SegmentTimes, Timeline
from speechmesh.frontend.plan import Script, TokenSegment
from speechmesh.frontend.playback import ESTIMATED_TOKEN_MS, Playback
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped

# So much audio goes to the caller in one message: 384 kB at most, of 48 kHz in floats. A break may be two minutes, of
# which one message would be 22 MiB: callers take 4 of them, as gRPC has it, and this service sends 16.
_MOST_S = 2.0
_MAX_SHOWN_CHARS = 20
_MAX_WARNINGS = 100  # besides those of the text


class Delivery:
    """Turns the vocoder's samples into chunks, with their segments, words and times.

    Attributes:
        segment: index of the first segment that was not delivered whole.
        playback: the listener's buffer.
        sample_rate_hz: of the chunks, before they are coded.
        clips: the script's recordings, by their segments' indices.
    """

    def __init__(
        self,
        checked: CheckedRequest,
        script: Script,
        playback: Playback,
        clips: Mapping[int, SpokenSegment] | None = None,
    ) -> None:
        """`clips` are the script's segments that are recordings, by index."""
        clips = clips or {}
        self.segment = 0
        self.clips: Mapping[int, Clip] = {index: each.clip for index, each in clips.items() if each.clip}
        self.playback = playback
        self._checked = checked
        self._script = script
        # Voices of one rate are resampled together when they are coded, others each by itself, once.
        rates = {_voice_rate_hz(part) for part in (checked, *checked.others.values())}
        rates |= {clip.sample_rate_hz for clip in self.clips.values()}
        self.sample_rate_hz = rates.pop() if len(rates) == 1 else checked.audio.sample_rate_hz
        self._rates = RateConverter(self.sample_rate_hz)
        self._silence = SilenceTrimmer(
            self.sample_rate_hz,
            checked.request.max_leading_silence_ms,
            checked.max_trailing_silence_ms,
        )
        self._levels = Levels(checked)
        encoder = StreamEncoder(
            checked.audio,
            from_hz=self.sample_rate_hz,
            gain_db=checked.gain_db,
            loudest_db=self._levels.loudest_db(script, self.clips.values()),
        )
        self._coding = ChunkCoding(encoder, self.sample_rate_hz, playback)
        self._stage_times = StageTimes(playback)
        self._timeline = Timeline(checked)
        self._n_samples = 0  # of that segment, delivered already
        self._tier: Tier | None = None  # which made them
        self._untold_ms = -math.inf  # what starts before, in that segment or the pause before it, was told
        self._early = Times()  # what waits to be told, as if no leading silence were left out
        self._warnings: list[TextWarning] = []
        # Known from the beginning, so that what is behind recordings knows how much time it has.
        for index, clip in self.clips.items():
            self.expect_clip(index, clips[index], clip.duration_ms)

    def expect_clip(self, index: int, segment: SpokenSegment, duration_ms: float) -> None:
        """A recording, of which nothing was delivered, is so long."""
        self._timeline.expect_clip(index, segment, duration_ms)
        self.playback.expect(index, segment.pause_before_ms + duration_ms + segment.pause_after_ms)

    def begin_stage(self, stage: str, index: int) -> None:
        """A stage gets to work on a segment."""
        self._stage_times.begin(stage, index)

    def end_stage(
        self, stage: str, index: int, *, compute_ms: float, queue_ms: float = 0.0, tier: Tier | None = None
    ) -> None:
        """A stage is done with a segment."""
        self._stage_times.end(stage, index, compute_ms=compute_ms, queue_ms=queue_ms, tier=tier)

    def expect(self, index: int, segment: SpokenSegment, tokens: TokenSegment) -> None:
        """The segment is about to be synthesised from these tokens; how long it gets is a guess."""
        self._timeline.expect(index, segment, tokens)
        self.playback.expect(index, len(tokens.tokens) * ESTIMATED_TOKEN_MS)

    def align(self, index: int, frames_per_token: Sequence[int]) -> None:
        """The segment's durations are known, in frames of its voice for each of its tokens [P]."""
        self._stage_times.note_first("acoustic", index)
        times = self._timeline.align(index, frames_per_token)
        delivered_ms = _ms(self._n_samples, self._rate_hz(times.segment)) if index == self.segment else 0.0
        self.playback.expect(index, max((times.duration_ms or 0.0) - delivered_ms, 0.0))

    def slack_ms(self, index: int) -> float:
        """Time until a listener runs dry that got nothing of the segment: a stage adds what it made of it itself."""
        slack_ms = self.playback.slack_ms(index)
        if index == self.segment and self._n_samples:
            slack_ms -= _ms(self._n_samples, self._rate_hz(self._timeline[index].segment))
        return slack_ms

    def warn(self, warning: TextWarning) -> None:
        """Something that the caller should know, and that turned out while it was listening; a bounded number."""
        if len(self._warnings) < _MAX_WARNINGS:
            self._warnings.append(warning)

    def tier(self, index: int) -> Tier | None:
        """The tier that a segment must get, because some of it was delivered; None when it may be any."""
        return self._tier if index == self.segment and self._n_samples else None

    def chunk(
        self, index: int, first_sample: int, samples: FloatArray, *, tier: Tier | None, last: bool
    ) -> SpokenChunk | None:
        """What the caller gets of samples [N] of a segment; None when it has all of them already.

        Args:
            index: of the segment, which is expected.
            first_sample: where in it they are, at its voice's or recording's rate.
            samples: float32, as they were made; of a recording at its level.
            tier: which made them; None of a recording.
            last: whether the segment ends with them.
        """
        if index == self.segment and first_sample < self._n_samples:
            samples = samples[self._n_samples - first_sample :]
            first_sample = self._n_samples
        expected = self._timeline[index]
        rate_hz = self._rate_hz(expected.segment)
        end = end_heard = first_sample + len(samples)
        if expected.segment.runs_on and expected.duration_ms is not None:
            end_heard = min(end, _n_samples(expected.duration_ms, rate_hz))
            samples = samples[: max(end_heard - first_sample, 0)]
        # Silence waits only where the stream may end with it: not before a segment that is known to come.
        may_end = index + 1 not in self._timeline
        kept = self._heard(self._in_manner(expected.segment, samples, first_sample), rate_hz, may_end=may_end)
        times = self._take_times(expected, _ms(end_heard, rate_hz), is_whole=last)
        if last:
            kept = np.concatenate([kept, *self._closing(index, expected.segment, may_end=may_end)])
        self.playback.delivered(index, self._samples_ms(len(kept)), last=last)
        if first_sample == 0:
            self._stage_times.note_first("vocoder", index)
        info = self._info(index, expected, tier) if first_sample == 0 else None
        self._tier = tier
        self.segment, self._n_samples = (index + 1, 0) if last else (index, end)
        if last:
            self._untold_ms = -math.inf
            self._timeline.forget(index)
        return SpokenChunk(kept, index, info, times) if len(kept) or info or times else None

    def _closing(self, index: int, segment: SpokenSegment, *, may_end: bool) -> list[FloatArray]:
        """What comes behind the last samples of a segment: its pause, and what is held of its rate."""
        rate_hz = self._rate_hz(segment)
        closing = []
        if segment.pause_after_ms:
            closing.append(self._heard(_pause(segment.pause_after_ms, rate_hz), rate_hz, may_end=may_end))
        following = self._timeline.get(index + 1)
        # Known to be followed by another rate: what is held may go out.
        if following is not None and self._rate_hz(following.segment) != rate_hz:
            closing.append(self._silence.trim(self._rates.finish(), may_end=may_end))
        return closing

    def _rate_hz(self, segment: SpokenSegment) -> int:
        """The sample rate of a segment's voice, or of its recording."""
        if segment.clip is not None:
            return segment.clip.sample_rate_hz
        return _voice_rate_hz(self._checked.spoken_by(segment.manner.voice))

    def _in_manner(self, segment: SpokenSegment, samples: FloatArray, first_sample: int) -> FloatArray:
        """Samples at the segment's level, behind the silence before it."""
        if gain_db := self._levels.gain_db(segment):
            samples = samples * np.float32(10.0 ** (gain_db / 20.0))
        if segment.pause_before_ms and first_sample == 0:
            samples = np.concatenate([_pause(segment.pause_before_ms, self._rate_hz(segment)), samples])
        return samples

    def _heard(self, samples: FloatArray, rate_hz: int, *, may_end: bool) -> FloatArray:
        """Samples of a voice as the stream has them: at its rate, without the silence that it has too much of."""
        return self._silence.trim(self._rates.convert(samples, rate_hz), may_end=may_end)

    def parts(self, chunk: SpokenChunk) -> Iterator[SpokenChunk]:
        """The next chunk to be coded, in parts that are messages of their own."""
        n_most = round(_MOST_S * self.sample_rate_hz)
        return chunk.parts(n_most, self._coding.offset_ms, self.sample_rate_hz)

    async def coded(self, spoken: SpokenChunk, executor: Executor) -> AudioChunk | None:
        """A chunk as the caller gets it; None where the coding holds it back and there is nothing else to tell.

        Chunks are coded one after the other; in the executor, where it takes long.
        """
        return await self._coding.coded(spoken, executor, last=False)

    async def finish(self, executor: Executor) -> AudioChunk | None:
        """What the coding still holds, and its end, when all is delivered; None when that is nothing."""
        held = self._silence.finish(self._rates.finish())
        rest = SpokenChunk(held, max(self.segment - 1, 0), None, self._take_early())
        return await self._coding.coded(rest, executor, last=True)

    def summary(self) -> Summary:
        """What was done, when all is delivered."""
        return Summary(
            audio_s=self._coding.offset_ms / 1000.0,
            n_segments=self.segment,
            first_audio_ms=self._coding.first_audio_ms or 0.0,
            total_ms=self.playback.elapsed_ms,
            voice_revision=self._checked.voice.revision,
            stages=list(self._stage_times.all()),
            warnings=[*self._script.warnings, *self._warnings, *_dropped(self._script.dropped)],
        )

    def _samples_ms(self, n_samples: float) -> float:
        return 1000.0 * n_samples / self.sample_rate_hz

    def _take_times(self, expected: SegmentTimes, end_ms: float, *, is_whole: bool) -> Times:
        """What starts before `end_ms` of the segment and was not told yet, moved to the stream's times.

        Nothing while it is open how much of the silence before it is left out: that waits. `is_whole`: what starts at
        the end, or in the pause behind it, too.
        """
        begin_ms, self._untold_ms = self._untold_ms, end_ms
        shift_ms = self._samples_ms(self._silence.position + self._rates.n_held) - end_ms
        times = expected.between(begin_ms, math.inf if is_whole else end_ms, shift_ms)
        if not self._silence.decided:
            self._early += times
            return Times()
        return self._take_early() + times

    def _take_early(self) -> Times:
        """What has waited until it was known how much of the silence before it is left out."""
        early, self._early = self._early, Times()
        return early.moved(-self._samples_ms(self._silence.n_left_out))

    def _info(self, index: int, expected: SegmentTimes, tier: Tier | None) -> SegmentInfo:
        segment = expected.segment
        spoken = " ".join(word.text for word in expected.tokens.words)
        duration_ms = (expected.duration_ms or 0.0) + segment.pause_before_ms + segment.pause_after_ms
        part = self._checked.spoken_by(segment.manner.voice)
        voice, speaker = part.voice.name, segment.manner.speaker or part.speaker.name
        if segment.clip is not None:
            voice = speaker = ""
        return SegmentInfo(
            index,
            spoken,
            segment.start,
            segment.end,
            tier,
            duration_ms,
            voice=voice,
            speaker=speaker,
        )


def _voice_rate_hz(part: CheckedRequest) -> int:
    """The sample rate of a request's voice."""
    return part.voice.config.feature_space.sample_rate_hz


def _ms(n_samples: int, rate_hz: int) -> float:
    """How long samples of a rate are."""
    return 1000.0 * n_samples / rate_hz


def _n_samples(duration_ms: float, rate_hz: int) -> int:
    """How many samples of a rate are so long."""
    return round(duration_ms * rate_hz / 1000.0)


def _pause(duration_ms: float, rate_hz: int) -> FloatArray:
    """Silence [N] of a rate."""
    return np.zeros(_n_samples(duration_ms, rate_hz), np.float32)


def _dropped(parts: Sequence[Dropped]) -> list[TextWarning]:
    """What could not be spoken, as the caller is told."""
    warnings = []
    for dropped in parts:
        shown = (
            dropped.text if len(dropped.text) <= _MAX_SHOWN_CHARS else dropped.text[:_MAX_SHOWN_CHARS] + "…"
        )
        message = f"{shown!r} cannot be spoken and was left out"
        warnings.append(TextWarning("CHARACTERS_DROPPED", message, dropped.start, dropped.end))
    return warnings
