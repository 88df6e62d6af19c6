from __future__ import annotations

import shutil
from pathlib import Path

import onnxruntime
import pytest
import yaml
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from speechmesh.common.bundle import load_bundle
from speechmesh.vocoder.triton.local import LocalTriton
from speechmesh.vocoder.triton.repository import LEAST_INSTANCES, build_repository


def built(voices_dir: Path, out: Path, **options: object) -> model_config_pb2.ModelConfig:
    (name,) = build_repository(voices_dir, out, **{"instances": 3, **options})  # type: ignore[arg-type]
    text = (out / name / "config.pbtxt").read_text()
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def test_the_repository_is_what_the_stock_backend_expects(voices_dir: Path, tmp_path: Path) -> None:
    config = built(voices_dir, tmp_path)
    name = load_bundle(voices_dir / "bootstrap").vocoder_model_names["balanced"]
    model = tmp_path / name / "1/model.onnx"
    assert model.read_bytes() == (voices_dir / "bootstrap/vocoder.onnx").read_bytes()
    assert (config.name, config.backend) == (name, "onnxruntime")
    dims = {tensor.name: list(tensor.dims) for tensor in (*config.input, *config.output)}
    assert dims == {"mel": [-1, 80], "state": [-1], "last": [-1], "wav": [-1], "next_state": [16713]}
    (group,) = config.instance_group
    assert (group.count, group.kind) == (3, model_config_pb2.ModelInstanceGroup.KIND_CPU)


@pytest.mark.parametrize("folder", ["voices", "tests/data/voices"])
def test_outputs_are_of_the_very_shapes_that_the_graphs_declare(folder: str, tmp_path: Path) -> None:
    """The native backend loads no others (CompareDimsSupported in its sources), and compares inputs less strictly."""
    for name in build_repository(Path(__file__).parents[3] / folder, tmp_path, instances=2):
        text = (tmp_path / name / "config.pbtxt").read_text()
        config = text_format.Parse(text, model_config_pb2.ModelConfig())
        session = onnxruntime.InferenceSession(tmp_path / name / "1/model.onnx")
        for tensors, declared, exact in (
            (config.input, session.get_inputs(), False),
            (config.output, session.get_outputs(), True),
        ):
            shapes = {t.name: [d if isinstance(d, int) else -1 for d in t.shape] for t in declared}
            assert {tensor.name for tensor in tensors} == shapes.keys()
            for tensor in tensors:
                dims, shape = [-1, *tensor.dims], shapes[tensor.name]
                assert len(dims) == len(shape)
                assert all(a == b or (b == -1 and not exact) for a, b in zip(dims, shape, strict=True))


def test_one_instance_alone_is_never_written_as_triton_may_hold_a_chunk_then(
    voices_dir: Path, tmp_path: Path
) -> None:
    names = build_repository(voices_dir, tmp_path, instances=1)
    for name in names:
        config = text_format.Parse(
            (tmp_path / name / "config.pbtxt").read_text(), model_config_pb2.ModelConfig()
        )
        assert [group.count for group in config.instance_group] == [LEAST_INSTANCES]


def test_urgent_chunks_go_first_and_a_full_queue_refuses(voices_dir: Path, tmp_path: Path) -> None:
    batching = built(voices_dir, tmp_path).dynamic_batching
    assert (batching.priority_levels, batching.default_priority_level) == (3, 2)
    policy = batching.default_queue_policy
    assert policy.max_queue_size > 0
    assert policy.timeout_action == model_config_pb2.ModelQueuePolicy.REJECT


def test_every_shape_of_first_and_later_chunks_is_warmed(voices_dir: Path, tmp_path: Path) -> None:
    warm = [
        (list(entry.inputs["mel"].dims), list(entry.inputs["state"].dims))
        for entry in built(voices_dir, tmp_path).model_warmup
    ]
    assert warm[:-1] == [([31, 80], [1]), *(([size, 80], [16713]) for size in (8, 16, 32, 64, 128, 256))]


def test_memory_is_taken_at_the_start_for_the_largest_run_that_is_to_be_expected(
    voices_dir: Path, tmp_path: Path
) -> None:
    for options, at_once in (
        ({"instances": 2}, 4),
        ({"instances": 3}, 6),
        ({"kind": "gpu"}, 32),
        ({"kind": "gpu", "max_batch_size": 64}, 64),
    ):
        *_, largest = built(voices_dir, tmp_path, **options).model_warmup
        assert largest.batch_size == at_once
        assert list(largest.inputs["mel"].dims) == [256, 80]
        assert list(largest.inputs["last"].dims) == [2]


def test_a_run_takes_what_the_operator_says_and_never_less_than_the_voice_does(
    voices_dir: Path, tmp_path: Path
) -> None:
    for options, most in (
        ({}, 8),
        ({"max_batch_size": 4}, 8),
        ({"max_batch_size": 16}, 16),
        ({"kind": "gpu"}, 32),
        ({"kind": "gpu", "max_batch_size": 4}, 8),
        ({"kind": "gpu", "max_batch_size": 128}, 128),
    ):
        assert built(voices_dir, tmp_path, **options).max_batch_size == most


def test_a_vocoder_without_a_state_takes_windows(voices_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(voices_dir / "bootstrap", tmp_path / "voices/bootstrap")
    path = tmp_path / "voices/bootstrap/voice.yaml"
    voice = yaml.safe_load(path.read_text())
    voice["vocoders"]["balanced"] = {"model": "vocoder.onnx", "context_frames": 16, "ladder_frames": [8, 32]}
    path.write_text(yaml.safe_dump(voice))
    config = built(tmp_path / "voices", tmp_path / "repository")
    assert [tensor.name for tensor in (*config.input, *config.output)] == ["mel", "wav"]
    assert [list(entry.inputs["mel"].dims) for entry in config.model_warmup] == [[40, 80], [64, 80], [64, 80]]


def test_a_gpu_repository_says_where_its_instances_are(voices_dir: Path, tmp_path: Path) -> None:
    (group,) = built(voices_dir, tmp_path, kind="gpu").instance_group
    assert group.kind == model_config_pb2.ModelInstanceGroup.KIND_GPU


def test_a_gpu_never_searches_for_an_algorithm_while_somebody_listens(
    voices_dir: Path, tmp_path: Path
) -> None:
    assert built(voices_dir, tmp_path, kind="gpu").parameters["cudnn_conv_algo_search"].string_value == "1"
    assert "cudnn_conv_algo_search" not in built(voices_dir, tmp_path).parameters


@pytest.mark.parametrize("link", [False, True])
def test_building_again_replaces_what_is_there(voices_dir: Path, tmp_path: Path, link: bool) -> None:
    (tmp_path / "gone.balanced/1").mkdir(parents=True)
    for _ in range(2):
        config = built(voices_dir, tmp_path, link=link)
    assert [path.name for path in tmp_path.iterdir()] == [config.name]


@pytest.mark.parametrize("keep", [False, True])
def test_a_vocoder_that_was_trained_anew_has_another_name_and_the_old_one_goes_or_is_kept(
    voices_dir: Path, tmp_path: Path, keep: bool
) -> None:
    voices = Path(shutil.copytree(voices_dir, tmp_path / "voices"))
    before = built(voices, tmp_path / "repository").name
    with (voices / "bootstrap/vocoder.onnx").open("ab") as content:
        content.write(b"\n")
    after = built(voices, tmp_path / "repository", keep=keep).name
    assert before != after
    there = {path.name for path in (tmp_path / "repository").iterdir()}
    assert there == ({before, after} if keep else {after})


def test_triton_traces_only_requests_that_carry_a_context() -> None:
    triton = LocalTriton(Path("/triton"))
    options = {"grpc_port": 1, "metrics_port": 2}
    command = triton.command(Path("/models"), otlp_endpoint="http://host:4318/", **options)
    assert "--trace-config=rate=0" in command
    assert "--trace-config=opentelemetry,url=http://host:4318/v1/traces" in command
    assert not any("trace" in part for part in triton.command(Path("/models"), otlp_endpoint="", **options))
