"""What one caller gets of a request, and has got so far.

It outlives an attempt that failed: the audio of a segment is the same each time, so the next attempt begins with the
first segment that was not delivered whole, and what the caller has of it already is left out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import numpy as np

from speechmesh.common.bundle import Tier
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.frontend.audio.encoder import StreamEncoder
from speechmesh.frontend.audio.rates import RateConverter
from speechmesh.frontend.audio.silence import SilenceTrimmer
from speechmesh.frontend.audio_out import (
    AudioChunk,
    MarkTime,
    PhonemeTime,
    SegmentInfo,
    SpokenChunk,
    StageTime,
    Summary,
    TextWarning,
    Times,
    WordTime,
)
from speechmesh.frontend.metering import record_stage
from speechmesh.frontend.plan import Script, TokenSegment
from speechmesh.frontend.playback import ESTIMATED_TOKEN_MS, Playback
from speechmesh.frontend.prepared import RUN_ON_SILENCE_MS
from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped

_MAX_SHOWN_CHARS = 20
# A soft recording is noise before it is as loud as speech.
_MAX_LEVELLED_UP_DB = 20.0
# A long chunk is coded in parts of so much audio, between which other streams' chunks have their turn.
_CODED_AT_ONCE_S = 0.5
T = TypeVar("T", WordTime, PhonemeTime, MarkTime)


class Delivery:
    """Turns the vocoder's samples into chunks, with their segments, words and times.

    Attributes:
        segment: index of the first segment that was not delivered whole.
        playback: the listener's buffer.
        sample_rate_hz: of the chunks, before they are coded.
        has_clips: whether recordings are played.
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
        self.has_clips = bool(clips)
        self.playback = playback
        self._checked = checked
        self._script = script
        parts = [checked, *checked.others.values()]
        # Voices of one rate are resampled together when they are coded, others each by itself, once.
        rates = {_space(part).sample_rate_hz for part in parts}
        rates |= {each.clip.sample_rate_hz for each in clips.values() if each.clip}
        self.sample_rate_hz = rates.pop() if len(rates) == 1 else checked.audio.sample_rate_hz
        self._rates = RateConverter(self.sample_rate_hz)
        self._silence = SilenceTrimmer(
            self.sample_rate_hz,
            checked.request.max_leading_silence_ms,
            checked.max_trailing_silence_ms,
        )
        self._encoder = StreamEncoder(
            checked.audio,
            from_hz=self.sample_rate_hz,
            gain_db=checked.gain_db,
            loudest_db=max(
                script.loudest_db + max(part.gain_db - checked.gain_db for part in parts),
                *(self._clip_peak_db(each.clip) for each in clips.values() if each.clip),
                -math.inf,
            ),
        )
        self._n_samples = 0  # of that segment, delivered already
        self._tier: Tier | None = None  # which made them
        self._first_audio_ms: float | None = None
        self._tokens: dict[int, TokenSegment] = {}
        self._segments: dict[int, SpokenSegment] = {}
        self._durations_ms: dict[int, float] = {}
        self._words: dict[int, list[WordTime]] = {}
        self._phonemes: dict[int, list[PhonemeTime]] = {}
        self._marks: dict[int, list[MarkTime]] = {}
        self._untold_ms = 0.0  # the words of that segment that start before were told
        self._times: dict[tuple[str, int], StageTime] = {}
        for index, segment in clips.items():
            self._expect_clip(index, segment)

    def _expect_clip(self, index: int, segment: SpokenSegment) -> None:
        """A recording's length is known from the beginning, so that what is behind it knows how much time it has."""
        assert segment.clip is not None
        duration_ms = segment.clip.duration_ms
        self._segments[index], self._tokens[index] = segment, TokenSegment((), ())
        self._durations_ms[index] = duration_ms
        if segment.marks:
            self._marks[index] = [
                MarkTime(mark.name, duration_ms if mark.word else 0.0) for mark in segment.marks
            ]
        self.playback.expect(index, segment.pause_before_ms + duration_ms + segment.pause_after_ms)

    def begin_stage(self, stage: str, index: int) -> None:
        """A stage gets to work on a segment."""
        self._times[stage, index] = StageTime(stage, index, self.playback.elapsed_ms)

    def end_stage(
        self, stage: str, index: int, *, compute_ms: float, queue_ms: float = 0.0, tier: Tier | None = None
    ) -> None:
        """A stage is done with a segment."""
        time = self._times[stage, index]
        time.duration_ms = self.playback.elapsed_ms - time.start_ms
        time.compute_ms, time.queue_ms, time.tier = compute_ms, queue_ms, tier

    def _note_first(self, stage: str, index: int) -> None:
        """The first that a stage makes of a segment is here."""
        if (time := self._times.get((stage, index))) is not None:
            record_stage(stage, index, (self.playback.elapsed_ms - time.start_ms) / 1000.0)

    def expect(self, index: int, segment: SpokenSegment, tokens: TokenSegment) -> None:
        """The segment is about to be synthesised from these tokens; how long it gets is a guess."""
        self._segments[index], self._tokens[index] = segment, tokens
        self.playback.expect(index, len(tokens.tokens) * ESTIMATED_TOKEN_MS)

    def align(self, index: int, frames_per_token: Sequence[int]) -> None:
        """The segment's durations are known."""
        tokens, segment = self._tokens[index], self._segments[index]
        part = self._part(segment)
        frame_ms = _space(part).frame_ms
        durations_ms = np.array(frames_per_token) * frame_ms
        self._note_first("acoustic", index)
        ends_ms = np.cumsum(durations_ms)
        starts_ms = ends_ms - durations_ms
        self._durations_ms[index] = float(ends_ms[-1]) if len(ends_ms) else 0.0
        if segment.runs_on and tokens.words:
            last = tokens.words[-1]
            spoken_ms = float(ends_ms[last.first_token + last.n_tokens - 1])
            self._durations_ms[index] = min(self._durations_ms[index], spoken_ms + RUN_ON_SILENCE_MS)
        delivered_ms = _ms(self._n_samples, self._rate_hz(segment)) if index == self.segment else 0.0
        self.playback.expect(index, max(self._durations_ms[index] - delivered_ms, 0.0))
        if self._checked.request.word_timestamps:
            self._words[index] = [
                WordTime(
                    word.text,
                    float(starts_ms[word.first_token]),
                    float(ends_ms[word.first_token + word.n_tokens - 1]),
                    word.start,
                    word.end,
                )
                for word in tokens.words
            ]
        if self._checked.request.phoneme_timestamps:
            names = part.voice.tokens
            self._phonemes[index] = [
                PhonemeTime(
                    names[tokens.tokens[at]], float(starts_ms[at]), float(ends_ms[at]), word.start, word.end
                )
                for word in tokens.words
                for at in range(word.first_token, word.first_token + word.n_tokens)
            ]
        if segment.marks:
            begins = [float(starts_ms[word.first_token]) for word in tokens.words]
            # What lies behind the last word is reached with the segment's end.
            begins.append(self._durations_ms[index] - frame_ms)
            self._marks[index] = [
                MarkTime(mark.name, begins[min(mark.word, len(begins) - 1)]) for mark in segment.marks
            ]

    def tier(self, index: int) -> Tier | None:
        """The tier that a segment must get, because some of it was delivered; None when it may be any."""
        return self._tier if index == self.segment and self._n_samples else None

    def chunk(
        self, index: int, first_sample: int, samples: FloatArray, *, tier: Tier | None, last: bool
    ) -> SpokenChunk | None:
        """What the caller gets of samples [N] of a segment; None when it has all of them already."""
        if index == self.segment and first_sample < self._n_samples:
            samples = samples[self._n_samples - first_sample :]
            first_sample = self._n_samples
        segment = self._segments[index]
        # Silence waits only where the stream may end with it: not before a segment that is known to come.
        may_end = index + 1 not in self._segments
        rate_hz = self._rate_hz(segment)
        end = first_sample + len(samples)
        if segment.runs_on and index in self._durations_ms:
            samples = samples[: max(_n_samples(self._durations_ms[index], rate_hz) - first_sample, 0)]
        kept = self._heard(self._in_manner(segment, samples, first_sample), rate_hz, may_end=may_end)
        is_whole = last and segment.clip is not None
        times = self._take_times(index, _ms(first_sample + len(samples), rate_hz), is_whole=is_whole)
        if last and segment.pause_after_ms:
            pause = self._heard(_pause(segment.pause_after_ms, rate_hz), rate_hz, may_end=may_end)
            kept = np.concatenate([kept, pause])
        if last and self._rate_ends(segment, self._segments.get(index + 1)):
            rest = self._silence.trim(self._rates.finish(), may_end=may_end)
            kept = np.concatenate([kept, rest])
        self.playback.delivered(index, self._samples_ms(len(kept)), last=last)
        if first_sample == 0:
            self._note_first("vocoder", index)
        info = self._info(index, tier) if first_sample == 0 else None
        self._tier = tier
        self.segment, self._n_samples = (index + 1, 0) if last else (index, end)
        if last:
            self._untold_ms = 0.0
            for of_segment in (
                *(self._words, self._phonemes, self._marks),
                *(self._tokens, self._segments, self._durations_ms),
            ):
                of_segment.pop(index, None)
        return SpokenChunk(kept, index, info, times) if len(kept) or info or times else None

    def _part(self, segment: SpokenSegment) -> CheckedRequest:
        """The request as the segment's voice speaks it."""
        return self._checked.spoken_by(segment.manner.voice)

    def _rate_ends(self, segment: SpokenSegment, following: SpokenSegment | None) -> bool:
        """Whether a segment is known to be followed by one of another rate: what is held of it may go out."""
        if following is None:
            return False
        return self._rate_hz(segment) != self._rate_hz(following)

    def _rate_hz(self, segment: SpokenSegment) -> int:
        """The sample rate of a segment's voice, or of its recording."""
        if segment.clip is not None:
            return segment.clip.sample_rate_hz
        return _space(self._part(segment)).sample_rate_hz

    def _gain_db(self, segment: SpokenSegment) -> float:
        """By how much a segment is louder than the request's own voice; what that gains, all gain when coded."""
        if segment.clip is not None:
            return self._clip_gain_db(segment.clip)
        return segment.manner.volume_db + self._part(segment).gain_db - self._checked.gain_db

    def _clip_gain_db(self, clip: Clip) -> float:
        """As it was recorded, or as loud as the voice where a loudness is asked for; `soundLevel` comes on top."""
        gain_db, own = clip.sound_level_db, self._checked.voice.config.loudness_lufs
        if self._checked.request.loudness_lufs and own is not None:
            loudness = clip.recording.loudness_lufs
            if math.isfinite(loudness):
                gain_db += min(own - loudness, _MAX_LEVELLED_UP_DB)
        return gain_db

    def _clip_peak_db(self, clip: Clip) -> float:
        """How loud its loudest sample comes, over full scale, before all is coded."""
        peak = clip.recording.peak
        return self._clip_gain_db(clip) + 20.0 * math.log10(peak) if peak else 0.0

    def _in_manner(self, segment: SpokenSegment, samples: FloatArray, first_sample: int) -> FloatArray:
        """Samples at the segment's level, behind the silence before it."""
        if gain_db := self._gain_db(segment):
            samples = samples * np.float32(10.0 ** (gain_db / 20.0))
        if segment.pause_before_ms and first_sample == 0:
            samples = np.concatenate([_pause(segment.pause_before_ms, self._rate_hz(segment)), samples])
        return samples

    def _heard(self, samples: FloatArray, rate_hz: int, *, may_end: bool) -> FloatArray:
        """Samples of a voice as the stream has them: at its rate, without the silence that it has too much of."""
        return self._silence.trim(self._rates.convert(samples, rate_hz), may_end=may_end)

    async def coded(
        self, spoken: SpokenChunk, executor: Executor, *, last: bool = False
    ) -> AudioChunk | None:
        """A chunk as the caller gets it; None where the coding holds it back and there is nothing else to tell.

        Chunks are coded one after the other; in the executor, where it takes long.
        """
        offset_ms = self._encoder.offset_ms
        encode, samples = self._encoder.encode, spoken.samples
        if self._encoder.is_costly:
            run = asyncio.get_running_loop().run_in_executor
            step = round(_CODED_AT_ONCE_S * self.sample_rate_hz)
            parts = [
                await run(executor, encode, samples[at : at + step]) for at in range(0, len(samples), step)
            ]
            audio = b"".join(parts) + (await run(executor, self._encoder.finish) if last else b"")
        else:
            audio = encode(samples) + (self._encoder.finish() if last else b"")
        if not (audio or spoken.segment or spoken.times):
            return None
        if self._first_audio_ms is None and audio:
            self._first_audio_ms = self.playback.elapsed_ms
        return AudioChunk(audio, offset_ms, spoken.segment_index, spoken.segment, spoken.times)

    async def finish(self, executor: Executor) -> AudioChunk | None:
        """What the coding still holds, and its end, when all is delivered; None when that is nothing."""
        held = self._silence.trim(self._rates.finish(), may_end=True)
        rest = SpokenChunk(held, max(self.segment - 1, 0), None, Times())
        return await self.coded(rest, executor, last=True)

    def summary(self) -> Summary:
        """What was done, when all is delivered."""
        return Summary(
            audio_s=self._encoder.offset_ms / 1000.0,
            n_segments=self.segment,
            first_audio_ms=self._first_audio_ms or 0.0,
            total_ms=self.playback.elapsed_ms,
            voice_revision=self._checked.voice.revision,
            stages=[self._times[key] for key in sorted(self._times, key=lambda key: (key[1], key[0]))],
            warnings=[*self._script.warnings, *_warnings(self._script.dropped)],
        )

    def _samples_ms(self, n_samples: float) -> float:
        return 1000.0 * n_samples / self.sample_rate_hz

    def _take_times(self, index: int, end_ms: float, *, is_whole: bool) -> Times:
        """What starts before `end_ms` of the segment and was not told yet, moved to the stream's times.

        Nothing while it is open how much of the silence before it is left out. `is_whole`: what starts at the end, too.
        """
        if not self._silence.decided:
            return Times()
        begin_ms, self._untold_ms = self._untold_ms, end_ms
        until_ms = math.inf if is_whole else end_ms
        shift = self._samples_ms(self._silence.position + self._rates.n_held) - end_ms

        def moved(times: Sequence[T]) -> list[T]:
            return [time.moved(shift) for time in times if begin_ms <= time.start_ms < until_ms]

        return Times(
            moved(self._words.get(index, ())),
            moved(self._phonemes.get(index, ())),
            moved(self._marks.get(index, ())),
        )

    def _info(self, index: int, tier: Tier | None) -> SegmentInfo:
        segment = self._segments[index]
        spoken = " ".join(word.text for word in self._tokens[index].words)
        duration_ms = self._durations_ms.get(index, 0.0) + segment.pause_before_ms + segment.pause_after_ms
        part = self._part(segment)
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


def _space(part: CheckedRequest) -> FeatureSpace:
    return part.voice.config.feature_space


def _ms(n_samples: int, rate_hz: int) -> float:
    """How long samples of a rate are."""
    return 1000.0 * n_samples / rate_hz


def _n_samples(duration_ms: float, rate_hz: int) -> int:
    """How many samples of a rate are so long."""
    return round(duration_ms * rate_hz / 1000.0)


def _pause(duration_ms: float, rate_hz: int) -> FloatArray:
    """Silence [N] of a rate."""
    return np.zeros(_n_samples(duration_ms, rate_hz), np.float32)


def _warnings(parts: Sequence[Dropped]) -> list[TextWarning]:
    warnings = []
    for dropped in parts:
        shown = (
            dropped.text if len(dropped.text) <= _MAX_SHOWN_CHARS else dropped.text[:_MAX_SHOWN_CHARS] + "…"
        )
        message = f"{shown!r} cannot be spoken and was left out"
        warnings.append(TextWarning("CHARACTERS_DROPPED", message, dropped.start, dropped.end))
    return warnings
