"""The whole way from text to a bundle that speaks, on a minute of speech and a few steps."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import load_bundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.offline import vocode
from tests.unit.training.kills import Killed, Mortal, tensors_of
from training.voices.acoustic_export import export_acoustic
from training.voices.acoustic_training import AcousticTask
from training.voices.features import load_features
from training.voices.loudness import block_powers, gated_lufs, true_peak_dbfs
from training.voices.settings import VoiceSettings, load_settings
from training.voices.shards import read_clips, shard_folders
from training.voices.steps import Context, fingerprints, run_steps, status
from training.voices.teachers.flite import flite_missing
from training.voices.training_loop import Budget, Task, read_checkpoint, train
from training.voices.vocoder_training import (
    Pieces,
    VocoderTask,
    checkpoint_of,
    finished_checkpoint_of,
    load_vocoder,
)
from training.voices.work import Work

pytestmark = [
    pytest.mark.skipif(bool(flite_missing()), reason=f"the teacher is missing: {flite_missing()}"),
    # The TorchScript exporter's and its tracer's.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning"),
]

STEPS, FURTHER_STEPS = 3, 2
SMALL_TIER = {
    **{"share": 0.2, "steps": STEPS, "learning_rate": 1e-3, "dim": 16, "intermediate_dim": 32, "layers": 2},
    **{"batch": 2, "gan_from": 0.3, "predicted_from": 0.3},
}


def small_settings() -> VoiceSettings:
    values = load_settings("english").model_dump()
    values["speakers"] = [values["speakers"][0], {**values["speakers"][2], "name": "other"}]
    values["corpus"] |= {"sentences_per_speaker": 4, "fragments": 6, "held_out": 2, "characters": (25, 60)}
    values["speech"]["shard_utterances"] = 4
    values["acoustic"] |= {
        "steps": STEPS,
        "width": 32,
        "hidden": 32,
        "decoder_blocks": 2,
        "frames_per_batch": 900,
    }
    values["finishing"] |= {"steps": FURTHER_STEPS}
    values["vocoder_hears"] = ()
    values["vocoders"] = {"high": SMALL_TIER, "fast": {**SMALL_TIER, "warm_start": "high"}}
    return VoiceSettings.model_validate(values)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Context:
    """A finished run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    work = Work(tmp_path_factory.mktemp("voices") / "english")
    context = Context(small_settings(), work, hours=0.1, device=torch.device("cpu"))
    run_steps(context)
    yield context
    torch.set_num_threads(threads)


def test_every_step_is_done_and_a_second_run_does_nothing(made):
    assert all("done" in line for line in status(made))
    before = (made.work / "bundle" / "voice.yaml").stat().st_mtime_ns
    run_steps(made)
    assert (made.work / "bundle" / "voice.yaml").stat().st_mtime_ns == before


def test_the_speech_is_level_and_clean_at_its_ends(made):
    for speaker in made.settings.speakers:
        folders = shard_folders(made.work / "speech" / speaker.name, "train")
        clips = [clip.samples for folder in folders for clip in read_clips(folder)]
        lufs = gated_lufs(np.concatenate([block_powers(samples, 16_000) for samples in clips]))
        assert lufs == pytest.approx(made.settings.speech.loudness_lufs, abs=0.5)
        assert max(map(true_peak_dbfs, clips)) < -1.0
        assert max(np.abs(samples[[0, -1]]).max() for samples in clips) < 1e-3
        assert max(abs(float(samples.mean())) for samples in clips) < 1e-3


def test_what_is_exported_has_taken_further_steps(made):
    for tier in ("high", "fast"):
        trained = read_checkpoint(made.work / checkpoint_of(tier))["task"]
        finished = read_checkpoint(made.work / finished_checkpoint_of(tier))["task"]
        assert (trained["n_steps"], finished["n_steps"]) == (STEPS, STEPS + FURTHER_STEPS)
        exported = load_vocoder(made.settings, made.work, tier).state_dict()
        assert all(torch.equal(exported[name], value) for name, value in finished["average"].items())
        assert not all(torch.equal(exported[name], value) for name, value in trained["average"].items())


def test_a_vocoder_hears_another_voice_once_that_has_spoken(made, tmp_path: Path, monkeypatch):
    for module in ("steps", "vocoder_training"):
        monkeypatch.setattr(f"training.voices.{module}.load_settings", lambda name: made.settings)
    shutil.copytree(made.work.folder, tmp_path / "english")
    shutil.copytree(made.work.folder, tmp_path / "second")
    settings = made.settings.model_copy(update={"name": "second", "vocoder_hears": ("english",)})
    second = Context(settings, Work(tmp_path / "second"), hours=0.1, device=made.device)
    run_steps(second, until="vocoder.high")
    alone, heard = (read_checkpoint(c.work / checkpoint_of("high"))["task"] for c in (made, second))
    assert heard["n_steps"] == STEPS
    assert not torch.equal(alone["network"]["head.out.weight"], heard["network"]["head.out.weight"])

    (tmp_path / "english/done/predicted.json").unlink()
    with pytest.raises(Incompatible, match="run english --until predicted"):
        run_steps(second, only="vocoder.fast")


def test_durations_sum_to_the_frames(made):
    features = load_features(made.work, made.settings.speakers[0].name, "train")
    for i in range(len(features)):
        assert features[i].durations.sum() == len(features[i].mel)


def test_the_bundle_loads_and_speaks(made):
    bundle = load_bundle(made.work / "bundle")
    acoustic = ParallelAcoustic(bundle, 1)
    random = np.random.default_rng(0)
    segments = [
        AcousticSegment(random.integers(1, len(bundle.tokens), n), np.zeros(n, np.bool_), speaker_id=i % 2)
        for i, n in enumerate((7, 19, 12))
    ]
    together = acoustic.infer(segments)
    for segment, result in zip(segments, together, strict=True):
        alone = acoustic.infer([segment])[0]
        np.testing.assert_allclose(result.frames, alone.frames, atol=1e-4)
        for tier in bundle.config.vocoders:
            samples = vocode(bundle, tier, result.frames)
            assert len(samples) == len(result.frames) * bundle.config.feature_space.hop_length
            assert np.isfinite(samples).all()


def test_pitch_and_energy_may_be_given_and_are_bounded(made):
    session = open_session(made.work / "bundle" / "acoustic.onnx")
    feed = {
        "phones": np.arange(1, 11)[None].repeat(2, 0),
        "wordend": np.zeros((2, 10), np.int64),
        "punct": np.ones(2, np.int64),
        "speaker": np.array([0, 1]),
        "speed": np.ones(1, np.float32),
    }
    feed |= {"pitch": np.zeros(2, np.float32), "energy": np.zeros(1, np.float32)}
    neutral = session.run(["mel"], feed)[0]
    high, wild = (session.run(["mel"], feed | {"pitch": np.array([v], np.float32)})[0] for v in (6.0, 1e6))
    assert np.abs(high - neutral).max() > 1e-3
    np.testing.assert_allclose(high, wild)


def test_headroom_makes_the_voice_quieter_by_as_much(made, tmp_path: Path):
    quieter = made.settings.model_copy(update={"headroom_db": 3.0})
    export_acoustic(quieter, made.work, tmp_path / "acoustic.onnx")
    features = load_features(made.work, made.settings.speakers[0].name, "held_out")[0]
    n_tokens = len(features.tokens)
    inputs = {
        "phones": features.tokens[None],
        "wordend": np.zeros((1, n_tokens), np.int64),
        "punct": np.zeros(1, np.int64),
        "speaker": np.zeros(1, np.int64),
        **{
            name: np.array([value], np.float32) for name, value in (("speed", 1), ("pitch", 0), ("energy", 0))
        },
    }
    taught, heard = (
        open_session(path).run(["mel"], inputs)[0]
        for path in (made.work / "bundle" / "acoustic.onnx", tmp_path / "acoustic.onnx")
    )
    assert taught - heard == pytest.approx(3.0 * np.log(10.0) / 20.0, abs=1e-4)


def test_the_report_tells_each_speaker_beside_its_teacher(made):
    text = (made.work / "report.md").read_text()
    for expected in (
        "| rms | teacher |",
        "| rms | copy high |",
        "| other | full fast |",
        "| other | mesh high |",
        "RTF",
        "Steps: acoustic 3",
    ):
        assert expected in text


def new_task(what: str, context: Context) -> Task:
    settings, device = context.settings, torch.device("cpu")
    if what == "acoustic":
        return AcousticTask(settings, context.work, device)
    tier = settings.vocoders["high"]
    return VocoderTask(
        settings, tier, Pieces([(settings, context.work)], tier.segment_frames, tier.seed), device
    )


@pytest.mark.parametrize("what", ["acoustic", "vocoder"])
def test_a_killed_training_goes_on_to_the_same_state_as_one_that_was_not(made, tmp_path: Path, what):
    training = made.settings.acoustic if what == "acoustic" else made.settings.vocoders["high"]
    training = training.model_copy(update={"checkpoint_minutes": 1e-9})
    budget = Budget(STEPS + 1, 0.0)
    train(new_task(what, made), training, budget, tmp_path / "whole.pt", what)
    with pytest.raises(Killed):
        train(Mortal(new_task(what, made), 2), training, budget, tmp_path / "broken.pt", what)
    assert train(new_task(what, made), training, budget, tmp_path / "broken.pt", what) == STEPS + 1
    whole, broken = (read_checkpoint(tmp_path / f"{name}.pt")["task"] for name in ("whole", "broken"))
    for name, value in tensors_of(whole).items():
        assert torch.equal(value, tensors_of(broken)[name]), name


def test_a_run_stops_after_the_step_it_was_told(made, tmp_path: Path):
    context = Context(made.settings, Work(tmp_path / "english"), hours=0.1, device=made.device)
    run_steps(context, until="corpus")
    assert [line.split()[1] for line in status(context)[:2]] == ["done", "to"]


def test_a_changed_setting_makes_its_step_and_those_after_it_anew(made):
    changed = made.settings.model_copy(
        update={"acoustic": made.settings.acoustic.model_copy(update={"learning_rate": 2e-3})}
    )
    old, new = fingerprints(made.settings), fingerprints(changed)
    assert old["features"] == new["features"]
    assert all(
        old[step] != new[step] for step in ("acoustic", "predicted", "vocoder.high", "bundle", "report")
    )
