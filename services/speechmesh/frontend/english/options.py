"""What a caller may choose about how English is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Choices that a text itself does not make.

    Attributes:
        name_emoji: whether emoji are said by their names ("smiling face"), set off by pauses, rather than dropped.
    """

    name_emoji: bool = False


DEFAULT_OPTIONS = ReadingOptions()
