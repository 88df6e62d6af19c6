from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from speechmesh.common.bundle import VoiceBundle, load_bundle, load_bundles
from speechmesh.common.errors import Incompatible


@pytest.fixture
def copy(bootstrap: VoiceBundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bootstrap.folder, tmp_path / "voices/copy"))


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "voice.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_equal_bundles_have_equal_revisions_wherever_they_are(bootstrap: VoiceBundle, copy: Path) -> None:
    assert load_bundle(copy).revision == bootstrap.revision


@pytest.mark.parametrize("file", ["voice.yaml", "tokens.json", "acoustic.onnx", "vocoder.onnx"])
def test_whatever_changes_the_sound_changes_the_revision(
    bootstrap: VoiceBundle, copy: Path, file: str
) -> None:
    with (copy / file).open("ab") as content:
        content.write(b"\n")
    assert load_bundle(copy).revision != bootstrap.revision


def test_the_name_of_a_vocoder_is_its_label_and_a_digest(bootstrap: VoiceBundle, copy: Path) -> None:
    assert bootstrap.vocoder_label("balanced") == "bootstrap.balanced"
    names = bootstrap.vocoder_model_names
    assert list(names) == ["balanced"]
    assert re.fullmatch(r"bootstrap\.balanced\.[0-9a-f]{8}", names["balanced"])
    assert load_bundle(copy).vocoder_model_names == names


def test_a_vocoder_has_another_name_when_its_file_changes(bootstrap: VoiceBundle, copy: Path) -> None:
    with (copy / "vocoder.onnx").open("ab") as content:
        content.write(b"\n")
    assert load_bundle(copy).vocoder_model_names != bootstrap.vocoder_model_names


def test_a_vocoder_has_another_name_when_it_streams_otherwise(bootstrap: VoiceBundle, copy: Path) -> None:
    edit(copy, "ladder_frames: [8, 16,", "ladder_frames: [4, 16,")
    assert load_bundle(copy).vocoder_model_names != bootstrap.vocoder_model_names


@pytest.mark.parametrize("file", ["voice.yaml", "tokens.json", "acoustic.onnx"])
def test_a_vocoder_keeps_its_name_when_other_parts_of_the_voice_change(
    bootstrap: VoiceBundle, copy: Path, file: str
) -> None:
    with (copy / file).open("ab") as content:
        content.write(b"\n")
    assert load_bundle(copy).vocoder_model_names == bootstrap.vocoder_model_names


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n_mels: 80", "n_mels: 0", "feature_space.n_mels"),
        ("n_mels: 80", "n_mel: 80", "feature_space.n_mel: Extra inputs"),
        ("name: bootstrap", "name: Boot Strap", "name: "),
        ("[8, 16,", "[16, 8,", "ladder_frames: Value error, must be positive and ascending"),
        ("model: acoustic.onnx", "model: gone.onnx", "names gone.onnx, which is not in the folder"),
        ("format: 1", "format: 2", "format"),
        ("balanced:", "cheapest:", "vocoders.cheapest"),
        ("styles: [neutral]", "styles: [sad, sad]", "styles must have different names"),
        ("styles: [neutral]", "styles: [neutral", "not YAML"),
        ("description: A", "description: 2024-13-01\nx: A", "not YAML: month must be in 1..12"),
        ("styles: [neutral]", "styles: " + "[" * 5000, "not YAML"),
        (
            "model: acoustic.onnx",
            "model: ../copy/acoustic.onnx",
            "names ../copy/acoustic.onnx, which is not in",
        ),
        ("tokens: tokens.json", "tokens: /etc/hostname", "names /etc/hostname, which is not in the folder"),
        ("sample_rate_hz: 16000", "sample_rate_hz: 16000000000", "feature_space.sample_rate_hz"),
        ("f_max_hz: 8000.0", "f_max_hz: .inf", "feature_space.f_max_hz"),
        ("rate_scale: 1.03", "rate_scale: .inf", "acoustic.rate_scale"),
    ],
)
def test_a_broken_voice_yaml_is_refused_naming_the_field(
    copy: Path, old: str, new: str, message: str
) -> None:
    edit(copy, old, new)
    with pytest.raises(Incompatible) as caught:
        load_bundle(copy)
    assert message in str(caught.value)
    assert str(copy / "voice.yaml") in str(caught.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_voice_yaml_in_another_encoding_is_refused(copy: Path, encoding: str) -> None:
    path = copy / "voice.yaml"
    path.write_text(path.read_text() + "# Müller\n", encoding=encoding)
    with pytest.raises(Incompatible, match=r"voice\.yaml: not YAML: 'utf-8' codec can't decode"):
        load_bundle(copy)


def test_two_bundles_of_one_name_are_refused(copy: Path) -> None:
    shutil.copytree(copy, copy.parent / "second")
    with pytest.raises(Incompatible, match="the name bootstrap is taken by"):
        load_bundles(copy.parent)


@pytest.mark.parametrize("name", [".copy.partial", ".copy.old"])
def test_what_an_import_leaves_when_it_is_killed_is_no_bundle(copy: Path, name: str) -> None:
    shutil.copytree(copy, copy.parent / name)
    assert [bundle.folder for bundle in load_bundles(copy.parent).values()] == [copy]


def test_a_folder_without_bundles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Incompatible, match="no voice bundle"):
        load_bundles(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["{}", '{"tokens": "pau"}', '{"tokens": [1, 2]}', '{"tokens": ["pau"], "features": {"tone": [[]]}}'],
)
def test_a_broken_token_table_is_refused(copy: Path, content: str) -> None:
    (copy / "tokens.json").write_text(content)
    with pytest.raises(Incompatible, match=r"tokens\.json: not a token table"):
        _ = load_bundle(copy).tokens
