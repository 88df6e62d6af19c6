"""`python -m tests.fuzz`: a million inputs made by chance; 1 when one crashes, hangs or breaks a rule."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.crew import Crew
from tests.fuzz.generate import KINDS
from tests.fuzz.tally import REGRESSIONS, Tally, keep

_TELL_EVERY_S = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing was found; 1: something was; 130: stopped."""
    options = _parser().parse_args(arguments)
    crew = Crew(options.processes, options.inputs, options.seed, options.kinds)
    tally = Tally(options.inputs, options.seed)
    told_at = time.monotonic()
    try:
        for pid, report in crew.reports():
            for failure in tally.add(pid, report):
                print(tally.shown(failure), flush=True)
                keep(failure, options.regressions)
            if time.monotonic() - told_at > _TELL_EVERY_S:
                told_at = time.monotonic()
                print(tally.line(), flush=True)
    except KeyboardInterrupt:
        print(tally.summary())
        return 130
    finally:
        crew.stop()
    print(tally.summary())
    return 0 if tally.is_clean else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="equal seed, equal inputs")
    parser.add_argument(
        "--kinds",
        type=_kinds,
        default=",".join(KINDS),
        help=f"of inputs, with commas between: {', '.join(KINDS)}",
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument("--regressions", type=Path, default=REGRESSIONS, help="where failing inputs are kept")
    return parser


def _kinds(told: str) -> list[str]:
    kinds = told.split(",")
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(KINDS)}")
    return kinds


if __name__ == "__main__":
    sys.exit(main())
