"""When the words, phonemes and marks of a segment are reached: from its durations to the stream's times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from speechmesh.frontend.audio_out import MarkTime, PhonemeTime, Times, WordTime
from speechmesh.frontend.plan import TokenSegment
from speechmesh.frontend.prepared import RUN_ON_SILENCE_MS
from speechmesh.frontend.request import CheckedRequest
from speechmesh.frontend.segment import SpokenSegment

T = TypeVar("T", WordTime, PhonemeTime, MarkTime)


@dataclass(slots=True)
class SegmentTimes:
    """A segment that is expected, and what is known of its times: milliseconds from its begin on.

    Attributes:
        segment: what is spoken or played.
        tokens: what it is made from; none of a recording.
        duration_ms: how long it is, without the silence around it; None before that is known.
        words: when each is spoken, where the caller wants to know.
        phonemes: likewise.
        marks: when each is reached.
    """

    segment: SpokenSegment
    tokens: TokenSegment
    duration_ms: float | None = None
    words: Sequence[WordTime] = ()
    phonemes: Sequence[PhonemeTime] = ()
    marks: Sequence[MarkTime] = ()

    def between(self, begin_ms: float, end_ms: float, shift_ms: float) -> Times:
        """What starts between two times of it, the end excluded, moved to the stream's times."""

        def moved(times: Sequence[T]) -> list[T]:
            return [time.moved(shift_ms) for time in times if begin_ms <= time.start_ms < end_ms]

        return Times(moved(self.words), moved(self.phonemes), moved(self.marks))


class Timeline:
    """The segments that are expected: from when their tokens are known until they are delivered whole."""

    def __init__(self, checked: CheckedRequest) -> None:
        self._checked = checked
        self._expected: dict[int, SegmentTimes] = {}

    def __contains__(self, index: int) -> bool:
        """Whether a segment is known to come."""
        return index in self._expected

    def __getitem__(self, index: int) -> SegmentTimes:
        """A segment that is known to come."""
        return self._expected[index]

    def get(self, index: int) -> SegmentTimes | None:
        """A segment; None where none is known to come."""
        return self._expected.get(index)

    def expect(self, index: int, segment: SpokenSegment, tokens: TokenSegment) -> None:
        """A segment is about to be made from tokens; what was known of it from an attempt before stays."""
        if (known := self._expected.get(index)) is None:
            self._expected[index] = SegmentTimes(segment, tokens)
        else:
            known.segment, known.tokens = segment, tokens

    def expect_clip(self, index: int, segment: SpokenSegment, duration_ms: float) -> None:
        """A recording comes, which is so long; it has no words, and marks only at its ends."""
        marks = [
            MarkTime(mark.name, (duration_ms if mark.word else 0.0) + mark.pause_ms) for mark in segment.marks
        ]
        self._expected[index] = SegmentTimes(segment, TokenSegment((), ()), duration_ms, marks=marks)

    def align(self, index: int, frames_per_token: Sequence[int]) -> SegmentTimes:
        """The durations of an expected segment's tokens [P] are known, in frames of its voice."""
        times = self._expected[index]
        segment, tokens = times.segment, times.tokens
        part = self._checked.spoken_by(segment.manner.voice)
        frame_ms = part.voice.config.feature_space.frame_ms
        durations_ms = np.array(frames_per_token) * frame_ms
        ends_ms = np.cumsum(durations_ms)
        starts_ms = ends_ms - durations_ms
        times.duration_ms = float(ends_ms[-1]) if len(ends_ms) else 0.0
        if segment.runs_on and tokens.words:
            last = tokens.words[-1]
            spoken_ms = float(ends_ms[last.first_token + last.n_tokens - 1])
            times.duration_ms = min(times.duration_ms, spoken_ms + RUN_ON_SILENCE_MS)
        if self._checked.request.word_timestamps:
            times.words = _word_times(tokens, starts_ms, ends_ms)
        if self._checked.request.phoneme_timestamps:
            times.phonemes = _phoneme_times(tokens, part.voice.tokens, starts_ms, ends_ms)
        if segment.marks:
            begins = [float(starts_ms[word.first_token]) for word in tokens.words]
            begins.append(
                times.duration_ms
            )  # what lies behind the last word is reached with the segment's end
            times.marks = [
                MarkTime(mark.name, begins[min(mark.word, len(begins) - 1)] + mark.pause_ms)
                for mark in segment.marks
            ]
        return times

    def forget(self, index: int) -> None:
        """A segment is delivered whole."""
        self._expected.pop(index, None)


def _word_times(tokens: TokenSegment, starts_ms: np.ndarray, ends_ms: np.ndarray) -> list[WordTime]:
    """From when to when each word lasts, by its tokens' [P]."""
    return [
        WordTime(
            word.text,
            float(starts_ms[word.first_token]),
            float(ends_ms[word.first_token + word.n_tokens - 1]),
            word.start,
            word.end,
        )
        for word in tokens.words
    ]


def _phoneme_times(
    tokens: TokenSegment, names: Sequence[str], starts_ms: np.ndarray, ends_ms: np.ndarray
) -> list[PhonemeTime]:
    """From when to when each token of a word lasts, by its name in the voice's table."""
    return [
        PhonemeTime(names[tokens.tokens[at]], float(starts_ms[at]), float(ends_ms[at]), word.start, word.end)
        for word in tokens.words
        for at in range(word.first_token, word.first_token + word.n_tokens)
    ]
