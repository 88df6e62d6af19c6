"""The voices that ship in float16, on the CPU: durations as in float32, mels that nobody can tell apart."""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from speechmesh.acoustic.families import estimate_memory, load_acoustic, parallel
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.acoustic.families.precision import graph_for
from speechmesh.common.bundle import VoiceBundle, load_bundle
from speechmesh.common.errors import Incompatible
from tests.unit.acoustic.alike import assert_sounds_alike, segments_of


@pytest.fixture(scope="module", params=["english", "mandarin"])
def voice(request: pytest.FixtureRequest) -> VoiceBundle:
    bundle: VoiceBundle = request.getfixturevalue(request.param)
    return bundle


@pytest.fixture(scope="module")
def exact(voice: VoiceBundle) -> ParallelAcoustic:
    return ParallelAcoustic(voice, threads=1, precision="fp32")


@pytest.fixture(scope="module")
def half(voice: VoiceBundle) -> ParallelAcoustic:
    return ParallelAcoustic(voice, threads=1, precision="fp16")


def test_segments_alone_sound_as_in_float32(
    voice: VoiceBundle, exact: ParallelAcoustic, half: ParallelAcoustic
) -> None:
    for segment in segments_of(voice, 16):
        assert_sounds_alike(exact.infer([segment])[0], half.infer([segment])[0])


@pytest.mark.parametrize("n", [2, 9])
def test_segments_in_a_batch_sound_as_alone_in_float32(
    voice: VoiceBundle, exact: ParallelAcoustic, half: ParallelAcoustic, n: int
) -> None:
    segments = segments_of(voice, n, seed=n)
    for segment, together in zip(segments, half.infer(segments), strict=True):
        assert_sounds_alike(exact.infer([segment])[0], together)


def test_with_every_operation_rounded_it_sounds_alike(voice: VoiceBundle, exact: ParallelAcoustic) -> None:
    """As on a GPU; ONNX Runtime has few operations in float16 for CPUs, and leaves out casts between the others."""
    content = graph_for(voice.folder / voice.config.acoustic.model, "cuda", half=True)
    assert content is not None
    reference = ReferenceEvaluator(onnx.load_from_string(content))
    segment = next(s for s in segments_of(voice, 20) if 20 <= len(s.tokens) <= 40)  # numpy's choose takes 64
    mel, durations = reference.run(["mel", "dur"], exact._pack([segment]))
    assert_sounds_alike(exact.infer([segment])[0], parallel.unpack([segment], mel, durations)[0])


def test_most_of_the_work_is_in_float16(voice: VoiceBundle) -> None:
    content = graph_for(voice.folder / voice.config.acoustic.model, "cpu", half=True)
    assert content is not None
    sizes = dict.fromkeys((onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16), 0)
    for weight in onnx.load_from_string(content).graph.initializer:
        if weight.data_type in sizes:
            sizes[weight.data_type] += int(np.prod(weight.dims))
    assert sizes[onnx.TensorProto.FLOAT16] > sizes[onnx.TensorProto.FLOAT]


def test_on_a_gpu_no_convolution_is_planned(voice: VoiceBundle) -> None:
    for half in (False, True):
        content = graph_for(voice.folder / voice.config.acoustic.model, "cuda", half=half)
        assert content is not None
        assert "Conv" not in {node.op_type for node in onnx.load_from_string(content).graph.node}


def test_a_cpu_runs_the_file_as_it_is_unless_told_otherwise(voice: VoiceBundle) -> None:
    assert graph_for(voice.folder / voice.config.acoustic.model, "cpu", half=False) is None
    plain, automatic = (ParallelAcoustic(voice, 1, precision=p) for p in ("fp32", "auto"))
    (segment,) = segments_of(voice, 1)
    np.testing.assert_array_equal(plain.infer([segment])[0].frames, automatic.infer([segment])[0].frames)


def test_estimates_follow_the_precision(english: VoiceBundle) -> None:
    exact, half = (estimate_memory(english, "cuda", precision) for precision in ("fp32", "fp16"))
    assert exact == estimate_memory(english)
    assert 0.6 * exact < half < 0.85 * exact
    # A CPU computes in float32 and holds weights so.
    assert estimate_memory(english, "cpu", "fp16") == pytest.approx(exact, rel=0.02)


@pytest.fixture
def loud(english: VoiceBundle, tmp_path: Path) -> VoiceBundle:
    """A voice whose last layer passes through numbers beyond float16's."""
    folder = tmp_path / "loud"
    shutil.copytree(english.folder, folder)
    path = folder / english.config.acoustic.model
    model = onnx.load(path)
    last = next(node for node in model.graph.node if "mel" in node.output)
    loud = helper.make_node("Mul", [last.input[0], "a_million"], ["loud"], name="loud")
    again = helper.make_node("Mul", ["loud", "a_millionth"], ["again"], name="again")
    last.input[0] = "again"
    place = list(model.graph.node).index(last)
    for node in (again, loud):
        model.graph.node.insert(place, node)
    for name, value in (("a_million", 1e6), ("a_millionth", 1e-6)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    onnx.save(model, path)
    return load_bundle(folder)


def test_a_graph_that_does_not_hold_in_float16_is_refused_when_that_is_asked_for(loud: VoiceBundle) -> None:
    with pytest.raises(Incompatible, match=r"acoustic\.onnx: in fp16 has mels that agree to"):
        load_acoustic(loud, threads=1, precision="fp16")


def test_a_graph_that_does_not_hold_in_float16_runs_in_float32_otherwise(
    loud: VoiceBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As `auto` does on a GPU."""
    exact = ParallelAcoustic(loud, 1, precision="fp32")
    monkeypatch.setattr(parallel, "wants_half", lambda precision, device: precision == "auto")
    automatic = ParallelAcoustic(loud, 1, precision="auto")
    assert "english runs in fp32: in fp16 it has mels that agree to" in caplog.text
    (segment,) = segments_of(loud, 1)
    np.testing.assert_array_equal(exact.infer([segment])[0].frames, automatic.infer([segment])[0].frames)


def test_without_onnx_float16_is_refused_by_name_and_auto_goes_on(
    english: VoiceBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(Incompatible, match="fp16 needs the package onnx, as the extra acoustic-gpu has it"):
        load_acoustic(english, threads=1, precision="fp16")
    assert not parallel.wants_half("auto", "cuda")
    assert "acoustic models run in fp32" in caplog.text
    assert graph_for(english.folder / english.config.acoustic.model, "cuda", half=False) is None
