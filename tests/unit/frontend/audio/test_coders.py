"""What a player hears of each encoding, however the stream was cut."""

from __future__ import annotations

import io
import wave
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.audio.formats import AudioFormat, Encoding, resolve
from tests.unit.frontend.audio.sounds import coded, decoded, delay, snr_db, voiced

needs_av = pytest.mark.skipif(
    find_spec("av") is None, reason="AAC needs the extra `aac`, which is not installed"
)

# By encoding: the least signal to noise in dB, how far the codec is behind in samples, and how many samples more than
# went in may come out (the codec's own delay and the rest of its last frame).
LOSSY = {
    Encoding.MP3: (20.0, 1105, 1105 + 1152),
    Encoding.OGG_OPUS: (17.0, 0, 0),
    Encoding.AAC: (20.0, 1024, 2 * 1024),
    Encoding.MULAW: (34.0, 0, 0),
    Encoding.ALAW: (34.0, 0, 0),
}
ENCODINGS = [
    pytest.param(encoding, marks=needs_av if encoding is Encoding.AAC else ()) for encoding in Encoding
]
cuts_of = st.lists(st.integers(0, 12_000), max_size=8)


class Unseekable:
    """A pipe."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(size)


def form_of(encoding: Encoding, sample_rate_hz: int = 16_000) -> AudioFormat:
    return resolve(encoding, sample_rate_hz, 0, own_hz=sample_rate_hz)


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 24_000, 48_000])
@pytest.mark.parametrize(
    "encoding", [Encoding.MP3, Encoding.OGG_OPUS, pytest.param(Encoding.AAC, marks=needs_av), Encoding.MULAW,
                 Encoding.ALAW]
)  # fmt: skip
def test_the_audio_comes_through_whole(encoding: Encoding, sample_rate_hz: int) -> None:
    form = form_of(encoding, sample_rate_hz)
    samples = voiced(2 * sample_rate_hz, sample_rate_hz)
    heard = decoded(
        form, b"".join(coded(form, samples, [1, 700, 701, sample_rate_hz, 3 * sample_rate_hz // 2]))
    )
    least_snr_db, lag, padding = LOSSY[encoding]
    assert abs(delay(samples, heard) - lag) <= 1
    assert 0 <= len(heard) - len(samples) <= padding
    assert snr_db(samples, heard, lag) > least_snr_db
    # No part of it, the joints and the end included, is worse than the rest by much: nothing is missing or repeated.
    for start in range(0, len(samples), sample_rate_hz // 4):
        part = samples[start : start + sample_rate_hz // 4]
        assert snr_db(part, heard[start + lag :], 0) > least_snr_db - 9.0


@pytest.mark.parametrize(
    ("sample_rate_hz", "bit_rate"),
    [  # the highest in whose frames LAME has no room for a table of contents, and the lowest in whose frames it has
        (8_000, 16_000), (8_000, 24_000), (11_025, 24_000), (11_025, 32_000), (12_000, 24_000), (12_000, 32_000),
        (16_000, 32_000), (16_000, 40_000), (22_050, 48_000), (22_050, 56_000), (24_000, 56_000), (24_000, 64_000),
        (32_000, 40_000), (44_100, 48_000), (44_100, 56_000), (48_000, 56_000), (48_000, 64_000),
    ],
)  # fmt: skip
def test_mp3_begins_with_the_first_frame_of_audio_at_any_bit_rate(sample_rate_hz: int, bit_rate: int) -> None:
    form = resolve(Encoding.MP3, sample_rate_hz, bit_rate, own_hz=sample_rate_hz)
    assert form.bit_rate == bit_rate
    samples = voiced(sample_rate_hz, sample_rate_hz)
    heard = decoded(form, b"".join(coded(form, samples, [1, 700])))
    _, lag, padding = LOSSY[Encoding.MP3]
    assert abs(delay(samples, heard) - lag) <= 1
    assert 0 <= len(heard) - len(samples) <= padding
    begin = sample_rate_hz // 10
    assert snr_db(samples[:begin], heard[lag:], 0) > snr_db(samples, heard, lag) - 3.0


@given(cuts_of)
@settings(deadline=None, max_examples=25)
def test_flac_is_the_pcm_bit_by_bit_and_cuts_do_not_show(cuts: list[int]) -> None:
    samples = voiced(12_000)
    flac = b"".join(coded(form_of(Encoding.FLAC), samples, cuts))
    pcm = b"".join(coded(form_of(Encoding.PCM_S16LE), samples))
    heard = np.rint(decoded(form_of(Encoding.FLAC), flac) * 32768.0).astype("<i2")
    assert heard.tobytes() == pcm
    assert flac == b"".join(coded(form_of(Encoding.FLAC), samples))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(cuts=cuts_of)
@settings(deadline=None, max_examples=10)
def test_cuts_cannot_be_heard(encoding: Encoding, cuts: list[int]) -> None:
    form, samples = form_of(encoding), voiced(12_000)
    whole = decoded(form, b"".join(coded(form, samples)))
    np.testing.assert_array_equal(decoded(form, b"".join(coded(form, samples, cuts))), whole)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_chunk_of_nothing_changes_nothing_and_a_stream_of_nothing_ends(encoding: Encoding) -> None:
    form, samples = form_of(encoding), voiced(4_000)
    whole = decoded(form, b"".join(coded(form, samples)))
    np.testing.assert_array_equal(decoded(form, b"".join(coded(form, samples, [0, 2000, 2000, 4000]))), whole)
    assert len(coded(form, samples[:0])) == 2


@pytest.mark.parametrize(
    "encoding",
    [Encoding.FLAC, Encoding.MP3, Encoding.OGG_OPUS, pytest.param(Encoding.AAC, marks=needs_av)],
)
@pytest.mark.parametrize("options", [{}, {"from_hz": 24_000, "gain_db": 6.0}])
def test_a_stream_of_nothing_can_be_played(encoding: Encoding, options: dict[str, float]) -> None:
    form = form_of(encoding)
    heard = decoded(form, b"".join(coded(form, voiced(0), **options)))
    assert 0 < len(heard) < 4_000
    assert np.abs(heard).max() < 1e-3


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bytes_come_while_the_stream_is_being_made(encoding: Encoding) -> None:
    """Of a second at 16 kHz, coded tenth by tenth, a half must be audible when three quarters went in."""
    form, samples = form_of(encoding), voiced(16_000)
    pieces = coded(form, samples, list(range(1600, 16_000, 1600)))
    assert len(decoded(form, b"".join(pieces[:8]))) >= 8_000 + LOSSY.get(encoding, (0, 0, 0))[1]


@pytest.mark.parametrize(
    ("encoding", "most_ms"),
    [
        (Encoding.PCM_S16LE, 20), (Encoding.WAV, 20), (Encoding.MULAW, 20), (Encoding.OGG_OPUS, 80),
        (Encoding.FLAC, 100), (Encoding.MP3, 120), pytest.param(Encoding.AAC, 210, marks=needs_av),
    ],
)  # fmt: skip
def test_little_audio_goes_in_before_the_first_comes_out(encoding: Encoding, most_ms: int) -> None:
    form, samples = form_of(encoding), voiced(16_000)
    pieces = coded(form, samples, list(range(160, 16_000, 160)))
    n_headers = {Encoding.WAV: 44, Encoding.FLAC: 86, Encoding.OGG_OPUS: 900}.get(encoding, 0)
    sizes = np.cumsum([len(piece) for piece in pieces])
    assert 10 * (np.argmax(sizes > n_headers) + 1) <= most_ms


def test_a_wav_header_says_what_follows_and_comes_once() -> None:
    form = form_of(Encoding.WAV)
    samples = voiced(4_000)
    wav = b"".join(coded(form, samples, [10, 2000]))
    assert wav[:4] + wav[8:16] == b"RIFFWAVEfmt "
    assert wav[4:8] == wav[40:44] == b"\xff" * 4
    assert wav[44:] == b"".join(coded(form_of(Encoding.PCM_S16LE), samples))


@needs_av
@pytest.mark.parametrize(
    "encoding", [Encoding.WAV, Encoding.FLAC, Encoding.MP3, Encoding.OGG_OPUS, Encoding.AAC]
)
def test_ffmpeg_plays_the_stream_to_its_end(encoding: Encoding) -> None:
    """By libavformat and libavcodec, which most players use, from a pipe that cannot be gone back in."""
    import av  # noqa: PLC0415 - an optional extra

    form, samples = form_of(encoding), voiced(32_000)
    stream = Unseekable(b"".join(coded(form, samples, [5_000, 20_000])))
    with av.open(stream) as container:
        frames = list(container.decode(audio=0))
    n_heard = sum(frame.samples * 16_000 / frame.sample_rate for frame in frames)
    assert (
        0 <= n_heard - len(samples) <= max(LOSSY.get(encoding, (0, 0, 0))[2], 400)
    )  # FFmpeg hears Opus' pre-skip


def test_pythons_wave_module_reads_the_streamed_header() -> None:
    with wave.open(io.BytesIO(b"".join(coded(form_of(Encoding.WAV), voiced(4_000))))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert len(file.readframes(1 << 20)) == 8_000


@pytest.mark.parametrize(
    ("encoding", "begin"),
    [
        (Encoding.FLAC, b"fLaC"),
        (Encoding.OGG_OPUS, b"OggS"),
        (Encoding.MP3, b"\xff"),
        (Encoding.WAV, b"RIFF"),
    ],
)
def test_a_stream_has_one_beginning(encoding: Encoding, begin: bytes) -> None:
    first, *others = coded(form_of(encoding), voiced(16_000), list(range(1600, 16_000, 1600)))
    assert first.startswith(begin) or not first
    if encoding in (Encoding.FLAC, Encoding.WAV):
        assert begin not in b"".join(others)
    if encoding is Encoding.OGG_OPUS:
        assert b"OpusHead" not in b"".join(others)


@pytest.mark.parametrize(
    ("encoding", "bit_rate"),
    [
        (Encoding.MP3, 32_000), (Encoding.MP3, 128_000), (Encoding.OGG_OPUS, 24_000), (Encoding.OGG_OPUS, 64_000),
        pytest.param(Encoding.AAC, 32_000, marks=needs_av), pytest.param(Encoding.AAC, 48_000, marks=needs_av),
    ],
)  # fmt: skip
def test_the_bit_rate_is_about_what_was_asked_for(encoding: Encoding, bit_rate: int) -> None:
    form = resolve(encoding, 16_000, bit_rate, own_hz=16_000)
    n_bytes = len(b"".join(coded(form, voiced(10 * 16_000))))
    assert 8 * n_bytes / 10 == pytest.approx(bit_rate, rel=0.25)


def test_sixteen_bits_are_rounded_and_limited() -> None:
    samples = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5], np.float32)
    assert np.frombuffer(b"".join(coded(form_of(Encoding.PCM_S16LE), samples)), "<i2").tolist() == [
        0, 32767, -32767, 32767, -32767, 16384,
    ]  # fmt: skip
