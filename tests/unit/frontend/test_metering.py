from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from speechmesh.common import metrics
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.ending import Ending
from speechmesh.common.errors import (
    DeadlineExceeded,
    Incompatible,
    Internal,
    InvalidInput,
    NotFound,
    Overloaded,
    ShuttingDown,
    SpeechmeshError,
    Unavailable,
)
from speechmesh.frontend.audio_out import AudioChunk, SegmentInfo, SpokenChunk, Times
from speechmesh.frontend.metering import RequestMeter, SpeechMeter
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.request import CheckedRequest, SpeechRequest, check

COUNTERS = (
    "FRONTEND_REQUESTS",
    "FRONTEND_SEGMENTS",
    "FRONTEND_DEGRADED",
    "FRONTEND_AUDIO",
    "FRONTEND_GAPPED",
)
COUNTERS += ("FRONTEND_RESUMES", "FRONTEND_RETRIES")
ENDS = [
    (InvalidInput("text", "is empty"), "refused", "INVALID_ARGUMENT"),
    (NotFound("name", "is none"), "refused", "NOT_FOUND"),
    (Overloaded("full"), "refused", "RESOURCE_EXHAUSTED"),
    (Incompatible("broken"), "failed", "FAILED_PRECONDITION"),
    (Unavailable("gone"), "failed", "UNAVAILABLE"),
    (ShuttingDown("going"), "failed", "UNAVAILABLE"),
    (DeadlineExceeded("late"), "failed", "DEADLINE_EXCEEDED"),
    (Internal("ours"), "failed", "INTERNAL"),
    (ZeroDivisionError(), "failed", "INTERNAL"),
    (asyncio.CancelledError(), "cancelled", "CANCELLED"),
    (GeneratorExit(), "cancelled", "CANCELLED"),
]

Counted = Callable[[str], dict[tuple[str, ...], float]]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """What a counter holds, by the values of its labels in the order of their names."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    meter = provider.get_meter("test")
    for name in COUNTERS:
        monkeypatch.setattr(metrics, name, meter.create_counter(name))

    def values(name: str) -> dict[tuple[str, ...], float]:
        collected = reader.get_metrics_data()
        found = {}
        for metric in collected.resource_metrics[0].scope_metrics[0].metrics if collected else ():
            if metric.name == name.lower():
                for point in metric.data.data_points:
                    labels = dict(point.attributes or {})
                    found[tuple(str(labels[key]) for key in sorted(labels))] = point.value
        return found

    yield values
    provider.shutdown()


@pytest.fixture
def checked(english: VoiceBundle) -> CheckedRequest:
    return check(
        SpeechRequest(text="Hello."), {"english": english}, default_voice="english", max_text_chars=99
    )


def chunk(index: int, n_samples: int, tier: str | None = None) -> SpokenChunk:
    info = SegmentInfo(index, "hello", 0, 5, tier, voice="english") if tier else None  # type: ignore[arg-type]
    return SpokenChunk(np.zeros(n_samples, np.float32), index, info, Times())


@pytest.mark.parametrize(("error", "outcome", "code"), ENDS)
def test_every_end_has_an_outcome_and_a_code(
    counted: Counted, error: BaseException, outcome: str, code: str
) -> None:
    with pytest.raises(type(error)), RequestMeter("text", lambda: None) as meter:
        meter.voice = "english"
        raise error
    assert counted("FRONTEND_REQUESTS") == {(code, "text", outcome, "english"): 1}


def test_no_error_is_without_an_outcome() -> None:
    def public(of: type[SpeechmeshError]) -> set[type[SpeechmeshError]]:
        below = {each for sub in of.__subclasses__() for each in public(sub)}
        return below if of.__name__.startswith("_") or of is SpeechmeshError else below | {of}

    ours = {each for each in public(SpeechmeshError) if each.__module__ == "speechmesh.common.errors"}
    assert ours == {type(error) for error, _, _ in ENDS if isinstance(error, SpeechmeshError)}


def test_a_handler_that_is_ended_at_its_deadline_was_late(counted: Counted) -> None:
    with pytest.raises(asyncio.CancelledError), RequestMeter("ssml", lambda: 0.0):
        raise asyncio.CancelledError
    assert counted("FRONTEND_REQUESTS") == {("DEADLINE_EXCEEDED", "ssml", "failed", "none"): 1}


async def test_a_handler_that_a_shutdown_ends_has_failed_and_not_been_left(counted: Counted) -> None:
    async def waits() -> None:
        with RequestMeter("text", lambda: None):
            await asyncio.sleep(60)

    async def sends() -> AsyncGenerator[None]:
        with RequestMeter("live", lambda: 60.0):
            while True:
                yield

    ending = Ending()
    sending = sends()
    async with ending.awaits():
        await anext(sending)
    asyncio.get_running_loop().call_soon(ending.begin)
    with pytest.raises(Unavailable):
        async with ending.awaits():
            await waits()
    await sending.aclose()  # as the interceptor does where the caller was being sent something meanwhile
    assert counted("FRONTEND_REQUESTS") == {
        ("UNAVAILABLE", kind, "failed", "none"): 1 for kind in ("text", "live")
    }


def test_a_request_that_was_heard_is_not_refused_where_room_runs_out(counted: Counted) -> None:
    with pytest.raises(Overloaded), RequestMeter("text", lambda: None) as meter:
        meter.is_heard = True
        raise Overloaded("full")
    assert counted("FRONTEND_REQUESTS") == {("RESOURCE_EXHAUSTED", "text", "failed", "none"): 1}


def test_a_tier_below_the_best_is_degraded_unless_it_was_asked_for(
    counted: Counted, checked: CheckedRequest
) -> None:
    for wanted in (None, "fast"):
        request = replace(checked, request=replace(checked.request, tier=wanted))
        meter = SpeechMeter(request, "text", Playback(100.0), 16_000)
        meter.spoken(chunk(0, 100, "high" if wanted is None else "fast"))
        meter.spoken(chunk(1, 100, "fast"))
        meter.end()
    assert counted("FRONTEND_SEGMENTS") == {("high", "english"): 1, ("fast", "english"): 3}
    assert counted("FRONTEND_DEGRADED") == {("fast", "english"): 1}


def test_audio_adds_up_over_chunks(counted: Counted, checked: CheckedRequest) -> None:
    rate_hz = checked.voice.config.feature_space.sample_rate_hz
    meter = SpeechMeter(checked, "text", Playback(100.0), 16_000)
    meter.spoken(chunk(0, rate_hz, "high"))
    meter.spoken(chunk(0, rate_hz))
    meter.sent(AudioChunk(b"", 0.0, 0, None, Times()))
    meter.spoken(chunk(1, 2 * rate_hz, "fast"))
    assert counted("FRONTEND_AUDIO") == {("high", "english"): pytest.approx(2.0)}
    meter.end()
    assert counted("FRONTEND_AUDIO")["fast", "english"] == pytest.approx(2.0)


def test_one_long_stop_makes_a_request_gapped_and_short_ones_do_not(
    counted: Counted, checked: CheckedRequest
) -> None:
    for gaps_ms in ([20.0, 30.0], [60.0, 200.0]):
        playback = Playback(100.0)
        meter = SpeechMeter(checked, "text", playback, 16_000)
        playback.gaps_ms += gaps_ms
        meter.spoken(chunk(0, 100, "high"))
        assert not playback.gaps_ms
        meter.end()
    assert counted("FRONTEND_GAPPED") == {("text", "english"): 1}


def test_patience_that_ends_is_told_from_a_caller_that_leaves(
    counted: Counted, checked: CheckedRequest
) -> None:
    meter = SpeechMeter(checked, "text", Playback(100.0), 16_000)
    with meter.retrying():
        pass
    with pytest.raises(asyncio.CancelledError), meter.retrying():
        raise asyncio.CancelledError
    assert counted("FRONTEND_RESUMES") == {}
    assert counted("FRONTEND_RETRIES") == {(): 1}
    with pytest.raises(Unavailable), meter.retrying():
        raise Unavailable("gone")
    assert counted("FRONTEND_RESUMES") == {("given_up",): 1}
    with pytest.raises(Overloaded), meter.retrying():  # of a stage that stays full
        raise Overloaded("full")
    assert counted("FRONTEND_RESUMES") == {("given_up",): 2}
