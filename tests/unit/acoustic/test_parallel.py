from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.acoustic.domain import AcousticSegment, Ending, leading_surplus
from speechmesh.acoustic.families import load_acoustic
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import VoiceBundle, load_bundle
from speechmesh.common.errors import Incompatible


@pytest.fixture(scope="module")
def model(bootstrap: VoiceBundle) -> ParallelAcoustic:
    return ParallelAcoustic(bootstrap, threads=1)


def segment_of(tokens: list[int], **options: object) -> AcousticSegment:
    ids = np.array([1, *tokens, 1], np.int64)
    word_ends = np.zeros(len(ids), np.bool_)
    word_ends[2::3] = True
    return AcousticSegment(ids, word_ends, **options)  # type: ignore[arg-type]


def test_the_graph_gives_the_frames_it_was_exported_with(bootstrap: VoiceBundle) -> None:
    config = bootstrap.config
    plain = config.model_copy(update={"acoustic": config.acoustic.model_copy(update={"rate_scale": 1.0})})
    model = ParallelAcoustic(VoiceBundle(bootstrap.folder, plain), threads=1)
    with np.load("tests/data/bootstrap_example.npz") as example:
        ending = Ending.QUESTION if example["punct"][0] == 2 else Ending.STATEMENT
        (result,) = model.infer(
            [AcousticSegment(example["phones"][0], example["wordend"][0].astype(np.bool_), ending)]
        )
        np.testing.assert_array_equal(result.frames_per_token, example["durations"][0])
        np.testing.assert_allclose(result.frames, example["mel"][0], atol=1e-5)


@given(st.lists(st.lists(st.integers(2, 57), min_size=1, max_size=40), min_size=2, max_size=5))
@settings(deadline=None, max_examples=15)
def test_a_batch_gives_what_its_items_give_alone(model: ParallelAcoustic, texts: list[list[int]]) -> None:
    segments = [segment_of(tokens) for tokens in texts]
    for alone, together in zip([model.infer([s])[0] for s in segments], model.infer(segments), strict=True):
        np.testing.assert_array_equal(alone.frames_per_token, together.frames_per_token)
        np.testing.assert_allclose(alone.frames, together.frames, atol=1e-4)
        assert len(together.frames) == together.frames_per_token.sum()


def test_a_higher_rate_is_faster(model: ParallelAcoustic) -> None:
    tokens = list(range(2, 40))
    slow, normal, fast = (len(model.infer([segment_of(tokens, rate=r)])[0].frames) for r in (0.5, 1.0, 2.0))
    assert slow == pytest.approx(2 * normal, rel=0.1)
    assert fast == pytest.approx(normal / 2, rel=0.1)


def test_segments_of_different_rates_never_share_a_batch(model: ParallelAcoustic) -> None:
    assert model.batch_key(segment_of([2], rate=1.0)) != model.batch_key(segment_of([2], rate=1.1))


@pytest.mark.parametrize(("max_frames", "surplus"), [(4, 6), (0, 0), (99, 0)])
def test_of_a_long_leading_pause_the_surplus_is_cut(max_frames: int, surplus: int) -> None:
    assert leading_surplus(np.array([10, 5]), max_frames) == surplus


def test_a_model_of_another_family_is_refused(bootstrap: VoiceBundle) -> None:
    acoustic = bootstrap.config.acoustic.model_copy(update={"model": "vocoder.onnx"})
    config = bootstrap.config.model_copy(update={"acoustic": acoustic})
    with pytest.raises(Incompatible, match=r"vocoder\.onnx: inputs are \['last', 'mel', 'state'\]"):
        load_acoustic(VoiceBundle(bootstrap.folder, config), threads=1)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "voice.yaml",
            "n_mels: 80",
            "n_mels: 100",
            r"makes 80 bins a frame, feature_space\.n_mels .* is 100",
        ),
        ("voice.yaml", "id: 0", "id: 7", "fails on speaker 'rms', id 7"),
        (
            "voice.yaml",
            "pause_token: pau",
            "pause_token: sil",
            r"tokens\.json: lacks frontend\.pause_token 'sil'",
        ),
        ("tokens.json", '"pau",', '"pau", "one", "more",', "fails on token .*, id 59"),
    ],
)
def test_a_graph_that_does_not_fit_the_bundle_is_refused_when_it_is_loaded(
    bootstrap: VoiceBundle, tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = Path(shutil.copytree(bootstrap.folder, tmp_path / "copy"))
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(Incompatible, match=message):
        load_acoustic(load_bundle(folder), threads=1)


def test_an_unknown_family_is_refused(bootstrap: VoiceBundle) -> None:
    acoustic = bootstrap.config.acoustic.model_copy(update={"family": "magic"})
    config = bootstrap.config.model_copy(update={"acoustic": acoustic})
    with pytest.raises(Incompatible, match=r"acoustic\.family 'magic' is not one of parallel, sambert"):
        load_acoustic(VoiceBundle(bootstrap.folder, config), threads=1)
