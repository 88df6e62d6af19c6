from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.audio.formats import Encoding
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.recordings.clip import clip_of
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.recording import Recording, RecordingFile
from speechmesh.frontend.request import SpeechRequest, check
from speechmesh.frontend.segment import Mark, SpokenSegment
from speechmesh.frontend.ssml.script import Playing

TEXT = "One. Two."


@pytest.fixture(scope="module")
def reader(bootstrap: VoiceBundle) -> Reader:
    return load_reader(bootstrap)


@pytest.fixture
def delivery(bootstrap: VoiceBundle, reader: Reader) -> Delivery:
    request = SpeechRequest(text=TEXT, encoding=Encoding.PCM_F32LE, word_timestamps=True)
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    made = Delivery(checked, plan, Playback(100.0))
    for index, segment in enumerate(plan.segments):
        tokens = reader.tokens(segment)
        made.expect(index, segment, tokens)
        made.align(index, [4] * len(tokens.tokens))
    return made


async def audio_of(
    delivery: Delivery, index: int, first_sample: int, samples: np.ndarray, *, last: bool
) -> np.ndarray:
    spoken = delivery.chunk(index, first_sample, samples.astype(np.float32), tier="fast", last=last)
    with ThreadPoolExecutor(1) as executor:
        chunk = await delivery.coded(spoken, executor) if spoken else None
    return np.frombuffer(chunk.audio if chunk else b"", "<f4")


async def test_a_stage_is_told_the_slack_without_what_it_made_of_the_segment(delivery: Delivery) -> None:
    """It counts that itself: told twice, the listener would seem to have twice as much."""
    before_ms = delivery.playback.slack_ms(1)
    assert delivery.slack_ms(1) == pytest.approx(before_ms, abs=5.0)
    await audio_of(delivery, 0, 0, np.zeros(16_000), last=True)
    await audio_of(delivery, 1, 0, np.zeros(8_000), last=False)
    assert delivery.playback.slack_ms(1) - delivery.slack_ms(1) == pytest.approx(500.0, abs=5.0)
    assert delivery.slack_ms(2) == pytest.approx(delivery.playback.slack_ms(2), abs=5.0)


async def test_what_the_caller_has_already_is_left_out(delivery: Delivery) -> None:
    first = np.linspace(0, 0.5, 1000)
    second = np.linspace(-0.5, 0, 600)
    got = [await audio_of(delivery, 0, 0, first, last=True)]
    got.append(await audio_of(delivery, 1, 0, second[:250], last=False))
    assert delivery.segment == 1
    # The stage died here; another begins with the segment again, in other pieces.
    for start, end in ((0, 100), (100, 300), (300, 600)):
        got.append(await audio_of(delivery, 1, start, second[start:end], last=end == 600))
    np.testing.assert_allclose(np.concatenate(got), np.concatenate([first, second]), atol=1e-6)
    assert delivery.segment == 2
    assert delivery.summary().audio_s == pytest.approx(0.1)


def test_each_segment_and_word_is_told_once(delivery: Delivery) -> None:
    samples = np.zeros(20 * 200)
    chunks = [delivery.chunk(0, 0, samples[:2000].astype(np.float32), tier="fast", last=False)]
    chunks.append(
        delivery.chunk(0, 0, samples[:1000].astype(np.float32), tier="fast", last=False)
    )  # again from the start
    chunks.append(delivery.chunk(0, 1000, samples[1000:].astype(np.float32), tier="fast", last=True))
    told = [chunk for chunk in chunks if chunk]
    assert [chunk.segment.index for chunk in told if chunk.segment] == [0]
    assert [word.text for chunk in told for word in chunk.times.words] == ["one"]
    assert chunks[1] is None
    assert [chunk.segment.tier for chunk in told if chunk.segment] == ["fast"]


def test_a_segment_begun_in_one_tier_is_not_ended_in_another(delivery: Delivery) -> None:
    assert delivery.tier(0) is None
    delivery.chunk(0, 0, np.zeros(100, np.float32), tier="balanced", last=False)
    assert (delivery.tier(0), delivery.tier(1)) == ("balanced", None)
    delivery.chunk(0, 100, np.zeros(100, np.float32), tier="balanced", last=True)
    assert (delivery.tier(0), delivery.tier(1)) == (None, None)


async def test_words_are_timed_in_what_is_left_of_the_silence_before_them(
    bootstrap: VoiceBundle, reader: Reader
) -> None:
    """Of 200 ms of silence 50 stay, and the words come that much earlier; none is told before that is known."""
    request = SpeechRequest(
        text=TEXT, word_timestamps=True, max_leading_silence_ms=50, max_trailing_silence_ms=0
    )
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    delivery = Delivery(checked, plan, Playback(100.0))
    tokens = reader.tokens(plan.segments[0])
    delivery.expect(0, plan.segments[0], tokens)
    delivery.align(0, [16] * len(tokens.tokens))  # 200 ms each, the first of them a pause
    n_tokens = 3200
    samples = np.zeros(n_tokens * len(tokens.tokens), np.float32)
    samples[n_tokens:-n_tokens] = 0.1
    assert delivery.chunk(0, 0, samples[:2000], tier="fast", last=False).times.words == ()  # type: ignore[union-attr]
    spoken = delivery.chunk(0, 2000, samples[2000:], tier="fast", last=True)
    assert spoken is not None
    assert [(word.text, word.start_ms) for word in spoken.times.words] == [("one", 50.0)]
    assert len(spoken.samples) == len(samples) - n_tokens - (n_tokens - 800)


@pytest.mark.parametrize("second", [0.1, 0.0])
async def test_what_is_in_silence_that_is_left_out_is_told_when_that_is_known(
    bootstrap: VoiceBundle, reader: Reader, second: float
) -> None:
    """Also of a segment that is over by then, as one of `volume="silent"`, and where all of the stream is silence."""
    request = SpeechRequest(
        text=TEXT, encoding=Encoding.PCM_F32LE, word_timestamps=True, max_leading_silence_ms=100
    )
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    delivery = Delivery(checked, plan, Playback(100.0))
    chunks = []
    for index, (segment, level) in enumerate(zip(plan.segments, (0.0, second), strict=True)):
        tokens = reader.tokens(segment)
        marks = (Mark(f"{index} begins", 0), Mark(f"{index} ends", len(tokens.words)))
        delivery.expect(index, dataclasses.replace(segment, marks=marks), tokens)
        delivery.align(index, [4] * len(tokens.tokens))  # 50 ms each, the first and the last of them a pause
        samples = np.full(800 * len(tokens.tokens), level, np.float32)
        samples[:800] = samples[-800:] = 0.0
        for first in (0, 1_600):
            part = samples[first : first + 1_600] if not first else samples[first:]
            chunks.append(delivery.chunk(index, first, part, tier="fast", last=bool(first)))
    with ThreadPoolExecutor(1) as executor:
        chunks.append(await delivery.finish(executor))  # type: ignore[arg-type]
    told = [chunk.times for chunk in chunks if chunk]
    n_second_ms = 50.0 * len(tokens.tokens)
    # Of the silence before what is audible 100 ms stay; of nothing but silence the last 100 ms of it.
    begin_ms = 50.0 if second else 100.0 - n_second_ms
    words = [(word.text, word.start_ms) for times in told for word in times.words]
    assert words == [("one", 0.0), ("two", max(begin_ms + 50.0, 0.0))]
    told_marks = {mark.name: mark.start_ms for times in told for mark in times.marks}
    assert told_marks == {
        "0 begins": 0.0, "0 ends": max(begin_ms, 0.0),
        "1 begins": max(begin_ms + 50.0, 0.0), "1 ends": begin_ms + n_second_ms,
    }  # fmt: skip
    assert all(word.start_ms <= word.end_ms for times in told for word in times.words)


async def test_silence_before_a_segment_that_is_known_to_come_does_not_wait(
    bootstrap: VoiceBundle, reader: Reader
) -> None:
    request = SpeechRequest(text=TEXT, max_trailing_silence_ms=0)
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    delivery = Delivery(checked, plan, Playback(100.0))
    sound = np.full(1600, 0.1, np.float32)
    sound[800:] = 0.0
    for index, segment in enumerate(plan.segments):
        delivery.expect(index, segment, reader.tokens(segment))
    lengths = []
    for index in range(2):
        spoken = delivery.chunk(index, 0, sound, tier="fast", last=True)
        assert spoken is not None
        lengths.append(len(spoken.samples))
    assert lengths == [1600, 800]


@pytest.mark.parametrize(
    "pieces", [[(0, 5000)], [(0, 3100), (3100, 5000)], [(0, 3100), (0, 3300), (3300, 5000)]]
)
async def test_a_segment_that_is_cut_in_no_pause_ends_with_its_last_sound(
    bootstrap: VoiceBundle, reader: Reader, pieces: list[tuple[int, int]]
) -> None:
    """Of the silence behind its last word 25 ms stay, whatever pieces it comes in, and if one comes again."""
    request = SpeechRequest(text=TEXT, encoding=Encoding.PCM_F32LE, word_timestamps=True)
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    delivery = Delivery(checked, plan, Playback(100.0))
    tokens = reader.tokens(plan.segments[0])
    delivery.expect(0, dataclasses.replace(plan.segments[0], runs_on=True), tokens)
    word = tokens.words[0]
    frames = [1] * len(tokens.tokens)
    frames[-1] = (5000 - 200 * (len(frames) - 1)) // 200  # 12.5 ms a frame
    delivery.align(0, frames)
    sound = np.linspace(0.1, 0.5, 5000)
    got = [await audio_of(delivery, 0, a, sound[a:b], last=b == 5000) for a, b in pieces]
    end = 200 * (word.first_token + word.n_tokens) + 400
    np.testing.assert_allclose(np.concatenate(got), sound[:end], atol=1e-6)
    assert delivery.segment == 1


@pytest.mark.parametrize(
    "pieces", [[(0, 5000)], [(0, 3100), (3100, 5000)], [(0, 600), (600, 5000), (5000, 5000)]]
)
def test_a_mark_behind_the_last_word_of_such_a_segment_is_reached_where_it_is_cut(
    bootstrap: VoiceBundle, reader: Reader, pieces: list[tuple[int, int]]
) -> None:
    """Also where the end of the silence that is cut off comes in a piece of its own, as from the cache."""
    request = SpeechRequest(text=TEXT, encoding=Encoding.PCM_F32LE)
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    delivery = Delivery(checked, plan, Playback(100.0))
    tokens = reader.tokens(plan.segments[0])
    segment = dataclasses.replace(
        plan.segments[0], runs_on=True, marks=(Mark("behind", len(tokens.words)),), pause_before_ms=100.0
    )
    delivery.expect(0, segment, tokens)
    delivery.align(0, [1] * (len(tokens.tokens) - 1) + [25 - len(tokens.tokens) + 1])
    chunks = [
        delivery.chunk(0, a, np.full(b - a, 0.1, np.float32), tier="fast", last=(a, b) == pieces[-1])
        for a, b in pieces
    ]
    marks = [mark for chunk in chunks if chunk for mark in chunk.times.marks]
    n_heard = sum(len(chunk.samples) for chunk in chunks if chunk)
    assert [mark.start_ms for mark in marks] == [pytest.approx(n_heard / 16.0)]


def with_clip(
    bootstrap: VoiceBundle, reader: Reader, samples: np.ndarray, rate_hz: int, **fields: object
) -> tuple[Delivery, LoadedClip]:
    """A delivery of a recording, then of what the text says."""
    request = SpeechRequest(text=TEXT, encoding=Encoding.PCM_F32LE, word_timestamps=True, **fields)  # type: ignore[arg-type]
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    clip, _ = clip_of(RecordingFile(("a.wav", 0, 0, 0, 0), rate_hz, len(samples)), Playing(), 100.0)
    segment = SpokenSegment((), None, 0, 0, clip=clip)
    segments = [segment, *plan.segments]
    delivery = Delivery(
        checked, dataclasses.replace(plan, segments=segments), Playback(100.0, lambda: 0.0), {0: segment}
    )
    for index, spoken in enumerate(plan.segments, 1):
        delivery.expect(index, spoken, reader.tokens(spoken))
    return delivery, LoadedClip(clip, Recording(samples.astype(np.float32), rate_hz))


def test_what_is_behind_a_recording_has_its_length_of_time_more(
    bootstrap: VoiceBundle, reader: Reader
) -> None:
    delivery, clip = with_clip(bootstrap, reader, np.full(16_000, 0.1), 16_000)
    assert delivery.playback.slack_ms(0) == 100.0
    assert delivery.playback.slack_ms(1) == 1100.0
    delivery.chunk(0, 0, clip.samples(0, 4_000), tier=None, last=False)
    assert delivery.playback.slack_ms(1) == 1000.0  # from its begin on
    delivery.chunk(0, 4_000, clip.samples(4_000, 12_000), tier=None, last=True)
    assert delivery.playback.slack_ms(1) == 1000.0
    assert delivery.segment == 1


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
async def test_words_behind_a_recording_come_later_by_its_length(
    bootstrap: VoiceBundle, reader: Reader, rate_hz: int
) -> None:
    delivery, clip = with_clip(bootstrap, reader, np.full(rate_hz, 0.1), rate_hz)
    chunks = [delivery.chunk(0, 0, clip.samples(0, rate_hz), tier=None, last=True)]
    tokens = reader.tokens(reader.plan(TEXT, max_words=20, first_max_words=8).segments[0])
    delivery.align(1, [4] * len(tokens.tokens))
    sound = np.full(800 * len(tokens.tokens), 0.2, np.float32)
    chunks.append(delivery.chunk(1, 0, sound, tier="fast", last=True))
    (word,) = (word for chunk in chunks if chunk for word in chunk.times.words)
    assert word.start_ms == pytest.approx(1000.0 + 50.0 * tokens.words[0].first_token, abs=0.1)
    total = sum(len(chunk.samples) for chunk in chunks if chunk)
    assert total == pytest.approx(16_000 + len(sound), abs=2)


def test_leading_silence_of_a_recording_is_cut_as_any(bootstrap: VoiceBundle, reader: Reader) -> None:
    samples = np.zeros(16_000)
    samples[8_000:] = 0.3
    delivery, clip = with_clip(bootstrap, reader, samples, 16_000, max_leading_silence_ms=100)
    spoken = delivery.chunk(0, 0, clip.samples(0, 16_000), tier=None, last=True)
    assert spoken is not None
    assert len(spoken.samples) == 1_600 + 8_000


def test_marks_of_a_recording_of_silence_are_told_with_the_first_sound(
    bootstrap: VoiceBundle, reader: Reader
) -> None:
    """Of two seconds of silence the last 100 ms stay."""
    request = SpeechRequest(text=TEXT, word_timestamps=True, max_leading_silence_ms=100)
    checked = check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)
    plan = reader.plan(TEXT, max_words=20, first_max_words=8)
    clip, _ = clip_of(RecordingFile(("a.wav", 0, 0, 0, 0), 16_000, 16_000), Playing(), 100.0)
    silence = SpokenSegment((), None, 0, 0, clip=clip, marks=(Mark("begin", 0),))
    later = dataclasses.replace(silence, marks=(Mark("late", 1, -50.0), Mark("end", 1)))
    clips = {0: silence, 1: later}
    segments = [silence, later, *plan.segments]
    delivery = Delivery(checked, dataclasses.replace(plan, segments=segments), Playback(100.0), clips)
    for index in clips:
        chunk = delivery.chunk(index, 0, np.zeros(16_000, np.float32), tier=None, last=True)
        assert chunk is None or not chunk.times
    tokens = reader.tokens(plan.segments[0])
    delivery.expect(2, plan.segments[0], tokens)
    delivery.align(2, [4] * len(tokens.tokens))
    spoken = delivery.chunk(2, 0, np.full(800 * len(tokens.tokens), 0.2, np.float32), tier="fast", last=True)
    assert spoken is not None
    assert [(mark.name, mark.start_ms) for mark in spoken.times.marks] == [
        ("begin", 0.0),
        ("late", 50.0),
        ("end", 100.0),
    ]
    assert [word.start_ms for word in spoken.times.words] == [100.0 + 50.0 * tokens.words[0].first_token]
