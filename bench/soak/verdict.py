"""Whether a series is flat: memory, descriptors and threads by bounds, latency by a trend that outliers do not move.

Pure. A series is a figure of each hundred segments, in order.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import percentile
from bench.soak.processes import Held

MAX_MEMORY_GROWTH = 0.02
_READINGS = 3
# Descriptors and threads that may be more at the end: pools start a thread when all are busy at once, however late,
# and a connection is renewed before the old one is closed. What leaks with requests is more by far.
MAX_MORE = 2
_SIGMA_OF_MAD = 1.4826  # standard deviations of normal noise in one median absolute deviation


@dataclass(frozen=True, slots=True)
class Trend:
    """A robust line through a series: its change from the first to the last, and the scatter around it."""

    median: float
    change: float
    scatter: float

    @property
    def stands_out(self) -> bool:
        """Whether the change is more than what the series scatters anyway."""
        return abs(self.change) > 2.0 * self.scatter


def trend(series: Sequence[float]) -> Trend:
    """The Theil-Sen line: the median of the slopes of all pairs. A series of fewer than two has none."""
    if len(series) < 2:
        return Trend(series[0] if series else 0.0, 0.0, 0.0)
    pairs = itertools.combinations(enumerate(series), 2)
    slope = _median([(late - early) / (j - i) for (i, early), (j, late) in pairs])
    rest = [value - slope * index for index, value in enumerate(series)]
    middle = _median(rest)
    scatter = _SIGMA_OF_MAD * _median([abs(value - middle) for value in rest])
    return Trend(_median(series), slope * (len(series) - 1), scatter)


def _median(values: Sequence[float]) -> float:
    return percentile(values, 50) or 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """What one process held when warm and at the end, and the most in between.

    Both ends are medians of three readings: freed memory goes back to the system in steps, and a single reading may
    meet one. Descriptors and threads are the most in the first third and in the last.
    """

    process: str
    rss_warm_kib: float
    rss_end_kib: float
    rss_highest_kib: int
    descriptors: tuple[int, int]
    threads: tuple[int, int]

    @property
    def memory_growth(self) -> float:
        """How much more memory it holds at the end, as a share of what it held when warm."""
        return (self.rss_end_kib - self.rss_warm_kib) / self.rss_warm_kib

    @property
    def flat(self) -> bool:
        """Whether it holds what it held; memory may also have become less."""
        counts = (self.descriptors, self.threads)
        return self.memory_growth <= MAX_MEMORY_GROWTH and all(
            late - early <= MAX_MORE for early, late in counts
        )

    def as_json(self) -> dict[str, Any]:
        """For the results."""
        return asdict(self) | {"memory_growth": round(self.memory_growth, 5), "flat": self.flat}


def growths(readings: Sequence[Mapping[str, Held]]) -> list[Growth]:
    """The growth of each process, from readings that begin when the mesh is warm."""
    found = []
    for name in readings[0]:
        series = [reading[name] for reading in readings]
        rss = [held.rss_kib for held in series]
        found.append(
            Growth(
                name,
                rss_warm_kib=_median(rss[:_READINGS]),
                rss_end_kib=_median(rss[-_READINGS:]),
                rss_highest_kib=max(rss),
                descriptors=_most([held.descriptors for held in series]),
                threads=_most([held.threads for held in series]),
            )
        )
    return found


def _most(series: Sequence[int]) -> tuple[int, int]:
    third = max(len(series) // 3, 1)
    return max(series[:third]), max(series[-third:])
