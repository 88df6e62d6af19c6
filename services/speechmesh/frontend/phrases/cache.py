"""The cache of phrases: in this process, in those that make the same now, and in a store that replicas share."""

from __future__ import annotations

from functools import partial
from typing import Self

from speechmesh.common import metrics
from speechmesh.common.cache import BytesLru
from speechmesh.frontend.phrases.key import Key
from speechmesh.frontend.phrases.phrase import Phrase
from speechmesh.frontend.phrases.recording import Recorder, Recording
from speechmesh.frontend.phrases.shared import MAX_READS, MAX_WRITES, SharedPhrases
from speechmesh.frontend.phrases.store import Store
from speechmesh.frontend.settings import MAX_SAMPLE_RATE_HZ, FrontendSettings

_MIB = 2**20
# Of a form in the store: all that is not samples, generously.
_MAX_TOKENS_BYTES = 64 * 1024


class PhraseCache:
    """Phrases by key, `max_bytes` of them at most, and of those that are being made as many again; 0 turns it off.

    A request asks `find`; then, when that gave nothing and without waiting in between, `join`; and when there is
    nothing to join, it makes the phrase and tells a recorder of it. A listener whose recording is abandoned begins
    again at `join`: one of them makes the phrase, the others join that. For one event loop, not for several threads.
    """

    def __init__(
        self,
        max_bytes: int,
        max_phrase_s: float,
        store: Store | None = None,
        *,
        ttl_s: int = 0,
        patience_s: float = 0.0,
    ) -> None:
        self._max_phrase_s = max_phrase_s
        self._phrases: BytesLru[Key, Phrase] = BytesLru(max_bytes)
        self._recordings: dict[Key, Recording] = {}
        self._recorded_bytes = 0
        self._shared: SharedPhrases | None = None
        if store is not None:
            self._shared = SharedPhrases(
                store,
                max_phrase_bytes=_MAX_TOKENS_BYTES + round(max_phrase_s * MAX_SAMPLE_RATE_HZ) * 4,
                ttl_s=ttl_s,
                patience_s=patience_s,
                found=self._keep,
            )

    @classmethod
    def of_settings(cls, settings: FrontendSettings) -> Self:
        """The cache that the settings want."""
        store: Store | None = None
        url = settings.phrase_cache_redis_url.get_secret_value()
        if url and settings.phrase_cache_mib:
            from speechmesh.frontend.phrases.redis_store import (  # noqa: PLC0415 - 5 MiB, where there is a store
                RedisStore,
            )

            store = RedisStore(url, MAX_READS + MAX_WRITES)
        return cls(
            settings.phrase_cache_mib * _MIB,
            settings.phrase_max_s,
            store,
            ttl_s=settings.phrase_cache_ttl_s,
            patience_s=settings.phrase_cache_timeout_ms / 1000.0,
        )

    @property
    def n_bytes(self) -> int:
        """What the phrases take that are kept."""
        return self._phrases.n_bytes

    @property
    def recorded_bytes(self) -> int:
        """What the phrases take that are being made."""
        return self._recorded_bytes

    async def find(self, key: Key) -> Phrase | None:
        """A phrase that was made before; None when it is not known, or is being made here now.

        Waits for the shared store as long as its patience lasts; never fails.
        """
        if (phrase := self._phrases.get(key)) is not None:
            _count("local")
            return phrase
        if self._shared is None or key in self._recordings:
            return None
        if (phrase := await self._shared.look(key)) is not None:
            _count("shared")
        elif (phrase := self._phrases.get(key)) is not None:  # made here meanwhile
            _count("local")
        return phrase

    def is_recorded(self, key: Key) -> bool:
        """Whether a request of this process makes the phrase now."""
        return key in self._recordings

    async def is_made(self, key: Key) -> bool:
        """Whether a phrase was made before, or is being made for somebody; waits as `find` does."""
        return await self.find(key) is not None or self.is_recorded(key)

    def join(self, key: Key) -> Recording | None:
        """The phrase as another request of this process makes it now; None when none does."""
        if (recording := self._recordings.get(key)) is not None:
            _count("joined")
        return recording

    def record(self, key: Key, sample_rate_hz: int) -> Recorder:
        """This request makes the phrase, at its voice's rate. The recorder does nothing when another does already."""
        if not self._phrases.max_bytes:
            return Recorder()
        _count("miss")
        if key in self._recordings:
            return Recorder()
        recording = self._recordings[key] = Recording()
        max_samples = int(self._max_phrase_s * sample_rate_hz)
        return Recorder(recording, max_samples, self._reserve, partial(self._ended, key, recording))

    async def aclose(self) -> None:
        """Waits briefly for what is being written to the shared store."""
        if self._shared is not None:
            await self._shared.aclose()

    def _reserve(self, n_bytes: int) -> bool:
        if self._recorded_bytes + n_bytes > self._phrases.max_bytes:
            return False
        self._recorded_bytes += n_bytes
        return True

    def _ended(self, key: Key, recording: Recording, phrase: Phrase | None) -> None:
        del self._recordings[key]
        self._recorded_bytes -= recording.n_bytes
        if phrase is not None:
            self._keep(key, phrase)
            if self._shared is not None:
                self._shared.keep(key, phrase)

    def _keep(self, key: Key, phrase: Phrase) -> None:
        self._phrases.put(key, phrase, phrase.n_bytes)


def _count(result: str) -> None:
    metrics.FRONTEND_PHRASES.add(1, {metrics.RESULT: result})
