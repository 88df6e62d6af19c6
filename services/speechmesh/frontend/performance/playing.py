"""Delivers a recording in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.recordings.clip import Clip

# So much audio goes to the coding, and to the caller, at once.
_PIECE_S = 0.2


async def playing(clip: Clip, delivery: Delivery) -> AsyncGenerator[SpokenChunk]:
    """The audio of a recording, which is the segment that is to be delivered."""
    index, n_piece = delivery.segment, max(round(_PIECE_S * clip.sample_rate_hz), 1)
    for first in range(0, clip.n_samples, n_piece):
        samples = clip.samples(first, n_piece)
        last = first + len(samples) >= clip.n_samples
        if chunk := delivery.chunk(index, first, samples, tier=None, last=last):
            yield chunk
        await asyncio.sleep(0)  # all of it is there: other streams have their turn in between
