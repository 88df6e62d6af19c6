"""A sample of the inputs that `make fuzz` makes, those that once failed, and the fuzzer's own parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection

import pytest

from speechmesh.frontend.ssml import parse
from tests.fuzz import crew, generate, trial
from tests.fuzz.case import Case, from_json
from tests.fuzz.shrink import shrunk
from tests.fuzz.tally import REGRESSIONS, Tally
from tests.fuzz.worker import Failure, Report

SEED = 7
N_INPUTS = 3_000
N_A_TEST = 1_000
REGRESSION_CASES = REGRESSIONS.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("first", range(0, N_INPUTS, N_A_TEST))
def test_inputs_made_by_chance_are_read_or_refused(first: int) -> None:
    for index in range(first, first + N_A_TEST):
        fault = trial.attempt(generate.make(SEED, index))[1]
        assert fault is None, f"python -m tests.fuzz --seed {SEED}, index {index}: {fault.trace}"


@pytest.mark.parametrize("line", REGRESSION_CASES, ids=range(len(REGRESSION_CASES)))
def test_what_once_failed_does_not_fail_again(line: str) -> None:
    fault = trial.attempt(from_json(line))[1]
    assert fault is None, fault.trace


@pytest.mark.parametrize("kind", generate.KINDS)
def test_an_input_is_the_same_each_time_and_survives_being_written_down(kind: str) -> None:
    for index in range(50):
        case = generate.make(SEED, index, [kind])
        assert case == generate.make(SEED, index, [kind]) == from_json(case.as_json())
        assert case.kind == kind


def test_what_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_case: Case) -> bool:
        while True:
            pass

    monkeypatch.setattr(trial, "read", hang)
    monkeypatch.setattr(trial, "_SECONDS", 0.05)
    taken, fault = trial.attempt(Case("characters", "english", ""))
    assert not taken
    assert fault is not None
    assert fault.where == "TookTooLong"


def test_a_fault_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "read_document", None)
    fault = trial.attempt(Case("ssml", "english", "<speak>a</speak>", is_ssml=True))[1]
    assert fault is not None
    assert fault.where.startswith("TypeError in parse_ssml: read_document")


def test_an_input_is_shrunk_to_what_makes_it_fail() -> None:
    case = Case("live", "english", "a b! c?" * 50, lexicon=(("a", "ipa", "a"),), steps=((3, ""), (4, "idle")))
    small = shrunk(case, lambda smaller: "!" in smaller.text and "?" in smaller.text)
    assert (sorted(small.text), small.lexicon, len(small.steps)) == (["!", "?"], (), 1)


def test_memory_that_grows_after_the_caches_are_full_is_no_clean_run() -> None:
    tally = Tally(1_000, SEED)
    for tried, mib in ((0, 200), (100, 900), (100, 1_000), (400, 1_100), (400, 1_200)):
        report = Report(rss_bytes=mib << 20)
        report.tried["ssml"] = tried
        tally.add(1, report)
    assert tally.grown_bytes == 200 << 20
    assert tally.is_clean
    tally.add(1, Report(rss_bytes=1_300 << 20))
    assert not tally.is_clean


def test_faults_of_one_place_are_told_once_and_counted() -> None:
    tally = Tally(10, SEED)
    failure = Failure(1, Case("ssml", "english", "<"), trial.Fault("here", "", ""))
    report = Report(failures=[failure])
    report.failed["here"] = report.tried["ssml"] = 2
    assert tally.add(1, report) == [failure]
    assert tally.add(2, report) == []
    assert not tally.is_clean
    assert "4 failed: here" in tally.summary()


def die_of_the_fourth(pipe: Connection, _seed: int, _kinds: Sequence[str]) -> None:
    """What a process does that one input kills."""
    pipe.send(Report())
    while (block := pipe.recv()) is not None:
        for index in block:
            pipe.send(index)
            if index == 3:
                os._exit(9)
        pipe.send(Report(tried=Counter({"ssml": len(block)})))


def test_an_input_that_kills_its_process_is_told_and_the_others_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew, "work", die_of_the_fourth)
    tally = Tally(10, SEED)
    failures = [f for pid, r in crew.Crew(1, 10, SEED, ["ssml"]).reports() for f in tally.add(pid, r)]
    assert [(failure.index, failure.fault.where) for failure in failures] == [(3, "the process ends with 9")]
    assert failures[0].case == generate.make(SEED, 3, ["ssml"])
    assert tally.line().startswith("10 of 10 inputs")
