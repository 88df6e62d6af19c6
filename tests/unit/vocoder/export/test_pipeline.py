"""From a checkpoint to a repository that ONNX Runtime runs, and what is refused on the way."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from google.protobuf import text_format
from torch import nn
from tritonclient.grpc import model_config_pb2 as pb

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FloatArray
from speechmesh.common.graphs import half
from speechmesh.common.networks import weights
from speechmesh.vocoder.export.build import Builder
from speechmesh.vocoder.export.card import is_up_to_date, read_card
from speechmesh.vocoder.export.description import load_description
from speechmesh.vocoder.export.fingerprint import exporter_files, fingerprint
from speechmesh.vocoder.export.material import from_mels
from speechmesh.vocoder.export.measure.quality import BALANCED, BOUNDS, FAST, Bounds
from speechmesh.vocoder.export.onnx import export_onnx
from speechmesh.vocoder.export.options import Options
from speechmesh.vocoder.export.pipeline import export
from speechmesh.vocoder.export.precision import int8
from speechmesh.vocoder.export.prepare import Streaming
from speechmesh.vocoder.export.steps import silent
from speechmesh.vocoder.export.streaming import stream
from speechmesh.vocoder.networks import hifigan
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

NOTHING = Bounds(log_spectral_distance_db=0.0, mel_cepstral_distortion_db=0.0, word_disagreement=0.0)
EXAMPLE = Path("tests/data/bootstrap_example.npz")


def ignore(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def exported(goldens: Path, tmp_path_factory: pytest.TempPathFactory) -> Options:
    """A tiny HiFi-GAN, exported as fp32 and int8."""
    options = Options(
        checkpoint=goldens / "hifigan_tiny_rb1" / "g_00000000",
        name="tiny",
        tiers={"high": "fp32", "fast": "int8"},
        out=tmp_path_factory.mktemp("models"),
    )
    export(options, fingerprint(options, ""), silent)
    return options


def test_the_repository_speaks_as_pytorch_does(exported: Options) -> None:
    folder = exported.out / "tiny.high"
    description = load_description(folder)
    session = ort.InferenceSession(folder / description.vocoder.model)
    checkpoint = load_checkpoint(exported.checkpoint)
    mel = np.random.default_rng(3).standard_normal((100, 80), dtype=np.float32)
    with torch.inference_mode():
        expected = checkpoint.network(torch.from_numpy(mel)[None]).numpy()[0]
    samples = stream(session, description.vocoder, description.feature_space, mel, 16)
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-4
    assert description.feature_space == checkpoint.feature_space


def test_triton_is_told_what_each_tier_takes(exported: Options) -> None:
    for tier in exported.tiers:
        folder = exported.out / f"tiny.{tier}"
        config = text_format.Parse((folder / "config.pbtxt").read_text(), pb.ModelConfig())
        assert (config.name, config.max_batch_size) == (f"tiny.{tier}", 8)
        assert {value.name: list(value.dims) for value in config.input} == {
            "mel": [-1, 80],
            "state": [-1],
            "last": [-1],
        }
        # A first chunk, each size of later ones, and a batch of the longest.
        assert len(config.model_warmup) == 2 + len(load_description(folder).vocoder.ladder_frames)


def test_the_card_says_what_was_measured(exported: Options) -> None:
    card = read_card(exported.out, "tiny")
    assert card is not None
    high, fast = card.tiers["high"], card.tiers["fast"]
    assert high.figures is None and high.parity.streamed_to_whole < 1e-4
    assert high.parity.pytorch_to_onnx is not None and high.parity.pytorch_to_onnx < 1e-4
    assert fast.figures is not None and fast.figures.excess(FAST) <= 1.0
    assert [point.frames for point in fast.speed] == [8, 16, 32, 64, 128, 256]
    assert any("synthetic" in note for note in card.notes)
    text = (exported.out / "tiny.card.md").read_text()
    assert card.source.sha256 in text and "71,777 parameters" in text and "| fast | int8 |" in text
    assert not list(exported.out.glob(".*"))


def test_an_export_is_up_to_date_until_something_changes(exported: Options, tmp_path: Path) -> None:
    card = read_card(exported.out, "tiny")
    assert card is not None
    assert is_up_to_date(card, exported.out, fingerprint(exported, ""))
    assert not is_up_to_date(card, exported.out, fingerprint(replace(exported, tiers={"high": "fp32"}), ""))
    assert not is_up_to_date(card, exported.out, fingerprint(exported, "another voice spoke"))
    model = exported.out / "tiny.high" / "1" / "model.onnx"
    content = model.read_bytes()
    model.write_bytes(content[:-1])
    assert not is_up_to_date(card, exported.out, fingerprint(exported, ""))
    model.write_bytes(content)
    assert is_up_to_date(card, exported.out, fingerprint(exported, ""))


def test_an_export_depends_on_all_code_that_makes_models() -> None:
    assert {Path(str(module.__file__)) for module in (half, weights, hifigan, int8)} <= set(exporter_files())


def test_a_refused_tier_leaves_what_was_there(goldens: Path, tmp_path: Path) -> None:
    options = Options(goldens / "vocos_tiny_same", "vocos", {"high": "fp32", "fast": "int8"}, tmp_path)
    export(options, "one", silent)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert len(before) == 8
    with pytest.raises(Incompatible, match=r"tier fast: int8 is too far .* log-spectral distance \d"):
        export(options, "another", silent, bounds={**BOUNDS, "fast": NOTHING})
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not list(tmp_path.glob(".*"))


def test_int8_of_real_weights_on_real_mels_is_within_the_tight_bounds(
    bootstrap: VoiceBundle, bootstrap_streaming: Streaming, tmp_path: Path
) -> None:
    space = bootstrap.config.feature_space
    builder = Builder(bootstrap_streaming, space, from_mels(EXAMPLE, space), tmp_path, None)
    built = builder.build("int8", BALANCED, ignore)
    assert built.figures is not None and built.figures.excess(BALANCED) <= 1.0
    assert built.figures.log_spectral_distance_db > 0.01, "nothing was quantised"
    assert built.int8_share == 1.0
    assert built.path.stat().st_size < 0.6 * builder.fp32.stat().st_size
    half = builder.build("fp16", BALANCED, ignore)
    assert half.figures is not None and half.figures.log_spectral_distance_db < 0.1
    with pytest.raises(Incompatible, match="bound 0"):
        builder.build("int8", NOTHING, ignore)
    with pytest.raises(Incompatible, match="fp16 is too far"):
        builder.build("fp16", NOTHING, ignore)


class Smoother(nn.Module):
    """A vocoder with an operation that has no stateful form, and a field of two frames."""

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """[B, T, M] -> [B, 4 * T]."""
        x = nn.functional.avg_pool1d(mel.transpose(1, 2), 5, stride=1, padding=2)
        return x[:, :4].transpose(1, 2).flatten(1)


@pytest.fixture
def smoother(tmp_path: Path) -> Options:
    export_onnx(Smoother(), 4, tmp_path / "smoother.onnx")
    (tmp_path / "space.yaml").write_text(
        "{kind: mel, sample_rate_hz: 1000, hop_length: 4, n_mels: 4, n_fft: 64, mel_scale: htk, log_base: e,"
        " log_floor: 1.0e-5}"
    )
    return Options(
        checkpoint=tmp_path / "smoother.onnx",
        name="smoother",
        tiers={"high": "fp32"},
        out=tmp_path / "models",
        feature_space=tmp_path / "space.yaml",
    )


def test_a_graph_without_a_stateful_form_streams_in_windows(smoother: Options) -> None:
    card = export(smoother, "", silent)
    assert card.streaming.stateful is None
    assert card.streaming.context_frames == 2
    assert "AveragePool" in card.streaming_note
    assert card.source.architecture == "onnx"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("n_mels: 5", "takes 4 bins a frame, the feature space has n_mels: 5"),
        ("hop_length: 8", "gives 4 samples a frame, the feature space has hop_length: 8"),
        ("normalisation: mean-std", "no value of these features is silence"),
        ("n_mels: none", "--feature-space"),
    ],
)
def test_a_feature_space_that_does_not_fit_is_refused(smoother: Options, change: str, message: str) -> None:
    assert smoother.feature_space is not None
    key = change.split(":", maxsplit=1)[0]
    lines = smoother.feature_space.read_text().strip("{}").split(",")
    kept = [line for line in lines if line.split(":")[0].strip() != key]
    smoother.feature_space.write_text("{" + ",".join([*kept, change]) + "}")
    with pytest.raises((Incompatible, InvalidInput), match=message):
        export(smoother, "", silent)
    assert not list(smoother.out.glob("*"))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (("B", 4, "T"), r"takes `mel` as \[B, M, T\]; a vocoder takes \[B, T, M\]"),
        ((1, 100, 4), r"takes `mel` of \[1, 100, 4\] alone: export it with the axes of batch and time free"),
        ((1, "T", 4), r"takes `mel` of \[1, 0, 4\] alone"),
    ],
)
def test_a_graph_whose_mel_has_other_axes_is_refused(
    smoother: Options, shape: tuple[str | int, ...], message: str
) -> None:
    model = onnx.load(smoother.checkpoint)
    model.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("mel", onnx.TensorProto.FLOAT, shape))
    onnx.save(model, smoother.checkpoint)
    with pytest.raises(Incompatible, match=message):
        export(smoother, "", silent)


def test_a_graph_that_cannot_be_put_into_a_precision_is_refused(smoother: Options) -> None:
    model = onnx.load(smoother.checkpoint)
    helper = onnx.helper
    branches: dict[str, Any] = {
        name: helper.make_graph(
            [helper.make_node("Identity", ["mel"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)],
        )
        for name in ("then_branch", "else_branch")
    }
    model.graph.node[0].input[0] = "chosen"
    model.graph.node.insert(0, helper.make_node("If", ["always"], ["chosen"], **branches))
    model.graph.initializer.append(helper.make_tensor("always", onnx.TensorProto.BOOL, [], [True]))
    onnx.save(model, smoother.checkpoint)
    with pytest.raises(
        Incompatible, match="tier fast: fp16: this graph cannot be put into it: graphs inside"
    ):
        export(replace(smoother, tiers={"fast": "fp16"}), "", silent)
    assert not list(smoother.out.glob("*"))


def test_an_onnx_file_that_is_none_is_refused(smoother: Options) -> None:
    smoother.checkpoint.write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match="not an ONNX graph"):
        export(smoother, "", silent)


def test_normalised_features_need_mels_unless_fp32_is_all(goldens: Path, tmp_path: Path) -> None:
    options = Options(
        checkpoint=goldens / "kantts" / "tiny_a", name="kan", tiers={"fast": "int8"}, out=tmp_path / "models"
    )
    with pytest.raises(Incompatible, match=r"give --mels, a folder of arrays \[T, 80\]"):
        export(options, "", silent)
    card = export(replace(options, tiers={"high": "fp32"}), "", silent)
    assert card.notes == ()


def test_a_voice_of_other_features_is_refused_before_anything_is_measured(
    goldens: Path, tmp_path: Path, bootstrap: VoiceBundle
) -> None:
    options = Options(
        checkpoint=goldens / "vocos_tiny", name="vocos", tiers={"high": "fp32"}, out=tmp_path / "models"
    )
    with pytest.raises(Incompatible, match="n_mels: 80 against 100"):
        export(options, "", silent, voice=bootstrap)


def test_tiers_of_the_name_that_are_no_longer_asked_for_go(goldens: Path, tmp_path: Path) -> None:
    both = Options(
        checkpoint=goldens / "vocos_tiny_same",
        name="vocos",
        tiers={"high": "fp32", "fast": "fp16"},
        out=tmp_path,
        target="gpu",
    )
    export(both, "", silent)
    (tmp_path / "somebody.else").mkdir()
    export(replace(both, tiers={"fast": "fp16"}), "", silent)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "somebody.else",
        "vocos.fast",
    ]
    model = onnx.load(tmp_path / "vocos.fast" / "1" / "model.onnx")
    assert onnx.TensorProto.FLOAT16 in {tensor.data_type for tensor in model.graph.initializer}


# In a container the export that was killed may have had our number.
@pytest.mark.parametrize("process", [999999999, os.getpid()])
def test_leftovers_of_a_dead_export_are_cleared(
    goldens: Path, tmp_path: Path, example_mel: FloatArray, process: int
) -> None:
    del example_mel
    dead = tmp_path / f".vocos.{process}.partial"
    dead.mkdir()
    options = Options(
        checkpoint=goldens / "vocos_tiny_same", name="vocos", tiers={"high": "fp32"}, out=tmp_path
    )
    export(options, "", silent)
    assert not dead.exists()
