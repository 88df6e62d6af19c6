"""The `speechmesh` command as a user types it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import psutil
import pytest
import soundfile

from tests.e2e.conftest import REPOSITORY, UpMesh

# What a shell starts in its background ignores the signal, and so does all that it starts.
HEEDING_SIGINT = ["env", "--default-signal=INT", sys.executable, "-m", "speechmesh.cli.main"]


def speechmesh(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "speechmesh.cli.main", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, input=stdin, capture_output=True, text=True, check=False, timeout=120
    )


def duration_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getnframes() / file.getframerate()


@pytest.mark.parametrize("source", ["argument", "file", "stdin"])
def test_say_reads_its_text_from_anywhere(up_mesh: UpMesh, tmp_path: Path, source: str) -> None:
    text, out = "Text comes from anywhere.", tmp_path / "out.wav"
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    arguments = {"argument": [text], "file": ["--file", str(tmp_path / "text.txt")], "stdin": []}[source]
    result = speechmesh("say", *arguments, "-o", str(out), "--target", up_mesh.target, stdin=text)
    assert result.returncode == 0, result.stderr
    assert 1.0 < duration_s(out) < 4.0
    assert "first audio after" in result.stdout
    assert "RTF" in result.stdout


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("out.wav", b"RIFF"), ("out.flac", b"fLaC"), ("out.mp3", b"\xff"), ("out.ogg", b"OggS"), ("out.opus", b"OggS"),
        ("out.ulaw", b""), ("out.alaw", b""), ("out.pcm", b""),
    ],
)  # fmt: skip
def test_a_file_is_coded_as_its_name_says(up_mesh: UpMesh, tmp_path: Path, name: str, begin: bytes) -> None:
    out = tmp_path / name
    result = speechmesh("say", "Text becomes a file.", "-o", str(out), "--target", up_mesh.target)
    assert result.returncode == 0, result.stderr
    assert out.read_bytes().startswith(begin)
    assert out.stat().st_size > 2_000
    if begin:  # the others are bare samples
        assert 1.0 < soundfile.info(str(out)).duration < 4.0


def test_an_option_codes_a_file_of_any_name(up_mesh: UpMesh, tmp_path: Path) -> None:
    out = tmp_path / "speech.bin"
    arguments = [
        "--encoding",
        "ogg_opus",
        "--bit-rate",
        "16000",
        "--loudness-lufs",
        "-18",
        "--max-trailing-silence-ms",
        "0",
    ]
    result = speechmesh("say", "Opus, then.", "-o", str(out), "--target", up_mesh.target, *arguments)
    assert result.returncode == 0, result.stderr
    assert out.read_bytes().startswith(b"OggS")


def test_say_shows_where_the_time_went(up_mesh: UpMesh, tmp_path: Path) -> None:
    arguments = ["--timings", "--words", "--target", up_mesh.target]
    result = speechmesh("say", "Where did it go? There.", "-o", str(tmp_path / "out.wav"), *arguments)
    assert result.returncode == 0, result.stderr
    for row in ("text", "acoustic 0", "vocoder 0", "acoustic 1", "vocoder 1", "first audio left"):
        assert row in result.stdout
    assert "where" in result.stdout


def test_say_speaks_documents_from_anywhere(up_mesh: UpMesh, tmp_path: Path) -> None:
    document = "<speak>Hello, <mark name='who'/>my friend.<break time='1s'/> Good bye.</speak>"
    out, times = tmp_path / "out.wav", tmp_path / "times.json"
    arguments = ["-o", str(out), "--timestamps", str(times), "--target", up_mesh.target]
    result = speechmesh("say", "-", *arguments, stdin=document)
    assert result.returncode == 0, result.stderr
    told = json.loads(times.read_text())
    assert told["text"] == document
    assert [segment["spoken_text"] for segment in told["segments"]] == ["hello my friend", "good bye"]
    (mark,) = told["marks"]
    assert mark["time_ms"] == pytest.approx(told["words"][1]["start_ms"])
    assert told["words"][3]["start_ms"] - told["words"][2]["end_ms"] > 1000
    assert {phoneme["text_start"] for phoneme in told["phonemes"]} == {
        word["text_start"] for word in told["words"]
    }
    result = speechmesh("say", document, "--no-ssml", *arguments)
    assert json.loads(times.read_text())["segments"][0]["spoken_text"].startswith("speak")


def test_say_takes_a_lexicon(up_mesh: UpMesh, tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("nginx\trespelling\tengine x\n")
    arguments = ["--words", "-o", str(tmp_path / "out.wav"), "--target", up_mesh.target]
    result = speechmesh("say", "We run nginx.", "--lexicon", str(tmp_path / "words.tsv"), *arguments)
    assert result.returncode == 0, result.stderr
    assert "engine" in result.stdout


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_say_writes_subtitles_in_the_callers_words(up_mesh: UpMesh, tmp_path: Path, suffix: str) -> None:
    out, subtitles = tmp_path / "out.mp3", tmp_path / f"out.{suffix}"
    text = "At 3:45 PM, Dr. Smith & I paid $5. “Too much!” he said."
    arguments = ["-o", str(out), "--subtitles", str(subtitles), "--target", up_mesh.target]
    result = speechmesh("say", text, *arguments)
    assert result.returncode == 0, result.stderr
    written = subtitles.read_text(encoding="utf-8")
    amp = {"srt": "&", "vtt": "&amp;"}[suffix]
    assert f"At 3:45 PM, Dr. Smith {amp} I paid $5.\n\n" in written
    assert "\n“Too much!”" in written
    assert written.startswith({"srt": "1\n00:00:00,", "vtt": "WEBVTT\n\n00:00:00."}[suffix])


def test_say_speaks_live_text_turn_by_turn(up_mesh: UpMesh, tmp_path: Path) -> None:
    out, subtitles = tmp_path / "out.wav", tmp_path / "out.srt"
    arguments = ["--live", "-o", str(out), "--subtitles", str(subtitles), "--target", up_mesh.target]
    result = speechmesh("say", *arguments, stdin="Hello there.\nIt goes on.\n\nThe second turn.\n")
    assert result.returncode == 0, result.stderr
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["turn 0", "turn 1"]
    shown = [line for line in subtitles.read_text().splitlines() if line[-1:] == "."]
    assert shown == ["Hello there.", "It goes on.", "The second turn."]
    assert 2.0 < duration_s(out) < 8.0


def test_ctrl_c_interrupts_a_turn_and_then_ends(up_mesh: UpMesh, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    command = [*HEEDING_SIGINT, "say", "--live", "--words", "-o", str(out)]
    with subprocess.Popen(
        [*command, "--target", up_mesh.target],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # Its turn does not end: whatever was made of it, there is something to interrupt.
        process.stdin.write("One two three four five. " * 4)
        process.stdin.flush()
        while not (line := process.stdout.readline()).endswith(" five\n"):
            assert line
        process.send_signal(signal.SIGINT)
        while not (line := process.stdout.readline()).startswith("turn 0: interrupted after"):
            assert line
        assert "heard to the end of “" in line
        process.stdin.write("Nobody wants to hear this.\n\nThe second turn.\n\n")
        process.stdin.flush()
        words = []
        while not (line := process.stdout.readline()).startswith("turn 1: "):
            assert line
            words.append(line.split()[-1])
        assert words == ["the", "second", "turn"]
        process.send_signal(signal.SIGINT)  # nothing is being spoken
        assert process.wait(30) == 130
        assert "cancelled" in process.stderr.read()
    assert duration_s(out) > 1.0


def test_ctrl_c_stops_the_player(up_mesh: UpMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = tmp_path / "aplay"
    # Plays for ever: it takes what a pipe holds, and no more.
    playing = tmp_path / "playing"
    player.write_text(f"#!/bin/sh\nhead -c 2 > /dev/null\necho $$ > {playing}\nexec sleep 1000\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    command = [*HEEDING_SIGINT, "say", "--live", "--target", up_mesh.target]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("One two three four five. " * 30 + "\n\n")
        process.stdin.close()
        give_up_at = time.monotonic() + 60
        while not (playing.exists() and playing.read_text()) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert "turn 0: interrupted after" in process.stdout.read()
        assert process.wait(30) == 0
    assert not psutil.pid_exists(int(playing.read_text()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["say", "Hi.", "--rate", "9"], "prosody.rate"),
        (["say", "<speak>Hi."], "ssml: line 1"),
        (["say", "Hi.", "--lexicon", "/nowhere.tsv"], "/nowhere.tsv"),
        (["say", "Hi.", "--subtitles", "out.ass"], ".srt or .vtt"),
        (["say", "Hi.", "--live"], "from standard input"),
        (["say", "Hi.", "--voice", "nobody"], "there is english"),
        (["say", "Hi.", "--tier", "best"], "quality_tier 'best' is not one of"),
        (["say", "Hi.", "--encoding", "midi"], "encoding 'midi' is not one of"),
        (["say", "Hi.", "--encoding", "mp3", "--sample-rate-hz", "9000"], "audio.sample_rate_hz"),
        (["say", "!!!"], "nothing that can be spoken"),
        (["say", "--file", "/nowhere.txt"], "/nowhere.txt"),
        (["say", "Hi.", "--file", "/nowhere.txt"], "not both"),
    ],
)
def test_what_is_wrong_is_one_line_on_stderr(
    up_mesh: UpMesh, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = speechmesh(*arguments, "-o", str(tmp_path / "out.wav"), "--target", up_mesh.target)
    assert result.returncode in (1, 2)
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.wav").exists()


def test_a_name_that_says_no_coding_is_refused(tmp_path: Path) -> None:
    result = speechmesh("say", "Hi.", "-o", str(tmp_path / "out.doc"))
    assert result.returncode == 2
    assert "give --encoding" in " ".join(result.stderr.split())


def test_voices_are_listed(up_mesh: UpMesh) -> None:
    result = speechmesh("voices", "--target", up_mesh.target)
    assert result.returncode == 0
    assert "english" in result.stdout


def test_up_shows_why_a_stage_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_ACOUSTIC_THREADS", "0")
    (tmp_path / "log").mkdir()
    (tmp_path / "log/acoustic.log").write_text("what an earlier run died of\n")
    result = speechmesh("up", "--free-ports", "--backend", "embedded", "--run-dir", str(tmp_path))
    assert result.returncode == 1
    assert "acoustic does not start" in result.stderr
    assert "SPEECHMESH_ACOUSTIC_THREADS" in result.stderr
    assert "what an earlier run died of" not in result.stderr


def test_up_shows_which_field_of_a_voice_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices = shutil.copytree(REPOSITORY / "voices", tmp_path / "voices")
    config = voices / "english/voice.yaml"
    config.write_text(config.read_text().replace("hop_length: 200", "hop_length: 256"))
    monkeypatch.setenv("SPEECHMESH_ACOUSTIC_VOICES_DIR", str(voices))
    result = speechmesh("up", "--free-ports", "--backend", "embedded", "--run-dir", str(tmp_path / "run"))
    assert result.returncode == 1
    assert "frontend does not start" in result.stderr
    assert (
        "acoustic stage against frontend: feature spaces differ in hop_length: 256 against 200"
        in result.stderr
    )
    assert "Traceback" not in result.stderr


def test_no_mesh_is_said_so() -> None:
    result = speechmesh("voices", "--target", "127.0.0.1:9")
    assert result.returncode == 1
    assert "UNAVAILABLE" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--voices", "nowhere"], "no voice bundle"),
        (["--backend", "cloud"], "not triton or embedded"),
        (["--triton-folder", "nowhere"], "speechmesh triton install"),
    ],
)
def test_up_says_what_keeps_it_from_starting(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = speechmesh("up", "--free-ports", "--run-dir", str(tmp_path), *arguments)
    assert result.returncode in (1, 2)
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
