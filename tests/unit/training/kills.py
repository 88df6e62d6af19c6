"""A training that is killed, and what it has left."""

from __future__ import annotations

from typing import Any

import torch

from training.voices.training_loop import Task


class Killed(Exception):
    """What a kill is to a training."""


class Mortal:
    """A task that is killed when it begins a step."""

    def __init__(self, task: Task, dies_at: int) -> None:
        self._task, self._left = task, dies_at
        self.state, self.load = task.state, task.load

    def step(self, part: float, rate: float) -> dict[str, float]:
        if not self._left:
            raise Killed
        self._left -= 1
        return self._task.step(part, rate)


def tensors_of(state: dict[str, Any], prefix: str = "") -> dict[str, torch.Tensor]:
    """All tensors and numbers of a state, by their paths in it."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        if isinstance(value, dict):
            found |= tensors_of(value, f"{prefix}{name}.")
        elif isinstance(value, torch.Tensor):
            found[f"{prefix}{name}"] = value
        elif isinstance(value, int):
            found[f"{prefix}{name}"] = torch.tensor(value)
    return found
