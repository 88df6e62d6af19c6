"""How large the next chunk of a stream may be. Pure."""

from __future__ import annotations


class ChunkCost:
    """What chunks take now: a wait for their turn, and then so much for each frame. Times in milliseconds.

    Only the sum is seen. The cheapest chunk of late waited the least, so its time is taken for the frames' own.
    """

    _WEIGHT = 0.1
    _FORGET = 1.001

    def __init__(self) -> None:
        self.wait_ms = 0.0
        self.ms_per_frame = 0.0

    def note(self, chunk_ms: float, n_frames: int) -> None:
        """A chunk of `n_frames` frames, context counted, took `chunk_ms`."""
        seen = chunk_ms / n_frames
        self.ms_per_frame = min(seen, self.ms_per_frame * self._FORGET) if self.ms_per_frame else seen
        self.wait_ms += self._WEIGHT * (chunk_ms - self.ms_per_frame * n_frames - self.wait_ms)


class Ramp:
    """Chunk sizes of one stream: the smallest first, for early audio, then as large as the listener can wait for.

    A large chunk costs less per frame: one call, and where a network needs context on each side, less of that. So a
    chunk takes the largest size that is expected back within half of the time the listener has left and that runs no
    longer than `max_chunk_ms`, so that it does not hold up other listeners. However late the listener is, it may be
    `_GROWTH` times the size of the one before, or what runs within `_CHEAP_MS`, lest an overloaded stage spend its
    time on calls and context.
    """

    _GROWTH = 4
    _CHEAP_MS = 25.0

    def __init__(self, ladder_frames: tuple[int, ...], context_frames: int, max_chunk_ms: float) -> None:
        self._ladder = ladder_frames
        self._context = context_frames
        self._max_chunk_ms = max_chunk_ms
        self._previous = 0

    def max_frames(self, slack_ms: float, cost: ChunkCost) -> int:
        """The largest chunk that may be cut now, in frames without context."""
        if self._previous == 0:
            return self._ladder[0]
        limit_ms = max(min(slack_ms / 2.0 - cost.wait_ms, self._max_chunk_ms), self._CHEAP_MS)
        return max(
            size
            for size in self._ladder
            if size <= self._GROWTH * self._previous
            or 0.0 < (size + 2 * self._context) * cost.ms_per_frame <= limit_ms
        )

    def advance(self, size: int) -> None:
        """A chunk of this size (without context, padding counted) was cut."""
        self._previous = max(self._previous, size)
