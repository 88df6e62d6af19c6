"""A process that tries inputs, block by block, and reports on each block."""

from __future__ import annotations

import faulthandler
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import psutil

from tests.fuzz import generate, trial
from tests.fuzz.case import Case
from tests.fuzz.shrink import shrunk
from tests.fuzz.trial import Fault
from tests.fuzz.voices import VOICES, voice


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that failed, as small as it became."""

    index: int
    case: Case
    fault: Fault


@dataclass
class Report:
    """What became of a block of inputs; failures of one kind are shrunk once a process.

    Attributes:
        tried: how many inputs, by kind.
        taken: how many of them were not refused.
        failures: the first of each `where`.
        failed: how many inputs failed, by `where`.
        rss_bytes: of the process, after it.
    """

    tried: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    rss_bytes: int = 0


def work(pipe: Connection, seed: int, kinds: Sequence[str]) -> None:
    """Tries the blocks of indices that come through a pipe, until None comes."""
    faulthandler.enable()
    trial.bound_memory()
    for name in VOICES:
        voice(name)
    seen: set[str] = set()
    pipe.send(Report(rss_bytes=psutil.Process().memory_info().rss))
    with suppress(EOFError, BrokenPipeError):  # nobody waits any more
        while (block := pipe.recv()) is not None:
            report = Report()
            for index in block:
                pipe.send(index)  # whoever waits knows what hangs or crashes
                _try(generate.make(seed, index, kinds), index, report, seen)
            report.rss_bytes = psutil.Process().memory_info().rss
            pipe.send(report)


def _try(case: Case, index: int, report: Report, seen: set[str]) -> None:
    taken, fault = trial.attempt(case)
    report.tried[case.kind] += 1
    report.taken[case.kind] += taken
    if fault is None:
        return
    report.failed[fault.where] += 1
    if fault.where in seen:
        return
    seen.add(fault.where)

    def fails(candidate: Case) -> bool:
        found = trial.attempt(candidate)[1]
        return found is not None and found.where == fault.where

    small = shrunk(case, fails)
    report.failures.append(Failure(index, small, trial.attempt(small)[1] or fault))
