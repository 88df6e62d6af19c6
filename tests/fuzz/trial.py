"""An input's trial: it is read within bounds of time and memory, or it is a fault."""

from __future__ import annotations

import resource
import signal
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import Final

from tests.fuzz.case import Case
from tests.fuzz.read import read

_SECONDS, _SECONDS_A_CHAR = 2.0, 0.001  # of the processor, on a slow one
_STEP_SHARE = 0.25  # of the text waits to be read again at a step of a live text, on average at most
MOST_BYTES: Final = 4 << 30
"""What a process may take; one input that wants more fails."""
_OURS = ("/speechmesh/", "/fuzz/rules.py", "/fuzz/read.py")


class TookTooLong(Exception):
    """An input was not read within its time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with an input; `where` is the same for inputs that show the same."""

    where: str
    message: str
    trace: str


def bound_memory() -> None:
    """From now on this process fails rather than take all memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, hard))


def seconds(case: Case) -> float:
    """How long reading an input may take."""
    return _SECONDS + _SECONDS_A_CHAR * case.n_chars * (1 + _STEP_SHARE * len(case.steps))


def attempt(case: Case) -> tuple[bool, Fault | None]:
    """Whether the input was taken, and what went wrong. For the main thread."""
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds(case))
    try:
        return read(case), None
    except Exception as error:  # any is what is looked for
        return False, _fault(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TookTooLong


def _fault(error: Exception) -> Fault:
    trace = "".join(traceback.format_exception(error))
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if any(part in f.filename for part in _OURS)
    ]
    name = type(error).__name__
    if isinstance(error, TookTooLong) or not frames:  # where it was stopped is chance
        return Fault(name, str(error), trace)
    last = frames[-1]
    return Fault(f"{name} in {last.name}: {last.line}", str(error), trace)
