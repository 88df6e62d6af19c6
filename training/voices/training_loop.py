"""A training that can be killed at any time: state, checkpoint, schedule, progress."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from training.voices.progress import duration_text, say
from training.voices.settings import TrainingSettings
from training.voices.work import whole_file

_TELL_EVERY_S = 15.0
_LAST_RATE = 0.03


class Task(Protocol):
    """What is trained. A step is a pure function of the state, of torch's random state and of the arguments."""

    def step(self, part: float, rate: float) -> dict[str, float]:
        """One update; `part` of the training is behind it, `rate` is a factor on learning rates. Gives the losses."""
        ...

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Takes a state up again."""
        ...


@dataclass(frozen=True)
class Budget:
    """When a training ends: after `steps`, or else after `seconds` of work over all its runs."""

    steps: int | None
    seconds: float

    def part(self, step: int, elapsed_s: float) -> float:
        """The part of the training that is done, 0..1."""
        done = step / self.steps if self.steps is not None else elapsed_s / self.seconds
        return min(done, 1.0)


def make_repeatable(device: torch.device) -> None:
    """Has a GPU compute the same every time, as a CPU does untold; call it before anything is computed there.

    On an H200 it costs the vocoders' steps a tenth of their speed, and the acoustic model's half.
    """
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)


def learning_rate(part: float, step: int, warm_up_steps: int) -> float:
    """Factor on the learning rate: up over the first steps, then down a cosine's half."""
    cosine = 0.5 * (1.0 + math.cos(math.pi * part))
    return min(1.0, (step + 1) / max(warm_up_steps, 1)) * (_LAST_RATE + (1.0 - _LAST_RATE) * cosine)


def train(task: Task, settings: TrainingSettings, budget: Budget, checkpoint: Path, what: str) -> int:
    """Trains to the budget's end, going on from the checkpoint where there is one; the number of steps.

    With a budget of steps, a run that was killed and went on ends in the same state as one that was not. With a budget
    of time, how many steps there are is the machine's affair.
    """
    step, elapsed_s = _resume(task, checkpoint, settings.seed)
    if step:
        say(f"{what}: going on after step {step}")
    started = saved = told = time.monotonic()
    before_s, sums, n_summed = elapsed_s, dict[str, float](), 0
    while (part := budget.part(step, elapsed_s)) < 1.0:
        losses = task.step(part, learning_rate(part, step, settings.warm_up_steps))
        step += 1
        now = time.monotonic()
        elapsed_s = before_s + now - started
        n_summed += 1
        for name, value in losses.items():
            if not math.isfinite(value):
                raise FloatingPointError(f"{what}: loss {name} is {value} at step {step}")
            sums[name] = sums.get(name, 0.0) + value
        if now - told > _TELL_EVERY_S:
            _tell(
                what,
                step,
                budget.part(step, elapsed_s),
                elapsed_s,
                {k: v / n_summed for k, v in sums.items()},
            )
            told, sums, n_summed = now, {}, 0
        if now - saved > settings.checkpoint_minutes * 60:
            save_checkpoint(task, checkpoint, step, elapsed_s)
            saved = time.monotonic()
    save_checkpoint(task, checkpoint, step, elapsed_s)
    return step


def save_checkpoint(task: Task, path: Path, step: int, elapsed_s: float) -> None:
    """Writes all that the next step depends on."""
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    with whole_file(path) as part:
        torch.save({"task": task.state(), "step": step, "elapsed_s": elapsed_s, "random": random}, part)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's content; only files that this program wrote are read."""
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    return content


def _resume(task: Task, path: Path, seed: int) -> tuple[int, float]:
    if not path.is_file():
        torch.manual_seed(seed)
        return 0, 0.0
    content = read_checkpoint(path)
    task.load(content["task"])
    torch.set_rng_state(content["random"]["cpu"])
    if torch.cuda.is_available() and "cuda" in content["random"]:
        torch.cuda.set_rng_state(content["random"]["cuda"])
    return content["step"], content["elapsed_s"]


def _tell(what: str, step: int, part: float, elapsed_s: float, losses: dict[str, float]) -> None:
    left_s = elapsed_s / max(part, 1e-6) * (1.0 - part)
    figures = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
    say(f"{what} step {step} ({part:.0%}) {step / elapsed_s:.2f}/s {figures}, {duration_text(left_s)} left")
