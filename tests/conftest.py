"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from speechmesh.common.bundle import VoiceBundle, load_bundle

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def voices_dir() -> Path:
    """A folder with one small voice of one speaker and one tier, by which most tests are done sooner."""
    return REPOSITORY / "tests/data/voices"


@pytest.fixture(scope="session")
def english() -> VoiceBundle:
    """The English voice that ships."""
    return load_bundle(REPOSITORY / "voices/english")


@pytest.fixture(scope="session")
def mandarin() -> VoiceBundle:
    """The Mandarin voice that ships."""
    return load_bundle(REPOSITORY / "voices/mandarin")


@pytest.fixture(scope="session")
def bootstrap(voices_dir: Path) -> VoiceBundle:
    return load_bundle(voices_dir / "bootstrap")
