"""Voice folders that are wrong, each in its own way, and symbol sequences that are."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from speechmesh.acoustic.families.sambert.symbols import Symbols, parse_symbols
from speechmesh.acoustic.networks.sambert.checkpoint import input_of, load_sambert
from speechmesh.common.errors import Incompatible, InvalidInput

VOICES = Path(__file__).parents[3] / "data" / "goldens" / "sambert" / "voices"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(VOICES / "tiny_a", tmp_path / "tiny_a"))


def change_config(folder: Path, **params: object) -> None:
    path = folder / "am/config.yaml"
    config = yaml.safe_load(path.read_text())
    config["Model"]["KanTtsSAMBERT"]["params"] |= params
    path.write_text(yaml.safe_dump(config))


def change_weights(folder: Path, **tensors: torch.Tensor | None) -> None:
    (path,) = (folder / "am/ckpt").iterdir()
    content = torch.load(path, weights_only=True)
    for name, tensor in tensors.items():
        if tensor is None:
            del content["model"][name]
        else:
            content["model"][name] = tensor
    torch.save(content, path)


def test_a_folder_and_its_am_are_the_same(folder: Path) -> None:
    assert load_sambert(folder).symbols == load_sambert(folder / "am").symbols


def test_the_checkpoint_with_the_largest_number_is_read(folder: Path) -> None:
    (folder / "am/ckpt/checkpoint_99.pth").write_bytes(b"broken")
    load_sambert(folder)
    (folder / "am/ckpt/checkpoint_9990000.pth").write_bytes(b"broken")
    with pytest.raises(Incompatible, match=r"checkpoint_9990000\.pth: not a checkpoint"):
        load_sambert(folder)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_len": None}, r"Model\.KanTtsSAMBERT\.params\.max_len"),
        ({"encoder_num_heads": 3}, "divisible"),
        ({"decoder_num_layers": 3}, r"missing: mel_decoder\.mel_dec\.pnca\.2"),
        ({"num_mels": 82}, r"another shape .*mel_decoder"),
        ({"FP": True}, "filled pauses"),
        ({"postnet_shift": 6}, "shift"),
        ({"SE": True}, r"unexpected: spk_tokenizer"),
        ({"NSF": True}, r"mvn\.npy"),
    ],
)
def test_a_wrong_configuration_is_named(folder: Path, params: dict[str, object], message: str) -> None:
    change_config(folder, **params)
    with pytest.raises(Incompatible, match=message):
        load_sambert(folder)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"emo_tokenizer.weight": None}, r"missing: emo_tokenizer\.weight"),
        ({"emo_tokenizer.weight": torch.zeros(20, 4)}, "the table emotion has 20 rows"),
        ({"spk_tokenizer.weight": torch.zeros(9, 6)}, "the table speaker has 9 rows"),
        ({"mel_postnet.fc.bias": torch.full((80,), torch.nan)}, r"not finite: mel_postnet\.fc\.bias"),
        ({"extra": torch.zeros(1)}, "unexpected: extra"),
    ],
)
def test_wrong_weights_are_named(folder: Path, tensors: dict[str, torch.Tensor | None], message: str) -> None:
    change_weights(folder, **tensors)
    with pytest.raises(Incompatible, match=message):
        load_sambert(folder)


@pytest.mark.parametrize("missing", ["am/config.yaml", "am/ckpt/checkpoint_980000.pth"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(Incompatible, match=r"config\.yaml: cannot be read|no ckpt"):
        load_sambert(folder)


def test_another_language_is_refused(folder: Path) -> None:
    path = folder / "am/config.yaml"
    config = yaml.safe_load(path.read_text())
    config["linguistic_unit"]["language"] = "Sichuan"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(Incompatible, match="'Sichuan'; only PinYin"):
        load_sambert(folder)


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ("", "tokens in braces"),
        ("{a_c$tone1} rest", "tokens in braces"),
        ("{a_c$tone1}", "has 2 parts, not 6"),
        ("{qq_c$tone1$s_both$word_both$emotion_sad$F7}", "'qq_c' is no sy"),
        ("{a_c$tone9$s_both$word_both$emotion_sad$F7}", "'tone9' is no tone"),
        ("{a_c$tone1$s_both$word_both$emotion_glad$F7}", "'emotion_glad' is no emotion"),
        ("{a_c$tone1$s_both$word_both$emotion_sad$F8}", "'F8' is no speaker"),
    ],
)
def test_what_is_no_symbol_is_named(symbols: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Symbols(("F7", "M7")).encode(parse_symbols(symbols))


def test_a_speaker_may_be_a_vector() -> None:
    voice = load_sambert(VOICES / "tiny_se")
    _, _, speaker = input_of(
        voice, "{a_c$tone1$s_both$word_both$emotion_sad$" + voice.symbols.speakers[0] + "}"
    )
    assert voice.speaker_vector is not None
    np.testing.assert_array_equal(speaker.numpy(), voice.speaker_vector[None])
