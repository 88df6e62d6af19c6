"""Adds reports up, and says how a run stands."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.conftest import REPOSITORY
from tests.fuzz.worker import Failure, Report

REGRESSIONS: Final = REPOSITORY / "tests/data/fuzz/regressions.jsonl"
"""Inputs that once failed, a line each; a unit test reads them."""
MOST_GROWTH_BYTES: Final = 256 << 20
_WARM_SHARE = 0.2  # of a run: meanwhile caches fill
_MIB = 1 << 20


class Tally:
    """How a run of so many inputs stands."""

    def __init__(self, n_inputs: int, seed: int) -> None:
        self._n_inputs, self._seed = n_inputs, seed
        self._began = time.monotonic()
        self._tried: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._failures: dict[str, Failure] = {}
        self._warm: dict[int, int] = {}  # bytes of each process when its caches were full
        self._most: dict[int, int] = {}

    @property
    def grown_bytes(self) -> int:
        """How much the process that grew most grew after the first fifth of the run."""
        return max((self._most[pid] - warm for pid, warm in self._warm.items()), default=0)

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed, and memory is bounded."""
        return not self._failed and self.grown_bytes <= MOST_GROWTH_BYTES

    def add(self, pid: int, report: Report) -> list[Failure]:
        """Takes a process's report in; gives the failures that are new."""
        self._tried += report.tried
        self._taken += report.taken
        self._failed += report.failed
        if report.rss_bytes and self._tried.total() >= _WARM_SHARE * self._n_inputs:
            self._warm.setdefault(pid, report.rss_bytes)
            self._most[pid] = max(self._most.get(pid, 0), report.rss_bytes)
        new = [failure for failure in report.failures if failure.fault.where not in self._failures]
        self._failures.update((failure.fault.where, failure) for failure in new)
        return new

    def line(self) -> str:
        """The progress."""
        tried = self._tried.total()
        rate = tried / (time.monotonic() - self._began)
        left_s = (self._n_inputs - tried) / rate if rate else 0.0
        return (
            f"{tried:,} of {self._n_inputs:,} inputs, {rate:.0f} a second, {left_s / 60:.1f} minutes left, "
            f"{self._failed.total()} failed"
        )

    def summary(self) -> str:
        """What came of it all."""
        lines = [f"{self.line()}; seed {self._seed}"]
        lines += [
            f"  {kind:12} {n:9,} inputs, {self._taken[kind] / n:6.1%} taken"
            for kind, n in self._tried.items()
        ]
        lines += [f"  {n:6,} failed: {where}" for where, n in self._failed.most_common()]
        lines.append(
            f"  a process grew by {self.grown_bytes / _MIB:.0f} MiB after the first fifth, "
            f"{MOST_GROWTH_BYTES / _MIB:.0f} are allowed"
        )
        return "\n".join(lines)

    def shown(self, failure: Failure) -> str:
        """A failure, and how to see it again."""
        return (
            f"FAILED seed {self._seed}, index {failure.index}: {failure.fault.where}\n"
            f"{failure.fault.message[:500]}\n{failure.case.as_json()[:2_000]}\n{failure.fault.trace[-2_000:]}"
        )


def keep(failure: Failure, path: Path = REGRESSIONS) -> None:
    """Writes the input of a failure to those that the unit test reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"why": failure.fault.where, **json.loads(failure.case.as_json())})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
