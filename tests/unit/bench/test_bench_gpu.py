"""The measurement of a GPU, where there is none: the host's rows, and the same code that measures the device's."""

from __future__ import annotations

import json

import pytest

from bench import gpu


def test_every_model_and_batch_is_a_row_and_stands_in_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "BATCHES", (1, 2))
    monkeypatch.setattr(gpu, "_ROW_S", 0.0)
    monkeypatch.setattr(gpu.ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert gpu.main(["--parts", "acoustic", "vocoder"]) == 0
    printed = capsys.readouterr().out
    *tables, results = printed.strip().splitlines()
    rows = json.loads(results)["rows"]
    assert {row["device"] for row in rows} == {"cpu"}
    assert len(rows) == 2 * (1 + 2 * 2)  # the acoustic model, and two tiers with two sizes of chunks
    assert all(row["ms"] > 0 and row["audio_s_per_s"] > 0 for row in rows)
    assert sum(line.startswith("| cpu, fp32, same shapes |") for line in tables) == 5
