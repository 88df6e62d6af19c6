"""Recordings are decoded one ahead and shortly before their turn; what happens at their turn is told and counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from speechmesh.common import metrics
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Overloaded, SpeechmeshError
from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.performance.playing import Player
from speechmesh.frontend.plan import Ending, TokenSegment
from speechmesh.frontend.playback import Playback
from speechmesh.frontend.recordings.clip import Clip, clip_of
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.recording import Recording, RecordingError, RecordingFile
from speechmesh.frontend.recordings.turns import Turns
from speechmesh.frontend.request import CheckedRequest, SpeechRequest, check
from speechmesh.frontend.segment import Mark, SpokenSegment
from speechmesh.frontend.ssml.script import Playing

RATE_HZ = 1_000
PATIENCE_MS = 200.0


def clip(name: str, duration_s: float = 1.0) -> Clip:
    file = RecordingFile((name, 0, 0, 0, 0), RATE_HZ, round(duration_s * RATE_HZ))
    return clip_of(file, Playing(), 1000.0, place="line 1, column 2")[0]


class Decoder:
    """Decodes nothing: says what it was asked for, holds on until it is let go, and fails as it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.deadlines_s: dict[str, float] = {}
        self.loaded: dict[str, LoadedClip] = {}
        self.failures: dict[str, list[Exception]] = {}
        self.n_samples: dict[str, int] = {}
        self.free = asyncio.Event()
        self.free.set()

    async def load(self, clip: Clip, deadline_s: float) -> LoadedClip:
        path = clip.file.path
        self.deadlines_s[path] = deadline_s
        self.asked.append(path)
        await self.free.wait()
        if failures := self.failures.get(path):
            raise failures.pop(0)
        n_samples = self.n_samples.get(path, clip.file.n_samples)
        recording = Recording(np.full(n_samples, 0.5, np.float32), RATE_HZ)
        self.loaded[path] = LoadedClip(clip, recording)
        return self.loaded[path]

    @property
    def held(self) -> list[str]:
        """Whose recordings are held."""
        return [path for path, each in self.loaded.items() if each._recording is not None]


@pytest.fixture
def checked(bootstrap: VoiceBundle) -> CheckedRequest:
    request = SpeechRequest(text="<speak/>", is_ssml=True)
    return check(request, {bootstrap.name: bootstrap}, default_voice="", max_text_chars=100)


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()

    def add(n: int, labels: Mapping[str, str]) -> None:
        counted[labels[metrics.OUTCOME]] += n

    monkeypatch.setattr(metrics, "FRONTEND_RECORDINGS", SimpleNamespace(add=add))
    return counted


class Document:
    """A document of recordings (named) and of text (None), segment by segment, on its way to its caller."""

    def __init__(self, checked: CheckedRequest, *clips: Clip | None) -> None:
        marks = (Mark("begin", 0), Mark("end", 1))
        self.segments = [
            SpokenSegment((), None, i, i + 1, clip=each, marks=marks if each else ())
            for i, each in enumerate(clips)
        ]
        plan = MarkedPlan(self.segments, [Ending.STATEMENT] * len(clips), (), ())
        self.delivery = Delivery(checked, plan, Playback(100.0), plan.clips)
        self.decoder = Decoder()
        self.player = Player(self.delivery, self.decoder.load, PATIENCE_MS)

    async def say(self, n_samples: int = 100, *, last: bool = True) -> None:
        """Some of the next segment, which is text, reaches the caller."""
        index = self.delivery.segment
        self.delivery.expect(index, self.segments[index], TokenSegment((), ()))
        self.delivery.chunk(index, 0, np.ones(n_samples, np.float32), tier="fast", last=last)
        await self.taken()

    async def taken(self) -> None:
        """The caller takes what there is."""
        self.player.look_ahead()
        await asyncio.sleep(0)

    async def play(self) -> list[SpokenChunk]:
        """The next segment, which is a recording, reaches the caller."""
        chunks = []
        async for chunk in self.player.play(self.segments[self.delivery.segment]):
            chunks.append(chunk)
            await self.taken()
        return chunks


async def test_one_recording_is_decoded_ahead_and_only_those_that_come_soon(checked: CheckedRequest) -> None:
    document = Document(checked, None, None, None, clip("a"), clip("b"), None, clip("c"))
    await document.say()
    assert document.decoder.asked == ["a"]  # is two segments away
    await document.say()
    await document.say()
    assert document.decoder.asked == ["a"]
    await document.play()
    assert document.decoder.asked == ["a", "b"]
    assert document.decoder.held == ["b"]
    await document.play()
    assert document.decoder.asked == ["a", "b", "c"]
    await document.say()
    await document.play()
    assert document.decoder.asked == ["a", "b", "c"]
    assert document.decoder.held == []


async def test_nothing_is_decoded_before_there_is_audio(checked: CheckedRequest) -> None:
    document = Document(checked, None, clip("a"))
    await document.taken()
    assert document.decoder.asked == []
    await document.say(last=False)
    assert document.decoder.asked == ["a"]


async def test_who_runs_dry_first_is_decoded_first(checked: CheckedRequest) -> None:
    document = Document(checked, None, clip("a"))
    before_s = time.monotonic()
    await document.say(document.delivery.sample_rate_hz * 3)
    assert before_s + 2.9 <= document.decoder.deadlines_s["a"] <= time.monotonic() + 3.1


async def test_the_earliest_deadline_has_the_next_turn_and_who_leaves_passes_it_on() -> None:
    turns, order, held = Turns(1), [], asyncio.Event()

    async def take(name: str, deadline_s: float) -> None:
        async with turns.turn(deadline_s):
            order.append(name)
            await held.wait()

    tasks = {}
    for name, deadline_s in (("first", 9.0), ("late", 5.0), ("gone", 1.0), ("soon", 2.0), ("as soon", 2.0)):
        tasks[name] = asyncio.create_task(take(name, deadline_s))
        await asyncio.sleep(0)
    assert order == ["first"]
    tasks["gone"].cancel()
    held.set()
    await asyncio.wait(tasks.values())
    assert order == ["first", "soon", "as soon", "late"]
    # One that is called and leaves before it comes to it passes its turn on as well.
    held.clear()
    order.clear()
    tasks = {name: asyncio.create_task(take(name, 1.0)) for name in ("a", "b", "c")}
    await asyncio.sleep(0)
    tasks["a"].cancel()
    await asyncio.sleep(0)
    tasks["b"].cancel()
    held.set()
    await asyncio.wait(tasks.values())
    assert order[-1] == "c"
    async with asyncio.timeout(1.0), turns.turn(0.0):
        pass


async def test_a_recording_behind_a_long_one_is_decoded_as_that_ends(checked: CheckedRequest) -> None:
    document = Document(checked, clip("a", 30.0), clip("b"))
    held_ms = []
    async for _ in document.player.play(document.segments[0]):
        await document.taken()
        if "b" not in document.decoder.asked:
            held_ms.append(document.delivery.playback.undelivered_ms(1))
    assert min(held_ms) == pytest.approx(10_000, abs=500)
    assert document.decoder.asked == ["a", "b"]


async def test_what_has_no_room_ahead_is_decoded_at_its_turn(
    checked: CheckedRequest, outcomes: Counter[str]
) -> None:
    document = Document(checked, None, clip("a"))
    document.decoder.failures["a"] = [Overloaded("full"), Overloaded("still full")]
    await document.say()
    await document.taken()
    assert sum(len(chunk.samples) for chunk in await document.play()) > 0
    assert document.decoder.asked == ["a"] * 3
    assert outcomes == {"played": 1}


async def test_patience_for_room_has_an_end(checked: CheckedRequest, outcomes: Counter[str]) -> None:
    document = Document(checked, None, clip("a"))
    document.decoder.failures["a"] = [Overloaded("full")] * 100
    await document.say()
    with pytest.raises(Overloaded):
        await document.play()
    assert 2 < len(document.decoder.asked) < 20
    assert outcomes == {"refused": 1}


async def test_before_there_is_audio_no_room_is_an_error_at_once(
    checked: CheckedRequest, outcomes: Counter[str]
) -> None:
    document = Document(checked, clip("a"))
    document.decoder.failures["a"] = [Overloaded("full")]
    with pytest.raises(SpeechmeshError):
        await document.play()
    assert document.decoder.asked == ["a"]
    assert outcomes == {"refused": 1}


@pytest.mark.parametrize("ahead", [False, True])
async def test_what_cannot_be_decoded_is_left_out_with_a_warning_and_its_marks_are_told(
    checked: CheckedRequest, outcomes: Counter[str], ahead: bool
) -> None:
    document = Document(checked, *([None] if ahead else []), clip("a"), clip("b"))
    document.decoder.failures["a"] = [RecordingError("is broken")]
    if ahead:
        await document.say()
        assert document.decoder.asked == ["a"]
    (chunk,) = await document.play()
    assert not len(chunk.samples)
    assert chunk.segment is not None
    assert chunk.segment.duration_ms == 0
    assert [mark.name for mark in chunk.times.marks] == ["begin", "end"]
    await document.play()
    assert outcomes == {"left_out": 1, "played": 1}
    (warning,) = document.delivery.summary().warnings
    assert warning.code == "AUDIO_LEFT_OUT"
    assert warning.message == "line 1, column 2: the recording 'a' is broken; nothing is heard of it"


async def test_a_recording_that_is_shorter_than_its_file_told_is_told_as_it_is(
    checked: CheckedRequest,
) -> None:
    document = Document(checked, clip("a", 2.0))
    document.decoder.n_samples["a"] = RATE_HZ // 2
    chunks = await document.play()
    rate_hz = document.delivery.sample_rate_hz
    rest = document.delivery._rates.finish()
    assert sum(len(chunk.samples) for chunk in chunks) + len(rest) == pytest.approx(rate_hz // 2, abs=4)
    assert chunks[0].segment is not None
    assert chunks[0].segment.duration_ms == 500
    marks = [(mark.name, mark.start_ms) for chunk in chunks for mark in chunk.times.marks]
    assert marks == [("begin", 0.0), ("end", pytest.approx(500, abs=1))]


async def test_a_caller_that_leaves_in_a_recording_lets_go_of_all(
    checked: CheckedRequest, outcomes: Counter[str]
) -> None:
    document = Document(checked, clip("a", 5.0), clip("b"))
    playing = document.player.play(document.segments[0])
    async for _ in playing:
        await document.taken()
        if len(document.decoder.loaded) > 1:
            break
    assert document.decoder.held == ["a", "b"]
    await playing.aclose()
    await document.player.aclose()
    assert document.decoder.held == []
    assert outcomes == {"cancelled": 1}


async def test_a_caller_that_leaves_while_a_recording_is_decoded_ahead_ends_that(
    checked: CheckedRequest,
) -> None:
    document = Document(checked, None, clip("a"))
    document.decoder.free.clear()
    await document.say()
    assert document.decoder.asked == ["a"]
    await document.player.aclose()
    document.decoder.free.set()
    await asyncio.sleep(0)
    assert document.decoder.loaded == {}
    assert not [task for task in asyncio.all_tasks() if "Decoder.load" in str(task.get_coro())]


async def test_a_caller_that_leaves_while_one_that_was_decoded_ahead_had_failed_is_no_fault(
    checked: CheckedRequest,
) -> None:
    document = Document(checked, None, clip("a"))
    document.decoder.failures["a"] = [RecordingError("is broken")]
    await document.say()
    await document.taken()
    await document.player.aclose()
