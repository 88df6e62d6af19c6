"""Finds text in capitals throughout, where capitals do not mean an abbreviation."""

from __future__ import annotations

import bisect
import re

from speechmesh.frontend.english.word_lists import COMMON_WORDS

_WORD = re.compile(r"[A-Za-z]++(?:'[A-Za-z]++)*+")


class Shouting:
    """Which stretches of a text are written in capitals throughout."""

    _STRETCH = re.compile(r"(?:[^.!?\n]|[.!?](?=[A-Za-z0-9]))++")

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._shouted: list[bool] = []
        for match in self._STRETCH.finditer(text):
            self._starts.append(match.start())
            self._shouted.append(self._is_shouted(match[0]))

    @staticmethod
    def _is_shouted(stretch: str) -> bool:
        if not any("A" <= character <= "Z" for character in stretch):
            return False
        words = [word for word in _WORD.findall(stretch) if len(word) > 1]
        capitals = [word for word in words if word.isupper()]
        # Two words of which one is no abbreviation: "DO NOT ENTER", but not "FBI and CIA".
        return (
            len(capitals) >= 2
            and len(capitals) >= 0.8 * len(words)
            and any(len(word) > 5 or word.lower() in COMMON_WORDS for word in capitals)
        )

    def __call__(self, position: int) -> bool:
        """Whether ``position`` stands in a shouted stretch."""
        index = bisect.bisect_right(self._starts, position) - 1
        return index >= 0 and self._shouted[index]
