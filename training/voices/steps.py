"""The whole way, step by step: what each needs, whether it is done, how long it may take."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from speechmesh.common.bundle import Tier
from speechmesh.common.errors import Incompatible
from training.voices.acoustic_training import CHECKPOINT, predict_mels, train_acoustic
from training.voices.bundle import make_bundle
from training.voices.corpus import make_corpus
from training.voices.evaluate import evaluate
from training.voices.features import make_features
from training.voices.listener import train_listener
from training.voices.progress import duration_text, say
from training.voices.report import write_report
from training.voices.settings import VoiceSettings, load_settings
from training.voices.speech import make_speech
from training.voices.training_loop import read_checkpoint
from training.voices.vocoder_training import (
    checkpoint_of,
    finish_vocoder,
    finished_checkpoint_of,
    train_vocoder,
)
from training.voices.work import Work, fingerprint

# Settings that change nothing in what is made of the same steps.
_HARMLESS = {"share", "checkpoint_minutes"}


@dataclass(frozen=True)
class Context:
    """What every step gets."""

    settings: VoiceSettings
    work: Work
    hours: float
    device: torch.device


@dataclass(frozen=True)
class Step:
    """A part of the way. `depends` are the settings that it is made of, besides those of the steps it needs.

    Which are the one before it, unless `needs` names them: what one tier is made of is no matter of another's.
    """

    name: str
    run: Callable[[Context], None]
    depends: str
    checkpoint: str | None = None
    needs: tuple[str, ...] | None = None


def steps_of(settings: VoiceSettings) -> list[Step]:
    """The steps of a voice, in order."""
    mandarin = settings.language == "zh-CN"
    borrowed = (
        "" if settings.vocoder_of is None else _vocoders_fingerprint(load_settings(settings.vocoder_of))
    )
    bundle = settings.model_dump_json() + borrowed
    before = _steps_to_vocoders(settings)
    listener = Step("listener", lambda c: train_listener(c.settings, c.work), "", needs=("features",))
    evaluated = ("bundle", "listener") if mandarin else ("bundle",)
    return [
        *before,
        Step(
            "bundle",
            lambda c: _nothing(make_bundle(c.settings, c.work)),
            bundle,
            needs=tuple(step.name for step in before),
        ),
        *([listener] if mandarin else []),
        Step("evaluate", lambda c: evaluate(c.settings, c.work), "", needs=evaluated),
        Step("report", lambda c: write_report(c.settings, c.work), ""),
    ]


def _steps_to_predicted(settings: VoiceSettings) -> list[Step]:
    space = settings.feature_space.model_dump_json()
    people = "".join(speaker.model_dump_json(exclude={"description"}) for speaker in settings.speakers)
    corpus = settings.corpus.model_dump_json() + people
    speech = settings.speech.model_dump_json() + str(settings.feature_space.sample_rate_hz)
    return [
        Step("corpus", lambda c: make_corpus(c.settings, c.work), corpus),
        Step("speech", lambda c: make_speech(c.settings, c.work), speech),
        Step("features", lambda c: make_features(c.settings, c.work), space),
        Step("acoustic", _acoustic, settings.acoustic.model_dump_json(exclude=_HARMLESS), CHECKPOINT),
        Step("predicted", lambda c: predict_mels(c.settings, c.work, c.device), ""),
    ]


def _steps_to_vocoders(settings: VoiceSettings) -> list[Step]:
    return [
        *_steps_to_predicted(settings),
        *(_vocoder_step(settings, tier) for tier in settings.tiers),
        *([_finishing_step(settings, tier) for tier in settings.tiers] if settings.finishing else []),
    ]


def _vocoders_fingerprint(settings: VoiceSettings) -> str:
    """Of all that a voice's vocoders are made of: who borrows them is made anew when it changes."""
    return fingerprint(*_sums(_steps_to_vocoders(settings)).values())


def _acoustic(context: Context) -> None:
    seconds = context.hours * 3600.0 * context.settings.acoustic.share
    train_acoustic(context.settings, context.work, seconds, context.device)


def _vocoder_step(settings: VoiceSettings, tier: Tier) -> Step:
    def run(context: Context) -> None:
        _require_heard(context)
        seconds = context.hours * 3600.0 * settings.vocoders[tier].share
        train_vocoder(context.settings, context.work, tier, seconds, context.device)

    of_tier = settings.vocoders[tier]
    depends = of_tier.model_dump_json(exclude=_HARMLESS) + repr(_heard_fingerprints(settings))
    needs = "predicted" if of_tier.warm_start is None else f"vocoder.{of_tier.warm_start}"
    return Step(f"vocoder.{tier}", run, depends, checkpoint_of(tier), (needs,))


def _heard_fingerprints(settings: VoiceSettings) -> dict[str, str]:
    """By name, of all that the voices are made of whose speech the vocoders hear: as it was taught, and predicted."""
    return {
        name: _sums(_steps_to_predicted(load_settings(name)))["predicted"] for name in settings.vocoder_hears
    }


def _require_heard(context: Context) -> None:
    """The voices that are heard, as their settings are now, have come as far.

    Raises:
        Incompatible: when one has not.
    """
    for name, sum_ in _heard_fingerprints(context.settings).items():
        beside = context.work.sibling(name)
        if not beside.is_done("predicted", sum_):
            raise Incompatible(
                f"vocoder_hears: {name} has not spoken yet as its settings are now: python -m training.voices run "
                f"{name} --until predicted --work {beside.folder}"
            )


def _finishing_step(settings: VoiceSettings, tier: Tier) -> Step:
    assert settings.finishing is not None

    def run(context: Context) -> None:
        _require_heard(context)
        finish_vocoder(context.settings, context.work, tier, context.device)

    return Step(
        f"finished.{tier}",
        run,
        settings.finishing.model_dump_json(),
        finished_checkpoint_of(tier),
        (f"vocoder.{tier}",),
    )


def _nothing(_: object) -> None:
    """A step gives nothing back."""


def fingerprints(settings: VoiceSettings) -> dict[str, str]:
    """For each step a hash of all the settings that it and the steps it needs are made of."""
    return _sums(steps_of(settings))


def _sums(steps: list[Step]) -> dict[str, str]:
    sums: dict[str, str] = {}
    for step in steps:
        needs = list(sums)[-1:] if step.needs is None else step.needs
        sums[step.name] = fingerprint("".join(sums[name] for name in needs), step.name, step.depends)
    return sums


def run_steps(context: Context, only: str | None = None, until: str | None = None) -> None:
    """Runs what is not done yet, as far as the step `until`, or one step by name, done or not.

    A step whose settings changed is done again, and with it all that needs it; of what an older run left of such a step
    nothing is used.
    """
    sums = fingerprints(context.settings)
    steps = steps_of(context.settings)
    last = next((i for i, step in enumerate(steps) if step.name == until), len(steps) - 1)
    for step in steps[: last + 1]:
        if only not in (None, step.name) or (
            only is None and context.work.is_done(step.name, sums[step.name])
        ):
            continue
        _forget_older(context.work, step, sums[step.name])
        say(f"{context.settings.name}: {step.name}")
        started = time.monotonic()
        step.run(context)
        seconds = _elapsed_s(context.work, step) or time.monotonic() - started
        context.work.mark_done(step.name, sums[step.name], seconds)
        say(f"{context.settings.name}: {step.name} took {duration_text(seconds)}")


def status(context: Context) -> list[str]:
    """A line for each step."""
    sums = fingerprints(context.settings)
    lines = []
    for step in steps_of(context.settings):
        if context.work.is_done(step.name, sums[step.name]):
            text = f"done in {duration_text(context.work.seconds(step.name))}"
        elif step.checkpoint is not None and (context.work / step.checkpoint).is_file():
            content = read_checkpoint(context.work / step.checkpoint)
            text = f"at step {content['step']} after {duration_text(content['elapsed_s'])}"
        else:
            text = "to do"
        lines.append(f"{step.name:16} {text}")
    return lines


def _elapsed_s(work: Work, step: Step) -> float:
    """A training's time over all its runs."""
    if step.checkpoint is None:
        return 0.0
    return float(read_checkpoint(work / step.checkpoint)["elapsed_s"])


def _forget_older(work: Work, step: Step, sum_: str) -> None:
    """Notes for which settings a step's work is; removes what was left by others."""
    note = work / "begun" / step.name
    if note.is_file() and note.read_text() == sum_:
        return
    if step.checkpoint is not None or step.name in ("speech", "features"):
        shutil.rmtree(work / step.name, ignore_errors=True)
    note.parent.mkdir(exist_ok=True)
    note.write_text(sum_)
