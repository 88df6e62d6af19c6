from __future__ import annotations

import asyncio
import os
import threading
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from speechmesh.client import AsyncSpeechStream, AudioFile, asynchronous
from speechmesh.client.files import ENCODING_BY_SUFFIX
from speechmesh.client.options import ENCODINGS
from speechmesh.frontend.audio.coders import make_coder
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.pcm import wav_header
from speechmesh.speech.v1 import speech_pb2 as pb


def header(encoding: str) -> pb.StreamHeader:
    return pb.StreamHeader(audio=pb.AudioFormat(encoding=ENCODINGS[encoding], sample_rate_hz=16_000))


def written(path: Path, encoding: str, *pieces: bytes) -> bytes:
    with AudioFile(path, header(encoding)) as file:
        for piece in pieces:
            file.write(piece)
    return path.read_bytes()


@pytest.mark.parametrize(("encoding", "head"), [("wav", wav_header(16_000)), ("pcm_s16le", b"")])
def test_a_wav_file_knows_its_length_in_the_end(tmp_path: Path, encoding: str, head: bytes) -> None:
    content = written(tmp_path / "a.wav", encoding, head, b"\1\2" * 300, b"\3\4" * 10)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            1,
            2,
            16_000,
            310,
        )
    assert int.from_bytes(content[4:8], "little") == len(content) - 8


def test_what_is_coded_is_written_as_it_is(tmp_path: Path) -> None:
    assert written(tmp_path / "a.flac", "flac", b"ab", b"", b"c") == b"abc"
    assert written(tmp_path / "a.pcm", "pcm_s16le", b"abcd") == b"abcd"


def coded_flac(n_samples: int) -> bytes:
    coder = make_coder(AudioFormat(Encoding.FLAC, 16_000))
    return coder.code(np.linspace(-0.5, 0.5, n_samples, dtype=np.float32)) + coder.finish()


@pytest.mark.parametrize("piece_bytes", [5, 20, 4096])
def test_a_flac_file_knows_its_length_in_the_end(tmp_path: Path, piece_bytes: int) -> None:
    coded = coded_flac(3000)
    with AudioFile(tmp_path / "a.flac", header("flac")) as file:
        for at in range(0, len(coded), piece_bytes):
            file.add(pb.SynthesizeResponse(audio=coded[at : at + piece_bytes]))
        file.add(pb.SynthesizeResponse(summary=pb.Summary(audio_s=3000 / 16_000)))
    samples, rate_hz = soundfile.read(tmp_path / "a.flac")
    assert (len(samples), rate_hz) == (3000, 16_000)
    assert samples[-1] == pytest.approx(0.5, abs=1e-3)


def test_a_flac_file_that_was_cut_off_is_left_as_it_came(tmp_path: Path) -> None:
    coded = coded_flac(3000)[:-100]
    assert written(tmp_path / "a.flac", "flac", coded) == coded


def test_floats_do_not_go_into_a_wav_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pcm_f32le"):
        AudioFile(tmp_path / "a.wav", header("pcm_f32le"))
    assert not (tmp_path / "a.wav").exists()


def test_a_pipe_gets_the_stream_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with AudioFile(pipe, header("wav")) as file:
        file.write(wav_header(16_000) + b"\1\2")
    reader.join()
    assert read == [wav_header(16_000) + b"\1\2"]


async def test_a_file_is_closed_whose_writer_is_cancelled_while_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, go_on = threading.Event(), threading.Event()
    opened: list[AudioFile] = []

    def slowly(*args: Any) -> AudioFile:
        opening.set()
        assert go_on.wait(10)
        opened.append(AudioFile(*args))
        return opened[0]

    async def responses() -> AsyncIterator[pb.SynthesizeResponse]:
        yield pb.SynthesizeResponse(header=header("wav"), audio=wav_header(16_000) + b"\1\2")

    class Call:
        """An answer of one message."""

        __aiter__ = staticmethod(responses)

        def cancel(self) -> None:
            pass

    monkeypatch.setattr(asynchronous, "AudioFile", slowly)
    stub = SimpleNamespace(Synthesize=lambda *_, **__: Call())
    stream = AsyncSpeechStream(stub, pb.SynthesizeRequest(), None)
    writing = asyncio.create_task(stream.write(tmp_path / "a.wav"))
    assert await asyncio.to_thread(opening.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing  # which need not come to an end: it may be a pipe that nobody reads
    go_on.set()
    async with asyncio.timeout(10):
        while not (opened and opened[0]._file.closed):  # noqa: ASYNC110 - another thread's doing
            await asyncio.sleep(0.01)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == 1


def test_every_suffix_means_an_encoding_that_there_is() -> None:
    assert set(ENCODING_BY_SUFFIX.values()) <= set(ENCODINGS)
