import asyncio
import time

import numpy as np
import pytest

from bench.audio import AUDIBLE, ChunkReader
from bench.figures import Chunk, Stream, heard_out_s
from bench.load import Window, arrivals_s, closed_loop, open_loop
from bench.texts import MIXED, NEWS, THOUSAND

_WINDOW = Window(warm_up_s=0.0, window_s=0.1, max_wait_s=5.0)


class _Speaker:
    """Answers after a moment and watches how many requests are in work."""

    def __init__(self, fails: bool = False) -> None:
        self.running = self.most = 0
        self.texts: list[str] = []
        self._fails = fails

    async def speak(self, text: str, stream: Stream) -> None:
        if self._fails:
            raise RuntimeError("broken")
        self.texts.append(text)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0.01)
            stream.chunks.append(Chunk(time.monotonic(), 0.5, True))
            stream.ended_s = time.monotonic()
        finally:
            self.running -= 1

    async def close(self) -> None:
        pass


async def test_a_closed_loop_keeps_exactly_its_streams_in_work() -> None:
    speaker = _Speaker()
    marks: list[str] = []
    load = await closed_loop(speaker, ["one", "two", "three"], 3, _WINDOW, marks.append)
    assert marks == ["begin", "end"]
    assert (speaker.most, speaker.running) == (3, 0)
    assert speaker.texts[:4] == ["one", "two", "three", "one"]
    assert load.end_s > load.begin_s
    within = [stream for stream in load.streams if load.begin_s <= stream.started_s < load.end_s]
    assert within
    assert all(stream.complete for stream in within)


async def test_a_listener_asks_again_when_it_has_heard_the_last_text_out() -> None:
    speaker = _Speaker()
    window = Window(warm_up_s=0.0, window_s=1.2, max_wait_s=5.0)
    load = await closed_loop(speaker, ["one"], 2, window, lambda moment: None, paced=True)
    # Half a second of audio each: in the window's 1.2 s two or three texts a listener, not a hundred.
    assert 4 <= len(load.streams) <= 10
    first = load.streams[0]
    later = [stream for stream in load.streams if stream.started_s > first.started_s + 0.1]
    assert later[0].started_s >= heard_out_s(first.chunks) - 0.01


async def test_an_open_loop_measures_from_when_a_request_was_due() -> None:
    load = await open_loop(_Speaker(), ["one"], 200.0, 1, _WINDOW, lambda moment: None)
    began_s = load.streams[0].started_s - next(arrivals_s(200.0, 1.0, 1))
    due = [began_s + at_s for at_s in arrivals_s(200.0, _WINDOW.max_wait_s, 1)]
    assert [stream.started_s for stream in load.streams] == pytest.approx(due[: len(load.streams)])


async def test_a_stream_that_never_ends_is_counted_as_unfinished() -> None:
    class Hanging(_Speaker):
        async def speak(self, text: str, stream: Stream) -> None:
            await asyncio.sleep(3600)

    load = await closed_loop(Hanging(), ["one"], 1, Window(0.0, 0.01, max_wait_s=0.01), lambda moment: None)
    assert [stream.error for stream in load.streams] == ["UNFINISHED"]


async def test_a_broken_speaker_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match="broken"):
        await closed_loop(_Speaker(fails=True), ["one"], 2, _WINDOW, lambda moment: None)


def test_arrivals_come_at_their_rate_and_repeat_with_their_seed() -> None:
    arrivals = list(arrivals_s(50.0, 100.0, 7))
    assert arrivals == list(arrivals_s(50.0, 100.0, 7)) != list(arrivals_s(50.0, 100.0, 8))
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] < 100.0
    assert len(arrivals) == pytest.approx(5000, rel=0.1)


def test_audio_counts_as_heard_from_its_first_audible_sample_on() -> None:
    reader = ChunkReader(16_000)
    silence = np.full(1600, AUDIBLE, "<i2").tobytes()
    loud = np.array([0] * 1599 + [-32768], "<i2").tobytes()
    chunks = [reader.chunk(float(at_s), pcm) for at_s, pcm in enumerate((b"", silence, loud, silence))]
    assert [chunk.audible for chunk in chunks] == [False, False, True, True]
    assert [chunk.audio_s for chunk in chunks] == [0.0, 0.1, 0.1, 0.1]


def test_the_texts_are_what_the_criteria_name() -> None:
    assert len(THOUSAND) == 1000
    assert THOUSAND.isascii()
    assert len(NEWS) == 120
    assert len(set(MIXED)) == len(MIXED) >= 24
