"""What happens to a mesh of real processes: requests that are served, left, refused and fail, stages that die."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest

from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.metered import MeteredMesh, Scrape, StageProcess, eventually

SENTENCES = "Hello there, my friend. This is the second sentence of it all."
LONG = " ".join(f"This is sentence number {n} of a text that goes on and on, for minutes." for n in range(80))
VOICE = "bootstrap"


class Change:
    """How a stage's counters have grown since this was made."""

    def __init__(self, stage: StageProcess) -> None:
        self._stage = stage
        self._before = stage.scrape()

    def of(self, name: str, **labels: str) -> float:
        return self._stage.scrape().total(name, **labels) - self._before.total(name, **labels)

    def becomes(self, value: float, name: str, **labels: str) -> None:
        """Waits until a counter has grown by so much, and no more."""
        eventually(lambda: self.of(name, **labels) >= value)
        assert self.of(name, **labels) == value


def requests(frontend: StageProcess, **labels: str) -> float:
    return frontend.scrape().total("speechmesh_frontend_requests_total", **labels)


def serve(mesh: MeteredMesh, text: str = SENTENCES, *, ssml: bool = False) -> pb.Summary:
    with mesh.client() as client, client.synthesize(text, ssml=ssml) as stream:
        stream.read()
    assert stream.summary is not None
    return stream.summary


def play(mesh: MeteredMesh) -> pb.Summary:
    """Plays a recording twice, and reads what stands for one that is not there; see tests/data/recordings."""
    clip = "<audio src='chime.wav'/>"
    document = f"<speak>Hello there, my friend. {clip}{clip} <audio src='no.wav'>Hello.</audio></speak>"
    return serve(mesh, document, ssml=True)


def leave(mesh: MeteredMesh) -> None:
    """Hears the first audio of a long text, and leaves."""
    with mesh.client() as client, client.synthesize(LONG) as stream:
        responses = iter(stream)
        next(responses)


def be_refused(mesh: MeteredMesh) -> None:
    """Asks for a voice that is none, and for more streams than are served."""
    with mesh.client() as client:
        with pytest.raises(SpeechError):
            client.synthesize("Hello.", SpeechOptions(voice="nobody")).read()
        limit = int(mesh.frontend.scrape().total("speechmesh_streams_limit"))
        held = [client.synthesize(LONG) for _ in range(limit)]
        responses = [iter(stream) for stream in held]  # an iterator that is let go of ends its stream
        for each in responses:
            next(each)
        with pytest.raises(SpeechError) as refused:
            client.synthesize("Hello.").read()
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        for stream in held:
            stream.cancel()
    eventually(lambda: mesh.frontend.scrape().total("speechmesh_streams_under_way") == 0)


def be_late(mesh: MeteredMesh) -> Change:
    """A long text that nobody takes any more while its deadline passes; what has changed since then.

    So much of it is in hand by then that no stage on whatever machine has the listener run dry.
    """
    deadline_s = 8.0
    with mesh.client() as client:
        began_s = time.monotonic()
        stream = client.synthesize(LONG, timeout_s=deadline_s)
        responses = iter(stream)
        while next(responses).offset_ms < 1000.0 * deadline_s:
            pass
        change = Change(mesh.frontend)
        time.sleep(max(began_s + deadline_s + 0.2 - time.monotonic(), 0.0))
        with pytest.raises(SpeechError) as late:
            list(responses)
        assert late.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    return change


def fail(mesh: MeteredMesh, impatient: StageProcess) -> None:
    """A request of a frontend without patience while the acoustic stage is dead; the stage is back afterwards."""
    mesh.acoustic.kill()
    try:
        with MeteredMesh(mesh.acoustic, mesh.vocoder, impatient).client() as client:
            with pytest.raises(SpeechError) as failed:
                client.synthesize("Nobody will say this.").read()
            assert failed.value.code is grpc.StatusCode.UNAVAILABLE
    finally:
        mesh.acoustic.start()
        mesh.acoustic.wait_serving()


def resume(mesh: MeteredMesh) -> pb.Summary:
    """The acoustic stage dies under a request, and comes back in time."""
    with mesh.client() as client:
        stream = client.synthesize(LONG)
        responses = iter(stream)
        next(responses)
        mesh.acoustic.kill()
        mesh.acoustic.start()
        for _ in responses:
            pass
    mesh.acoustic.wait_serving()
    assert stream.summary is not None
    return stream.summary


@dataclass
class Heard:
    """What a player does with a stream: how long it stands still, in all, and how much audio it gets."""

    gap_s: float = 0.0
    audio_s: float = 0.0


def starve(mesh: MeteredMesh, for_s: float) -> Heard:
    """The vocoder stands still for so long once the first audio has come."""
    heard, started = Heard(), 0.0
    with mesh.client() as client, client.synthesize(LONG) as stream:
        for response in stream:
            if not response.audio:
                continue
            now = time.monotonic()
            if not started:
                started = now
                mesh.vocoder.send(signal.SIGSTOP)
                threading.Timer(for_s, mesh.vocoder.send, [signal.SIGCONT]).start()
            heard.gap_s += max(now - started - heard.audio_s - heard.gap_s, 0.0)
            assert stream.header is not None
            heard.audio_s += len(response.audio) / 2 / stream.header.audio.sample_rate_hz
    return heard


TURNS = (
    ("It is spoken as it comes. ", "Some of it comes late."),
    ("One more turn, ", "that nobody wants to hear. ", "Really not."),
)


def converse(mesh: MeteredMesh) -> None:
    """Live text, written slowly: two turns, the second of which is interrupted."""
    with mesh.client() as client, client.live() as stream:

        def slowly() -> Iterator[str]:
            yield TURNS[0][0]
            time.sleep(3.0)
            yield TURNS[0][1]

        for _ in stream.speak(slowly()):
            pass
        eventually(lambda: under_way(mesh.frontend.scrape(), "SynthesizeLive") == 1)
        interrupted = False
        for response in stream.speak(TURNS[1]):
            if response.speech.audio and not interrupted:
                interrupted = True
                stream.interrupt(1, 10.0)
        stream.done()
        for _ in stream:
            pass


def under_way(scrape: Scrape, method: str) -> float:
    return scrape.total("speechmesh_streams_under_way", method=method)
