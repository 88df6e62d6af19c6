"""Delivers what was said before, in place of having the stages make it again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np

from speechmesh.common.bundle import Tier
from speechmesh.frontend.audio_out import SpokenChunk
from speechmesh.frontend.delivery.delivery import Delivery
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.pieces import pieces
from speechmesh.frontend.prepared import Prepared


async def said_before(
    prepared: Prepared, delivery: Delivery, phrases: PhraseCache
) -> AsyncGenerator[SpokenChunk]:
    """The audio of a segment that is kept, or is being made for somebody else; nothing, or not all, of others.

    Where not all of it comes, the delivery stands within the segment, which the stages then go on with.
    """
    index, begun_in = prepared.index, delivery.tier(prepared.index)
    n_samples = 0
    tier: Tier | None = None
    async with aclosing(pieces(phrases, prepared.key)) as made:
        async for piece in made:
            if piece is None:  # complete
                chunk = delivery.chunk(index, n_samples, np.zeros(0, np.float32), tier=tier, last=True)
                delivery.end_stage("cache", index, compute_ms=0.0, tier=tier)
            elif begun_in not in (None, piece.tier):  # what was begun in one tier is not ended in another
                return
            else:
                if tier is None:
                    delivery.begin_stage("cache", index)
                    delivery.expect(index, prepared.segment, prepared.tokens)
                    delivery.align(index, piece.frames_per_token)
                n_samples, tier = piece.first_sample + len(piece.samples), piece.tier
                chunk = delivery.chunk(index, piece.first_sample, piece.samples, tier=tier, last=False)
            if chunk:
                yield chunk
