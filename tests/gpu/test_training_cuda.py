"""Training on a GPU: the CPU's losses, the same end after a kill, and a bundle that a CPU speaks with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import VoiceBundle, load_bundle
from speechmesh.vocoder.offline import vocode
from tests.gpu.taught_by_a_voice import speak_corpus
from tests.unit.acoustic.alike import segments_of
from tests.unit.training.kills import Killed, Mortal, tensors_of
from training.voices.acoustic_training import AcousticTask
from training.voices.features import make_features
from training.voices.settings import VoiceSettings, load_settings
from training.voices.steps import Context, fingerprints, run_steps
from training.voices.training_loop import Budget, Task, make_repeatable, read_checkpoint, train
from training.voices.vocoder_training import Pieces, VocoderTask
from training.voices.work import Work

# The TorchScript exporter's and its tracer's.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")

CLIPS = 24
STEPS, FURTHER_STEPS = 40, 10
# Of the first step's losses, which begin from the same weights: bfloat16 has eight bits.
TOLERANCE = 0.03


def settings_of_few_steps() -> VoiceSettings:
    """The English voice in its own sizes."""
    values = load_settings("english").model_dump()
    values["vocoder_hears"] = ()
    values["acoustic"] |= {"steps": STEPS}
    values["finishing"] |= {"steps": FURTHER_STEPS}
    for tier in values["vocoders"].values():
        tier["steps"] = STEPS
    return VoiceSettings.model_validate(values)


@pytest.fixture(scope="module")
def repeatable() -> Iterator[None]:
    make_repeatable(torch.device("cuda"))
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def begun(english: VoiceBundle, repeatable: None, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A run on the GPU whose acoustic model is trained."""
    settings, work = settings_of_few_steps(), Work(tmp_path_factory.mktemp("voices") / "english")
    speak_corpus(english, settings, work, CLIPS)
    make_features(settings, work)
    for step in ("corpus", "speech", "features"):
        work.mark_done(step, fingerprints(settings)[step], 0.0)
    context = Context(settings, work, hours=0.1, device=torch.device("cuda"))
    run_steps(context, until="predicted")
    return context


def task_of(what: str, context: Context, device: str) -> Task:
    settings = context.settings
    if what == "acoustic":
        return AcousticTask(settings, context.work, torch.device(device))
    tier = settings.vocoders["high"]
    pieces = Pieces([(settings, context.work)], tier.segment_frames, tier.seed)
    return VocoderTask(settings, tier, pieces, torch.device(device))


@pytest.mark.parametrize("what", ["acoustic", "vocoder"])
def test_the_first_step_has_a_cpus_losses(begun, what):
    # Of the vocoder with the discriminators, and past their head start.
    on_cpu, on_gpu = (task_of(what, begun, device).step(0.5, 1.0) for device in ("cpu", "cuda"))
    assert on_gpu == pytest.approx(on_cpu, rel=TOLERANCE)


@pytest.mark.parametrize("what", ["acoustic", "vocoder"])
def test_a_killed_training_goes_on_to_the_same_state_as_one_that_was_not(begun, tmp_path: Path, what):
    training = begun.settings.acoustic if what == "acoustic" else begun.settings.vocoders["high"]
    training = training.model_copy(update={"checkpoint_minutes": 1e-9})
    budget = Budget(12, 0.0)
    train(task_of(what, begun, "cuda"), training, budget, tmp_path / "whole.pt", what)
    with pytest.raises(Killed):
        train(Mortal(task_of(what, begun, "cuda"), 9), training, budget, tmp_path / "broken.pt", what)
    train(task_of(what, begun, "cuda"), training, budget, tmp_path / "broken.pt", what)
    whole, broken = (read_checkpoint(tmp_path / f"{name}.pt")["task"] for name in ("whole", "broken"))
    for name, value in tensors_of(whole).items():
        assert torch.equal(value, tensors_of(broken)[name]), name


def test_the_whole_run_ends_in_a_bundle_that_a_cpu_speaks_with(begun):
    run_steps(begun, until="bundle")
    voice = load_bundle(begun.work / "bundle")
    segments = [replace(segment, rate=1.0) for segment in segments_of(voice, 4)]
    for result in ParallelAcoustic(voice, threads=4).infer(segments):
        for tier in voice.config.vocoders:
            samples = vocode(voice, tier, result.frames)
            assert len(samples) == len(result.frames) * voice.config.feature_space.hop_length
            assert np.isfinite(samples).all()
            assert np.abs(samples).max() > 1e-3
