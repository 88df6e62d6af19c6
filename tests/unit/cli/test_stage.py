from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from speechmesh.cli.main import app


def stage(*arguments: str | Path):
    return CliRunner().invoke(app, ["stage", *map(str, arguments)])


def test_the_stages_one_by_one_make_audio(tmp_path: Path) -> None:
    segments, mel, audio = tmp_path / "segments.json", tmp_path / "mel.npy", tmp_path / "out.wav"
    assert stage("frontend", "One stage alone. Then 2 more!", "-o", segments).exit_code == 0
    document = json.loads(segments.read_text())
    assert [entry["text"] for entry in document["segments"]] == ["one stage alone", "then two more"]
    assert document["segments"][1]["ending"] == "exclamation"
    assert stage("acoustic", segments, "-o", mel).exit_code == 0
    frames = np.load(mel)
    assert stage("vocoder", mel, "-o", audio).exit_code == 0
    with wave.open(str(audio)) as file:
        assert file.getnframes() == len(frames) * 200
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.std(samples) > 500


def test_a_document_and_a_lexicon_are_read_as_the_service_reads_them(tmp_path: Path) -> None:
    segments, lexicon = tmp_path / "segments.json", tmp_path / "words.tsv"
    lexicon.write_text("nginx\trespelling\tengine x\n")
    text = (
        "<speak>We run <mark name='here'/>nginx.<break time='1s'/>"
        "<prosody rate='80%' volume='-6dB'>Slowly.</prosody><blink>Now.</blink></speak>"
    )
    assert stage("frontend", text, "--lexicon", lexicon, "-o", segments).exit_code == 0
    document = json.loads(segments.read_text())
    first, second, third = document["segments"]
    assert first["text"] == "we run engine x"
    assert first["marks"] == [{"name": "here", "word": 2, "pause_ms": 0.0}]
    assert first["pause_after_ms"] == 1000
    assert (second["manner"]["rate"], second["manner"]["volume_db"]) == (0.8, -6)
    assert (third["text"], third["manner"]["rate"]) == ("now", 1)
    assert [warning["code"] for warning in document["warnings"]] == ["SSML_UNKNOWN_ELEMENT"]
    assert stage("frontend", text, "--no-ssml", "-o", segments).exit_code == 0
    assert json.loads(segments.read_text())["segments"][0]["marks"] == []


def test_a_document_is_heard_in_its_manner(tmp_path: Path) -> None:
    segments, mel = tmp_path / "segments.json", tmp_path / "mel.npy"
    spoken = {}
    for attribute in ("rate='100%'", "rate='50%'", "pitch='+2st'"):
        text = f"<speak><prosody {attribute}>One two three.</prosody></speak>"
        assert stage("frontend", text, "-o", segments).exit_code == 0
        assert stage("acoustic", segments, "-o", mel).exit_code == 0
        spoken[attribute] = np.load(mel)
    assert len(spoken["rate='50%'"]) > 1.7 * len(spoken["rate='100%'"])
    assert spoken["pitch='+2st'"].shape == spoken["rate='100%'"].shape
    assert np.abs(spoken["pitch='+2st'"] - spoken["rate='100%'"]).max() > 0.5


def test_a_setting_of_the_service_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_TEXT_CHARS", "many")
    result = stage("frontend", "Hi.")
    assert isinstance(result.exception, SystemExit)
    assert "SPEECHMESH_FRONTEND_MAX_TEXT_CHARS: " in str(result.exception) + result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frontend", "Hi.", "--voice", "nobody"], "there is english"),
        (["frontend", "<speak>Hi.", "--voice", "english"], "line 1"),
        (["frontend", "Hi.", "--lexicon", "nowhere.tsv"], "nowhere.tsv"),
        (["acoustic", "nowhere.json", "-o", "mel.npy"], "nowhere.json"),
        (["vocoder", "nowhere.npy", "-o", "out.wav"], "nowhere.npy"),
        (["acoustic", "README.md", "-o", "mel.npy"], "README.md: not of `speechmesh stage frontend`"),
        (["acoustic", "nowhere.json", "-o", "mel.npy", "--rate", "0"], "'--rate'"),
        (["vocoder", "/dev/null", "-o", "out.wav"], "/dev/null: no array"),
        (["vocoder", "README.md", "-o", "out.wav"], "README.md: no array"),
        (["vocoder", "nowhere.npy", "-o", "out.mp3"], "out.mp3: it is a WAV file"),
        (["frontend", "Hi.", "-o", "nowhere/segments.json"], "nowhere/segments.json: No such file"),
        (["vocoder", "nowhere.npy", "-o", "out.wav", "--tier", "best"], "has high, fast"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], message: str) -> None:
    result = stage(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output


def test_frames_of_another_width_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "mel.npy", np.zeros((5, 100), np.float32))
    result = stage("vocoder", tmp_path / "mel.npy", "-o", tmp_path / "out.wav")
    assert result.exit_code == 1
    assert "are not [T, 80]" in result.output


def test_what_cannot_be_written_is_said_and_a_file_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    segments, mel = tmp_path / "segments.json", tmp_path / "take[a].mel"
    assert stage("frontend", "Hi.", "-o", segments).exit_code == 0
    written = stage("acoustic", segments, "-o", mel)
    assert (written.exit_code, mel.exists()) == (0, True)
    assert "take[a].mel: " in written.output
    for command, source in (("acoustic", segments), ("vocoder", mel)):
        result = stage(command, source, "-o", tmp_path / "nowhere" / "out")
        assert result.exit_code == 1
        assert "out: No such file" in result.output


def test_what_is_no_array_of_frames_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mels.npz", mel=np.zeros((5, 80), np.float32))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "mels.npz").read_bytes()[:100])
    for name in ("mels.npz", "cut.npz"):
        result = stage("vocoder", tmp_path / name, "-o", tmp_path / "out.wav")
        assert result.exit_code == 1
        assert f"{name}: " in result.output


@pytest.mark.parametrize("command", [["repository"], ["install", "--folder"]])
def test_where_no_folder_can_be_made_is_said(command: list[str]) -> None:
    result = CliRunner().invoke(app, ["triton", *command, "/dev/null/here"])
    assert result.exit_code == 1
    assert "Not a directory: '/dev/null/here" in result.output
