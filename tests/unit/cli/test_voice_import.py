"""`speechmesh voice import` as a user calls it: what it makes, and each way in which a folder can be wrong."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from speechmesh.cli.imports import sambert_hifigan
from speechmesh.cli.main import app
from speechmesh.common.bundle import load_bundles


def run(folder: str | Path, *arguments: str | Path) -> Result:
    words = ["voice", "import", "sambert-hifigan", folder, "--tiers", "high=fp32", *arguments]
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_voice_of_the_model_becomes_a_bundle(imported_voices: Path) -> None:
    bundles = load_bundles(imported_voices)
    assert list(bundles) == ["tiny_a", "tiny_nsf"]
    config = bundles["tiny_a"].config
    assert [speaker.name for speaker in config.speakers] == ["F7", "M7"]
    assert config.styles == ("neutral", "happy", "sad")
    assert config.license == "MIT"
    assert config.acoustic.family == "sambert"
    assert bundles["tiny_nsf"].config.feature_space.n_mels == 82


def test_the_revision_covers_every_file_of_the_model(imported_voices: Path, tmp_path: Path) -> None:
    before = load_bundles(imported_voices)["tiny_a"].revision
    copy = tmp_path / "tiny_a"
    shutil.copytree(imported_voices / "tiny_a", copy)
    assert load_bundles(tmp_path)["tiny_a"].revision == before
    with (copy / "acoustic/decoder.onnx").open("ab") as file:
        file.write(b"\0")
    assert load_bundles(tmp_path)["tiny_a"].revision != before


def test_a_zipped_model_is_taken_as_it_was_downloaded(modelscope_folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "voices.zip", "w") as packed:
        for file in sorted((modelscope_folder / "voices").rglob("*")):
            packed.write(file, file.relative_to(modelscope_folder))
    result = run(tmp_path, "--voice", "tiny_a", "--name", "mine", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert list(load_bundles(tmp_path / "out")) == ["mine"]


def test_a_decoder_in_eight_bits_is_judged_against_the_full_one(
    modelscope_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--voice", "tiny_a", "--acoustic", "int8", "--out", tmp_path]
    result = run(modelscope_folder, *arguments)
    assert result.exit_code == 0, result.output
    assert b"MatMulInteger" in (tmp_path / "tiny_a/acoustic/decoder.onnx").read_bytes()
    monkeypatch.setattr(sambert_hifigan, "_MOST_INT8_ERROR", 1e-6)
    result = run(modelscope_folder, *arguments, "--force")
    assert result.exit_code == 1
    assert "--acoustic int8: a bin of the mels is off by" in " ".join(result.output.split())
    assert list(load_bundles(tmp_path)) == ["tiny_a"]  # what was there stays


def _edit(file: str, **changes: object) -> Callable[[Path], None]:
    """Changes keys of a YAML file, given as dotted paths with double underscores."""

    def change(folder: Path) -> None:
        path = folder / file
        content = yaml.safe_load(path.read_text())
        for key, value in changes.items():
            *parents, last = key.split("__")
            section = content
            for parent in parents:
                section = section[parent]
            section[last] = value
        path.write_text(yaml.safe_dump(content))

    return change


def _remove(pattern: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def _write(file: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(content) and None


AM = "am/ckpt/checkpoint_980000.pth"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_remove("am"), "no voice in it; a voice is a folder with am and voc"),
        (_remove("am/ckpt/*"), "no ckpt/checkpoint_<n>.pth in it"),
        (_remove("am/config.yaml"), "config.yaml: cannot be read"),
        (_remove("voc/ckpt/*"), "a folder with neither ckpt/checkpoint_<n>.pth"),
        (_remove("voc/config.yaml"), "config.yaml"),
        (_write("am/config.yaml", b"a: [1"), "config.yaml: broken"),
        (_write("am/config.yaml", b"a: 2024-13-01"), "config.yaml: broken: month must be in 1..12"),
        (_write(AM, b"no checkpoint"), "checkpoint_980000.pth"),
        (_edit("am/config.yaml", linguistic_unit__language="Sichuan"), "only PinYin is supported"),
        (_edit("am/config.yaml", linguistic_unit__speaker_list=""), "speaker_list is missing"),
        (_edit("am/config.yaml", linguistic_unit__speaker_list="F7,M7,X,Y,Z"), "the table speaker has"),
        (_edit("am/config.yaml", audio_config__hop_length=256), "hop_length: 256 against 200"),
        (_edit("am/config.yaml", audio_config__sampling_rate=None), "audio_config.sampling_rate"),
        (
            _edit("am/config.yaml", Model__KanTtsSAMBERT__params__encoder_num_units=32),
            "checkpoint_980000.pth",
        ),
        (_edit("voc/config.yaml", Model__Generator__params__out_channels=4), "out_channels"),
        (
            _edit("am/config.yaml", Model__KanTtsSAMBERT__params__nsf_f0_global_minimum=900.0),
            "nsf_f0_global_minimum must be below nsf_f0_global_maximum",
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(
    modelscope_folder: Path, tmp_path: Path, change: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "tiny_a"
    shutil.copytree(modelscope_folder / "voices/tiny_a", folder)
    change(folder)
    result = run(folder, "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_a_mean_of_f0_that_is_missing_is_told(modelscope_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny_nsf"
    shutil.copytree(modelscope_folder / "voices/tiny_nsf", folder)
    np.save(folder / "am/mvn.npy", np.zeros(3))
    result = run(folder, "--out", tmp_path / "out")
    assert "mvn.npy: is not a mean and a deviation of F0" in " ".join(result.output.split())
    (folder / "am/mvn.npy").write_bytes(b"PK\x03\x04 nothing")
    result = run(folder, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "mvn.npy: F0 mean and deviation cannot be read" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--voice", "nobody"], "--voice: 'nobody' is not in the model; it has tiny_nsf, tiny_a"),
        (["--name", "one"], "--name: for one voice; choose it with --voice: tiny_nsf, tiny_a"),
        (["--styles", "bored"], "--styles: 'bored' is not one of neutral, angry"),
        (["--tiers", "best"], "--tiers: 'best' is not a tier"),
        (["--voice", "tiny_a", "--name", "My Voice"], "--name: 'My Voice' is not a name"),
        (["--voice", "tiny_a", "--name", "../away"], "--name: '../away' is not a name"),
        (["--voice", "tiny_a", "--out", "README.md"], "--out: README.md: "),
    ],
)
def test_an_option_that_does_not_fit_is_named(
    modelscope_folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = run(modelscope_folder, "--out", tmp_path, *arguments)
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())


def test_a_bundle_of_that_name_is_not_overwritten(imported_voices: Path, modelscope_folder: Path) -> None:
    result = run(modelscope_folder, "--voice", "tiny_a", "--out", imported_voices)
    assert result.exit_code == 2
    assert "is there already; --force replaces it" in " ".join(result.output.split())


@pytest.mark.parametrize("member", ["../evil", "voices/../../evil"])
def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path, member: str) -> None:
    with zipfile.ZipFile(tmp_path / "voices.zip", "w") as packed:
        packed.writestr(member, "x")
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "points outside of it" in " ".join(result.output.split())
    assert not (tmp_path.parent / "evil").exists()


def test_an_archive_whose_content_is_broken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voices.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x/am/config.yaml", bytes(range(256)) * 100)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(0x5A ^ byte for byte in content[60:90])
    path.write_bytes(content)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "cannot be unpacked" in " ".join(result.output.split())


def test_another_kind_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["voice", "import", "tacotron", str(tmp_path)])
    assert "KIND: 'tacotron' is not one of sambert-hifigan" in " ".join(result.output.split())
    assert "FOLDER: " in " ".join(run(tmp_path / "nowhere").output.split())
