"""The key of a phrase: all that decides how a segment sounds, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from numbers import Integral, Real
from typing import Literal

from speechmesh.common.bundle import Tier
from speechmesh.frontend.plan import Ending

KEY_BYTES = 32
Key = bytes


@dataclass(frozen=True, slots=True)
class PhraseRequest:
    """What a segment's audio is made from. Every field is in the key, those to come as well.

    `tokens` (P) and the ids of each of the `features` (P) are as in the plan. Of the words only `word_ends` counts, the
    index of each one's last token: there are voices that hear where words end. `tier` is the one asked for; what a
    phrase of "auto" was made by is in the phrase.
    """

    voice: str
    voice_revision: str
    tokens: Sequence[int]
    word_ends: Sequence[int]
    features: Mapping[str, Sequence[int]]
    ending: Ending
    speaker: str
    style: str
    rate: float
    pitch_semitones: float
    energy_db: float
    max_leading_pause_frames: int
    tier: Tier | Literal["auto"]


def phrase_key(request: PhraseRequest) -> Key:
    """What equal requests have in common, and no others: a SHA-256.

    Raises:
        TypeError: when a field is of a kind that this does not know.
    """
    digest = hashlib.sha256()
    for each in fields(request):
        digest.update(_encoded(each.name))
        digest.update(_encoded(getattr(request, each.name)))
    return digest.digest()


def _encoded(value: object) -> bytes:
    """A value's kind, length and content: what ends in one value does not begin another."""
    if isinstance(value, str):
        kind, content = b"s", value.encode()
    elif isinstance(value, Enum):
        kind, content = b"e", _encoded(value.value)
    elif isinstance(value, Integral):
        kind, content = b"i", str(int(value)).encode()
    elif isinstance(value, Real):
        kind, content = b"f", float(value).hex().encode()
    elif isinstance(value, Mapping):
        pairs = sorted((_encoded(name), _encoded(each)) for name, each in value.items())
        kind, content = b"m", b"".join(name + each for name, each in pairs)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        kind, content = b"l", b"".join(map(_encoded, value))
    else:
        raise TypeError(f"a {type(value).__name__} cannot be part of a key")
    return kind + len(content).to_bytes(8, "little") + content
