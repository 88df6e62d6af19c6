from __future__ import annotations

import math

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace, pack_frames, unpack_frames


def test_a_feature_space_survives_the_wire(bootstrap: VoiceBundle) -> None:
    space = bootstrap.config.feature_space
    assert FeatureSpace.from_proto(space.to_proto()) == space


def test_a_mismatch_names_each_differing_field(bootstrap: VoiceBundle) -> None:
    space = bootstrap.config.feature_space
    other = space.model_copy(update={"hop_length": 256, "log_floor": 1e-7})
    with pytest.raises(
        Incompatible, match=r"vocoder x: .*hop_length: 200 against 256; log_floor: 1e-05 against"
    ):
        space.require_equal(other, "vocoder x")


@pytest.mark.parametrize("field", FeatureSpace.model_fields)
def test_no_field_of_the_wire_form_is_forgotten(bootstrap: VoiceBundle, field: str) -> None:
    changed: dict[str, object] = {"kind": "latent", "latent_name": "x", "log_base": "10", "centred": False}
    changed |= {"normalisation": "x", "mel_scale": "htk"}
    space = bootstrap.config.feature_space
    other = space.model_copy(update={field: changed.get(field, 7)})
    assert FeatureSpace.from_proto(other.to_proto()) == other
    assert len(space.differences(other)) == 1


@pytest.mark.parametrize(
    ("log_base", "silence"), [("e", math.log(1e-5)), ("10", -5.0), ("decibel", -100.0), ("none", 1e-5)]
)
def test_silence_is_the_logarithm_of_the_floor(bootstrap: VoiceBundle, log_base: str, silence: float) -> None:
    space = bootstrap.config.feature_space.model_copy(update={"log_base": log_base})
    assert space.silence == pytest.approx(silence)


def test_a_normalised_space_has_no_silence_by_guess(bootstrap: VoiceBundle) -> None:
    with pytest.raises(Incompatible, match="silence"):
        _ = bootstrap.config.feature_space.model_copy(update={"normalisation": "mean_std"}).silence


def test_frames_survive_the_wire() -> None:
    frames = np.random.default_rng(0).normal(size=(7, 80)).astype(np.float32)
    message = pack_frames(frames, first_frame=3)
    assert (message.first_frame, message.n_frames) == (3, 7)
    np.testing.assert_array_equal(unpack_frames(message, 80), frames)


def test_frames_of_the_wrong_size_are_refused() -> None:
    message = pack_frames(np.zeros((7, 80), np.float32), 0)
    with pytest.raises(Incompatible, match="7 frames of 100"):
        unpack_frames(message, 100)
    message.value_type = message.VALUE_TYPE_FLOAT16
    with pytest.raises(Incompatible, match="value_type"):
        unpack_frames(message, 80)
