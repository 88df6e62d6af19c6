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
        self.urgent_wait_ms = 0.0
        self.ms_per_frame = 0.0

    def note(self, chunk_ms: float, n_frames: int, *, urgent: bool = False) -> None:
        """A chunk of `n_frames` frames, context counted, took `chunk_ms`; `urgent`: its listener had little left."""
        seen = chunk_ms / n_frames
        self.ms_per_frame = min(seen, self.ms_per_frame * self._FORGET) if self.ms_per_frame else seen
        waited_ms = chunk_ms - self.ms_per_frame * n_frames
        self.wait_ms += self._WEIGHT * (waited_ms - self.wait_ms)
        if urgent:
            self.urgent_wait_ms += self._WEIGHT * (waited_ms - self.urgent_wait_ms)


class Ramp:
    """Chunk sizes of one stream: a small one first, for early audio, then as large as the listener can wait for.

    The first is the smallest whose audio lasts until the next one can be there: in a crowd that must wait its turn.

    A large chunk costs less per frame: one call, and where a network needs context on each side, less of that. So a
    chunk takes the largest size that is expected back within half of the time the listener has left. When it has none
    left, one that runs about as long as it must wait for its turn: alone in an idle stage the next audio comes soon,
    in a crowd the stage does not spend its time on calls and context. It never runs longer than `max_chunk_ms`, so
    that it does not hold up other listeners, and what runs within `_CHEAP_MS` is never divided.
    """

    _CHEAP_MS = 25.0
    _SPARE = 1.5

    def __init__(
        self, ladder_frames: tuple[int, ...], context_frames: int, *, frame_ms: float, max_chunk_ms: float
    ) -> None:
        self._ladder = ladder_frames
        self._frame_ms = frame_ms
        self._context = context_frames
        self._max_chunk_ms = max_chunk_ms
        self._begun = False

    def max_frames(self, slack_ms: float, cost: ChunkCost) -> int:
        """The largest chunk that may be cut now, in frames without context."""
        if not cost.ms_per_frame:
            return self._ladder[0]
        if not self._begun:
            lasting = (size for size in self._ladder if self._lasts(size, cost))
            return min(next(lasting, self._ladder[-1]), self._within(self._max_chunk_ms, cost))
        unhurried_ms = max(slack_ms / 2.0 - cost.wait_ms, cost.wait_ms, self._CHEAP_MS)
        return self._within(min(unhurried_ms, self._max_chunk_ms), cost)

    def least_ms(self, cost: ChunkCost) -> float:
        """How long the smallest chunk is expected to take for a listener who has little left."""
        return cost.urgent_wait_ms + (self._ladder[0] + 2 * self._context) * cost.ms_per_frame

    def _lasts(self, size: int, cost: ChunkCost) -> bool:
        """Whether the audio of a first chunk lasts until another of its size can be there, with something to spare."""
        next_ms = cost.urgent_wait_ms + (size + 2 * self._context) * cost.ms_per_frame
        return size * self._frame_ms >= self._SPARE * next_ms

    def _within(self, limit_ms: float, cost: ChunkCost) -> int:
        """The largest size that runs no longer; the smallest if none does."""
        sizes = [size for size in self._ladder if (size + 2 * self._context) * cost.ms_per_frame <= limit_ms]
        return max(sizes, default=self._ladder[0])

    def begun(self) -> None:
        """The stream's first chunk was cut."""
        self._begun = True
