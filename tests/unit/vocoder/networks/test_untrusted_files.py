"""Files that are broken, hostile, or of variants that are not supported: all refused with a reason."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def copy(goldens: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a golden that may be spoiled."""

    def copied(name: str) -> Path:
        shutil.copytree(goldens / name, tmp_path / "copy")
        return tmp_path / "copy"

    return copied


class Executes:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.proof,))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Incompatible, match=r"nowhere: cannot be read: No such file"):
        load_checkpoint(tmp_path / "nowhere")


def test_a_folder_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(Incompatible, match=r"a folder with neither ckpt/checkpoint_<n>\.pth"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
@pytest.mark.parametrize("name", ["hifigan_tiny_rb1", "hifigan_tiny_rb2"])
def test_a_truncated_file(copy: Callable[[str], Path], name: str, share: float) -> None:
    file = copy(name) / "g_00000000"
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(Incompatible, match=r"g_00000000: (not a checkpoint, or a broken one|refused)"):
        load_checkpoint(file)


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 64,
        b"PK\x03\x04" + bytes(100),
        b"\xff" * 8 + b"{" + bytes(100),
        (20).to_bytes(8, "little") + b'{"a": {"dtype": "F3"',
        b"\x80\x02}q\x00.",
        b'{"generator": {}}',
    ],
)
def test_bytes_that_are_no_checkpoint(copy: Callable[[str], Path], content: bytes) -> None:
    file = copy("hifigan_tiny_rb1") / "g_00000000"
    file.write_bytes(content)
    with pytest.raises(Incompatible, match="g_00000000: "):
        load_checkpoint(file)


@pytest.mark.parametrize("save", [torch.save, lambda content, file: file.write_bytes(pickle.dumps(content))])
def test_a_pickle_that_runs_code_is_refused_and_not_run(
    copy: Callable[[str], Path], save: Callable[[Any, Path], Any], tmp_path: Path
) -> None:
    file, proof = copy("hifigan_tiny_rb1") / "g_00000000", tmp_path / "was_run"
    save({"generator": Executes(proof)}, file)
    with pytest.raises(
        Incompatible, match=r"g_00000000: (refused, since the pickle asks for|not a checkpoint)"
    ):
        load_checkpoint(file)
    assert not proof.exists()


def test_the_forbidden_object_is_named(copy: Callable[[str], Path], tmp_path: Path) -> None:
    file = copy("hifigan_tiny_rb1") / "g_00000000"
    torch.save({"generator": Executes(tmp_path / "was_run")}, file)
    with pytest.raises(Incompatible, match=r"the pickle asks for \S+, which is neither"):
        load_checkpoint(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "holds a list, not a dictionary"),
        ({}, "neither a HiFi-GAN generator nor .* it holds nothing"),
        ({"mpd": {}, "msd": {}}, "it holds mpd, msd"),
        ({"generator": {"conv_pre.bias": 3}}, "conv_pre.bias is not a dense tensor of floats"),
        ({"generator": {"conv_pre.bias": torch.zeros(3, dtype=torch.int64)}}, "not a dense tensor of floats"),
        ({"generator": {"conv_pre.bias": torch.zeros(3, device="meta")}}, "not a dense tensor of floats"),
        ({"generator": {"conv_pre.weight_g": torch.zeros(3, 1, 1)}}, "conv_pre.weight has magnitude"),
    ],
)
def test_content_that_is_not_weights(copy: Callable[[str], Path], content: Any, reason: str) -> None:
    file = copy("hifigan_tiny_rb1") / "g_00000000"
    torch.save(content, file)
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(file)


def without(*names: str) -> Change:
    return lambda tensors: [tensors.pop(name) for name in names]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("conv_post.bias"), r"missing: conv_post\.bias$"),
        (
            without("ups.0.bias", "ups.1.bias", "ups.2.bias", "ups.3.bias"),
            r"missing: (ups\.\d\.bias, ){2}.* 1 more",
        ),
        (without("ups.0.weight_v"), r"ups\.0\.weight has magnitude, which do not make a weight"),
        (lambda t: t.update(extra=torch.zeros(2)), r"unexpected: extra$"),
        (
            lambda t: t.update({"ups.0.bias": torch.zeros(7)}),
            r"another shape than configured: ups\.0\.bias \[7\] instead of \[16\]",
        ),
        (
            lambda t: t.update({"ups.0.weight_g": torch.ones(16, 1, 1)}),
            r"ups\.0\.weight \[16, 1, 1\] instead of \[32, 1, 1\]",
        ),
        # One number that pretends to be terabytes must not be multiplied out.
        (
            lambda t: t.update({"ups.0.weight_v": torch.zeros(1).expand(1 << 16, 1 << 12, 1 << 12)}),
            r"instead of \[32, 16, 16\]",
        ),
        (lambda t: t["ups.0.weight_v"].zero_(), r"not finite: ups\.0\.weight$"),
        (lambda t: t["conv_pre.bias"].fill_(torch.nan), r"not finite: conv_pre\.bias$"),
        (
            lambda t: t.update({"ups.0.bias": torch.zeros(16).to_sparse()}),
            r"ups\.0\.bias is not a dense tensor",
        ),
    ],
)
def test_weights_that_do_not_fit(copy: Callable[[str], Path], change: Change, reason: str) -> None:
    file = copy("hifigan_tiny_rb1") / "g_00000000"
    content = torch.load(file, weights_only=True)
    change(content["generator"])
    torch.save(content, file)
    with pytest.raises(Incompatible, match=rf"g_00000000: .*{reason}"):
        load_checkpoint(file)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("upsample_rates"), "upsample_rates: Field required"),
        (without("sampling_rate", "n_fft"), "n_fft: Field required; sampling_rate: Field required"),
        (lambda c: c.update(resblock="3"), "resblock: Input should be '1' or '2'"),
        (
            lambda c: c.update(upsample_rates=[8, 8, 2, 3]),
            "hop_size 256 is not the product of upsample_rates",
        ),
        (lambda c: c.update(upsample_rates=[256, 1, 1, 1]), "upsample_rates.0: Input should be less"),
        (
            lambda c: c.update(upsample_initial_channel=10**9),
            "upsample_initial_channel: Input should be less",
        ),
        (lambda c: c.update(upsample_initial_channel=8000), "instead of|parameters"),
        (lambda c: c.update(upsample_initial_channel=24), "cannot be halved"),
        (lambda c: c.update(upsample_kernel_sizes=[16, 16, 4]), "upsample_kernel_sizes needs one entry"),
        (lambda c: c.update(upsample_kernel_sizes=[15, 16, 4, 4]), "15 does not upsample exactly by 8"),
        (lambda c: c.update(upsample_kernel_sizes=[16, 6, 4, 4]), "6 does not upsample exactly by 8"),
        (lambda c: c.update(resblock_kernel_sizes=[3, 7, 10]), "resblock_kernel_sizes must be odd"),
        (lambda c: c.update(resblock_dilation_sizes=[[1, 3]] * 3), "needs 3 dilations"),
        (lambda c: c.update(sampling_rate="fast"), "sampling_rate: "),
        (lambda c: c.update(hop_size=-256), "hop_size: "),
        (
            lambda c: c.update(activation="snakebeta"),
            "activation: Value error, snakebeta: BigVGAN's generators are not supported",
        ),
        (
            lambda c: c.update(gen_istft_n_fft=16, upsample_rates=[8, 8], upsample_kernel_sizes=[16, 16]),
            "gen_istft_n_fft: Value error, iSTFTNet's generators are not supported",
        ),
    ],
)
def test_hifigan_configurations(copy: Callable[[str], Path], change: Change, reason: str) -> None:
    folder = copy("hifigan_tiny_rb1")
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(folder / "g_00000000")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "config.json: the configuration cannot be read: No such file"),
        ("{", "config.json: broken"),
        ("[" * 100_000, "config.json: broken"),
        ("[1]", "config.json: not a mapping"),
        (" " * (1 << 21), "config.json: too large"),
    ],
)
def test_configurations_that_cannot_be_read(
    copy: Callable[[str], Path], text: str | None, reason: str
) -> None:
    folder = copy("hifigan_tiny_rb1")
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(folder / "g_00000000")


@pytest.mark.parametrize(
    ("section", "key", "value", "reason"),
    [
        (
            "feature_extractor",
            "class_path",
            "vocos.feature_extractors.EncodecFeatures",
            "EncodecFeatures; only",
        ),
        (
            "backbone",
            "class_path",
            "vocos.models.VocosResNetBackbone",
            "VocosResNetBackbone; only VocosBackbone",
        ),
        ("head", "class_path", "vocos.heads.IMDCTSymExpHead", "IMDCTSymExpHead; only ISTFTHead"),
        ("head", "class_path", None, "head.class_path"),
        ("backbone", "adanorm_num_embeddings", 4, "AdaNorm is not supported"),
        ("backbone", "dim", None, "backbone.init_args.dim: "),
        ("backbone", "num_layers", 10**6, "backbone.init_args.num_layers: "),
        ("backbone", "input_channels", 80, "backbone.input_channels and feature_extractor.n_mels differ"),
        ("head", "n_fft", 1 << 30, "head.init_args.n_fft: "),
        ("head", "hop_length", 128, "head.hop_length and feature_extractor.hop_length differ"),
        ("head", "padding", "reflect", "head.init_args.padding: Input should be 'center' or 'same'"),
        (
            "head",
            "n_fft",
            2048,
            r"head\.out\.weight \[1026, 48\] instead of \[2050, 48\]|window is not the Hann",
        ),
    ],
)
def test_vocos_configurations(
    copy: Callable[[str], Path], section: str, key: str, value: Any, reason: str
) -> None:
    folder = copy("vocos_tiny")
    values = yaml.safe_load((folder / "config.yaml").read_text())
    (values[section] if key == "class_path" else values[section]["init_args"])[key] = value
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(folder)


def test_vocos_with_another_window(copy: Callable[[str], Path]) -> None:
    folder = copy("vocos_tiny")
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    tensors["head.istft.window"] = torch.hamming_window(1024)
    torch.save(tensors, folder / "pytorch_model.bin")
    with pytest.raises(Incompatible, match="is not the Hann window of 1024 samples"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(out_channels=4), r"out_channels 4: multi-band \(PQMF\) generators are not"),
        (without("upsample_scales"), "Model.Generator.params.upsample_scales: Field required"),
        (lambda c: c.update(upsample_scales=[10, 5, 2, 1]), "hop_length 200 is not the product"),
        (lambda c: c.update(upsample_kernal_sizes=[20, 10, 2, 4]), "2 is too small to upsample by 2"),
        (lambda c: c.update(upsample_kernal_sizes=[20, 10]), "upsample_kernal_sizes needs one entry"),
        (lambda c: c.update(resblock_dilations=[[1]]), "resblock_dilations needs one entry"),
        (lambda c: c.update(resblock_dilations=[[], [], []]), "resblock_dilations.0: "),
        (lambda c: c.update(channels=40), "channels cannot be halved"),
        (lambda c: c.update(causal=False, kernel_size=6), "must be odd unless causal"),
        (lambda c: c.update(bias=False), "params.bias: "),
        (lambda c: c.update(nonlinear_activation="ReLU"), "nonlinear_activation: "),
        (lambda c: c.update(nonlinear_activation_params={"negative_slope": 0.2}), "only negative_slope 0.1"),
        (lambda c: c.update(nsf_params={"nb_harmonics": 7}), "nsf_params.sampling_rate: Field required"),
        (lambda c: c.update(nsf_params={"nb_harmonics": 7, "sampling_rate": 16000}), "missing: source_downs"),
        (
            lambda c: c.update(
                causal=False,
                upsample_scales=[4, 2, 5, 5],
                nsf_params={"nb_harmonics": 7, "sampling_rate": 16000},
            ),
            "must be even unless causal|too small",
        ),
    ],
)
def test_kantts_configurations(copy: Callable[[str], Path], change: Change, reason: str) -> None:
    folder = copy("kantts/tiny_a")
    values = yaml.safe_load((folder / "voc" / "config.yaml").read_text())
    change(values["Model"]["Generator"]["params"])
    (folder / "voc" / "config.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "audio_config.sampling_rate: Field required"),
        ({"Model": {"Generator": []}}, "Model.Generator.params is missing or no mapping"),
        ({"Model": {"Generator": {"params": [1]}}}, "Model.Generator.params is missing or no mapping"),
        ({"audio_config": 3}, "audio_config: "),
    ],
)
def test_kantts_configurations_without_their_sections(
    copy: Callable[[str], Path], values: dict[str, Any], reason: str
) -> None:
    folder = copy("kantts/tiny_a")
    if not values:
        (folder / "audio_config.yaml").write_text("audio_config: {}")
    (folder / "voc" / "config.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(Incompatible, match=reason):
        load_checkpoint(folder)
