"""How much of the turns that were sent to a listener was heard."""

from __future__ import annotations


class Hearing:
    """Reckons with a player that plays what it gets without a pause, from when it gets it; times are in seconds.

    A file is heard as it is written.

    Attributes:
        n_dead: the turns before this one are over, by interruption.
    """

    def __init__(self, *, is_file: bool) -> None:
        self._is_file = is_file
        self._sent: dict[int, float] = {}  # milliseconds by turn, in their order
        self._complete: set[int] = set()
        self._silent_at_s = 0.0
        self.n_dead = 0

    def send(self, turn: int, duration_ms: float, now_s: float) -> None:
        """Audio of a turn goes to the listener."""
        self._sent[turn] = self._sent.get(turn, 0.0) + duration_ms
        self._silent_at_s = max(self._silent_at_s, now_s) + duration_ms / 1000.0

    def complete(self, turn: int) -> None:
        """No more audio comes of a turn."""
        self._complete.add(turn)

    def is_complete(self, n_turns: int) -> bool:
        """Whether no more audio comes of any turn."""
        return all(turn in self._complete for turn in range(self.n_dead, n_turns))

    def left_s(self, now_s: float) -> float:
        """How long what was sent will be heard."""
        return 0.0 if self._is_file else max(self._silent_at_s - now_s, 0.0)

    def place(self, n_turns: int, now_s: float) -> tuple[int, float] | None:
        """The turn that is heard, and how many milliseconds of it were; None when there is none to interrupt."""
        heard_ms = sum(self._sent.values()) - 1000.0 * self.left_s(now_s)
        for turn in range(self.n_dead, n_turns):
            sent_ms = self._sent.get(turn, 0.0)
            if heard_ms < sent_ms - 1e-3 or turn not in self._complete:
                return turn, min(max(heard_ms, 0.0), sent_ms)
            heard_ms -= sent_ms
        return None

    def interrupt(self, n_turns: int) -> None:
        """All turns that have begun are over."""
        self.n_dead = n_turns
        self._sent.clear()
        self._silent_at_s = 0.0
