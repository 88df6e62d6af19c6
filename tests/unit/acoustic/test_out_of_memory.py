"""The real model in a process whose memory really does not suffice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from speechmesh.common.bundle import VoiceBundle

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")


def speak(voice: Path, left_mib: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.unit.acoustic.tight", str(voice), str(left_mib)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(printed)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def at_ease(bootstrap: VoiceBundle) -> dict[str, Any]:
    """What eight segments come to where memory suffices for all at once, in about 700 MiB."""
    spoken = speak(bootstrap.folder, 4000)
    assert spoken["tried"] == [8]
    return spoken


def test_a_batch_that_finds_no_memory_is_made_in_halves(
    bootstrap: VoiceBundle, at_ease: dict[str, Any]
) -> None:
    spoken = speak(bootstrap.folder, 200)
    assert spoken["outcomes"] == at_ease["outcomes"]
    assert spoken["tried"][:2] == [8, 4]
    assert set(spoken["tried"]) <= {8, 4, 2, 1}


def test_with_next_to_none_what_fails_may_be_tried_again_and_the_rest_is_made(
    bootstrap: VoiceBundle, at_ease: dict[str, Any]
) -> None:
    spoken = speak(bootstrap.folder, 40)
    for outcome, expected in zip(spoken["outcomes"], at_ease["outcomes"], strict=True):
        assert outcome in (expected, "Overloaded")
    assert spoken["tried"][0] == 8
    assert spoken["tried"].count(1) >= 2
