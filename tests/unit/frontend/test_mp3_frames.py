"""MP3 recordings are as long as their frames are many, whatever their begin lets expect."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.sndfile import SndfileCoder
from speechmesh.frontend.recordings.audio_file import decoded, described
from speechmesh.frontend.recordings.mp3_frames import Mp3Frames, mp3_frames
from tests.unit.frontend.audio.sounds import FloatArray, delay, snr_db, voiced

ID3_V2 = b"ID3\x04\x00\x00\x00\x00\x02\x01" + b"\xff\xfb\x90\x00" * 64 + b"\0"
ID3_V1 = b"TAG" + b"\xff" * 125


def part(samples: FloatArray, rate_hz: int, bit_rate: int) -> bytes:
    """A stream without a table of contents."""
    coder = SndfileCoder(AudioFormat(Encoding.MP3, rate_hz, bit_rate))
    return coder.code(samples) + coder.finish()


def frames_of(data: bytes) -> Mp3Frames | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return mp3_frames(file.fileno())


def read(path: Path, data: bytes) -> tuple[int, FloatArray]:
    """How long a file is told to be, in samples, and what is decoded of it."""
    path.write_bytes(data)
    with path.open("rb") as file:
        told = described(file.fileno(), max_s=10.0)
        recording = decoded(file.fileno(), max_s=10.0, reserve=lambda _: None)
    return told.n_samples, recording.samples


@pytest.mark.parametrize(("rate_hz", "high", "low"), [
    (8_000, 64_000, 16_000), (16_000, 160_000, 24_000), (24_000, 160_000, 32_000), (44_100, 320_000, 40_000),
])  # fmt: skip
@pytest.mark.parametrize("high_first", [True, False])
@pytest.mark.parametrize("tags", [(b"", b""), (ID3_V2, ID3_V1)])
def test_nothing_is_cut_where_the_bit_rate_changes(
    tmp_path: Path, rate_hz: int, high: int, low: int, high_first: bool, tags: tuple[bytes, bytes]
) -> None:
    first, second = (high, low) if high_first else (low, high)
    samples = voiced(2 * rate_hz, rate_hz)  # together 4 s: from the first frame on, 16 may be expected
    before, after = tags
    data = before + part(samples, rate_hz, first) + part(samples, rate_hz, second) + after
    n_told, heard = read(tmp_path / "a.mp3", data)
    assert n_told == len(heard)
    assert 0 <= len(heard) - 2 * len(samples) < 2 * (1105 + 1152)
    end = heard[len(heard) // 2 :]
    assert snr_db(samples, end, delay(samples, end)) > 15.0


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_a_variable_bit_rate_without_its_table_is_told_by_its_frames(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    path = tmp_path / "whole.mp3"
    quiet_first = np.concatenate([np.zeros(2 * rate_hz, np.float32), voiced(2 * rate_hz, rate_hz)])
    samples = np.repeat(quiet_first[:, None], channels, axis=1)
    soundfile.write(path, samples, rate_hz, bitrate_mode="VARIABLE", compression_level=0.1)
    assert frames_of(path.read_bytes()) is None  # the table says it
    cut = path.read_bytes()
    cut = cut[cut.index(cut[:2], 100) :]
    frames = frames_of(cut)
    assert frames is not None
    assert 0 <= frames.n_samples - 4 * rate_hz < 3 * 1152
    n_told, heard = read(tmp_path / "cut.mp3", cut)
    assert n_told == len(heard)
    assert abs(len(heard) - frames.n_samples) <= 1152
    assert np.abs(heard[-rate_hz:]).max() > 0.2


def test_a_last_frame_that_is_cut_off_is_none() -> None:
    data = part(voiced(16_000), 16_000, 64_000)
    whole, less = frames_of(data), frames_of(data[:-1])
    assert whole is not None
    assert less is not None
    assert whole.n_frames == less.n_frames + 1 == len(data) // 288


def test_what_is_no_mp3_or_has_much_between_its_frames_is_not_counted() -> None:
    data = part(voiced(16_000), 16_000, 64_000)
    assert frames_of(b"") is None
    assert frames_of(b"\xff\xfb\x90") is None
    assert frames_of(bytes(1 << 17) + data) is None
    assert frames_of(data + bytes(1 << 17)) is None
    counted = frames_of(data + b"x" * 1_000 + data)
    assert counted is not None
    assert counted.n_frames == 2 * len(data) // 288


@given(st.binary(max_size=2_000), st.sampled_from([b"", b"ID3\x03\0\0\0\0\0\x0a", b"\xff\xf3\x88\xc4"]))
def test_any_bytes_are_counted_or_not(data: bytes, begin: bytes) -> None:
    counted = frames_of(begin + data)
    assert counted is None or (counted.n_frames > 0 and len(counted.xing()) >= 192)


@pytest.mark.parametrize(
    "piece",
    [b"\xff", b"\xff\xfb\x90\xc4", b"\xff\xf3\x88\xc4" + bytes(283), b"\xff\xfb\x14\xc4" + bytes(92)],
    ids=["0xff", "headers", "junk between frames", "short frames"],
)
def test_hostile_files_are_looked_through_in_time(piece: bytes) -> None:
    data = piece * (16 * 2**20 // len(piece))
    with tempfile.TemporaryFile() as file:
        os.write(file.fileno(), data)
        began = time.process_time()
        mp3_frames(file.fileno())
        assert time.process_time() - began < 3.0  # on a slow and busy core
