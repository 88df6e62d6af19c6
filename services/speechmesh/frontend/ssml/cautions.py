"""Keeps what the caller should know of a document, up to a bound."""

from __future__ import annotations

from speechmesh.frontend.ssml.script import Caution


class Cautions:
    """The cautions so far; those over `most` are only counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._told: list[Caution] = []
        self._untold = 0

    def tell(self, code: str, message: str, start: int, end: int) -> None:
        """Keeps one."""
        if len(self._told) < self._most:
            self._told.append(Caution(code, message, start, end))
        else:
            self._untold += 1

    def all(self) -> tuple[Caution, ...]:
        """Those that were kept, and a last one where there were more."""
        if not self._untold:
            return tuple(self._told)
        more = Caution("SSML_MORE_CAUTIONS", f"and {self._untold} more of such", 0, 0)
        return (*self._told, more)
