"""What a request had is free when it ends: nothing of it, audio least of all, waits for the cycle collector."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import grpc
import pytest
import soundfile

from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc
from tests.conftest import REPOSITORY
from tests.integration.conftest import MakeMesh, Mesh
from tests.integration.test_document_recordings import CLIP, chime
from tests.integration.test_document_voices import nothing_runs

PLAIN = "Good morning. The train to <sub alias='Massachusetts'>MA</sub> leaves at 9:15. "
# What other tests left in this process may become garbage meanwhile; what a request leaves, it leaves each time.
_ATTEMPTS = 3
TWO_VOICES = "Good morning. <voice name='mandarin'>今天天气很好。</voice> And back again. "


@pytest.fixture(scope="module")
async def mesh(make_mesh: MakeMesh, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    folder = tmp_path_factory.mktemp("sounds")
    soundfile.write(folder / "chime.wav", chime(), 16_000)
    voices = {"voices_dir": REPOSITORY / "voices"}
    async with make_mesh(frontend={**voices, "audio_dir": folder}, acoustic=voices, vocoder=voices) as made:
        yield made

    soundfile.write(folder / "chime.wav", chime(), 16_000)


@contextmanager
def garbage() -> Iterator[Counter[str]]:
    """Counts what is made in the block, of the stages' own classes, and only the collector frees."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
        found.update(name for name in names if name.startswith("speechmesh."))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def speak(mesh: Mesh, body: str, *, leave_after: int | None = None) -> None:
    """A document, heard to its end or left after some responses."""
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        request = pb.SynthesizeRequest(ssml=f"<speak>{body}</speak>", word_timestamps=True)
        call = speech_pb2_grpc.SpeechServiceStub(channel).Synthesize(request, timeout=60)
        n_responses = 0
        async for _ in call:
            n_responses += 1
            if n_responses == leave_after:
                call.cancel()
                break
    await nothing_runs()
    await asyncio.sleep(0.3)  # what those awaited ends with them


@pytest.mark.parametrize(
    ("body", "leave_after"),
    [
        (PLAIN, None),
        (PLAIN * 5, 2),
        (TWO_VOICES, None),
        (f"Good morning. {CLIP} And then.", None),
        (TWO_VOICES * 3 + CLIP, 2),
    ],
    ids=["plain", "left", "voices", "recording", "voices left"],
)
async def test_a_request_leaves_no_cycles(mesh: Mesh, body: str, leave_after: int | None) -> None:
    await speak(mesh, body, leave_after=leave_after)  # what is made once is made
    for _ in range(_ATTEMPTS):
        with garbage() as found:
            await speak(mesh, body, leave_after=leave_after)
        if not found:
            return
    raise AssertionError(found)
