from __future__ import annotations

import os
import threading
import wave
from pathlib import Path

import pytest

from speechmesh.client import AudioFile
from speechmesh.client.files import ENCODING_BY_SUFFIX
from speechmesh.client.options import ENCODINGS
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


def test_every_suffix_means_an_encoding_that_there_is() -> None:
    assert set(ENCODING_BY_SUFFIX.values()) <= set(ENCODINGS)
