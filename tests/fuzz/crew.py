"""Processes that try inputs side by side. One that hangs or dies is reported with its input, and replaced."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tests.fuzz import generate
from tests.fuzz.trial import Fault
from tests.fuzz.worker import Failure, Report, work

_BLOCK = 250
_HANGS_AFTER_S = 180.0  # without a word; shrinking takes a while
_spawn = multiprocessing.get_context("spawn")


@dataclass
class _Member:
    """A process.

    Attributes:
        block: the inputs that it was given.
        index: of the input that it tries.
        heard_at: when it last said something.
    """

    process: BaseProcess
    pipe: Connection
    block: range = range(0)
    index: int | None = None
    heard_at: float = field(default_factory=time.monotonic)


class Crew:
    """Tries inputs `0` to `n_inputs`."""

    def __init__(self, n_processes: int, n_inputs: int, seed: int, kinds: Sequence[str]) -> None:
        self._seed, self._kinds = seed, kinds
        self._left = [range(at, min(at + _BLOCK, n_inputs)) for at in range(0, n_inputs, _BLOCK)][::-1]
        self._members = [self._hired() for _ in range(min(n_processes, len(self._left)))]

    def reports(self) -> Iterator[tuple[int, Report]]:
        """What each process reports, with the process's number; the first of each is of no inputs."""
        while self._members:
            ready = wait([member.pipe for member in self._members], timeout=1.0)
            for member in list(self._members):
                if member.pipe in ready:
                    yield from self._hear(member)
                elif time.monotonic() - member.heard_at > _HANGS_AFTER_S:
                    yield self._lost(member, "hangs")

    def stop(self) -> None:
        """Ends the processes."""
        for member in self._members:
            member.process.kill()
            member.process.join()

    def _hired(self) -> _Member:
        here, there = _spawn.Pipe()
        process = _spawn.Process(target=work, args=(there, self._seed, self._kinds), daemon=True)
        process.start()
        there.close()
        return _Member(process, here)

    def _hear(self, member: _Member) -> Iterator[tuple[int, Report]]:
        """What a process says: the index that it begins with, or a report."""
        try:
            while member.pipe.poll():
                said = member.pipe.recv()
                member.heard_at = time.monotonic()
                if isinstance(said, Report):
                    yield member.process.pid or 0, said
                    self._send_on(member)
                    return
                member.index = said
        except (EOFError, OSError):
            member.process.join()
            yield self._lost(member, f"ends with {member.process.exitcode}")

    def _send_on(self, member: _Member) -> None:
        """Gives a process its next block, or lets it go."""
        member.index = None
        if self._left:
            member.block = self._left.pop()
            member.pipe.send(member.block)
            return
        member.pipe.send(None)
        self._members.remove(member)
        member.process.join()

    def _lost(self, member: _Member, how: str) -> tuple[int, Report]:
        """The report of a process that gives none; another does the rest of its block, what it had tried again."""
        member.process.kill()
        member.process.join()
        self._members.remove(member)
        if member.index is None:
            raise RuntimeError(f"a process {how} before it tried an input")
        case = generate.make(self._seed, member.index, self._kinds)
        fault = Fault(f"the process {how}", "", "")
        rest = (range(member.block.start, member.index), range(member.index + 1, member.block.stop))
        self._left += [block for block in rest if block]
        if self._left:
            self._members.append(self._hired())
        report = Report(failures=[Failure(member.index, case, fault)])
        report.tried[case.kind] += 1
        report.failed[fault.where] += 1
        return member.process.pid or 0, report
