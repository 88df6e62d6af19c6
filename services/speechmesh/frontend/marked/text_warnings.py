"""What the caller should know of a text, each thing once however often it comes."""

from __future__ import annotations

from collections.abc import Sequence

from speechmesh.frontend.audio_out import TextWarning


class TextWarnings:
    """The warnings so far, in the order of their first places."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], TextWarning] = {}

    def tell(self, code: str, message: str, start: int, end: int) -> None:
        """Keeps a warning about a place of the document, unless it was told of one before."""
        self._told.setdefault((code, message), TextWarning(code, message, start, end))

    def all(self) -> Sequence[TextWarning]:
        """Those that were kept."""
        return list(self._told.values())
