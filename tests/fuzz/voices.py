"""The voices whose readers read the inputs, loaded once a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from speechmesh.common.bundle import VoiceConfig, load_bundle
from speechmesh.frontend.reader import Reader, load_reader
from tests.conftest import REPOSITORY

VOICES = ("english", "mandarin")


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as reading needs it."""

    config: VoiceConfig
    reader: Reader
    table: Sequence[str]


@cache
def voice(name: str) -> Voice:
    """The voice of a folder in `voices/`."""
    bundle = load_bundle(REPOSITORY / "voices" / name)
    return Voice(bundle.config, load_reader(bundle), bundle.tokens)
