"""A phrase's audio, and its form in a store that others write to as well."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechmesh.common.bundle import TIERS, Tier
from speechmesh.common.features import FloatArray

_MAGIC = b"SMph"
# One more whenever the form or the meaning of a part of it changes.
VERSION = 1
# Magic, version, key, tier, tokens (P), samples (N); then P little-endian uint32, N little-endian float32 and the
# CRC-32 of all before it.
_HEADER = struct.Struct("<4sI32s16sII")
_CRC = struct.Struct("<I")

# Of an entry in memory: its key, objects and places in tables; and each token's number with its place.
_ENTRY_BYTES = 1024
_TOKEN_BYTES = 40


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A segment as it was spoken: by the vocoder `tier`, `samples` [N] at the voice's own rate, read-only.

    `frames_per_token` (P) are its durations, after any cut of the leading pause.
    """

    tier: Tier
    frames_per_token: tuple[int, ...]
    samples: FloatArray

    @classmethod
    def of_pieces(cls, tier: Tier, frames_per_token: Sequence[int], pieces: Sequence[FloatArray]) -> Phrase:
        """A phrase with samples of its own, joined from at least one piece [n]."""
        samples = np.concatenate(pieces)
        samples.setflags(write=False)
        return cls(tier, tuple(frames_per_token), samples)

    @property
    def n_bytes(self) -> int:
        """What it takes in memory, as an entry of a cache."""
        return self.samples.nbytes + _TOKEN_BYTES * len(self.frames_per_token) + _ENTRY_BYTES

    def to_bytes(self, key: bytes) -> bytes:
        """Its form under a key of 32 bytes."""
        n_tokens, n_samples = len(self.frames_per_token), len(self.samples)
        form = b"".join(
            (
                _HEADER.pack(_MAGIC, VERSION, key, self.tier.encode(), n_tokens, n_samples),
                np.asarray(self.frames_per_token, "<u4").tobytes(),
                self.samples.astype("<f4", copy=False).tobytes(),
            )
        )
        return form + _CRC.pack(zlib.crc32(form))


def read_phrase(form: bytes, key: bytes) -> Phrase | None:
    """The phrase of a form; None when it is damaged, of another version, or not this key's."""
    if len(form) < _HEADER.size + _CRC.size:
        return None
    magic, version, its_key, tier_name, n_tokens, n_samples = _HEADER.unpack_from(form)
    tier = next((tier for tier in TIERS if tier.encode() == tier_name.rstrip(b"\0")), None)
    if (magic, version, its_key) != (_MAGIC, VERSION, key) or tier is None:
        return None
    crc_at = _HEADER.size + 4 * (n_tokens + n_samples)
    if len(form) != crc_at + _CRC.size or _CRC.unpack_from(form, crc_at) != (zlib.crc32(form[:crc_at]),):
        return None
    frames_per_token = np.frombuffer(form, "<u4", n_tokens, _HEADER.size)
    # A copy, aligned and without the rest of the form behind it.
    samples = np.frombuffer(form, "<f4", n_samples, _HEADER.size + 4 * n_tokens).astype(np.float32)
    samples.setflags(write=False)
    return Phrase(tier, tuple(frames_per_token.tolist()), samples)
