"""The turns of a live stream, counted as the server counts them."""

from __future__ import annotations


class Turns:
    """Which turn a text belongs to.

    Attributes:
        count: how many have begun; the latest is `count - 1`.
    """

    def __init__(self) -> None:
        self.count = 0
        self._is_open = False

    def text(self) -> None:
        """Text is sent: it begins a turn where none is."""
        if not self._is_open:
            self.count += 1
            self._is_open = True

    def end(self) -> None:
        """The turn's text is complete."""
        self._is_open = False

    def interrupt(self, turn: int) -> None:
        """A turn ends, with its text, and so do those after it."""
        if self.is_open(self.count - 1) and turn < self.count:
            self._is_open = False

    def is_open(self, turn: int) -> bool:
        """Whether more text would belong to this turn."""
        return self._is_open and turn == self.count - 1
