"""`speechmesh vocoder export` as a user calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from speechmesh.cli import export_steps
from speechmesh.cli.main import app
from speechmesh.cli.voice_speech import speaking_voices
from speechmesh.common.bundle import VoiceBundle, load_bundle

BOOTSTRAP = Path("tests/data/voices/bootstrap")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["vocoder", "export", *map(str, arguments)])


@pytest.fixture(scope="module")
def exported(
    bootstrap: VoiceBundle, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str | Path], Path]:
    """The arguments of an export into a copy of the bootstrap voice, which was done once; and that copy."""
    folder = tmp_path_factory.mktemp("export")
    voice = folder / "voice"
    shutil.copytree(BOOTSTRAP, voice)
    model = next(iter(bootstrap.config.vocoders.values())).model
    shutil.copyfile(BOOTSTRAP / model, folder / "vocoder.onnx")
    arguments: list[str | Path] = [folder / "vocoder.onnx", "--name", "boot", "--tiers", "high,fast"]
    arguments += ["--feature-space", BOOTSTRAP / "voice.yaml", "--out", folder / "models", "--voice", voice]
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "boot.fast: int8" in result.output
    return arguments, voice


def test_the_voice_has_the_tiers_and_the_rest_as_it_was(exported: tuple[list[str | Path], Path]) -> None:
    voice = load_bundle(exported[1])
    before = load_bundle(BOOTSTRAP)
    assert voice.config.vocoders["high"].model == "vocoder.high.onnx"
    assert voice.config.vocoders["fast"].precision == "int8"
    assert voice.config.vocoders["balanced"] == before.config.vocoders["balanced"]
    text, old = ((v.folder / "voice.yaml").read_text() for v in (voice, before))
    start = old.index("vocoders:")
    assert text[:start] == old[:start]


def test_a_second_run_does_nothing_and_needs_no_torch(exported: tuple[list[str | Path], Path]) -> None:
    program = "import sys; from speechmesh.cli.main import app; app(standalone_mode=False); "
    program += "sys.exit('torch' in sys.modules or 'onnx' in sys.modules)"
    arguments = [str(argument) for argument in exported[0]]
    done = subprocess.run(
        [sys.executable, "-c", program, "vocoder", "export", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("up to date") == 2


def test_the_speech_that_judges_is_the_voices_own(exported: tuple[list[str | Path], Path]) -> None:
    card = Path(str(exported[0][0])).parent / "models" / "boot.card.md"
    assert "speech of the voice bootstrap" in card.read_text()
    assert "reference" in card.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere", "--name", "a"], 2, "CHECKPOINT: nowhere: no such file"),
        (
            ["tests/data/goldens/vocos_tiny", "--name", "a", "--tiers", "best"],
            2,
            "--tiers: 'best' is not a tier",
        ),
        (["tests/data/goldens/vocos_tiny", "--name", "a", "--target", "tpu"], 2, "--target"),
        (["tests/data/voices/bootstrap/tokens.json", "--name", "a"], 1, "tokens.json"),
    ],
)
def test_errors_are_a_line(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    result = run(*arguments, "--out", tmp_path)
    assert result.exit_code == code
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("tests/data/goldens/vocos_tiny", "--name", "a", "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "--out: " in result.output


def test_a_voice_whose_yaml_cannot_be_changed_keeps_its_models(
    exported: tuple[list[str | Path], Path], tmp_path: Path
) -> None:
    arguments, _ = exported
    voice = Path(shutil.copytree(BOOTSTRAP, tmp_path / "voice"))
    # A block that stands in a mapping of one line cannot be replaced; it names the file that would be.
    values = yaml.safe_load((voice / "voice.yaml").read_text().replace("balanced:", "high:"))
    (voice / "vocoder.onnx").rename(voice / "vocoder.high.onnx")
    values["vocoders"]["high"]["model"] = "vocoder.high.onnx"
    (voice / "voice.yaml").write_text(json.dumps(values))
    before = load_bundle(voice).revision
    result = run(*arguments[:-1], voice)
    assert result.exit_code == 1, result.output
    assert "has no block `vocoders` to replace" in " ".join(result.output.split())
    assert load_bundle(voice).revision == before
    assert sorted(path.name for path in voice.iterdir()) == sorted(
        ["LICENSE", "acoustic.onnx", "tokens.json", "vocoder.high.onnx", "voice.yaml"]
    )


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export_steps, "_EXPORT_EXTRA", ("torch_that_is_not_there",))
    result = run("tests/data/goldens/vocos_tiny", "--name", "a", "--out", tmp_path)
    assert result.exit_code == 1
    assert "pip install 'speechmesh[export]'" in result.output


def test_no_voices_no_speech(tmp_path: Path) -> None:
    assert speaking_voices(None, tmp_path / "nowhere").bundles == ()
    assert speaking_voices(None, tmp_path).bundles == ()


def test_what_is_wrong_is_said_as_it_was_given(tmp_path: Path) -> None:
    result = run(tmp_path / "none.pt", "--name", "x[b]")
    assert result.exit_code == 2
    assert "'x[b]' is not a name" in result.output
