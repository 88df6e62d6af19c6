"""Recordings of a folder: nothing outside of it, within bounds, decoded once, and cut as SSML says."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.errors import Overloaded
from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.sndfile import SndfileCoder
from speechmesh.frontend.recordings.audio_file import decoded
from speechmesh.frontend.recordings.clip import MAX_LEVELLED_UP_DB, Stretch, clip_of
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.loudness import integrated_lufs
from speechmesh.frontend.recordings.played import PlayedScript, played
from speechmesh.frontend.recordings.recording import Recording, RecordingError, RecordingFile
from speechmesh.frontend.recordings.recordings import Recordings
from speechmesh.frontend.recordings.store import RecordingStore
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.script import Audio, Playing, Text
from training.voices import loudness as reference

RATE_HZ = 16_000


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


def load(recordings: RecordingStore, path: str) -> Recording:
    return recordings.load(recordings.find(path))


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
        assert load(recordings, path).sample_rate_hz == RATE_HZ


def test_a_folder_that_is_a_link_is_that_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert len(load(store(tmp_path / "alias"), "chime.wav").samples)


def test_nothing_outside_of_the_folder_is_opened(folder: Path, tmp_path: Path) -> None:
    """The paths are refused before, when the document is read; the store does not rely on that."""
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "up").symlink_to(tmp_path)
    (tmp_path / "sounds2").mkdir()
    write(tmp_path / "sounds2/a.wav", chime())
    paths = ["link.wav", "up/secret.wav", "../secret.wav", "../sounds2/a.wav", str(tmp_path / "secret.wav")]
    for path in paths:
        with pytest.raises(RecordingError, match="is not"):
            load(store(folder), path)


def test_what_is_no_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop.wav").symlink_to("loop.wav")
    for path in ("pipe.wav", "nothing.wav", "loop.wav", "a\0b", ".", "x" * 5000):
        with pytest.raises(RecordingError, match=r"is no file|is not there|is no WAV"):
            load(store(folder), path)


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
            load(store(folder), path)


@pytest.mark.parametrize(
    ("name", "atol"), [("a.wav", 0.0), ("a.flac", 0.0), ("a.ogg", 0.05), ("a.mp3", 0.05)]
)
def test_samples_are_the_files(folder: Path, name: str, atol: float) -> None:
    samples = np.asarray(np.rint(chime() * 32767) / 32768, np.float32)
    write(folder / name, samples)
    recording = load(store(folder), name)
    assert recording.sample_rate_hz == RATE_HZ
    assert len(recording.samples) == pytest.approx(len(samples), abs=1200)
    n = min(len(recording.samples), len(samples))
    np.testing.assert_allclose(recording.samples[:n], samples[:n], atol=atol)


@pytest.mark.parametrize("n_samples", [1, 1_151, 1_152, 1_153, 40_000])
def test_flac_that_was_written_as_a_stream_is_played_whole(folder: Path, n_samples: int) -> None:
    """In blocks of 1,152 samples, the last of which may be shorter."""
    noise = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    (folder / "stream.flac").write_bytes(streamed_flac(noise))
    got = load(store(folder), "stream.flac")
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
    got = load(store(folder), "stream.flac")
    np.testing.assert_allclose(got.samples, tone / np.float32(32768), atol=1e-5)


def test_a_stream_that_is_longer_than_what_is_taken_is_refused_by_its_last_frame(folder: Path) -> None:
    (folder / "long.flac").write_bytes(streamed_flac(chime(10.5)))
    with pytest.raises(RecordingError, match=r"is 10\.5 s long, 10 s are taken"):
        load(store(folder), "long.flac")


def test_no_more_is_decoded_of_a_stream_than_its_last_frame_tells(folder: Path) -> None:
    """A file whose last frame lies takes no more memory than it says, and one that has less is refused."""
    long, short = streamed_flac(chime(3.0)), streamed_flac(chime(0.2))
    last = short[short.rindex(b"\xff\xf8") :]
    (folder / "more.flac").write_bytes(long + last)
    assert load(store(folder), "more.flac").n_bytes <= 0.2 * RATE_HZ * 4 + 4 * 1152
    head = short[: short.index(b"\xff\xf8")]
    first = short[len(head) : short.index(b"\xff\xf8", len(head) + 2)]
    (folder / "less.flac").write_bytes(head + first + long[long.rindex(b"\xff\xf8") :])
    recordings = store(folder)
    with pytest.raises(RecordingError, match="can be decoded"):
        load(recordings, "less.flac")
    assert recordings.n_bytes == 0


def test_a_stream_that_does_not_begin_with_its_first_frame_is_refused(folder: Path) -> None:
    data = streamed_flac(chime())
    begin = data.index(b"\xff\xf8")
    second = data.index(b"\xff\xf8", begin + 2)
    (folder / "tail.flac").write_bytes(data[:begin] + data[second:])
    with pytest.raises(RecordingError, match="written as a stream"):
        load(store(folder), "tail.flac")


def test_what_only_looks_like_frames_is_not_searched_for_long(folder: Path) -> None:
    data = streamed_flac(chime())
    head = data[: data.index(b"\xff\xf8") + 20]
    (folder / "busy.flac").write_bytes(head + data[len(head) - 20 : len(head) - 4] * 30_000)
    started = time.process_time()
    with pytest.raises(RecordingError, match="written as a stream"):
        load(store(folder), "busy.flac")
    assert time.process_time() - started < 2.0


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(deadline=None)
def test_damaged_streams_are_refused_or_played_never_worse(damage: bytes, at: int) -> None:
    data = bytearray(streamed_flac(chime(0.1)))
    data[at : at + len(damage)] = damage
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.flac").write_bytes(data)
        with contextlib.suppress(RecordingError):
            assert load(store(Path(folder)), "a.flac").n_bytes <= 10 * 192_000 * 4


def test_channels_are_mixed_and_what_is_no_sample_is_none(folder: Path) -> None:
    left = chime()
    write(folder / "two.wav", np.stack([left, 0.5 * left], axis=1), subtype="FLOAT")
    got = load(store(folder), "two.wav").samples
    np.testing.assert_allclose(got, 0.75 * left, atol=1e-6)
    write(folder / "odd.wav", np.array([0.1, np.nan, np.inf, -np.inf, 7.0], np.float32), subtype="FLOAT")
    got = load(store(folder), "odd.wav").samples
    np.testing.assert_allclose(got, [0.1, 0.0, 1.0, -1.0, 1.0])


def test_a_recording_is_decoded_once_and_again_when_it_changes(folder: Path) -> None:
    recordings = store(folder)
    first = load(recordings, "chime.wav")
    assert load(recordings, "chime.wav") is first
    write(folder / "new.wav", chime(hz=440.0))
    (folder / "new.wav").rename(folder / "chime.wav")
    second = load(recordings, "chime.wav")
    assert second is not first
    assert not np.array_equal(second.samples, first.samples)


def test_memory_is_bounded_by_what_is_kept_and_held(folder: Path) -> None:
    n_bytes = chime().nbytes
    for i in range(4):
        write(folder / f"{i}.wav", chime())
    recordings = store(folder, max_bytes=2 * n_bytes)
    held = [load(recordings, "0.wav"), load(recordings, "1.wav")]
    assert recordings.n_bytes == 2 * n_bytes
    with pytest.raises(Overloaded):
        load(recordings, "2.wav")
    held.clear()
    gc.collect()
    held = [load(recordings, "2.wav")]
    assert recordings.n_bytes <= 2 * n_bytes
    for i in range(4):  # those that nobody holds make room
        load(recordings, f"{i}.wav")
    assert load(recordings, "2.wav").n_bytes == n_bytes
    assert recordings.n_bytes <= 2 * n_bytes


def test_what_there_is_never_room_for_is_refused_not_waited_for(folder: Path) -> None:
    recordings = store(folder, max_bytes=100)
    with pytest.raises(RecordingError, match="memory"):
        recordings.find("chime.wav")
    assert recordings.n_bytes == 0


def broken_mp3(folder: Path) -> Path:
    """A file whose first second and length are right, and of which there is nothing more."""
    path = write(folder / "broken.mp3", chime(5.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 5])
    return path


def test_nothing_is_decoded_to_find_a_file_and_what_is_cut_short_is_seen(folder: Path) -> None:
    recordings = store(folder)
    write(folder / "long.flac", chime(5.0))
    file = recordings.find("long.flac")
    assert (file.path, file.sample_rate_hz, file.n_samples) == ("long.flac", RATE_HZ, 5 * RATE_HZ)
    assert recordings.n_bytes == 0
    data = (folder / "long.flac").read_bytes()
    (folder / "cut.flac").write_bytes(data[: len(data) // 2])
    with pytest.raises(RecordingError, match="can be decoded"):
        recordings.find("cut.flac")


def test_a_failed_decoding_gives_its_room_back_and_is_remembered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = store(folder)
    file = recordings.find("chime.wav")

    def fail(_descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
        reserve(file.n_bytes)
        raise RecordingError("is broken inside")

    with monkeypatch.context() as patched:
        patched.setattr("speechmesh.frontend.recordings.store.decoded", fail)
        with pytest.raises(RecordingError, match="broken inside"):
            recordings.load(file)
    assert recordings.n_bytes == 0
    with pytest.raises(
        RecordingError, match="broken inside"
    ):  # the next document reads what it falls back to
        recordings.find("chime.wav")
    write(folder / "chime.wav", chime(0.25))
    assert len(load(recordings, "chime.wav").samples) == RATE_HZ // 4


def test_a_file_that_holds_less_than_it_tells_is_played_as_far_as_it_goes(folder: Path) -> None:
    broken_mp3(folder)
    recordings = store(folder)
    file = recordings.find("broken.mp3")
    assert file.n_samples == 5 * RATE_HZ
    clip, _ = clip_of(file, Playing(repeat_count=2), 20.0)
    played_clip = LoadedClip(clip, recordings.load(file))
    assert played_clip.n_samples == 2 * len(played_clip.recording.samples) < clip.stretch.n_samples / 2
    assert recordings.find("broken.mp3").n_samples == len(played_clip.recording.samples)
    clip, _ = clip_of(file, Playing(clip_begin_ms=4000), 20.0)
    with pytest.raises(RecordingError, match="between clipBegin and clipEnd"):
        LoadedClip(clip, recordings.load(file))


def test_a_file_that_changes_after_it_was_found_is_played_as_it_is_then(folder: Path) -> None:
    recordings = store(folder)
    file = recordings.find("chime.wav")
    write(folder / "new.wav", chime(0.25))
    (folder / "new.wav").rename(folder / "chime.wav")
    assert len(recordings.load(file).samples) == RATE_HZ // 4
    write(folder / "chime.wav", chime(0.25, 8_000), 8_000)
    with pytest.raises(RecordingError, match="has 8000 Hz now, and had 16000"):
        recordings.load(file)
    (folder / "chime.wav").unlink()
    with pytest.raises(RecordingError, match="is not there"):
        recordings.load(file)


def test_what_is_remembered_of_files_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speechmesh.frontend.recordings.store._MOST_KNOWN", 3)
    recordings = store(folder)
    for i in range(5):
        write(folder / f"{i}.wav", chime(0.01))
        recordings.find(f"{i}.wav")
    assert len(recordings._known) == 3


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


def file_of(source: Recording) -> RecordingFile:
    """A file that tells what it holds."""
    return RecordingFile(("a.wav", 0, 0, 0, 0), source.sample_rate_hz, len(source.samples))


def loaded(source: Recording, first_sample: int, n_cycle: int, n_samples: int, **level: float) -> LoadedClip:
    """A stretch of a recording of 1,000 Hz or less."""
    ms = 1000 / source.sample_rate_hz
    playing = Playing(
        clip_begin_ms=first_sample * ms,
        clip_end_ms=(first_sample + n_cycle) * ms,
        repeat_count=n_samples / n_cycle,
        sound_level_db=level.pop("sound_level_db", 0.0),
    )
    made = LoadedClip(clip_of(file_of(source), playing, 100.0, **level)[0], source)  # type: ignore[arg-type]
    assert made.stretch == Stretch(first_sample, n_cycle, n_samples)
    return made


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
    clip, cut = clip_of(file_of(recording()), playing, 5.0)
    assert clip.stretch == Stretch(*bounds)
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
        clip_of(file_of(recording()), playing, 5.0)


@pytest.mark.parametrize("n_piece", [1, 7, 100, 333, 10_000])
def test_a_clip_is_the_same_in_whatever_pieces(n_piece: int) -> None:
    source = recording(1000, 100)
    clip = loaded(source, 0, 1000, 2500)
    pieces = np.concatenate([clip.samples(at, n_piece) for at in range(0, 2500, n_piece)])
    whole = np.tile(source.samples, 3)[:2500]
    np.testing.assert_array_equal(pieces[:-1], whole[:-1])  # it ends inside, with a fade of 5 ms
    clip = loaded(recording(), 100, 300, 750)
    pieces = np.concatenate([clip.samples(at, n_piece) for at in range(0, 750, n_piece)])
    np.testing.assert_array_equal(pieces, clip.samples(0, 750))
    assert not len(clip.samples(750, 10))


def test_a_clip_that_is_cut_inside_has_no_click() -> None:
    clip = loaded(recording(), 500, 400, 400)
    got = clip.samples(0, 400)
    np.testing.assert_array_equal(got[5:-5], clip.recording.samples[505:895])
    assert got[0] <= 0.2 * clip.recording.samples[500]
    assert got[-1] <= 0.2 * clip.recording.samples[899]
    whole = loaded(recording(), 0, 1000, 1000)
    np.testing.assert_array_equal(whole.samples(0, 1000), recording().samples)


def test_a_clip_is_as_loud_as_it_is_asked_to_be() -> None:
    source = Recording(chime(2.0), RATE_HZ)
    raised = LoadedClip(clip_of(file_of(source), Playing(sound_level_db=6.0), 10.0)[0], source)
    np.testing.assert_allclose(raised.samples(0, 100), 10 ** (6 / 20) * source.samples[:100], rtol=1e-6)
    level = source.loudness_lufs - 10.0
    lowered = LoadedClip(
        clip_of(file_of(source), Playing(sound_level_db=4.0), 10.0, level_lufs=level)[0], source
    )
    assert lowered.gain_db == pytest.approx(-6.0)
    for faint, gain_db in ((5e-3, MAX_LEVELLED_UP_DB), (0.0, 0.0)):  # noise and silence stay what they are
        soft = Recording(np.asarray(faint * chime(2.0), np.float32), RATE_HZ)
        clip, _ = clip_of(file_of(soft), Playing(), 10.0, level_lufs=-20.0)
        assert LoadedClip(clip, soft).gain_db == gain_db <= clip.most_gain_db


def test_a_clip_that_is_closed_holds_nothing(folder: Path) -> None:
    recordings = store(folder, max_bytes=chime().nbytes)
    write(folder / "other.wav", chime())
    file = recordings.find("chime.wav")
    clip = LoadedClip(clip_of(file, Playing(), 10.0)[0], recordings.load(file))
    with pytest.raises(Overloaded):
        load(recordings, "other.wav")
    clip.close()
    assert load(recordings, "other.wav")


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
    limits = {"max_s": 10.0, "max_document_s": 100.0, **bounds}
    return played(script, store(folder).find, **limits)


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
    made = found(folder, "<audio src='chime.wav' repeatCount='100'>a</audio>")
    assert [caution.code for caution in made.script.cautions] == ["SSML_VALUE_CLAMPED"]
    assert next(iter(made.clips.values())).duration_ms == 10_000
    many = found(folder, "<audio src='no.wav'/>" * 500)
    assert len(many.script.cautions) == 101


async def test_files_are_found_while_others_are_decoded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "other.wav", chime())
    free, whole = threading.Event(), decoded

    def slow(descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
        assert free.wait(10)
        return whole(descriptor, max_s=max_s, reserve=reserve)

    monkeypatch.setattr("speechmesh.frontend.recordings.store.decoded", slow)
    script = parse_ssml(
        "<speak><audio src='chime.wav'/><audio src='other.wav'/></speak>", limits=Limits(plays_audio=True)
    )
    with Recordings(store(folder), max_s=10.0, max_document_s=100.0, n_threads=1) as recordings:
        first, second = (await recordings.found(script, None)).clips.values()
        late = asyncio.create_task(recordings.load(first, 2.0))
        await asyncio.sleep(0)
        urgent = asyncio.create_task(recordings.load(second, 1.0))
        async with asyncio.timeout(5):
            assert len((await recordings.found(script, -20.0)).clips) == 2
        assert not (late.done() or urgent.done())
        assert recordings.n_bytes == 0
        free.set()
        for clip in await asyncio.gather(late, urgent):
            assert clip.n_samples == RATE_HZ // 2
            clip.close()
        assert recordings.n_bytes == 2 * chime().nbytes  # kept for other documents
