"""The recordings that documents may play."""

from __future__ import annotations

from functools import cache

from speechmesh.frontend.recordings.store import RecordingStore
from tests.conftest import REPOSITORY


@cache
def recordings() -> RecordingStore:
    """A folder of one recording, `chime.wav`, which is kept once it was read."""
    folder = REPOSITORY / "tests/data/recordings"
    return RecordingStore(folder, max_file_bytes=1 << 20, max_s=1.0, max_bytes=1 << 20)
