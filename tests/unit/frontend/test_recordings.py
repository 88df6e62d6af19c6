"""Recordings of a folder: nothing outside of it, within bounds, decoded once, and cut as SSML says."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.common.errors import Overloaded
from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.sndfile import SndfileCoder
from speechmesh.frontend.recordings.clip import Clip, clip_of
from speechmesh.frontend.recordings.loudness import integrated_lufs
from speechmesh.frontend.recordings.played import PlayedScript, played
from speechmesh.frontend.recordings.recording import Recording, RecordingError
from speechmesh.frontend.recordings.store import RecordingStore
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.script import Audio, Playing, Text
from training.voices import loudness as reference

RATE_HZ = 16_000
ROOM = 1 << 30


def chime(duration_s: float = 0.5, rate_hz: int = RATE_HZ, hz: float = 880.0) -> FloatArray:
    """A decaying tone [N]."""
    at = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.asarray(0.5 * np.sin(2 * np.pi * hz * at) * np.exp(-3 * at), np.float32)


def write(path: Path, samples: FloatArray, rate_hz: int = RATE_HZ, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


def streamed_flac(samples: FloatArray, rate_hz: int = RATE_HZ) -> bytes:
    """A FLAC file as it is sent while it is being written, without a length: what `say -o` leaves."""
    coder = SndfileCoder(AudioFormat(Encoding.FLAC, rate_hz, 0))
    return coder.code(samples) + coder.finish()


def store(folder: Path, **limits: float) -> RecordingStore:
    bounds = {"max_file_bytes": 1 << 20, "max_s": 10.0, "max_bytes": 1 << 20, **limits}
    return RecordingStore(folder, **bounds)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "sounds/chime.wav", chime())
    write(tmp_path / "secret.wav", chime())
    return tmp_path / "sounds"


def test_what_is_in_the_folder_is_found_wherever_links_lead_in_it(folder: Path) -> None:
    write(folder / "a/b/bell.wav", chime())
    (folder / "link.wav").symlink_to("a/b/bell.wav")
    (folder / "data").symlink_to("a")  # as Kubernetes mounts a ConfigMap
    recordings = store(folder)
    for path in ("chime.wav", "a/b/bell.wav", "link.wav", "data/b/bell.wav"):
        assert recordings.load(path, ROOM).sample_rate_hz == RATE_HZ


def test_a_folder_that_is_a_link_is_that_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert store(tmp_path / "alias").load("chime.wav", ROOM).peak > 0


def test_nothing_outside_of_the_folder_is_opened(folder: Path, tmp_path: Path) -> None:
    """The paths are refused before, when the document is read; the store does not rely on that."""
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "up").symlink_to(tmp_path)
    (tmp_path / "sounds2").mkdir()
    write(tmp_path / "sounds2/a.wav", chime())
    paths = ["link.wav", "up/secret.wav", "../secret.wav", "../sounds2/a.wav", str(tmp_path / "secret.wav")]
    for path in paths:
        with pytest.raises(RecordingError, match="is not"):
            store(folder).load(path, ROOM)


def test_what_is_no_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop.wav").symlink_to("loop.wav")
    for path in ("pipe.wav", "nothing.wav", "loop.wav", "a\0b", ".", "x" * 5000):
        with pytest.raises(RecordingError, match=r"is no file|is not there|is no WAV"):
            store(folder).load(path, ROOM)


def test_what_is_no_audio_too_long_or_too_large_is_refused(folder: Path) -> None:
    (folder / "text.wav").write_text("RIFF, but no more than that" * 10)
    (folder / "none.mp3").touch()
    (folder / "stream.flac").write_bytes(streamed_flac(chime())[:-1])
    (folder / "cut.wav").write_bytes((folder / "chime.wav").read_bytes()[:30])
    write(folder / "empty.wav", np.zeros(0, np.float32))
    write(folder / "long.flac", np.zeros(11 * RATE_HZ, np.float32))
    write(folder / "large.wav", np.zeros(5 * 120_000, np.float32), 120_000)
    write(folder / "chime.aiff", chime())
    write(folder / "slow.wav", chime(), 1_000)
    write(folder / "wide.wav", np.zeros((100, 9), np.float32))
    for path, message in {
        "text.wav": "no WAV, FLAC, Ogg or MP3",
        "none.mp3": "no WAV, FLAC, Ogg or MP3",
        "cut.wav": "no WAV, FLAC, Ogg or MP3|is empty",
        "stream.flac": "written as a stream that does not end as it should",
        "empty.wav": "is empty",
        "long.flac": "is 11.0 s long, 10 s are taken",
        "large.wav": "has 1.1 MiB, 1 are taken",
        "chime.aiff": "is AIFF",
        "slow.wav": "1000 Hz",
        "wide.wav": "9 channels",
    }.items():
        with pytest.raises(RecordingError, match=message):
            store(folder).load(path, ROOM)


@pytest.mark.parametrize(
    ("name", "atol"), [("a.wav", 0.0), ("a.flac", 0.0), ("a.ogg", 0.05), ("a.mp3", 0.05)]
)
def test_samples_are_the_files(folder: Path, name: str, atol: float) -> None:
    samples = np.asarray(np.rint(chime() * 32767) / 32768, np.float32)
    write(folder / name, samples)
    recording = store(folder).load(name, ROOM)
    assert recording.sample_rate_hz == RATE_HZ
    assert len(recording.samples) == pytest.approx(len(samples), abs=1200)
    n = min(len(recording.samples), len(samples))
    np.testing.assert_allclose(recording.samples[:n], samples[:n], atol=atol)


@pytest.mark.parametrize("n_samples", [1, 1_151, 1_152, 1_153, 40_000])
def test_flac_that_was_written_as_a_stream_is_played_whole(folder: Path, n_samples: int) -> None:
    """In blocks of 1,152 samples, the last of which may be shorter."""
    noise = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    (folder / "stream.flac").write_bytes(streamed_flac(noise))
    got = store(folder).load("stream.flac", ROOM)
    assert got.sample_rate_hz == RATE_HZ
    np.testing.assert_allclose(got.samples, noise, atol=1e-4)


def test_flac_of_other_coders_that_was_written_as_a_stream_is_played_whole(folder: Path) -> None:
    av = pytest.importorskip("av", reason="the extra `aac` is not installed")
    file = io.BytesIO()
    file.seekable = lambda: False  # type: ignore[method-assign]
    tone = np.rint(32767 * chime(0.5, 44_100)).astype(np.int16)
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=44_100, layout="stereo")
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.sample_rate = 44_100
        fifo.write(frame)
        while (part := fifo.read(stream.frame_size, partial=True)) is not None:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    data = file.getvalue()
    assert not int.from_bytes(data[18:26], "big") & ((1 << 36) - 1)
    (folder / "stream.flac").write_bytes(data)
    got = store(folder).load("stream.flac", ROOM)
    np.testing.assert_allclose(got.samples, tone / np.float32(32768), atol=1e-5)


def test_a_stream_that_is_longer_than_what_is_taken_is_refused_by_its_last_frame(folder: Path) -> None:
    (folder / "long.flac").write_bytes(streamed_flac(chime(10.5)))
    with pytest.raises(RecordingError, match=r"is 10\.5 s long, 10 s are taken"):
        store(folder).load("long.flac", ROOM)


def test_no_more_is_decoded_of_a_stream_than_its_last_frame_tells(folder: Path) -> None:
    """A file whose last frame lies takes no more memory than it says, and one that has less is refused."""
    long, short = streamed_flac(chime(3.0)), streamed_flac(chime(0.2))
    last = short[short.rindex(b"\xff\xf8") :]
    (folder / "more.flac").write_bytes(long + last)
    assert store(folder).load("more.flac", ROOM).n_bytes <= 0.2 * RATE_HZ * 4 + 4 * 1152
    head = short[: short.index(b"\xff\xf8")]
    first = short[len(head) : short.index(b"\xff\xf8", len(head) + 2)]
    (folder / "less.flac").write_bytes(head + first + long[long.rindex(b"\xff\xf8") :])
    recordings = store(folder)
    with pytest.raises(RecordingError, match="can be decoded"):
        recordings.load("less.flac", ROOM)
    assert recordings.n_bytes == 0


def test_a_stream_that_does_not_begin_with_its_first_frame_is_refused(folder: Path) -> None:
    data = streamed_flac(chime())
    begin = data.index(b"\xff\xf8")
    second = data.index(b"\xff\xf8", begin + 2)
    (folder / "tail.flac").write_bytes(data[:begin] + data[second:])
    with pytest.raises(RecordingError, match="written as a stream"):
        store(folder).load("tail.flac", ROOM)


def test_what_only_looks_like_frames_is_not_searched_for_long(folder: Path) -> None:
    data = streamed_flac(chime())
    head = data[: data.index(b"\xff\xf8") + 20]
    (folder / "busy.flac").write_bytes(head + data[len(head) - 20 : len(head) - 4] * 30_000)
    started = time.perf_counter()
    with pytest.raises(RecordingError, match="written as a stream"):
        store(folder).load("busy.flac", ROOM)
    assert time.perf_counter() - started < 2.0


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_streams_are_refused_or_played_never_worse(damage: bytes, at: int) -> None:
    data = bytearray(streamed_flac(chime(0.1)))
    data[at : at + len(damage)] = damage
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.flac").write_bytes(data)
        with contextlib.suppress(RecordingError):
            assert store(Path(folder)).load("a.flac", ROOM).n_bytes <= 10 * 192_000 * 4


def test_channels_are_mixed_and_what_is_no_sample_is_none(folder: Path) -> None:
    left = chime()
    write(folder / "two.wav", np.stack([left, 0.5 * left], axis=1), subtype="FLOAT")
    got = store(folder).load("two.wav", ROOM).samples
    np.testing.assert_allclose(got, 0.75 * left, atol=1e-6)
    write(folder / "odd.wav", np.array([0.1, np.nan, np.inf, -np.inf, 7.0], np.float32), subtype="FLOAT")
    got = store(folder).load("odd.wav", ROOM).samples
    np.testing.assert_allclose(got, [0.1, 0.0, 1.0, -1.0, 1.0])


def test_a_recording_is_decoded_once_and_again_when_it_changes(folder: Path) -> None:
    recordings = store(folder)
    first = recordings.load("chime.wav", ROOM)
    assert recordings.load("chime.wav", ROOM) is first
    write(folder / "new.wav", chime(hz=440.0))
    (folder / "new.wav").rename(folder / "chime.wav")
    second = recordings.load("chime.wav", ROOM)
    assert second is not first
    assert not np.array_equal(second.samples, first.samples)


def test_memory_is_bounded_by_what_is_kept_and_held(folder: Path) -> None:
    n_bytes = chime().nbytes
    for i in range(4):
        write(folder / f"{i}.wav", chime())
    recordings = store(folder, max_bytes=2 * n_bytes)
    held = [recordings.load("0.wav", ROOM), recordings.load("1.wav", ROOM)]
    assert recordings.n_bytes == 2 * n_bytes
    with pytest.raises(Overloaded):
        recordings.load("2.wav", ROOM)
    held.clear()
    gc.collect()
    held = [recordings.load("2.wav", ROOM)]
    assert recordings.n_bytes <= 2 * n_bytes
    for i in range(4):  # those that nobody holds make room
        recordings.load(f"{i}.wav", ROOM)
    assert recordings.load("2.wav", ROOM).n_bytes == n_bytes
    assert recordings.n_bytes <= 2 * n_bytes


def test_what_a_document_has_no_room_for_is_refused_not_waited_for(folder: Path) -> None:
    with pytest.raises(RecordingError, match="memory"):
        store(folder).load("chime.wav", 100)
    recordings = store(folder, max_bytes=100)
    with pytest.raises(RecordingError, match="memory"):
        recordings.load("chime.wav", ROOM)
    assert recordings.n_bytes == 0


def test_a_failed_decoding_gives_its_room_back(folder: Path) -> None:
    recordings = store(folder)
    data = (folder / "chime.wav").read_bytes()
    (folder / "bad.flac").write_bytes(b"fLaC" + data)
    with pytest.raises(RecordingError):
        recordings.load("bad.flac", ROOM)
    assert recordings.n_bytes == 0


def test_an_empty_setting_is_off_and_a_wrong_one_stops_the_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECHMESH_FRONTEND_AUDIO_DIR", "")
    assert RecordingStore.of_settings(FrontendSettings()) is None
    monkeypatch.setenv("SPEECHMESH_FRONTEND_AUDIO_DIR", str(folder))
    assert RecordingStore.of_settings(FrontendSettings()) is not None
    monkeypatch.setenv("SPEECHMESH_FRONTEND_AUDIO_DIR", str(folder / "nothing"))
    with pytest.raises(ValueError, match="directory"):
        FrontendSettings()


def recording(n: int = 1000, rate_hz: int = 1000) -> Recording:
    """Samples that tell their places."""
    return Recording(np.linspace(0.1, 0.9, n, dtype=np.float32), rate_hz)


@pytest.mark.parametrize(
    ("playing", "bounds", "is_cut"),
    [
        (Playing(), (0, 1000, 1000), False),
        (Playing(clip_begin_ms=250), (250, 750, 750), False),
        (Playing(clip_begin_ms=250, clip_end_ms=300), (250, 50, 50), False),
        (Playing(clip_end_ms=9e9), (0, 1000, 1000), False),
        (Playing(repeat_count=2.5), (0, 1000, 2500), False),
        (Playing(repeat_count=0.5), (0, 1000, 500), False),
        (Playing(repeat_duration_ms=2300), (0, 1000, 2300), False),
        (Playing(repeat_duration_ms=300), (0, 1000, 300), False),
        (Playing(repeat_count=2, repeat_duration_ms=9000), (0, 1000, 2000), False),
        (Playing(repeat_count=9, repeat_duration_ms=1500), (0, 1000, 1500), False),
        (Playing(repeat_count=1e300), (0, 1000, 5000), True),
        (Playing(repeat_duration_ms=1e300), (0, 1000, 5000), True),
        (Playing(clip_begin_ms=900, repeat_count=3), (900, 100, 300), False),
    ],
)
def test_a_clip_is_cut_and_repeated_as_ssml_says(
    playing: Playing, bounds: tuple[int, int, int], is_cut: bool
) -> None:
    clip, cut = clip_of(recording(), playing, 5.0)
    assert (clip.first_sample, clip.n_cycle, clip.n_samples) == bounds
    assert cut is is_cut
    assert clip.duration_ms == bounds[2]


@pytest.mark.parametrize(
    "playing",
    [
        Playing(clip_begin_ms=1000),
        Playing(clip_begin_ms=1e300),
        Playing(clip_begin_ms=500, clip_end_ms=400),
        Playing(clip_end_ms=0),
        Playing(repeat_duration_ms=0),
        Playing(repeat_count=1e-9),
    ],
)
def test_a_clip_of_nothing_is_refused(playing: Playing) -> None:
    with pytest.raises(RecordingError, match=r"between clipBegin and clipEnd|no time"):
        clip_of(recording(), playing, 5.0)


@pytest.mark.parametrize("n_piece", [1, 7, 100, 333, 10_000])
def test_a_clip_is_the_same_in_whatever_pieces(n_piece: int) -> None:
    source = recording(1000, 100)
    clip = Clip(source, 0, 1000, 2500)
    pieces = np.concatenate([clip.samples(at, n_piece) for at in range(0, 2500, n_piece)])
    whole = np.tile(source.samples, 3)[:2500]
    np.testing.assert_array_equal(pieces[:-1], whole[:-1])  # it ends inside, with a fade of 5 ms
    clip = Clip(recording(), 100, 300, 750)
    pieces = np.concatenate([clip.samples(at, n_piece) for at in range(0, 750, n_piece)])
    np.testing.assert_array_equal(pieces, clip.samples(0, 750))
    assert not len(clip.samples(750, 10))


def test_a_clip_that_is_cut_inside_has_no_click() -> None:
    clip = Clip(recording(), 500, 400, 400)
    got = clip.samples(0, 400)
    np.testing.assert_array_equal(got[5:-5], clip.recording.samples[505:895])
    assert got[0] <= 0.2 * clip.recording.samples[500]
    assert got[-1] <= 0.2 * clip.recording.samples[899]
    np.testing.assert_array_equal(Clip(recording(), 0, 1000, 1000).samples(0, 1000), recording().samples)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("duration_s", [0.2, 0.45, 3.0])
def test_loudness_is_that_of_the_standard(rate_hz: int, duration_s: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(duration_s * rate_hz)).astype(np.float32)
    tone = chime(duration_s, rate_hz)
    for samples in (noise, tone, np.concatenate([tone, np.zeros(rate_hz, np.float32), noise])):
        assert integrated_lufs(samples, rate_hz) == pytest.approx(
            reference.integrated_lufs(samples, rate_hz), abs=0.2
        )
    assert integrated_lufs(np.zeros(rate_hz, np.float32), rate_hz) == -np.inf


def found(folder: Path, body: str, **bounds: float) -> PlayedScript:
    script = parse_ssml(f"<speak>{body}</speak>", limits=Limits(plays_audio=True))
    limits = {"max_s": 10.0, "max_document_s": 100.0, "max_bytes": 1 << 20, **bounds}
    return played(script, store(folder).load, **limits)  # type: ignore[arg-type]


def outline(made: PlayedScript) -> list[str]:
    return [item.text if isinstance(item, Text) else type(item).__name__ for item in made.script.items]


def test_what_stands_in_an_element_is_read_where_there_is_no_recording(folder: Path) -> None:
    body = (
        "a\n <audio src='no.wav'><desc>a bell</desc>b <break/> c</audio> d <audio src='chime.wav'>e</audio>"
    )
    made = found(folder, body)
    assert outline(made) == ["a ", "b", "Break", " c", " d ", "Audio"]
    assert list(made.clips) == [item.start for item in made.script.items if isinstance(item, Audio)]
    caution = made.script.cautions[0]
    assert caution.code == "AUDIO_LEFT_OUT"
    assert caution.message == (
        "line 2, column 2: the recording 'no.wav' is not there; what it falls back to is read"
    )
    assert f"<speak>{body}"[caution.start : caution.end] == "<audio src='no.wav'>"


def test_a_recording_may_fall_back_to_another(folder: Path) -> None:
    made = found(folder, "<audio src='no.wav'><audio src='chime.wav'>a</audio></audio>")
    assert outline(made) == ["Audio"]
    made = found(folder, "<audio src='no.wav'><audio src='nor.wav'>a</audio></audio>")
    assert outline(made) == ["a"]
    assert len(made.script.cautions) == 2
    made = found(folder, "<audio src='chime.wav'><audio src='no.wav'>a</audio></audio>")
    assert not made.script.cautions


def test_the_recordings_of_a_document_are_bounded_together(folder: Path) -> None:
    made = found(folder, "<audio src='chime.wav'>a</audio>" * 5, max_document_s=1.2)
    assert outline(made) == ["Audio", "Audio", "a", "a", "a"]
    write(folder / "other.wav", chime())
    body = "<audio src='chime.wav'>a</audio><audio src='other.wav'>b</audio><audio src='chime.wav'>c</audio>"
    made = found(folder, body, max_bytes=chime().nbytes + 10)
    assert outline(made) == ["Audio", "b", "Audio"]
    made = found(folder, "<audio src='chime.wav' repeatCount='100'>a</audio>")
    assert [caution.code for caution in made.script.cautions] == ["SSML_VALUE_CLAMPED"]
    assert next(iter(made.clips.values())).duration_ms == 10_000
    many = found(folder, "<audio src='no.wav'/>" * 500)
    assert len(many.script.cautions) == 101
