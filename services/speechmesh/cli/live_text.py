"""Text from a terminal or a pipe as turns: an empty line ends one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class TurnText:
    """Takes text in pieces of any size, and gives it on at once, but for white space that may be an empty line."""

    def __init__(self) -> None:
        self._in_turn = False
        self._in_line = False  # which has something in it
        self._held = ""

    def feed(self, text: str) -> Iterator[str | None]:
        """What can be spoken of it; None where a turn ends."""
        for piece in _LINE.findall(text):
            if self._in_line or piece.strip():
                yield self._held + piece
                self._held = ""
                self._in_turn = True
                self._in_line = not piece.endswith("\n")
            elif not piece.endswith("\n"):
                self._held += piece
            else:
                self._held = ""
                if self._in_turn:
                    self._in_turn = False
                    yield None
