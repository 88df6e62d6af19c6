"""The audio of a phrase that this request need not make: kept from before, or made for another request now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.phrases.key import Key
from speechmesh.frontend.phrases.recording import Abandoned, PhrasePiece

# Longest wait for the next piece of what is made for another request; then this one makes it itself.
_JOINED_PATIENCE_S = 0.5


async def pieces(phrases: PhraseCache, key: Key) -> AsyncGenerator[PhrasePiece | None]:
    """The pieces of a phrase and, when it is complete, None; what is made for somebody else may end before."""
    if (phrase := await phrases.find(key)) is not None:
        yield PhrasePiece(phrase.tier, phrase.frames_per_token, 0, phrase.samples)
        yield None
    elif (recording := phrases.join(key)) is not None:
        made = aiter(recording)
        try:
            while True:
                # Whoever it is made for may listen slowly, or have stopped to.
                async with asyncio.timeout(_JOINED_PATIENCE_S):
                    piece = await anext(made, None)
                yield piece
                if piece is None:
                    return
        except (TimeoutError, Abandoned):
            return
        finally:
            await made.aclose()
