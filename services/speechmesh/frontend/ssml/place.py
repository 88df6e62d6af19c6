"""Places in the caller's document, and the errors that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from speechmesh.common.errors import InvalidInput

FIELD: Final = "ssml"
"""The field of the request that errors are about."""
_SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `offset` in code points from 0, `line` and `column` from 1."""

    offset: int
    line: int
    column: int

    def wrong(self, message: str) -> InvalidInput:
        """The error that something here cannot be served."""
        return InvalidInput(FIELD, f"line {self.line}, column {self.column}: {message}")


def shown(written: str) -> str:
    """What the caller wrote, short enough for a message."""
    return written if len(written) <= _SHOWN_CHARS else f"{written[:_SHOWN_CHARS]}..."
