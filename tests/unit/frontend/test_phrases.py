from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from pydantic import ValidationError

from speechmesh.acoustic.v1 import acoustic_pb2
from speechmesh.common import metrics
from speechmesh.common.bundle import TIERS, Tier
from speechmesh.common.features import FloatArray
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.circuit import Circuit
from speechmesh.frontend.phrases.key import KEY_BYTES, PhraseRequest, phrase_key
from speechmesh.frontend.phrases.phrase import Phrase, read_phrase
from speechmesh.frontend.phrases.recording import Abandoned, PhrasePiece, Recorder, Recording
from speechmesh.frontend.plan import Ending
from speechmesh.frontend.settings import FrontendSettings

RATE_HZ = 8000
KEY, OTHER = b"k" * KEY_BYTES, b"o" * KEY_BYTES


def ramp(n_samples: int, first: int = 0) -> FloatArray:
    return np.arange(first, first + n_samples, dtype=np.float32)


def phrase_of(n_samples: int, tier: Tier = "high") -> Phrase:
    return Phrase.of_pieces(tier, [1, n_samples], [ramp(n_samples)])


PHRASES = st.builds(
    lambda tier, tokens, samples: Phrase.of_pieces(tier, tokens, [np.array(samples, np.float32)]),
    st.sampled_from(TIERS),
    st.lists(st.integers(0, 2**32 - 1), max_size=5),
    st.lists(st.floats(width=32, allow_nan=False), max_size=20),
)


# A phrase's form.


@given(PHRASES)
def test_a_form_gives_its_phrase_back(phrase: Phrase) -> None:
    read = read_phrase(phrase.to_bytes(KEY), KEY)
    assert read is not None
    assert (read.tier, read.frames_per_token) == (phrase.tier, phrase.frames_per_token)
    np.testing.assert_array_equal(read.samples, phrase.samples)
    assert read.samples.dtype == np.float32
    assert not read.samples.flags.writeable
    assert read.samples.base is None  # nothing larger stays in memory behind it


@given(PHRASES, st.data())
def test_a_damaged_form_is_no_phrase(phrase: Phrase, data: st.DataObject) -> None:
    form = bytearray(phrase.to_bytes(KEY))
    damage = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    if damage == "flip":
        form[data.draw(st.integers(0, len(form) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    elif damage == "cut":
        del form[data.draw(st.integers(0, len(form) - 1)) :]
    else:
        form += data.draw(st.binary(min_size=1, max_size=9))
    assert read_phrase(bytes(form), KEY) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_no_phrase(form: bytes) -> None:
    assert read_phrase(form, KEY) is None


def test_a_form_of_another_key_or_version_is_no_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_phrase(phrase_of(3).to_bytes(OTHER), KEY) is None
    monkeypatch.setattr("speechmesh.frontend.phrases.phrase.VERSION", 2)
    newer = phrase_of(3).to_bytes(KEY)
    assert read_phrase(newer, KEY) is not None
    monkeypatch.undo()
    assert read_phrase(newer, KEY) is None


# The key.

REQUEST = PhraseRequest(
    voice="english",
    voice_revision="r1",
    tokens=[1, 2, 3],
    word_ends=[1, 2],
    features={"tone": [0, 1, 2], "place": [3, 4, 5]},
    ending=Ending.STATEMENT,
    speaker="anna",
    style="neutral",
    rate=1.0,
    pitch_semitones=0.0,
    energy_db=0.0,
    max_leading_pause_frames=4,
    tier="auto",
)
# A value of each field that differs from the request's. A new field must be named here.
OTHERS: Mapping[str, object] = {
    "voice": "mandarin",
    "voice_revision": "r2",
    "tokens": [1, 2],
    "word_ends": [0, 2],
    "features": {"tone": [3, 4, 5], "place": [0, 1, 2]},
    "ending": Ending.QUESTION,
    "speaker": "neutral",
    "style": "anna",
    "rate": 1.1,
    "pitch_semitones": 1.0,
    "energy_db": 1.0,
    "max_leading_pause_frames": 0,
    "tier": "high",
}
# What a segment says to the acoustic stage and how the key has it; None: no part of the sound, or refused by `check`.
SEGMENT_FIELDS = {
    "index": None,
    "text": None,
    "tokens": "tokens",
    "words": "word_ends",
    "ending": "ending",
    "speaker": "speaker",
    "style": "style",
    "style_instruction": None,
    "rate": "rate",
    "pitch_semitones": "pitch_semitones",
    "prompt_id": None,
    "slack_ms": None,
    "max_leading_pause_frames": "max_leading_pause_frames",
    "energy_db": "energy_db",
    "features": "features",
}


def test_every_field_of_a_request_is_in_its_key() -> None:
    assert {each.name for each in dataclasses.fields(PhraseRequest)} == OTHERS.keys()
    keys = [phrase_key(REQUEST)]
    keys += [phrase_key(dataclasses.replace(REQUEST, **{name: value})) for name, value in OTHERS.items()]  # type: ignore[arg-type]
    assert len(set(keys)) == len(OTHERS) + 1
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_whatever_decides_a_segments_sound_in_the_acoustic_stage_is_in_the_key() -> None:
    assert {each.name for each in acoustic_pb2.Segment.DESCRIPTOR.fields} == SEGMENT_FIELDS.keys()
    assert {name for name in SEGMENT_FIELDS.values() if name} < OTHERS.keys()


IDS = st.lists(st.integers(0, 3), max_size=3)
FEATURES = st.dictionaries(st.sampled_from(["", "a", "ab"]), IDS, max_size=2)
REQUESTS = st.builds(
    dataclasses.replace,
    st.just(REQUEST),
    voice=st.text("ab", max_size=2),
    voice_revision=st.text("ab", max_size=2),
    tokens=IDS,
    word_ends=IDS,
    features=FEATURES,
    rate=st.sampled_from([1.0, 1.5]),
)


@given(REQUESTS, REQUESTS)
def test_keys_are_equal_when_requests_are(a: PhraseRequest, b: PhraseRequest) -> None:
    assert (phrase_key(a) == phrase_key(b)) is (a == b)


def test_the_order_of_features_and_the_kind_of_numbers_do_not_matter() -> None:
    features = dict(reversed(list(REQUEST.features.items())))
    tokens = tuple(np.array(REQUEST.tokens, np.int64))
    assert phrase_key(dataclasses.replace(REQUEST, features=features, tokens=tokens)) == phrase_key(REQUEST)


def test_a_field_of_an_unknown_kind_is_refused_rather_than_left_out() -> None:
    with pytest.raises(TypeError, match="object cannot be part of a key"):
        phrase_key(dataclasses.replace(REQUEST, style=object()))  # type: ignore[arg-type]


# One makes it, others listen.


def cache_of(max_bytes: int = 2**20, max_phrase_s: float = 1.0) -> PhraseCache:
    return PhraseCache(max_bytes, max_phrase_s)


def begun(cache: PhraseCache, key: bytes = KEY) -> Recorder:
    recorder = cache.record(key, RATE_HZ)
    recorder.begin("balanced", [2, 3])
    return recorder


def joined(cache: PhraseCache, key: bytes = KEY) -> Recording:
    recording = cache.join(key)
    assert recording is not None
    return recording


async def heard(recording: Recording) -> list[PhrasePiece]:
    return [piece async for piece in recording]


def samples_of(pieces: list[PhrasePiece]) -> FloatArray:
    return np.concatenate([piece.samples for piece in pieces])


async def turns(n: int = 5) -> None:
    """Lets others run."""
    for _ in range(n):
        await asyncio.sleep(0)


async def test_a_phrase_is_kept_when_it_was_made() -> None:
    cache = cache_of()
    assert await cache.find(KEY) is None
    assert cache.join(KEY) is None
    with begun(cache) as recorder:
        recorder.add(0, ramp(3))
        recorder.add(3, ramp(2, 3))
        assert await cache.find(KEY) is None
        recorder.finish()
    phrase = await cache.find(KEY)
    assert phrase is not None
    assert (phrase.tier, phrase.frames_per_token) == ("balanced", (2, 3))
    np.testing.assert_array_equal(phrase.samples, ramp(5))
    assert not phrase.samples.flags.writeable
    assert cache.join(KEY) is None
    assert (cache.n_bytes, cache.recorded_bytes) == (phrase.n_bytes, 0)


async def test_listeners_hear_all_of_it_whenever_they_join() -> None:
    cache = cache_of()
    recorder = begun(cache)
    listeners = [asyncio.create_task(heard(joined(cache)))]
    await turns()
    for first in range(0, 9, 3):
        recorder.add(first, ramp(3, first))
        listeners.append(asyncio.create_task(heard(joined(cache))))
        await turns()
    late = joined(cache)  # and begins to listen when it is complete
    recorder.finish()
    for pieces in [*await asyncio.gather(*listeners), await heard(late)]:
        assert [piece.first_sample for piece in pieces] == [0, 3, 6]
        assert {(piece.tier, piece.frames_per_token) for piece in pieces} == {("balanced", (2, 3))}
        np.testing.assert_array_equal(samples_of(pieces), ramp(9))


async def test_a_listener_gets_each_piece_as_it_comes() -> None:
    cache = cache_of()
    recorder = begun(cache)
    pieces: AsyncIterator[PhrasePiece] = aiter(joined(cache))
    for first in range(3):
        coming = asyncio.ensure_future(anext(pieces))
        await turns()
        assert not coming.done()
        recorder.add(first, ramp(1, first))
        assert (await coming).first_sample == first
    recorder.finish()
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_a_listener_that_leaves_is_missed_by_nobody() -> None:
    cache = cache_of()
    recorder = begun(cache)
    leaving, staying = (asyncio.create_task(heard(joined(cache))) for _ in range(2))
    recorder.add(0, ramp(1))
    async with aclosing(aiter(joined(cache))) as pieces:
        await anext(pieces)
    await turns()
    leaving.cancel()
    await turns()
    recorder.add(1, ramp(1, 1))
    recorder.finish()
    np.testing.assert_array_equal(samples_of(await staying), ramp(2))
    assert leaving.cancelled()


@pytest.mark.parametrize("n_pieces", [0, 2])
async def test_when_the_maker_leaves_the_listeners_are_told_after_what_there_is(n_pieces: int) -> None:
    cache = cache_of()
    recording: list[Recording] = []
    pieces = []
    with pytest.raises(ConnectionError), begun(cache) as recorder:
        recording.append(joined(cache))
        for first in range(n_pieces):
            recorder.add(first, ramp(1, first))
        raise ConnectionError
    with pytest.raises(Abandoned):
        async for piece in recording[0]:
            pieces.append(piece)
    assert len(pieces) == n_pieces
    assert cache.join(KEY) is None
    assert (cache.n_bytes, cache.recorded_bytes, await cache.find(KEY)) == (0, 0, None)


async def test_of_the_listeners_of_an_abandoned_phrase_one_makes_it_and_the_others_join() -> None:
    cache = cache_of()
    makers = 0

    async def listen() -> FloatArray:
        nonlocal makers
        while (recording := cache.join(KEY)) is not None:
            try:
                return samples_of(await heard(recording))
            except Abandoned:
                continue
        makers += 1
        with begun(cache) as recorder:
            for first in range(3):
                await asyncio.sleep(0)
                recorder.add(first, ramp(1, first))
            recorder.finish()
        return ramp(3)

    first = begun(cache)
    listeners = [asyncio.create_task(listen()) for _ in range(5)]
    await turns()
    first.add(0, ramp(1))
    await turns()
    first.abandon()
    first.abandon()
    first.finish()  # too late: it was abandoned
    for samples in await asyncio.gather(*listeners):
        np.testing.assert_array_equal(samples, ramp(3))
    assert makers == 1


async def test_one_recorder_a_key_records() -> None:
    cache = cache_of()
    first = begun(cache)
    with begun(cache) as second:
        second.add(0, ramp(7))
        second.finish()
    assert await cache.find(KEY) is None
    first.add(0, ramp(2))
    first.finish()
    phrase = await cache.find(KEY)
    assert phrase is not None
    assert len(phrase.samples) == 2


async def test_samples_that_do_not_follow_are_never_joined_into_a_phrase() -> None:
    for first_sample in (1, 5):
        cache = cache_of()
        recorder = begun(cache)
        listener = joined(cache)
        recorder.add(0, ramp(3))
        recorder.add(first_sample, ramp(3))
        recorder.add(3, ramp(3))
        recorder.finish()
        with pytest.raises(Abandoned):
            await heard(listener)
        assert await cache.find(KEY) is None
        assert cache.recorded_bytes == 0


async def test_a_phrase_without_a_beginning_or_samples_is_none() -> None:
    cache = cache_of()
    empty = begun(cache)
    listener = joined(cache)
    empty.finish()
    with pytest.raises(Abandoned):
        await heard(listener)
    cache.record(KEY, RATE_HZ).add(0, ramp(1))
    assert cache.join(KEY) is None
    assert await cache.find(KEY) is None


async def test_what_is_too_long_or_not_to_be_kept_can_be_joined() -> None:
    cache = cache_of(max_phrase_s=1.0)
    for n_samples, keep, kept in ((RATE_HZ, True, True), (RATE_HZ + 1, True, False), (5, False, False)):
        key = n_samples.to_bytes(KEY_BYTES, "little")
        recorder = begun(cache, key)
        listener = joined(cache, key)
        recorder.add(0, ramp(n_samples))
        recorder.finish(keep=keep)
        assert len(samples_of(await heard(listener))) == n_samples
        assert (await cache.find(key) is not None) is kept
    assert cache.recorded_bytes == 0


async def test_a_cache_of_no_size_keeps_and_shares_nothing() -> None:
    cache = cache_of(max_bytes=0)
    with begun(cache) as recorder:
        recorder.add(0, ramp(3))
        assert cache.join(KEY) is None
        recorder.finish()
    assert await cache.find(KEY) is None


async def test_it_is_counted_what_the_cache_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("test")
    monkeypatch.setattr(metrics, "FRONTEND_PHRASES", meter.create_counter("phrases"))
    cache = cache_of()
    for n_asked in range(3):
        if await cache.find(KEY) is None and cache.join(KEY) is None:
            recorder = begun(cache)
        if n_asked == 1:
            recorder.add(0, ramp(1))
            recorder.finish()
    collected = reader.get_metrics_data()
    assert collected is not None
    (metric,) = collected.resource_metrics[0].scope_metrics[0].metrics
    counts = {(point.attributes or {})["result"]: point.value for point in metric.data.data_points}  # type: ignore[union-attr]
    assert counts == {"miss": 1, "joined": 1, "local": 1}


# Its bounds.


async def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    size = phrase_of(100).n_bytes
    cache = cache_of(max_bytes=3 * size)
    keys = [bytes([i]) * KEY_BYTES for i in range(4)]

    def make(key: bytes) -> None:
        recorder = begun(cache, key)
        recorder.add(0, ramp(100))
        recorder.finish()

    for key in keys[:3]:
        make(key)
    assert await cache.find(keys[0]) is not None
    make(keys[3])
    assert [await cache.find(key) is not None for key in keys] == [True, False, True, True]
    assert cache.n_bytes == 3 * size


async def test_phrases_that_are_made_find_as_much_room_as_those_that_are_kept() -> None:
    cache = cache_of(max_bytes=1000)
    first, second = begun(cache), begun(cache, OTHER)
    listener = joined(cache, OTHER)
    first.add(0, ramp(200))
    second.add(0, ramp(50))
    second.add(50, ramp(1))  # is one too many
    assert cache.recorded_bytes == 800
    with pytest.raises(Abandoned):
        await heard(listener)  # at once: what it had is gone
    assert not listener.pieces
    first.add(200, ramp(50))
    first.finish()
    assert cache.recorded_bytes == 0


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["record", "add", "finish", "discard", "abandon"]),
        st.integers(1, 90),
    ),
    max_size=60,
)


@given(ACTIONS)
async def test_whatever_happens_the_bounds_hold_and_nothing_is_left(
    actions: list[tuple[int, str, int]],
) -> None:
    """Against the plainest model of it: the pieces of each recorder that was not ended."""
    cache = cache_of(max_bytes=4096, max_phrase_s=200 / RATE_HZ)
    recorders: dict[int, tuple[Recorder, int]] = {}
    for number, action, n_samples in actions:
        key = bytes([number]) * KEY_BYTES
        recorder, made = recorders.pop(number, (None, 0))
        if recorder is None:
            if action == "record":
                recorders[number] = begun(cache, key), 0
            continue
        if action == "add":
            recorder.add(made, ramp(n_samples, made))
            if cache.join(key) is not None:  # else there was no room
                recorders[number] = recorder, made + n_samples
        elif action == "abandon":
            recorder.abandon()
        elif action != "record":
            recorder.finish(keep=action == "finish")
            if action == "finish" and 0 < made <= 200:
                phrase = await cache.find(key)
                assert phrase is not None
                np.testing.assert_array_equal(phrase.samples, ramp(made))
        else:
            recorders[number] = recorder, made
        assert cache.recorded_bytes == 4 * sum(made for _, made in recorders.values()) <= 4096
        assert cache.n_bytes <= 4096
    for recorder, _ in recorders.values():
        recorder.abandon()
    assert cache.recorded_bytes == 0
    assert all(cache.join(bytes([number]) * KEY_BYTES) is None for number in range(4))


# Leaving a store alone.


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_circuit_rests_longer_each_time_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, rests = Clock(), []
    circuit = Circuit("the store", lambda: rests.append(clock.now_s), clock)
    for _ in range(2):
        circuit.failed("gone")
    circuit.succeeded()
    for _ in range(3):
        assert circuit.allows()
        circuit.failed("gone")
    for rest_s in (1, 2, 4, 8, 16, 30, 30):
        clock.now_s += rest_s - 0.01
        circuit.failed("gone")  # of before: it does not make the rest longer
        assert not circuit.allows()
        clock.now_s += 0.02
        assert circuit.allows()
        assert not circuit.allows()  # one trial at a time
        circuit.failed("gone")
    clock.now_s += 31
    assert circuit.allows()
    circuit.succeeded()
    assert circuit.allows()
    assert not circuit.resting
    assert [record.message for record in caplog.records] == [
        "the store: left alone for a while: gone",
        "the store: works again",
    ]
    assert len(rests) == 1


def test_a_trial_of_which_nothing_is_heard_makes_way_for_another() -> None:
    clock = Clock()
    circuit = Circuit("the store", clock=clock)
    for _ in range(3):
        circuit.failed("gone")
    clock.now_s += 1.1
    assert circuit.allows()
    clock.now_s += 1.1
    assert circuit.allows()


# Settings.


def test_the_url_of_the_store_is_checked_and_its_password_not_shown() -> None:
    settings = FrontendSettings(phrase_cache_redis_url="rediss://me:secret@redis:6379/0")
    assert "secret" not in repr(settings)
    with pytest.raises(ValidationError, match="begins with none of redis://, rediss://, unix://"):
        FrontendSettings(phrase_cache_redis_url="http://redis")


async def test_without_a_url_phrases_stay_in_the_process() -> None:
    cache = PhraseCache.of_settings(FrontendSettings(phrase_cache_mib=1))
    with begun(cache) as recorder:
        recorder.add(0, ramp(3))
        recorder.finish()
    assert await cache.find(KEY) is not None
    await cache.aclose()
