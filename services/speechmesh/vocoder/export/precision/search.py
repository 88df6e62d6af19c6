"""Which layers may be int8: as many as a tier's bounds allow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from speechmesh.vocoder.export.measure.quality import Bounds, Figures
from speechmesh.vocoder.export.precision.calibration import METHODS, Method
from speechmesh.vocoder.export.precision.int8 import Layer

_MOST_GROUPS = 8

Evaluate = Callable[[list[Layer], Method], Figures]


@dataclass(frozen=True)
class Choice:
    """Layers in int8, the method of their ranges, and how far from float32 that is."""

    layers: list[Layer]
    method: Method
    figures: Figures


def grouped(layers: list[Layer]) -> list[list[Layer]]:
    """The layers in groups that are likely to be alike: neighbours; the first, last and upsampling ones alone."""
    inner = sum(not layer.upsamples for layer in layers)
    most = max(-(-inner // _MOST_GROUPS), 2)
    groups: list[list[Layer]] = []
    alone = True
    for layer in layers:
        lonely = layer.upsamples or layer in (layers[0], layers[-1])
        if alone or lonely or len(groups[-1]) >= most:
            groups.append([])
        groups[-1].append(layer)
        alone = lonely
    return groups


def choose_layers(
    layers: list[Layer], cost: Callable[[Layer], float], evaluate: Evaluate, bounds: Bounds, budget_s: float
) -> tuple[Choice, bool]:
    """The most layers within the bounds, and whether there are any; else the nearest that was tried.

    All of them first, by each method of ranges. Then groups return to float32, the one first that does most harm for
    its cost when it alone is int8, until the bounds hold or the time is over.
    """
    deadline = time.monotonic() + budget_s
    groups = grouped(layers)
    best = min((_try(layers, method, evaluate) for method in METHODS), key=lambda c: c.figures.excess(bounds))
    if best.figures.excess(bounds) <= 1.0:
        return best, True
    harms = [
        _harm(group, best.method, evaluate, bounds, deadline) / sum(cost(layer) for layer in group)
        for group in groups
    ]
    order = sorted(range(len(groups)), key=lambda i: (harms[i], i), reverse=True)
    nearest = best
    kept = set(order)
    for index in order[:-1]:
        kept.discard(index)
        chosen = [layer for i in sorted(kept) for layer in groups[i]]
        choice = _try(chosen, best.method, evaluate)
        if choice.figures.excess(bounds) <= 1.0:
            return choice, True
        nearest = min(nearest, choice, key=lambda c: c.figures.excess(bounds))
        if time.monotonic() > deadline:
            break
    return nearest, False


def _try(layers: list[Layer], method: Method, evaluate: Evaluate) -> Choice:
    return Choice(layers, method, evaluate(layers, method))


def _harm(group: list[Layer], method: Method, evaluate: Evaluate, bounds: Bounds, deadline: float) -> float:
    """What a group alone does: the square, as distances of independent layers add up in squares."""
    if time.monotonic() > deadline:
        return 0.0
    return evaluate(group, method).excess(bounds) ** 2
