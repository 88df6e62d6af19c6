"""Opens the streams to the stages for the segments of a script."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from speechmesh.common.errors import DeadlineExceeded
from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.conductor import Conductor
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.performance.means import Means
from speechmesh.frontend.prepared import Preparation, Prepared
from speechmesh.frontend.request import CheckedRequest


class Opener:
    """Opens them now, or ahead of their turn.

    No method of the performance, which holds the lookahead that holds this: what refers to itself is freed late, and
    with it the audio that it has.
    """

    def __init__(
        self,
        checked: CheckedRequest,
        preparation: Preparation,
        delivery: Delivery,
        means: Means,
        give_up_at: float | None,
    ) -> None:
        """For one script; `give_up_at` is on `time.monotonic()`'s clock."""
        self._checked = checked
        self._preparation = preparation
        self._delivery = delivery
        self._means = means
        self._give_up_at = give_up_at

    def __call__(self, prepared: Prepared) -> tuple[Conductor, AsyncGenerator[SpokenChunk]]:
        """Streams at a segment, within the time that the caller still has.

        Raises:
            DeadlineExceeded: when that is none.
        """
        left_s = None if self._give_up_at is None else self._give_up_at - time.monotonic()
        if left_s is not None and left_s <= 0:
            raise DeadlineExceeded("the deadline passed")
        means = self._means
        conductor = Conductor(
            self._checked,
            prepared,
            self._preparation,
            self._delivery,
            means.stages,
            means.settings,
            means.phrases,
        )
        return conductor, conductor.run(left_s)
