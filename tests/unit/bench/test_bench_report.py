import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import report
from bench.figures import Chunk, Stream, cell, single
from bench.scenarios import SINGLE_FIGURES, saturated_rate_per_s


def _single(ttfa_s: float, total_s: float) -> dict[str, Any]:
    run = single(Stream(0.0, [Chunk(ttfa_s, 2.0, True)], total_s))
    return {"summary": {figure: {"median": run[figure], "p95": run[figure]} for figure in SINGLE_FIGURES}}


def _cell(contender: str, concurrency: int, audio_s: float) -> dict[str, Any]:
    measured = cell([Stream(0.0, [Chunk(0.5, audio_s, True)], 0.6)], 0.0, 1.0)
    usage = {"cpu_s_per_audio_s": 0.1, "load_generator_cpu_s_per_audio_s": None, "peak_rss_mib": 1.0}
    return (
        measured
        | usage
        | {
            "contender": contender,
            "concurrency": concurrency,
            "others_share_of_machine": 0.0,
        }
    )


def _passes(single_: dict[str, Any], closed: list[dict[str, Any]]) -> list[bool | None]:
    """Of the two criteria that the voice's own figures decide."""
    return [each["passes"] for each in report.criteria(single_, closed, {}, {})[:2]]


def test_criteria_pass_and_fall_short_at_their_limits() -> None:
    single_ = {"mesh": _single(0.1, 2.0), "seed": _single(1.0, 1.0)}
    closed = [_cell("yardstick", 16, 20.0), _cell("mesh", 16, 10.0), _cell("mesh", 4, 1.0)]
    assert _passes(single_, closed) == [True, True]
    assert _passes({"mesh": _single(0.2, 2.0), "seed": _single(1.0, 1.0)}, closed) == [False, True]
    assert _passes(single_, [_cell("yardstick", 16, 20.0), _cell("mesh", 16, 9.9)]) == [True, False]


def test_a_criterion_without_its_contenders_is_not_measured() -> None:
    assert _passes({"mesh": _single(0.1, 2.0)}, [_cell("mesh", 16, 10.0)]) == [None, None]


def test_v1_criteria_compare_with_the_bare_runtime_and_with_eager_pytorch() -> None:
    engines = {"1 threads": {report.EAGER: {"rtf": 9.0}}, "2 threads": {report.EAGER: {"rtf": 0.2}}}
    rtfx = {"yardstick fp32": 10.0, "mesh fp32": 9.1, "yardstick int8": 20.0, "mesh int8": 14.0}
    closed = [_cell(name, 8, value) for name, value in rtfx.items()]
    found = report.criteria({}, [], {"engines": engines, "closed": closed}, {})[2:5]
    assert [each["passes"] for each in found] == [True, True, False]
    assert [each["ratio"] for each in found] == pytest.approx([0.91, 4.0, 2.8])


def _sambert(first_ms: float, total_ms: float, streams: int, limit: float) -> dict[str, Any]:
    """Eager PyTorch answers after nine seconds; `streams` listeners hear no gap, one more does."""
    paced = [
        _cell("mesh int8", n, 1.0) | {"gap_share": 0.0 if n <= streams else 0.5}
        for n in (streams, streams + 1)
    ]
    mesh = {"summary": {"ttfa_ms": {"median": first_ms}, "total_ms": {"median": total_ms}}}
    eager = {"summary": {"total_ms": {"median": 9000.0}}}
    saturated = [_cell("yardstick int8, saturated", 8, limit)]
    return {"single": {"eager": eager, "mesh int8": mesh}, "closed": [*paced, *saturated]}


def test_sambert_criteria_want_early_audio_fast_totals_and_as_many_listeners_as_can_be() -> None:
    def passes(*figures: float) -> list[bool | None]:
        return [each["passes"] for each in report.criteria({}, [], {}, _sambert(*figures))[5:]]  # type: ignore[arg-type]

    assert passes(600.0, 1800.0, 12, 30.0) == [True, True, True]
    assert passes(601.0, 1801.0, 11, 30.0) == [False, False, False]
    assert passes(600.0, 1800.0, 7, 7.0) == [True, True, True]  # no more can be fed


def test_ratios_compare_the_means_of_all_rounds() -> None:
    closed = [_cell(name, 4, audio_s) for name, audio_s in (("yardstick", 10.0), ("mesh", 5.0))]
    closed += [_cell(name, 4, audio_s) for name, audio_s in (("yardstick", 30.0), ("mesh", 10.0))]
    assert report.ratios(closed)[0]["figures"] == [7.5, 20.0]


def test_ratios_are_taken_at_equal_numbers_of_streams() -> None:
    closed = [_cell("yardstick", 4, 20.0), _cell("mesh", 4, 10.0), _cell("mesh", 16, 30.0)]
    found = {(each["what"], each["streams"]): each["ratio"] for each in report.ratios(closed)}
    assert found == {
        ("mesh / yardstick, RTFX", 4): 0.5,
        ("mesh / yardstick, RTFX", 16): None,
        ("mesh / yardstick, CPU seconds per audio second", 4): 1.0,
        ("mesh / yardstick, CPU seconds per audio second", 16): None,
    }


def test_the_saturated_rate_is_the_best_cell_in_requests() -> None:
    closed = [_cell("mesh", 4, 10.0) | {"audio_per_stream_s": 5.0}, _cell("yardstick", 4, 99.0)]
    assert saturated_rate_per_s(closed, "mesh") == 2.0


def test_a_disturbed_run_says_so() -> None:
    quiet, disturbed = _cell("mesh", 1, 1.0), _cell("mesh", 4, 1.0) | {"others_share_of_machine": 0.4}
    for cells, said in (([quiet], False), ([quiet, disturbed], True)):
        out = io.StringIO()
        report.show({"closed": cells}, Console(file=out, width=200))
        assert ("ROUGH" in out.getvalue()) is said


def test_the_report_is_json_and_a_table(tmp_path: Path) -> None:
    single_ = {"mesh": _single(0.1, 2.0), "seed": _single(1.0, 1.0)}
    closed = [_cell("yardstick", 16, 20.0), _cell("mesh", 16, 9.0)]
    open_ = [_cell("mesh", 16, 10.0) | {"rate_per_s": 1.5, "seed": 2}]
    del open_[0]["concurrency"]
    results = {"machine": report.machine(), "single": single_, "closed": closed, "open": open_}
    results |= {"ratios": report.ratios(closed), "criteria": report.criteria(single_, closed, {}, {})}
    report.write(results, [tmp_path / "new" / "results.json"])
    written = json.loads((tmp_path / "new" / "results.json").read_text(encoding="utf-8"))
    assert written["machine"]["versions"]["onnxruntime"]
    out = io.StringIO()
    report.show(written, Console(file=out, width=200))
    for shown in ("PASS", "FALLS SHORT", "1.50/s #2", "0.45 (9.0 / 20.0)"):
        assert shown in out.getvalue()
