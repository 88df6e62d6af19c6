"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from speechmesh.common.bundle import VoiceBundle, load_bundle

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def voices_dir() -> Path:
    return REPOSITORY / "voices"


@pytest.fixture(scope="session")
def bootstrap(voices_dir: Path) -> VoiceBundle:
    return load_bundle(voices_dir / "bootstrap")
